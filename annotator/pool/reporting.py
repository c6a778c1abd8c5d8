"""The report on an ingest: what it brought, measured by a worker once its rows are in.

Items are read a part at a time by their id, so memory does not grow with the ingest but for the min-hashes of at most
`2 * ALIKE_MAX` pages, drawn at random: 13 MB.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from django.db import connection

from annotator.errors import NotFound
from annotator.pool.language import CHARS_READ, language_of
from annotator.pool.minhash import BANDS, CHARS_MAX, bands, shingles
from annotator.pool.models import Ingest, IngestReport, Item
from annotator.pool.quality import Bands, clusters_of, effective_number, kind_of
from annotator.runs import run_claim, run_done, run_held, run_progress

CHUNK: Final = 1_000
ALIKE_MAX: Final = 50_000
TOP: Final = 10
STAGE: Final = "reading pages"
HASHES: Final = 2**32

PAGES: Final = f"""
SELECT item.id, item.shuffle, COALESCE(evidence.title, ''), COALESCE(LEFT(evidence.text, {CHARS_MAX}), '')
FROM item LEFT JOIN evidence ON evidence.item_id = item.id AND evidence.version = 1
WHERE item.project_id = %(project)s AND item.ingest_id = %(ingest)s AND item.id > %(after)s AND NOT item.withheld
ORDER BY item.id LIMIT {CHUNK}
"""  # noqa: S608 - our own constants only
SITES: Final = """
SELECT registrable_domain, COUNT(*), MIN(id) FROM item
WHERE project_id = %(project)s AND ingest_id = %(ingest)s AND NOT withheld GROUP BY registrable_domain
"""
SITES_IN_SUM: Final = f"""
WITH sites AS MATERIALIZED ({SITES})
SELECT COUNT(*), COALESCE(SUM(count), 0), COALESCE(SUM(count * count), 0),
    ARRAY(SELECT ARRAY[count, min] FROM sites ORDER BY count DESC, min LIMIT {TOP})
FROM sites
"""  # noqa: S608 - composed of constants
KNOWN_SITES: Final = f"""
WITH sites AS ({SITES})
SELECT COUNT(*), COALESCE(SUM(count), 0) FROM sites
WHERE EXISTS (SELECT FROM item WHERE item.project_id = %(project)s AND item.ingest_id IS DISTINCT FROM %(ingest)s
    AND item.registrable_domain = sites.registrable_domain AND item.id < sites.min)
"""  # noqa: S608 - composed of constants
SAME: Final = """
SELECT COUNT(*), COALESCE(SUM(n), 0), COALESCE(MAX(n), 0) FROM (
    SELECT COUNT(*) AS n FROM item JOIN evidence ON evidence.item_id = item.id AND evidence.version = 1
    WHERE item.project_id = %(project)s AND item.ingest_id = %(ingest)s AND NOT item.withheld
    GROUP BY evidence.content_hash HAVING COUNT(*) > 1) AS same
"""


@dataclass
class _Seen:
    """What was counted so far."""

    n_items: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    drawn: list[Bands] = field(default_factory=list)
    n_drawn: int = 0

    def add(self, title: str, text: str) -> None:
        """Count one page."""
        self.n_items += 1
        self.kinds[kind_of(title, text)] += 1
        self.languages[language_of(f"{title}\n{text[:CHARS_READ]}")] += 1


def report_run(report_id: int) -> IngestReport | None:
    """Measure what an ingest brought; None when that is not ours to do. Begun anew after a worker died."""
    report = run_claim(IngestReport, report_id)
    if report is None:
        return None
    with run_held(report, lambda _: None):
        run_done(report, facts=_measured(report))
    report.refresh_from_db()
    return report


def report_of(ingest: Ingest) -> IngestReport | None:
    """The report on the ingest; None before it is through, and of ingests from before there were reports. One query."""
    return IngestReport.objects.filter(ingest=ingest).first()


def report_read(ingest: Ingest) -> IngestReport:
    """The same; raises NotFound where there is none."""
    report = report_of(ingest)
    if report is None:
        raise NotFound(f"There is no report on ingest {ingest.pk}: it is made when all rows are in.")
    return report


def facts_of(report: IngestReport) -> dict[str, Any] | None:
    """What was measured, with the names of the largest sites as they may be told now; None until it is. One query."""
    facts: dict[str, Any] | None = report.facts
    if facts is None:
        return None
    top = facts["sites"]["top"]
    items = Item.objects.filter(pk__in=[row["item"] for row in top])
    names = dict(items.values_list("pk", "registrable_domain"))
    named = [{"site": names[row["item"]], "n": row["n"]} for row in top]
    return facts | {"sites": facts["sites"] | {"top": named}}


def _measured(report: IngestReport) -> dict[str, Any]:
    ingest = report.ingest
    seen = _Seen()
    share = ALIKE_MAX / max(ingest.rows_added, 1)
    for rows in _pages(ingest):
        for _, shuffle, title, text in rows:
            seen.add(title, text)
            if shuffle % HASHES < share * HASHES and seen.n_drawn < 2 * ALIKE_MAX:
                _draw(seen, f"{title}\n{text}")
        run_progress(report, STAGE, seen.n_items, ingest.rows_added)
    run_progress(report, "comparing pages", seen.n_items, ingest.rows_added)
    return {
        "n_items": seen.n_items,
        "kinds": dict(seen.kinds),
        "languages": dict(seen.languages.most_common()),
        "sites": _sites(ingest),
        "same": dict(zip(("n_groups", "n_pages", "largest"), map(int, _row(SAME, ingest)), strict=True)),
        "alike": _alike(seen),
        "pool": _pool(ingest),
    }


def _pages(ingest: Ingest) -> Iterator[list[tuple[Any, ...]]]:
    after = 0
    while rows := _rows(PAGES, ingest, after=after):
        yield rows
        after = rows[-1][0]


def _draw(seen: _Seen, text: str) -> None:
    found = bands(shingles(text))
    seen.n_drawn += 1
    if found:
        seen.drawn.append(np.array(found, dtype=np.int64))


def _alike(seen: _Seen) -> dict[str, int]:
    clusters = clusters_of(np.array(seen.drawn, dtype=np.int64).reshape(-1, BANDS))
    return {
        "n_read": seen.n_drawn,
        "n_clusters": clusters.n_clusters,
        "n_pages": clusters.n_pages,
        "largest": clusters.largest,
    }


def _sites(ingest: Ingest) -> dict[str, Any]:
    n_sites, total, squares, top = _row(SITES_IN_SUM, ingest)
    # By an item and not by name: a page that is withheld later must not be left in a report.
    return {
        "n": n_sites,
        "effective": round(effective_number(int(total), int(squares)), 1),
        "top": [{"item": first, "n": n} for n, first in top],
        "top_share": round(sum(n for n, _ in top) / int(total), 4) if total else None,
    }


def _pool(ingest: Ingest) -> dict[str, int]:
    n_sites, n_items = _row(KNOWN_SITES, ingest)
    return {
        "rows_read": ingest.rows_read,
        "rows_known": ingest.rows_known,
        "rows_changed": ingest.rows_changed,
        "known_sites": int(n_sites),
        "items_on_known_sites": int(n_items),
    }


def _row(query: str, ingest: Ingest) -> tuple[Any, ...]:
    (row,) = _rows(query, ingest)
    return row


def _rows(query: str, ingest: Ingest, **more: int) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, {"project": ingest.project_id, "ingest": ingest.pk, **more})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
