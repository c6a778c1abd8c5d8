"""How fast judgments of another tool come in, are reviewed, and go out again as one stream.

    python benchmarks/judgment_import.py --judgments 200000 --json judgment_import.json

A CSV with a row for each judgment, two people on each page, who differ on every tenth; read, mapped and written by
the product's own worker, reviewed by the sweeps of the tick, then read by a scientist as NDJSON: judgments and items.
Rows a second by the clock, and of one core (ours and the database's), and the memory that was needed at most.
"""

import argparse
import csv
import json
import os
import platform
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.ingest import WORDS, backend_cpu, database  # noqa: E402

PEOPLE: Final = 5
CATEGORIES: Final = ("games", "gambling", "violence", "video")


def write_csv(path: Path, judgments: int) -> None:
    """The file: pages of many sites, each with two judgments, one after the other."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["url", "title", "text", "annotator", "labels", "given_at", "seconds"])
        for number in range(judgments):
            page, other = divmod(number, 2)
            label = CATEGORIES[(page + (other and page % 10 == 0)) % len(CATEGORIES)]
            words = " ".join(WORDS[(page * 7 + at * at) % len(WORDS)] for at in range(60))
            site = f"{WORDS[page % len(WORDS)]}{page // 8}.example"
            person = f"person-{(page + other) % PEOPLE}"
            writer.writerow(
                [f"https://{site}/{page}", f"Page {page}", words, person, label, "2026-01-02T03:04:05Z", 4.5]
            )


def project_make() -> Any:
    """A project with the categories of the file, and the lead who maps it."""
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

    person = User.objects.create_user("lead")
    project = Project.objects.create(
        slug="benchmark", name="Benchmark", created_by=person, holdout_salt="salt", paused=True, overlap=2
    )
    Membership.objects.create(project=project, user=person, role=Role.ADMIN)
    taxonomy = TaxonomyVersion.objects.create(project=project, number=1, created_by=person)
    for place, slug in enumerate(CATEGORIES):
        Category.objects.create(
            taxonomy=taxonomy, position=place, slug=slug, name=slug.title(), definition="As it says.",
            severity=1, cipa=False, key="",
        )  # fmt: skip
    guideline = GuidelineVersion.objects.create(project=project, number=1, created_by=person)
    Clause.objects.create(guideline=guideline, position=0, number="1", title="Judge", body="The page.")
    return project, person


def timed(name: str, rows: int, work: Callable[[], object]) -> dict[str, float]:
    """Rows a second of a step, of the clock and of one core; and megabytes that the process has needed so far."""
    started, ours, theirs = time.perf_counter(), time.process_time(), backend_cpu()
    work()
    seconds = time.perf_counter() - started
    ours, theirs = time.process_time() - ours, backend_cpu() - theirs
    found = {
        "seconds": round(seconds, 1),
        "rows_per_second": round(rows / seconds),
        "rows_per_second_of_one_core": round(rows / (ours + theirs)),
        "python_microseconds_per_row": round(ours / rows * 1e6, 1),
        "postgres_microseconds_per_row": round(theirs / rows * 1e6, 1),
        "peak_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    print(f"{name:18} {found}", flush=True)
    return found


def swept(project: Any) -> None:
    """As many ticks as it takes."""
    from annotator.judgments.models import ReviewDue
    from annotator.review.services import reviews_sweep

    while ReviewDue.objects.filter(project=project).exists():
        reviews_sweep(project)


def streamed(person: Any, what: str) -> Callable[[], int]:
    """A pull of all of it; how many lines came."""
    from django.test import Client

    client = Client(headers={"host": "localhost"})
    client.force_login(person, backend="annotator.accounts.backends.AccountBackend")

    def pull(after: int = 0) -> int:
        answer = client.get(f"/api/v1/projects/benchmark/{what}/?format=ndjson&after={after}")
        assert answer.status_code == 200, answer.content
        return sum(block.count(b"\n") for block in answer)

    pull(after=2**40)  # the first request of a process loads every address of the product
    return pull


def measure(judgments: int, where: str) -> dict[str, Any]:
    """The file in, through the review, and out."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from annotator.judgments.imports.mapping import Sent
    from annotator.judgments.imports.services import ImportUpload, import_create, import_run, import_start

    call_command("migrate", verbosity=0)
    project, person = project_make()
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="crossguard-bench-") as folder:
        path = Path(folder, "judgments.csv")
        write_csv(path, judgments)
        with path.open("rb") as stream:
            run = import_create(project, ImportUpload(path.name, stream), by=person)
        found["read"] = timed("read", judgments, lambda: import_run(run.pk))
        run.refresh_from_db()
        assert run.found, run.error
        import_start(run, Sent("url", "title", "text", {slug: slug for slug in CATEGORIES}), by=person)
        found["write"] = timed("write", judgments, lambda: import_run(run.pk))
    run.refresh_from_db()
    assert run.judgments_added == judgments, run.error
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE judgment, item, evidence, review_due")
    found["review_items"] = timed("review_items", judgments // 2, lambda: swept(project))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE resolution")
    for what, rows in (("judgments", judgments), ("items", judgments // 2)):
        found[f"stream_{what}"] = timed(f"stream_{what}", rows, streamed(person, what))
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {where}",
        "load_average": os.getloadavg()[0],
        "judgments": judgments,
        **found,
    }


def main() -> None:
    """Measure, print, and write JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--judgments", type=int, default=200_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with database() as where:
        result = measure(options.judgments, where)
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
