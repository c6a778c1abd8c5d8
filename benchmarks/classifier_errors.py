"""How long the pages of errors take, with 100,000 errors among 1,000,000 items, and 20,000 causes assigned.

    python benchmarks/classifier_errors.py --items 1000000 --errors 100000 --repeats 15 --json classifier_errors.json

Items are made by `pool_made.py`, the rest by the database. A page is asked for through Django, template included.
Target: each under 300 ms at 1,000,000 items, 2 cores. The search for errors itself is not measured here.
"""

import argparse
import json
import os
import platform
import sys
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.explorer import CATEGORIES, timed  # noqa: E402
from benchmarks.ingest import database  # noqa: E402

TARGET_MS: Final = 300
STATEMENTS: Final = (
    "SET session_replication_role = replica",
    """
    INSERT INTO evidence (item_id, version, title, description, text, content_hash)
    SELECT id, 1, 'Page ' || id, '', 'What the page says.', url_hash FROM item WHERE project_id = %(project)s
    LIMIT %(errors)s
    """,
    """
    INSERT INTO resolution (project_id, item_id, labels, verdict, method, reason, judgments, taxonomy_id, created_at)
    SELECT %(project)s, item_id, '{}', 'labelled', 'unanimous', '', '{}', %(taxonomy)s, now() FROM evidence
    """,
    """
    INSERT INTO classifier_error (project_id, run_id, item_id, resolution_id, part, category, kind, grave, probability,
                                  threshold, wrongness, site, cluster_id)
    SELECT %(project)s, %(run)s, item_id, id, (ARRAY['audit', 'audit', 'audit', 'train'])[1 + id %% 4],
           'category-' || id %% 16, (ARRAY['miss', 'alarm'])[1 + id / 4 %% 2],
           CASE WHEN id / 4 %% 2 = 0 THEN id %% 4 ELSE 0 END, random(), 0.5, 5 * random(), id %% 5000,
           CASE WHEN id %% 100 = 0 THEN %(cluster)s END FROM resolution
    """,
    """
    INSERT INTO error_cause (project_id, item_id, category, kind, resolution_id, part, classifier_id, cause, suggested,
                             reason, assigned_by_id, assigned_at)
    SELECT %(project)s, item_id, category, kind, resolution_id, part, %(classifier)s,
           (ARRAY['label', 'guideline', 'features', 'drift', 'other'])[1 + id %% 5], '', 'Because.', %(person)s,
           now() - (id %% 400) * interval '1 day' FROM classifier_error WHERE id %% 5 = 0
    """,
    "SET session_replication_role = origin",
    "ANALYZE",
)
PAGES: Final = {
    "list": "errors/",
    "deep in the list": "errors/?page=1400",
    "train": "errors/?part=train",
    "category and kind": "errors/?category=category-3&kind=miss",
    "no cause yet": "errors/?cause=none",
    "with a cause": "errors/?cause=label",
    "site": "errors/?site=river1.example",
    "clusters": "errors/clusters/",
    "causes": "errors/causes/",
    "reports": "errors/reports/",
}


def project_make(items: int, errors: int) -> Any:
    """A project with so many items and errors."""
    from django.db import connection

    from annotator.accounts.models import User
    from annotator.projects.models import (
        Category,
        Clause,
        GuidelineVersion,
        Membership,
        Project,
        Role,
        TaxonomyVersion,
    )
    from annotator.runs import RunStatus
    from benchmarks.pool_made import pool_fill
    from learner.core.recipe import RECIPE
    from learner.errors.models import ErrorCluster, ErrorRun
    from learner.evaluation.models import Evaluation
    from learner.training.models import ClassifierVersion, TrainingRun

    person = User.objects.create_user("scientist")
    project = Project.objects.create(
        slug="benchmark", name="Benchmark", created_by=person, holdout_salt="salt", paused=True
    )
    Membership.objects.create(project=project, user=person, role=Role.SCIENTIST)
    taxonomy = TaxonomyVersion.objects.create(project=project, number=1, created_by=person)
    for place in range(CATEGORIES):
        Category.objects.create(
            taxonomy=taxonomy, position=place, slug=f"category-{place}", name=f"Category {place}",
            definition="As it says.", severity=place % 4, cipa=False, key="",
        )  # fmt: skip
    guideline = GuidelineVersion.objects.create(project=project, number=1, created_by=person)
    Clause.objects.create(guideline=guideline, position=0, number="1", title="Judge", body="The page.")
    pool_fill(project, items)
    version = ClassifierVersion.objects.create(
        project=project, number=1, taxonomy=taxonomy, fingerprint="", artifact="", sha256="", size=1, recipe=RECIPE,
        training_run=TrainingRun.objects.create(project=project, reason="", seed=1, status=RunStatus.DONE),
        n_resolutions=errors, n_known=0, categories=[{"category": f"category-{n}"} for n in range(CATEGORIES)],
    )  # fmt: skip
    evaluation = Evaluation.objects.create(
        project=project, classifier=version, last_resolution=1, n_items=errors, facts={}
    )
    each = errors // (2 * CATEGORIES)
    groups = [
        {"part": "audit", "category": f"category-{n}", "kind": kind, "n": each}
        for n in range(CATEGORIES)
        for kind in ("miss", "alarm")
    ]
    facts = {"n_pages": {"audit": errors, "train": errors}, "groups": groups, "unlearned": []}
    run = ErrorRun.objects.create(project=project, evaluation=evaluation, status=RunStatus.DONE, facts=facts)
    item = next(iter(type(run)._meta.apps.get_model("pool", "Item").objects.filter(project=project)[:1]))
    clusters = [
        ErrorCluster(
            project=project, run=run, part="audit", category=f"category-{n % CATEGORIES}", kind="alarm", by="word",
            word=f"word{n}", place="text", item=item, n=40, of=200, correct=3, of_correct=200, lift=4.0, grave=0,
            p_value=0.001,
        )
        for n in range(700)
    ]  # fmt: skip
    ErrorCluster.objects.bulk_create(clusters)
    values = {
        "project": project.pk, "taxonomy": taxonomy.pk, "errors": errors, "run": run.pk, "cluster": clusters[0].pk,
        "classifier": version.pk, "person": person.pk,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement, values if "%" in statement else None)
    return project


def measure(items: int, errors: int, repeats: int, where: str) -> dict[str, Any]:
    """Make the project, then ask for each page."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.test import Client

    from annotator.accounts.models import User
    from learner.errors.models import ClassifierError

    call_command("migrate", verbosity=0)
    project_make(items, errors)
    client = Client(headers={"host": "localhost"})
    client.force_login(
        User.objects.get(username="scientist"), backend="annotator.accounts.backends.AccountBackend"
    )
    pages = {**PAGES, "one error": f"errors/{ClassifierError.objects.earliest('pk').pk}/"}
    found = {}
    for name, path in pages.items():

        def page(path: str = path) -> None:
            answer = client.get(f"/projects/benchmark/{path}")
            assert answer.status_code == 200, (path, answer.content[:500])

        page()
        found[name] = timed(page, repeats)
        print(f"{name:24} {found[name]}", flush=True)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {where}",
        "items": items, "errors": ClassifierError.objects.count(), "repeats": repeats, "target_ms": TARGET_MS,
        "pages": found, "load": os.getloadavg(),
    }  # fmt: skip


def main() -> None:
    """Measure, print, and write JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--errors", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with database() as where:
        result = measure(options.items, options.errors, options.repeats, where)
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
