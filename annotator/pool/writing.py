"""Clean rows into the tables with COPY: many rows a statement, ids known beforehand, nothing twice.

The lines of COPY are put together here instead of by the driver, which would adapt each cell on its own: 24
million calls at a million rows.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection
from django.utils import timezone

from annotator.pool.cleaning import CleanRow, Refusal
from annotator.pool.models import Ingest

ADVISORY_CLASS = 0x706F6F6C  # "pool": the first half of the advisory key, the project's id is the second
ITEM_COLUMNS = (
    "id, project_id, ingest_id, url, url_hash, raw_url, host, registrable_domain, split, pooled, shuffle, source,"
    " observed_at, traffic, known_labels, metadata, created_at"
)
EVIDENCE_COLUMNS = "item_id, version, title, description, text, content_hash, captured_at"
REFUSED_COLUMNS = "ingest_id, line, reason, detail, value"
_ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})
_NULL = "\\N"


def project_wait(project_id: int) -> None:
    """Wait until no other transaction adds items to the project; ours is then the only one until it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [ADVISORY_CLASS, project_id])


def flush_later() -> None:
    """Let this transaction commit before its log is on the disk.

    Safe here: a crash of the server takes a chunk back whole, its count of rows too, so that the next worker reads
    it again; and every later commit that waits for the disk, the end of the ingest or a judgment, flushes it first.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")


def rows_new(project_id: int, rows: Iterable[CleanRow]) -> list[CleanRow]:
    """The rows whose address the project has not: the first of each. One query, by the index item_url_once."""
    first: dict[str, CleanRow] = {}
    for row in rows:
        first.setdefault(row.url_hash, row)
    known = "SELECT replace(url_hash::text, '-', '') FROM item WHERE project_id = %s AND url_hash = ANY(%s::uuid[])"
    with connection.cursor() as cursor:
        cursor.execute(known, [project_id, f"{{{','.join(first)}}}"])  # one text: adapting a list costs each
        for (url_hash,) in cursor.fetchall():
            del first[url_hash]
    return list(first.values())


def items_copy(ingest: Ingest, rows: Sequence[CleanRow]) -> None:
    """Write the rows as items, and their pages as evidence version 1 where there is any. Three statements."""
    if not rows:
        return
    now = timezone.now().isoformat()
    fixed = f"{ingest.project_id}\t{ingest.pk}"
    ids = _next_ids(len(rows))
    items, evidence = [], []
    for pk, row in zip(ids, rows, strict=True):
        moment = _moment(row.observed_at)
        items.append(_item_line(pk, fixed, row, moment, now))
        page = row.page
        if page.text or page.title or page.description:
            evidence.append(
                f"{pk}\t1\t{_text(page.title)}\t{_text(page.description)}\t{_text(page.text)}\t{row.content_hash}\t{moment}\n"
            )
    _copy("item", ITEM_COLUMNS, items)
    _copy("evidence", EVIDENCE_COLUMNS, evidence)


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


def _next_ids(count: int) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('item', 'id')) FROM generate_series(1, %s)", [count]
        )
        return [pk for (pk,) in cursor.fetchall()]


def _item_line(pk: int, fixed: str, row: CleanRow, moment: str, now: str) -> str:
    address = row.address
    labels = _NULL if row.labels is None else "{" + ",".join(row.labels) + "}"
    traffic = _NULL if row.traffic is None else repr(row.traffic)
    return (
        f"{pk}\t{fixed}\t{_text(address.url)}\t{row.url_hash}\t{_text(row.raw_url)}\t{address.host}"
        f"\t{address.registrable_domain}\t{row.split}\tt\t{row.shuffle}\t{_text(row.source)}\t{moment}\t{traffic}"
        f"\t{labels}\t{_text(row.metadata)}\t{now}\n"
    )


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
