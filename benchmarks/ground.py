"""What the benchmark of annotators works on, and what must hold afterwards. Import it once CROSSGUARD_HOME is set."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any
from uuid import UUID

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402

from annotator.accounts.models import User  # noqa: E402
from annotator.accounts.services import token_create  # noqa: E402
from annotator.judgments.models import Judgment  # noqa: E402
from annotator.judgments.submitting import TURN  # noqa: E402
from annotator.pool.models import Item  # noqa: E402
from annotator.pool.services import Upload, ingest_create, ingest_run  # noqa: E402
from annotator.projects.blueprint import default_blueprint  # noqa: E402
from annotator.projects.models import Membership, Project, Role  # noqa: E402
from annotator.projects.selectors import guideline_current, taxonomy_current  # noqa: E402
from annotator.projects.services import project_create  # noqa: E402
from annotator.queue.claiming import Claimant, claim_parameters  # noqa: E402
from annotator.queue.lanes import Lane  # noqa: E402
from annotator.queue.models import Stream  # noqa: E402
from annotator.queue.services import BatchChoice, batch_open  # noqa: E402
from annotator.queue.terms import TERMS  # noqa: E402
from annotator.statements import width_of  # noqa: E402
from benchmarks.ingest import rows  # noqa: E402
from benchmarks.work import Diary  # noqa: E402

ADMIN = "admin"
TABLES = "item, evidence, batch_item, assignment, judgment, queue_cursor, review_due, account, membership"

# Each counts rows that must not exist, among the places and judgments of one project.
OVER_SERVED = """
SELECT count(*) FROM (SELECT item_id FROM assignment WHERE project_id = %(project)s AND purpose = 'overlap'
    AND state IN ('offered', 'submitted') GROUP BY item_id HAVING count(*) > %(places)s
    UNION SELECT item_id FROM judgment j WHERE project_id = %(project)s AND purpose = 'overlap' AND NOT late
    AND verdict <> 'withdrawn' AND NOT EXISTS (SELECT FROM judgment n WHERE n.supersedes_id = j.id)
    GROUP BY item_id HAVING count(*) > %(places)s) x
"""
DOUBLE_SERVED = """
SELECT count(*) FROM (SELECT item_id, annotator_id FROM assignment WHERE project_id = %(project)s
    AND annotator_id IS NOT NULL GROUP BY item_id, annotator_id HAVING count(*) > 1
    UNION SELECT item_id, annotator_id FROM judgment j WHERE project_id = %(project)s
    AND NOT EXISTS (SELECT FROM judgment n WHERE n.supersedes_id = j.id)
    GROUP BY item_id, annotator_id HAVING count(*) > 1
    UNION SELECT item_id, annotator_id FROM judgment j WHERE project_id = %(project)s
    GROUP BY item_id, annotator_id, assignment_id HAVING count(*) > 1) x
"""
LOST = """
SELECT count(*) FROM (SELECT acknowledged.annotator, acknowledged.client_id
    FROM unnest(%(annotators)s::bigint[], %(client_ids)s::uuid[]) AS acknowledged (annotator, client_id)
    LEFT JOIN judgment j ON j.annotator_id = acknowledged.annotator AND j.client_id = acknowledged.client_id
    GROUP BY 1, 2 HAVING count(j.id) <> 1) x
"""


@dataclass(frozen=True)
class Ground:
    """A project with one open batch."""

    project: Project
    categories: Sequence[str]
    taxonomy: int
    guideline: int


def ground_make(slug: str, *, items: int, overlap: int) -> Ground:
    """A project from the shipped blueprint with `items` ingested pages, all in one open batch."""
    admin = User.objects.filter(username=ADMIN).first() or User.objects.create_superuser(ADMIN)
    loop = replace(default_blueprint().settings, overlap=overlap, overlap_max=3, holdout_percent=0)
    project = project_create(replace(default_blueprint(), slug=slug, name=slug, settings=loop), by=admin)
    content = "".join(f"{line}\n" for line in _lines(items)).encode()
    ingest_run(ingest_create(project, Upload(f"{slug}.csv", BytesIO(content)), by=None).pk)
    ids = list(Item.objects.filter(project=project).order_by("pk").values_list("pk", flat=True))
    batch_open(
        project,
        [_choice(item_id, len(ids)) for item_id in ids],
        fingerprint=slug,
        reason="The benchmark opens everything at once",
        seed=1,
        classifier_number=None,
        pool_size=len(ids),
    )
    taxonomy = taxonomy_current(project)
    return Ground(project, taxonomy.slugs, taxonomy.version.pk, guideline_current(project).version.pk)


def _lines(items: int) -> Iterator[str]:
    yield "url,title,text"
    for url, title, text in rows(items, seed=1):
        yield f"{url},{title},{text}"


def _choice(item_id: int, pool_size: int) -> BatchChoice:
    return BatchChoice(
        item_id=item_id,
        stream=Stream.EXPLORE,
        strategy="random",
        score=None,
        reason="drawn at random",
        classifier_number=None,
        pool_size=pool_size,
        inclusion_probability=1.0,
        seed=1,
    )


def people_make(project: Project, prefix: str, count: int) -> list[User]:
    """New annotators of the project."""
    people = [User(username=f"{prefix}-{number}") for number in range(count)]
    for person in people:
        person.set_unusable_password()
    User.objects.bulk_create(people)
    Membership.objects.bulk_create(
        Membership(project=project, user=person, role=Role.ANNOTATOR) for person in people
    )
    return people


def token_of(person: User) -> str:
    """A new API token."""
    return token_create(person, "benchmark", days=1).secret


def session_of(person: User) -> str:
    """The key of a new session, as signing in makes it."""
    client = Client()
    client.force_login(person, backend="annotator.accounts.backends.AccountBackend")
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def tables_settle() -> None:
    """Vacuum and analyse what was loaded in bulk, and write it out: none of that shall happen while it is measured."""
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM (ANALYZE) {TABLES}")
        cursor.execute("CHECKPOINT")


def promises_broken(ground: Ground, diaries: Sequence[Diary], *, places: int) -> dict[str, int]:
    """How often each promise was broken, counted in SQL: all zero. `places` is what an item may have."""
    acknowledged: list[tuple[int, UUID]] = [
        (diary.annotator, client_id) for diary in diaries for client_id in diary.acknowledged
    ]
    parameters: dict[str, Any] = {
        "project": ground.project.pk,
        "places": places,
        "annotators": [annotator for annotator, _ in acknowledged],
        "client_ids": [client_id for _, client_id in acknowledged],
    }
    statements = {"over_served": OVER_SERVED, "double_served": DOUBLE_SERVED, "lost": LOST}
    found = {}
    with connection.cursor() as cursor:
        for name, statement in statements.items():
            cursor.execute(statement, parameters)
            found[name] = int(cursor.fetchone()[0])
    return found


def versions() -> str:
    """Of the parts that do the work."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('synchronous_commit')"
        )
        server, fsync, commit = cursor.fetchone()
    return f"PostgreSQL {server} (fsync {fsync}, synchronous_commit {commit}), Django {django.get_version()}"


def turn_statements(project: Project) -> dict[str, Any]:
    """The statements of a turn as the product makes them, and what is the same in each, in plain types."""
    claim = claim_parameters(Claimant(project.pk, 0, project.lease_seconds))
    answer = {
        "unsure": [],
        "verdict": "labelled",
        "seconds": 5.0,
        "note": "",
        "severity": 0,
        "clause": None,
        "evidence": 1,
    }
    return {
        "terms": TERMS,
        "turn": TURN[Lane.ALL],
        "given": width_of(Judgment),
        "parameters": claim | {"purposes": [str(purpose) for purpose in claim["purposes"]]} | answer,
    }
