"""How fast resolved items and their judgments become a snapshot, against pyarrow writing the same tables from memory.

    python benchmarks/snapshot.py --items 100000 --json snapshot.json

Items, three judgments each, ledger and resolutions are made by the database (deterministic), in a throw-away
PostgreSQL, or in DATABASE_URL if that is set. The snapshot is one of everything, as the button takes it, with splits,
the items cut by them, and the counts of the card; taken twice, each time by a new process that knows the modules and
nothing else: all of it from the database, and after the logs were copied, as workers do every hour. Where other work
shares the machine its clock says little: the processor seconds of both sides say what two cores could do that are free.
"""

import argparse
import json
import os
import platform
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.cpu import tree_seconds  # noqa: E402
from benchmarks.ingest import WORDS, database  # noqa: E402

PEOPLE = 12
CATEGORIES = 16
STATEMENTS = (
    """
    INSERT INTO item (project_id, url, url_hash, raw_url, host, registrable_domain, split, pooled, shuffle, source,
                      metadata)
    SELECT %(project)s, 'https://www.site' || n / 20 || '.example/' || md5(n::text) || '/page-' || n,
           md5('url' || n)::uuid, '', 'www.site' || n / 20 || '.example', 'site' || n / 20 || '.example',
           CASE WHEN n / 20 %% 10 = 0 THEN 'holdout' ELSE 'train' END, FALSE, n, 'crawl-' || n %% 3, '{}'
    FROM generate_series(1, %(items)s) n
    """,
    """
    INSERT INTO evidence (item_id, version, title, description, text, content_hash)
    SELECT i.id, 1, 'Page ' || i.id, '', (
        SELECT string_agg((%(words)s::text[])[1 + (hashint8(i.id * 131 + w) & 31)], ' ') FROM generate_series(1, 90) w
    ), i.url_hash FROM item i WHERE i.project_id = %(project)s
    """,
    """
    INSERT INTO signature (item_id, bands)
    SELECT i.id, (SELECT array_agg(hashint8extended(i.id / (1 + (i.id %% 50 = 0)::int), b))
                  FROM generate_series(1, 16) b)
    FROM item i WHERE i.project_id = %(project)s
    """,
    """
    INSERT INTO batch (project_id, number, opened_at, reason, fingerprint, seed, pool_size, fallback, n_items)
    SELECT %(project)s, n, now(), 'benchmark', n::text, n, %(items)s, FALSE, 1000
    FROM generate_series(0, %(items)s / 1000) n
    """,
    """
    INSERT INTO batch_item (batch_id, item_id, rank, stream, strategy, score, reason, pool_size, inclusion_probability,
                            seed, severity, expected)
    SELECT b.id, i.id, i.shuffle %% 1000, CASE WHEN i.shuffle %% 4 = 0 THEN 'explore' ELSE 'query' END, 'default', 0.5,
           '', %(items)s, CASE WHEN i.shuffle %% 4 = 0 THEN 0.01 END, 7, 0, '{}'
    FROM item i JOIN batch b ON b.project_id = i.project_id AND b.number = i.shuffle / 1000
    WHERE i.project_id = %(project)s
    """,
    """
    INSERT INTO assignment (project_id, batch_item_id, item_id, place, priority, state, annotator_id, submitted_at,
                            purpose, severity, expected, reading_seconds)
    SELECT %(project)s, l.id, l.item_id, 1, l.id, 'submitted', (%(people)s::bigint[])[1], now(), 'overlap', 0, '{}', 0
    FROM batch_item l JOIN item i ON i.id = l.item_id WHERE i.project_id = %(project)s
    """,
    """
    INSERT INTO judgment (project_id, item_id, assignment_id, annotator_id, client_id, labels, unsure, verdict, seconds,
                          note, late, taxonomy_id, guideline_id, created_at)
    SELECT %(project)s, a.item_id, a.id, (%(people)s::bigint[])[1 + (a.item_id + p * 3) %% 12], gen_random_uuid(),
           CASE WHEN hashint8(a.item_id * 7 + p) %% 20 = 0 THEN '{}'::varchar[]
                WHEN a.item_id %% 3 = 0 THEN ARRAY[(%(slugs)s::text[])[1 + a.item_id %% 16]]
                ELSE '{}'::varchar[] END,
           '{}', 'labelled', 5 + p, '', FALSE, %(taxonomy)s, %(guideline)s, now() + p * interval '1 millisecond'
    FROM assignment a, generate_series(0, 2) p WHERE a.project_id = %(project)s
    ORDER BY p, a.item_id
    """,
    """
    INSERT INTO resolution (project_id, item_id, labels, verdict, method, reason, judgments, taxonomy_id, created_at)
    SELECT %(project)s, i.id, CASE WHEN i.id %% 3 = 0 THEN ARRAY[(%(slugs)s::text[])[1 + i.id %% 16]]
                              ELSE '{}'::varchar[] END,
           'labelled', 'unanimous', '', ARRAY[1, 2, 3], %(taxonomy)s, now()
    FROM item i WHERE i.project_id = %(project)s
    """,
    "ANALYZE",
)


def make_project() -> tuple[Any, dict[str, Any]]:
    """A project of 16 categories with its people, and the values of the statements."""
    from annotator.accounts.models import User
    from annotator.projects.models import Category, Clause, GuidelineVersion, Project, TaxonomyVersion

    people = [User.objects.create_user(f"person{n}") for n in range(PEOPLE)]
    project = Project.objects.create(
        slug="benchmark", name="Benchmark", created_by=people[0], holdout_salt="salt"
    )
    taxonomy = TaxonomyVersion.objects.create(project=project, number=1, created_by=people[0])
    for place in range(CATEGORIES):
        Category.objects.create(
            taxonomy=taxonomy, position=place, slug=f"category-{place}", name=f"Category {place}",
            definition="As it says.", severity=1, cipa=False, key="",
        )  # fmt: skip
    guideline = GuidelineVersion.objects.create(project=project, number=1, created_by=people[0])
    Clause.objects.create(guideline=guideline, position=0, number="1", title="Judge", body="The page.")
    values = {
        "project": project.pk,
        "taxonomy": taxonomy.pk,
        "guideline": guideline.pk,
        "people": [person.pk for person in people],
        "slugs": [f"category-{place}" for place in range(CATEGORIES)],
        "words": WORDS[:32],
    }
    return project, values


def populate(values: dict[str, Any], items: int) -> None:
    """All rows, by the database itself."""
    from django.db import connection

    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement, values | {"items": items} if "%" in statement else None)


def freeze(project: Any, folder: Path) -> dict[str, float]:
    """Seconds of each table, two of which are written at a time, and of each stage one after the other."""
    from learner.snapshots.content import EVERYTHING
    from learner.snapshots.freezing import tables_freeze
    from learner.snapshots.items_table import column_of
    from learner.snapshots.pictures import counted

    began: dict[str, float] = {}
    tables: dict[str, float] = {}

    def tell(stage: str, progress: Any) -> None:
        began.setdefault(stage, time.perf_counter())
        tables.update({f"{name}.parquet": row.seconds for name, row in progress.items()})

    written = tables_freeze(project, EVERYTHING, folder, tell)
    tell("pictures of the card", {})
    counted(folder, {slug: column_of(slug) for slug in written.frozen.taxonomy.slugs}, written.files)
    ends = [*list(began.values())[1:], time.perf_counter()]
    stages = {stage: round(end - start, 2) for (stage, start), end in zip(began.items(), ends, strict=True)}
    return stages | tables


def bare(folder: Path) -> float:
    """Seconds for pyarrow to write the same tables from memory, one after the other; without the cuts of the items."""
    import pyarrow.parquet as pq

    from learner.snapshots.files import TABLES

    seconds = 0.0
    for name in TABLES:
        table = pq.read_table(folder / f"{name}.parquet")
        started = time.perf_counter()
        pq.write_table(table, folder / "bare", compression="zstd", row_group_size=32_768)
        seconds += time.perf_counter() - started
        del table
    return seconds


def database_seconds() -> float:
    """Processor seconds of all of PostgreSQL, where it runs on this machine."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        ((backend,),) = cursor.fetchall()
    with suppress(OSError):
        return tree_seconds([int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])])
    return float("nan")


def taken(project: Any, items: int) -> dict[str, Any]:
    """One snapshot: its seconds, and those of pyarrow for the same tables."""
    with tempfile.TemporaryDirectory(prefix="crossguard-bench-") as name:
        before, started = (time.process_time(), database_seconds()), time.perf_counter()
        stages = freeze(project, Path(name))
        seconds = time.perf_counter() - started
        ours, theirs = time.process_time() - before[0], database_seconds() - before[1]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        size = sum(path.stat().st_size for path in Path(name).iterdir())
        from_memory = bare(Path(name))
    return {
        "seconds": round(seconds, 2),
        "items_per_second": round(items / seconds),
        "processor_seconds": round(ours, 2),
        "processor_seconds_of_postgresql": round(theirs, 2),
        "items_per_second_of_two_free_cores": round(items / max(ours + theirs, 1e-9) * 2),
        "stages": stages,
        "megabytes": round(size / 1e6, 1),
        "peak_megabytes": round(peak),
        "from_memory_seconds": round(from_memory, 2),
        "times_from_memory": round(seconds / from_memory, 2),
    }


def in_child(work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """What `work` gives in a process of its own: memory and caches of one measurement are not those of the next."""
    from django.db import connections

    connections.close_all()
    reader, writer = os.pipe()
    if not (child := os.fork()):
        try:
            with os.fdopen(writer, "w") as pipe:
                pipe.write(json.dumps(work()))
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)  # what the parent has open is the parent's to close
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    if not told:
        raise SystemExit(1)
    found: dict[str, Any] = json.loads(told)
    return found


def measure(items: int, where: str) -> dict[str, Any]:
    """Populate, freeze twice, and write the same from memory."""
    import django

    django.setup()
    from django.core.management import call_command

    from annotator.projects.models import Project
    from learner.snapshots.models import LogStretch

    call_command("migrate", verbosity=0)
    project = Project.objects.filter(slug="benchmark").first()
    if project is None:
        project, values = make_project()
        populate(values, items)
    with suppress(ImportError):  # pyarrow does with its first array, where there is one: the product has none
        import pandas as pd  # noqa: F401
    import learner.snapshots.freezing
    import learner.snapshots.pictures  # noqa: F401
    from learner.snapshots.log_copying import logs_copy

    LogStretch.objects.all().delete()
    from_database = in_child(lambda: taken(project, items))
    started = time.perf_counter()
    n_copied = sum(stretch.n_rows for stretch in logs_copy(project))
    copying = round(time.perf_counter() - started, 2)
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {where}",
        "malloc_arenas": os.environ.get("MALLOC_ARENA_MAX", "as many as threads want"),
        "items": items,
        "judgments": 3 * items,
        "from the database": from_database,
        "copying the logs": {"seconds": copying, "rows": n_copied},
        "from copied logs": in_child(lambda: taken(project, items)),
        "load": os.getloadavg(),
    }


def main() -> None:
    """Measure, print, and write JSON if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with database() as where:
        found = measure(options.items, where)
    for name, value in found.items():
        if isinstance(value, dict):
            print(name)
            for inner, each in value.items():
                print(f"    {inner:34} {each}")
        else:
            print(f"{name:38} {value}")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
