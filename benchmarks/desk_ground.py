"""The project that the benchmark of the lead's desk works on, by COPY. Import it once CROSSGUARD_HOME is set."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import django

django.setup()

import numpy as np  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.utils import timezone  # noqa: E402

from annotator.accounts.models import User  # noqa: E402
from annotator.agreement.decide import Answer  # noqa: E402
from annotator.agreement.patterns import LABELLED, pattern_of  # noqa: E402
from annotator.judgments.models import Judgment  # noqa: E402
from annotator.pool.minhash import bands, shingles  # noqa: E402
from annotator.pool.models import Evidence, Item, Signature  # noqa: E402
from annotator.projects.blueprint import default_blueprint  # noqa: E402
from annotator.projects.models import GuidelineVersion, Membership, Project, Role  # noqa: E402
from annotator.projects.selectors import guideline_current, taxonomy_current  # noqa: E402
from annotator.projects.services import clause_drafts, guideline_publish, project_create  # noqa: E402
from annotator.queue.models import Assignment, Batch, BatchItem  # noqa: E402
from annotator.review.desk.patterns import BY_DISTANCE  # noqa: E402
from annotator.review.models import Disagreement, Gold, Resolution  # noqa: E402
from benchmarks.desk_crowd import OVERLAP, Answers, Bools, Sizes, answers_drawn  # noqa: E402
from benchmarks.ingest import rows as pages  # noqa: E402
from learner.suspects.models import Suspect, SuspectRun  # noqa: E402

SLUG: Final = "desk"
WEEKS: Final = 26
VERSIONS: Final = 4
BATCH_ITEMS: Final = 1_000
GOLD_ITEMS: Final = 300
SUSPECTS: Final = 2_000
TABLES: Final = (
    "item, evidence, signature, batch, batch_item, assignment, judgment, resolution, disagreement, gold"
)
"""What is analysed after loading."""


def desk_make(sizes: Sizes, *, seed: int = 1) -> Project:
    """The project, everything in it, its tables analysed."""
    rng = np.random.default_rng(seed)
    project, lead, people = _project(sizes)
    slugs = taxonomy_current(project).slugs
    said = answers_drawn(rng, sizes, slugs)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # neither keys nor triggers are asked
    _load_pages(project, sizes)
    _load_places(project, sizes, said, people)
    _load_judgments(project, sizes, said, people=people, rng=rng)
    held = _load_resolutions(project, sizes, said, lead=lead, rng=rng)
    _load_suspects(project, held, slugs, rng)
    _load_gold(project, held, lead)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = origin")
        for model in (Item, Batch, BatchItem, Assignment, Judgment, Resolution, Disagreement):
            table = model._meta.db_table
            cursor.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), MAX(id)) FROM {table}")
        cursor.execute(f"VACUUM (ANALYZE) {TABLES}")
        cursor.execute("CHECKPOINT")
    return project


def _project(sizes: Sizes) -> tuple[Project, User, list[int]]:
    lead = User.objects.create_superuser("lead")
    loop = replace(default_blueprint().settings, overlap=OVERLAP, overlap_max=OVERLAP, holdout_percent=0)
    project = project_create(replace(default_blueprint(), slug=SLUG, name="Desk", settings=loop), by=lead)
    Membership.objects.get_or_create(project=project, user=lead, defaults={"role": Role.LEAD})
    people = [User(username=f"annotator-{number:02}") for number in range(sizes.annotators)]
    User.objects.bulk_create(people)
    Membership.objects.bulk_create(
        Membership(project=project, user=person, role=Role.ANNOTATOR) for person in people
    )
    for number in range(2, VERSIONS + 1):
        clauses = list(clause_drafts(guideline_current(project)))
        clauses[0] = replace(clauses[0], body=f"{clauses[0].body}\n\nSaid anew, {number}.")
        guideline_publish(project, clauses, by=lead, note=f"Version {number}")
    begin = timezone.now() - timedelta(weeks=WEEKS)
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for version in GuidelineVersion.objects.filter(project=project):
            at = begin + timedelta(weeks=WEEKS) * ((version.number - 1) / VERSIONS)
            GuidelineVersion.objects.filter(pk=version.pk).update(created_at=at)
        cursor.execute("SET session_replication_role = origin")
    return project, lead, [person.pk for person in people]


def _load_pages(project: Project, sizes: Sizes) -> None:
    found, texts = list(pages(sizes.items, seed=1)), dict[str, list[int]]()
    shuffle = np.random.default_rng(2).integers(-(2**31), 2**31, sizes.items).tolist()
    rows = (
        (at, url, url, UUID(int=at), host, host.removeprefix("www."), shuffle[at - 1])
        for at, (url, _, _) in enumerate(found, 1)
        for host in [url.split("/")[2]]
    )
    same = {"project_id": project.pk, "split": "train", "pooled": False, "source": "", "metadata": "{}"}
    same |= {"withheld": False, "created_at": datetime.now(UTC)}
    _copy(Item, "id url raw_url url_hash host registrable_domain shuffle", rows, same)
    shown = ((at, title, text, UUID(int=at)) for at, (_, title, text) in enumerate(found, 1))
    _copy(Evidence, "item_id title text content_hash", shown, {"version": 1, "description": ""})
    for _, _, text in found:
        if text not in texts:
            texts[text] = bands(shingles(text))
    _copy(Signature, "item_id bands", ((at, texts[text]) for at, (_, _, text) in enumerate(found, 1)), {})


def _load_places(project: Project, sizes: Sizes, said: Answers, people: Sequence[int]) -> None:
    n_batches = -(-sizes.items // BATCH_ITEMS)
    times, numbers = _times(n_batches), range(1, n_batches + 1)
    same: dict[str, Any] = {
        "project_id": project.pk,
        "reason": "The queue ran low.",
        "pool_size": sizes.items,
    }
    same |= {"classifier_number": 1, "fallback": False, "personal": False, "n_items": BATCH_ITEMS}
    opened = ((number, number, times[number - 1], f"desk-{number}", number) for number in numbers)
    _copy(Batch, "id number opened_at fingerprint seed", opened, same)
    scores = (-np.random.default_rng(3).exponential(1.0, sizes.items)).tolist()
    ledger = (
        (item, (item - 1) // BATCH_ITEMS + 1, item, (item - 1) % BATCH_ITEMS, scores[item - 1])
        for item in range(1, sizes.items + 1)
    )
    same = {"stream": "query", "strategy": BY_DISTANCE, "reason": "", "classifier_number": 1, "seed": 1}
    same |= {"pool_size": sizes.items, "severity": 0, "expected": [], "stopping": "fixed", "overlap": OVERLAP}
    _copy(BatchItem, "id batch_id item_id rank score", ledger, same)
    at = _times(sizes.items)
    places = (
        (number, item, item, place + 1, number, people[said.people[item - 1, place]], at[item - 1])
        for item in range(1, sizes.items + 1)
        for place in range(OVERLAP)
        for number in [(item - 1) * OVERLAP + place + 1]
    )
    same = {"project_id": project.pk, "recheck": 0, "state": "submitted", "purpose": "overlap"}
    same |= {"severity": 0, "expected": [], "reading_seconds": 0.0}
    _copy(Assignment, "id batch_item_id item_id place priority annotator_id submitted_at", places, same)


def _load_judgments(
    project: Project, sizes: Sizes, said: Answers, *, people: Sequence[int], rng: np.random.Generator
) -> None:
    slugs = taxonomy_current(project).slugs
    versions = list(GuidelineVersion.objects.filter(project=project).order_by("number"))
    citing = _citing(project, sizes, rng)
    times, seconds = _times(sizes.items), np.round(rng.lognormal(2.2, 0.6, sizes.judgments), 1).tolist()

    def rows() -> Iterator[tuple[Any, ...]]:
        for item in range(sizes.items):
            for place in range(OVERLAP):
                at = item * OVERLAP + place
                answer = [_named(part[item, place], slugs) for part in (said.labels, said.unsure)]
                yield (
                    *(at + 1, item + 1, at + 1, people[said.people[item, place]], UUID(int=at + 1), *answer),
                    *(
                        seconds[at],
                        times[item],
                        citing.get(at),
                        versions[at * VERSIONS // sizes.judgments].pk,
                    ),
                )

    same = {"project_id": project.pk, "verdict": LABELLED, "note": "", "late": False, "purpose": "overlap"}
    same |= {"fast": False, "taxonomy_id": taxonomy_current(project).version.pk}
    columns = "id item_id assignment_id annotator_id client_id labels unsure seconds created_at clause_id guideline_id"
    _copy(Judgment, columns, rows(), same)


def _citing(project: Project, sizes: Sizes, rng: np.random.Generator) -> dict[int, int]:
    """Which judgments, of those under the newest guideline, cite which clause: a few clauses most of the time."""
    clauses = [clause.pk for clause in guideline_current(project).clauses]
    newest = np.arange(sizes.judgments * (VERSIONS - 1) // VERSIONS, sizes.judgments)
    weights = rng.dirichlet(np.full(len(clauses), 0.5))
    chosen = rng.choice(newest, sizes.citing, replace=False).tolist()
    return dict(zip(chosen, rng.choice(clauses, sizes.citing, p=weights).tolist(), strict=True))


def _load_resolutions(
    project: Project, sizes: Sizes, said: Answers, *, lead: User, rng: np.random.Generator
) -> dict[int, list[str]]:
    """Resolutions of what is not in dispute, and of two in five that are; item -> labels held."""
    slugs, times = taxonomy_current(project).slugs, _times(sizes.items)
    differ = (said.labels != said.labels[:, :1]).any(axis=(1, 2)) | said.unsure.any(axis=(1, 2))
    disputed = set((np.flatnonzero(differ)[-sizes.disagreements :] + 1).tolist())
    clauses = [clause.pk for clause in guideline_current(project).clauses]
    most = said.labels.sum(axis=1) * 2 > OVERLAP
    by_lead, kept, cited = (rng.random(sizes.items + 1) < share for share in (0.05, 0.4, 0.005))
    held = {
        item: _named(most[item - 1], slugs)
        for item in range(1, sizes.items + 1)
        if item not in disputed or kept[item]
    }
    rows = (
        (
            *(number, item, labels, _judgments_of(item), times[item - 1]),
            *(("adjudicated", lead.pk) if by_lead[item] else ("majority", None)),
            clauses[item % len(clauses)] if cited[item] else None,
        )
        for number, (item, labels) in enumerate(held.items(), 1)
    )
    same = {"project_id": project.pk, "verdict": LABELLED, "reason": "Most say so."}
    same |= {"taxonomy_id": taxonomy_current(project).version.pk}
    _copy(Resolution, "id item_id labels judgments created_at method resolved_by_id clause_id", rows, same)
    waiting = (
        (number, item, list(found.parts), found.key, times[item - 1])
        for number, item in enumerate(sorted(disputed), 1)
        for found in [pattern_of(_answers_of(said, item, slugs))]
    )
    same = {"project_id": project.pk, "reason": "people differ", "hold_reason": ""}
    _copy(Disagreement, "id item_id categories pattern opened_at", waiting, same)
    return held


def _load_suspects(
    project: Project, held: dict[int, list[str]], slugs: Sequence[str], rng: np.random.Generator
) -> None:
    run = SuspectRun.objects.create(
        project=project, status="done", n_items=len(held), finished_at=timezone.now()
    )
    numbers = {item: number for number, item in enumerate(held, 1)}
    chosen = rng.choice(list(held), min(SUSPECTS, len(held)), replace=False).tolist()
    Suspect.objects.bulk_create(
        Suspect(
            project=project,
            run=run,
            item_id=item,
            resolution_id=numbers[item],
            category=slug,
            present=slug in held[item],
            doubt=doubt,
            rank=doubt,
            probability=0.5,
            duplicates=3,
            duplicates_against=1,
            pages=9,
            pages_against=2,
        )
        for item in chosen
        for slug, doubt in [(slugs[item % len(slugs)], float(rng.random()))]
    )


def _load_gold(project: Project, held: dict[int, list[str]], lead: User) -> None:
    Gold.objects.bulk_create(
        Gold(project=project, item_id=item, labels=held[item], explanation="It says so.", added_by=lead)
        for item in list(held)[:GOLD_ITEMS]
    )


def _answers_of(said: Answers, item: int, slugs: Sequence[str]) -> list[Answer]:
    return [
        Answer(frozenset(_named(labels, slugs)), frozenset(_named(unsure, slugs)), LABELLED)
        for labels, unsure in zip(said.labels[item - 1], said.unsure[item - 1], strict=True)
    ]


def _judgments_of(item: int) -> list[int]:
    return list(range((item - 1) * OVERLAP + 1, item * OVERLAP + 1))


def _named(mask: Bools, slugs: Sequence[str]) -> list[str]:
    return [slugs[at] for at in np.flatnonzero(mask).tolist()]


def _times(count: int) -> list[datetime]:
    """So many moments, evenly spaced up to now."""
    begin, step = timezone.now() - timedelta(weeks=WEEKS), timedelta(weeks=WEEKS) / max(count, 1)
    return [begin + step * at for at in range(count)]


def _copy(
    model: type[models.Model], columns: str, rows: Iterable[Sequence[Any]], same: Mapping[str, Any]
) -> None:
    """Rows of these columns, and of those that are the `same` in each."""
    names, last = (*columns.split(), *same), tuple(same.values())
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY {model._meta.db_table} ({', '.join(names)}) FROM STDIN") as copy,
    ):
        for row in rows:
            copy.write_row((*row, *last))
