"""A snapshot in the neutral form, for files of other tools: its own rows, whatever has happened since."""

from collections.abc import Iterator
from typing import IO, Any, Final

import pyarrow.parquet as pq

from annotator.interchange.formats import Output
from annotator.interchange.neutral import TEXT, TITLE, URL, ForeignJudgment, Page
from learner.snapshots import files
from learner.snapshots.models import Snapshot

CHUNK: Final = 1_000
_ITEM: Final = [URL, TITLE, TEXT, "labels"]


def snapshot_lines(snapshot: Snapshot, output: Output) -> Iterator[bytes]:
    """The snapshot in this format, piece by piece; people as the snapshot names them.

    Raises Conflict or Unavailable, before the first piece, when its files cannot be handed out.
    """
    items, judgments = files.file_open(snapshot, files.ITEMS), files.file_open(snapshot, files.JUDGMENTS)
    return _lines(items, judgments, output)


def _lines(items: IO[bytes], judgments: IO[bytes], output: Output) -> Iterator[bytes]:
    with items, judgments:
        table = pq.ParquetFile(items)
        yield from output.write(_pages(table, pq.ParquetFile(judgments)), _slugs(table))


def _slugs(items: pq.ParquetFile) -> list[str]:
    flags = (name for name in items.schema_arrow.names if name.startswith("is_"))
    return [name.removeprefix("is_").replace("_", "-") for name in flags]


def _pages(items: pq.ParquetFile, judgments: pq.ParquetFile) -> Iterator[Page]:
    """Both tables go by item: one pass over each, side by side."""
    said = _rows(judgments, None)
    waiting = next(said, None)
    for number, row in enumerate(_rows(items, _ITEM), start=1):
        own = []
        while waiting is not None and waiting[URL] == row[URL]:
            if waiting["is_current"]:
                own.append(_judgment(waiting))
            waiting = next(said, None)
        fields = {name: row[name] for name in (URL, TITLE, TEXT)}
        yield Page(number, fields, tuple(own), tuple(row["labels"]))


def _rows(table: pq.ParquetFile, columns: list[str] | None) -> Iterator[dict[str, Any]]:
    for batch in table.iter_batches(batch_size=CHUNK, columns=columns):
        yield from batch.to_pylist()


def _judgment(row: dict[str, Any]) -> ForeignJudgment:
    return ForeignJudgment(
        annotator=row["annotator"],
        labels=tuple(row["labels"]),
        unsure=tuple(row["unsure"]),
        verdict=row["verdict"],
        given_at=row.get("given_at") or (None if row.get("imported") else row["created_at"]),
        seconds=row["seconds"],
    )
