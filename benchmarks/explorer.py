"""How long a search in the explorer takes, for each filter and for combinations, over a million items.

    python benchmarks/explorer.py --items 1000000 --repeats 15 --json explorer.json

Items are made by `pool_made.py`; evidence, judgments, resolutions and the ledger by the database, and probabilities by
an artifact of random weights over made features. The columns are made by the product's own worker, which is timed too.
A search is what the API and the page do between address and template: filter, count, charts, page, rows; the whole page
through Django, template included, is measured beside it. Target: each under 300 ms at 1,000,000 items, 2 cores.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.ingest import database  # noqa: E402

TARGET_MS: Final = 300
CATEGORIES: Final = 16
VOCABULARY: Final = 30_000
SOURCES: Final = 12
SENTENCE: Final = (
    "This is what the school has to say about the day, for everybody who wants to read and learn it. "
)
STATEMENTS: Final = (
    "SET session_replication_role = replica",
    """
    UPDATE item SET source = 'crawl-' || id %% %(sources)s, created_at = now() - (id %% 400) * interval '1 day',
        pooled = id %% 10 > 0 WHERE project_id = %(project)s
    """,
    # A word of rank r is about every (10 r)-th of a page's 40: as in English, a few are everywhere and most are rare.
    """
    INSERT INTO evidence (item_id, version, title, description, text, content_hash)
    SELECT i.id, 1, 'Page ' || i.id, '', %(sentence)s || (
        SELECT string_agg('w' || floor(exp(ln(%(vocabulary)s) *
            (hashint8extended(i.id * 131 + w, 7) & 1048575) / 1048576.0))::int, ' ') FROM generate_series(1, 40) w
    ), i.url_hash FROM item i WHERE i.project_id = %(project)s
    """,
    """
    INSERT INTO batch (project_id, number, opened_at, reason, fingerprint, seed, pool_size, fallback, n_items)
    SELECT %(project)s, n, now(), 'benchmark', n::text, n, 1000000, FALSE, 1000
    FROM generate_series(0, %(items)s / 10000) n
    """,
    """
    INSERT INTO batch_item (batch_id, item_id, rank, stream, strategy, score, reason, pool_size, inclusion_probability,
                            seed, severity, expected)
    SELECT b.id, i.id, i.id / 10 %% 1000, (ARRAY['query', 'query', 'rare', 'explore', 'audit'])[1 + i.id / 10 %% 5],
           'default', 0.5, '', 1000000, NULL, 7, 0, '{}'
    FROM item i JOIN batch b ON b.project_id = i.project_id AND b.number = i.id / 10000
    WHERE i.project_id = %(project)s AND i.id %% 10 = 0
    """,
    """
    INSERT INTO judgment (project_id, item_id, assignment_id, annotator_id, client_id, labels, unsure, verdict, seconds,
                          note, late, taxonomy_id, guideline_id, created_at)
    SELECT %(project)s, l.item_id, l.id, p, gen_random_uuid(),
           CASE WHEN (l.item_id / 10 + (p = 2 AND l.item_id %% 70 = 0)::int) %% 3 = 0
                THEN ARRAY[(%(slugs)s::text[])[1 + l.item_id / 30 %% 16]] ELSE '{}'::varchar[] END,
           '{}', 'labelled', 5 + p, '', FALSE, %(taxonomy)s, %(guideline)s, now() - (l.item_id %% 90) * interval '1 day'
    FROM batch_item l, generate_series(1, 2) p
    """,
    """
    INSERT INTO resolution (project_id, item_id, labels, verdict, method, reason, judgments, taxonomy_id, created_at)
    SELECT %(project)s, l.item_id, CASE WHEN l.item_id / 10 %% 3 = 0
                THEN ARRAY[(%(slugs)s::text[])[1 + l.item_id / 30 %% 16]] ELSE '{}'::varchar[] END,
           'labelled', 'unanimous', '', ARRAY[1, 2], %(taxonomy)s, now() - (l.item_id %% 60) * interval '1 day'
    FROM batch_item l WHERE l.item_id %% 70 > 0
    """,
    """
    INSERT INTO disagreement (project_id, item_id, categories, pattern, reason, opened_at, hold_reason)
    SELECT %(project)s, l.item_id, ARRAY[(%(slugs)s::text[])[1]], '', '', now(), ''
    FROM batch_item l WHERE l.item_id %% 70 = 0
    """,
    "SET session_replication_role = origin",
    "ANALYZE",
)


def searches(words: list[str]) -> dict[str, str]:
    """Name -> address of each filter, alone and together. Of the words, the first stands in most pages."""
    return {
        "everything": "",
        "a word in most pages": f"text={words[0]}",
        "a word in a third": f"text={words[1]}",
        "a word in a hundredth": f"text={words[2]}",
        "a rare word": f"text={words[3]}",
        "a beginning of some words": "text=w300*",
        "a beginning in most pages": "text=w12*",
        "a word without another": f"text={words[1]}+-{words[0]}",
        "only without a word": f"text=-{words[1]}",
        "no such word": "text=zzzzzz",
        "site": "site=river1.example",
        "held": "held=category-3",
        "held none": "held=_none",
        "not resolved": "held=_unresolved",
        "judged": "judged=category-3",
        "predicted": "predicted=category-3",
        "probability": "probability=category-3&p_min=0.4&p_max=0.6",
        "stream": "streams=explore",
        "method": "methods=unanimous",
        "source": "sources=crawl-3",
        "ingest": "ingest=1",
        "split": "split=holdout",
        "language": "languages=English",
        "disputed": "disagreement=disputed",
        "differ": "disagreement=differ",
        "agree": "disagreement=agree",
        "judgments": "judgments_min=2",
        "days of ingest": "added_from=2026-01-01&added_until=2026-12-31",
        "days of judgment": "judged_from=2026-01-01",
        "days of resolution": "resolved_until=2027-12-31",
        "word, category, stream": f"text={words[0]}&held=category-3&streams=query",
        "word, probability, split": f"text={words[1]}&probability=category-5&p_min=0.5&split=train",
        "nothing in common": f"text={words[0]}&held=_unresolved&streams=audit",
        "all at once": (
            f"text={words[0]}+{words[1]}&held=category-3&held=_none&judged=category-3&predicted=category-1"
            "&predicted=category-3&probability=category-3&p_min=0.01&streams=query&streams=rare&methods=unanimous"
            "&sources=crawl-0&sources=crawl-2&split=train&disagreement=agree&judgments_min=1"
            "&added_from=2020-01-01&judged_from=2020-01-01&resolved_from=2020-01-01"
        ),
    }


def project_make(items: int) -> Any:
    """A project with so many items and all that is known of them."""
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
    from benchmarks.pool_made import pool_fill

    person = User.objects.create_user("scientist")
    project = Project.objects.create(
        slug="benchmark", name="Benchmark", created_by=person, holdout_salt="salt", paused=True
    )
    Membership.objects.create(project=project, user=person, role=Role.SCIENTIST)
    taxonomy = TaxonomyVersion.objects.create(project=project, number=1, created_by=person)
    for place in range(CATEGORIES):
        Category.objects.create(
            taxonomy=taxonomy, position=place, slug=f"category-{place}", name=f"Category {place}",
            definition="As it says.", severity=1, cipa=False, key="",
        )  # fmt: skip
    guideline = GuidelineVersion.objects.create(project=project, number=1, created_by=person)
    Clause.objects.create(guideline=guideline, position=0, number="1", title="Judge", body="The page.")
    pool_fill(project, items)
    values: dict[str, Any] = {
        "project": project.pk, "taxonomy": taxonomy.pk, "guideline": guideline.pk, "items": items,
        "slugs": [f"category-{place}" for place in range(CATEGORIES)], "vocabulary": VOCABULARY, "sources": SOURCES,
        "sentence": SENTENCE,
    }  # fmt: skip
    with connection.cursor() as cursor:
        for statement in STATEMENTS:
            cursor.execute(statement, values if "%" in statement else None)
    return project


def probabilities_make(project: Any) -> None:
    """Columns of made probabilities, most of them low, as a worker writes them from an artifact."""
    import numpy as np

    from learner.explorer import columns as c
    from learner.explorer.models import ExplorerChunk, ExplorerState
    from learner.explorer.storing import columns_write

    rng = np.random.default_rng(1)
    for chunk in ExplorerChunk.objects.filter(project=project).order_by("number"):
        said = {c.SCORED: np.arange(c.CHUNK_ITEMS) < chunk.n_items}
        for place in range(CATEGORIES):
            probabilities = rng.beta(0.2, 4.0, c.CHUNK_ITEMS)
            said[f"{c.PROBABILITY}category-{place}"] = c.levels_of(probabilities)
            said[f"{c.PREDICTED}category-{place}"] = probabilities > 0.5
        columns_write(project.pk, chunk.number, said)
    ExplorerState.objects.filter(project=project).update(classifier_number=1)


def percentiles(seconds: list[float]) -> dict[str, float]:
    """In milliseconds."""
    ordered = sorted(1000 * value for value in seconds)
    return {
        "p50": round(ordered[len(ordered) // 2], 1),
        "p95": round(ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))], 1),
        "max": round(ordered[-1], 1),
    }


def timed(work: Callable[[], object], repeats: int) -> dict[str, float]:
    """Milliseconds of so many runs, one after the other; and of processor for each, ours and the database's.

    On a busy machine the clock on the wall says how busy it is; the processor says what a quiet one would take.
    """
    seconds, ours, theirs = [], time.process_time(), database_seconds()
    for _ in range(repeats):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    ours, theirs = time.process_time() - ours, database_seconds() - theirs
    return {
        **percentiles(seconds),
        "least": round(1000 * min(seconds), 1),
        "processor": round(1000 * (ours + theirs) / repeats, 1),
    }


def database_seconds() -> float:
    """Of processor, that the process which serves this connection has had; without those that it called to help."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def sizes() -> dict[str, float]:
    """Megabytes of the explorer's tables, with indexes and what is stored beside them."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
            "WHERE relkind = 'r' AND relname LIKE 'explorer_%'"
        )
        return {name: round(size / 1e6, 1) for name, size in cursor.fetchall()}


def columns_make(project: Any) -> dict[str, float]:
    """Make the project's columns by the product's worker, and once more with nothing new; seconds of both."""
    from django.db import connection

    from learner.explorer.refreshing import explorer_refresh

    started, processor, theirs = time.perf_counter(), time.process_time(), database_seconds()
    explorer_refresh(project)
    building = {
        "seconds": round(time.perf_counter() - started, 1),
        "processor_seconds": round(time.process_time() - processor, 1),
        "database_seconds": round(database_seconds() - theirs, 1),
    }
    probabilities_make(project)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) explorer_text, explorer_column")
        cursor.execute("CHECKPOINT")
    started = time.perf_counter()
    explorer_refresh(project)
    return building | {"again_seconds": round(time.perf_counter() - started, 2)}


def search_time(person: Any, address: str, repeats: int) -> dict[str, Any]:
    """One search, by its address: what it finds, how long it takes, and how long with the page around it."""
    from django.http import QueryDict
    from django.test import Client

    from annotator.projects.access import Can, project_for
    from learner.explorer.reading import answer_of, asked_of

    access = project_for(person, "benchmark", Can.INSPECT)
    client = Client(headers={"host": "localhost"})
    client.force_login(person, backend="annotator.accounts.backends.AccountBackend")

    def search() -> int:
        asked = asked_of(access, QueryDict(address))
        assert asked.form.is_valid(), (address, asked.form.errors)
        return answer_of(access, asked, asked.form.wanted, with_facets=True).n

    def page() -> None:
        answer = client.get(f"/projects/benchmark/explorer/?{address}", headers={"hx-request": "true"})
        assert answer.status_code == 200, answer.content[:500]

    return {"n": search(), "search": timed(search, repeats), "page": timed(page, repeats)}


def measure(items: int, repeats: int, where: str) -> dict[str, Any]:
    """Make the project and its columns, then search."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from annotator.accounts.models import User
    from annotator.projects.models import Project

    call_command("migrate", verbosity=0)
    building = columns_make(Project.objects.filter(slug="benchmark").first() or project_make(items))
    with connection.cursor() as cursor:
        cursor.execute("SET max_parallel_workers_per_gather = 0")
    person = User.objects.get(username="scientist")
    found: dict[str, Any] = {}
    for name, address in searches([f"w{rank}" for rank in (1, 16, 300, 20_000)]).items():
        found[name] = search_time(person, address, repeats)
        print(
            f"{name:28} {found[name]['n']:>9,}  search {found[name]['search']}  page {found[name]['page']}",
            flush=True,
        )
    worst = max(found, key=lambda name: found[name]["search"]["processor"])
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {where}",
        "items": items, "repeats": repeats, "target_ms": TARGET_MS, "building": building, "megabytes": sizes(),
        "worst": {"search": worst, **found[worst]["search"]}, "searches": found, "load": os.getloadavg(),
    }  # fmt: skip


def main() -> None:
    """Measure, print, and write JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--items", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=15)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with database() as where:
        result = measure(options.items, options.repeats, where)
    print(json.dumps(result, indent=2))
    if options.json:
        options.json.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
