"""Clean rows into the tables with COPY: many rows a statement, ids known beforehand, nothing twice.

The lines of COPY are put together here instead of by the driver, which would adapt each cell on its own: 24
million calls at a million rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from annotator.pool.cleaning import NO_ORIGIN, CleanRow, Origin, Refusal
from annotator.pool.minhash import CHARS_MAX, likeness, shingles
from annotator.pool.models import Ingest

ADVISORY_CLASS = 0x706F6F6C  # "pool": the first half of the advisory key, the project's id is the second
ITEM_COLUMNS = (
    "id, project_id, ingest_id, url, url_hash, raw_url, host, registrable_domain, split, pooled, shuffle, source,"
    " observed_at, traffic, known_labels, metadata"
)
EVIDENCE_COLUMNS = "item_id, version, title, description, text, content_hash, captured_at"
AGAIN_COLUMNS = f"{EVIDENCE_COLUMNS}, added_at, likeness"
REFUSED_COLUMNS = "ingest_id, line, reason, detail, value"
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
VERSIONS_MAX = 30_000
_NULL = "\\N"
_NO_ORIGIN_CELLS = f"\t{_NULL}\t{_NULL}\t{_NULL}\t{{}}"


def project_wait(project_id: int) -> None:
    """Wait until no other transaction adds items to the project; ours is then the only one until it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_CLASS, project_id])


def bulk_settings() -> None:
    """Let this transaction commit before its log is on the disk, and keep a chunk in memory for its triggers.

    Safe here: a crash of the server takes a chunk back whole, its count of rows too, so that the next worker reads
    it again; and every later commit that waits for the disk, the end of the ingest or a judgment, flushes it first.
    The trigger of evidence gets all rows of a statement: past `work_mem` they went through a file, a tenth of the time.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")
        cursor.execute("SET LOCAL work_mem TO '64MB'")


def rows_new(project_id: int, rows: Iterable[CleanRow]) -> list[CleanRow]:
    """The rows whose address the project has not: the first of each. One query, by the index item_url_once.

    A subquery for each address, on purpose: as a join the planner, who knows the table as it was before this ingest,
    scans the whole of it for every chunk, more of it each time.
    """
    first: dict[str, CleanRow] = {}
    for row in rows:
        first.setdefault(row.url_hash, row)
    known = """
        SELECT replace(url_hash::text, '-', '') FROM unnest(%s::uuid[]) AS wanted (url_hash)
        WHERE (SELECT TRUE FROM item WHERE project_id = %s AND item.url_hash = wanted.url_hash)
    """
    with connection.cursor() as cursor:
        # One text, for adapting a list costs each of it; sorted, for then neighbours in the index come together.
        wanted = f"{{{','.join(sorted(first))}}}"
        cursor.execute(known, [wanted, project_id])
        for (url_hash,) in cursor.fetchall():
            del first[url_hash]
    return list(first.values())


def items_copy(ingest: Ingest, rows: Sequence[CleanRow]) -> None:
    """Write the rows as items of the ingest. Three statements."""
    _items_copy(f"{ingest.project_id}\t{ingest.pk}", rows)


def items_take(project_id: int, rows: Iterable[CleanRow]) -> int:
    """Write those rows as items whose address the project has not, of no ingest; how many. Four statements.

    What is known of the others stays as it is. Call `project_wait` before.
    """
    new = rows_new(project_id, rows)
    _items_copy(f"{project_id}\t{_NULL}", new)
    return len(new)


def _items_copy(fixed: str, rows: Sequence[CleanRow]) -> None:
    """Write the rows as items, and their pages as evidence version 1 where there is any. Three statements.

    Ids follow the order of the rows, and evidence is written in it; the lines of items go by hash, so that neighbours
    in the two indexes that are in that order, of the address and of the pool, are written together.
    """
    numbered = list(zip(_next_ids(len(rows)), rows, strict=True))
    pages = [_evidence_line(pk, row) for pk, row in numbered if any(row.page)]
    numbered.sort(key=lambda pair: pair[1].url_hash)
    _copy("item", ITEM_COLUMNS, [_item_line(pk, fixed, row) for pk, row in numbered])
    _copy("evidence", EVIDENCE_COLUMNS, pages)


@dataclass
class Held:
    """What is held of an item whose address came again: its versions so far, oldest first."""

    item_id: int
    hashes: list[str]
    captured_at: datetime | None
    head: str
    has_text: bool

    def is_news(self, row: CleanRow) -> bool:
        """Whether the row shows the page as it was not seen before, and later than what is held.

        Without both times it is new when no version says the same, so that a file may be sent twice.
        """
        seen = row.origin.observed_at
        if not any(row.page) or (self.has_text and not row.page.text) or len(self.hashes) >= VERSIONS_MAX:
            return False
        if seen is None or self.captured_at is None:
            return row.content_hash not in self.hashes
        return seen > self.captured_at and row.content_hash != self.hashes[-1]


def held_of(project_id: int, url_hashes: Iterable[str]) -> dict[str, Held]:
    """What is held of these addresses; without withheld pages, and those whose evidence was erased. One query.

    Item by item, as in `rows_new`.
    """
    query = f"""
        SELECT REPLACE(wanted.url_hash::text, '-', ''), known.id, versions.hashes, versions.captured_at,
               COALESCE(newest.head, ''), COALESCE(newest.has_text, FALSE)
        FROM UNNEST(%s::uuid[]) AS wanted (url_hash)
        CROSS JOIN LATERAL (
            SELECT id FROM item WHERE project_id = %s AND item.url_hash = wanted.url_hash
                AND NOT withheld AND erased_at IS NULL LIMIT 1) known
        CROSS JOIN LATERAL (
            SELECT COALESCE(ARRAY_AGG(REPLACE(content_hash::text, '-', '') ORDER BY version), '{{}}') AS hashes,
                   MAX(captured_at) AS captured_at FROM evidence WHERE item_id = known.id) versions
        LEFT JOIN LATERAL (
            SELECT title || E'\n' || LEFT(text, {CHARS_MAX}) AS head, text <> '' AS has_text
            FROM evidence WHERE item_id = known.id ORDER BY version DESC LIMIT 1) newest ON TRUE
    """  # noqa: S608 - our own constant only
    with connection.cursor() as cursor:
        cursor.execute(query, [f"{{{','.join(sorted(url_hashes))}}}", project_id])
        return {url_hash: Held(*cells) for url_hash, *cells in cursor.fetchall()}


def versions_copy(project_id: int, rows: Iterable[CleanRow], now: datetime) -> list[int]:
    """Write a next version of the evidence for each row that shows its known page changed; the items, in this order.

    Two statements, one when none of the rows has a page.
    """
    paged = [row for row in rows if any(row.page)]
    if not paged:
        return []
    held = held_of(project_id, {row.url_hash for row in paged})
    lines, changed = [], []
    for row in paged:
        known = held.get(row.url_hash)
        if known is None or not known.is_news(row):
            continue
        head = f"{row.page.title}\n{row.page.text[:CHARS_MAX]}"
        alike = likeness(shingles(known.head), shingles(head))
        known.hashes.append(row.content_hash)
        known.captured_at = row.origin.observed_at or known.captured_at
        known.head, known.has_text = head, bool(row.page.text)
        lines.append(_again_line(known, row, now, alike))
        changed.append(known.item_id)
    _copy("evidence", AGAIN_COLUMNS, lines)
    return changed


def refused_copy(ingest: Ingest, refused: Iterable[tuple[int, Refusal]]) -> None:
    """Write the rows that were not taken in, by line. One statement."""
    _copy(
        "refused_row",
        REFUSED_COLUMNS,
        [
            f"{ingest.pk}\t{line}\t{row.reason}\t{_text(row.detail)}\t{_text(row.value)}\n"
            for line, row in refused
        ],
    )


def _next_ids(count: int) -> list[str]:
    if not count:
        return []
    taken = "SELECT string_agg(nextval('item_id_seq')::text, ',') FROM generate_series(1, %s)"
    with connection.cursor() as cursor:
        cursor.execute(taken, [count])
        ids: str = cursor.fetchone()[0]
    return ids.split(",")


def _item_line(pk: str, fixed: str, row: CleanRow) -> str:
    url_hash, (url, host, domain), raw_url, split, shuffle, origin, _, _ = row
    return (
        f"{pk}\t{fixed}\t{_text(url)}\t{url_hash}\t{_text(raw_url)}\t{host}\t{domain}\t{split}\tt\t{shuffle}"
        f"\t{_origin_cells(origin)}\n"
    )


def _evidence_line(pk: str, row: CleanRow) -> str:
    title, description, text = row.page
    return (
        f"{pk}\t1\t{_text(title)}\t{_text(description)}\t{_text(text)}\t{row.content_hash}"
        f"\t{_moment(row.origin.observed_at)}\n"
    )


def _again_line(held: Held, row: CleanRow, now: datetime, alike: float) -> str:
    title, description, text = row.page
    return (
        f"{held.item_id}\t{len(held.hashes)}\t{_text(title)}\t{_text(description)}\t{_text(text)}\t{row.content_hash}"
        f"\t{_moment(row.origin.observed_at)}\t{now.isoformat()}\t{alike!r}\n"
    )


def _origin_cells(origin: Origin) -> str:
    if origin is NO_ORIGIN:
        return _NO_ORIGIN_CELLS
    labels = _NULL if origin.labels is None else "{" + ",".join(origin.labels) + "}"
    traffic = _NULL if origin.traffic is None else repr(origin.traffic)
    return f"{_text(origin.source)}\t{_moment(origin.observed_at)}\t{traffic}\t{labels}\t{_text(origin.metadata)}"


def _moment(moment: datetime | None) -> str:
    return _NULL if moment is None else moment.isoformat()


def _text(text: str) -> str:
    # Most texts need no escape, and looking is cheaper than translating.
    if "\\" in text or "\n" in text or "\r" in text or "\t" in text:
        return text.translate(_ESCAPES)
    return text


def _copy(table: str, columns: str, lines: Sequence[str]) -> None:
    if not lines:
        return
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        copy.write("".join(lines).encode())
