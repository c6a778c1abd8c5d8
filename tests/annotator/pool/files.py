"""The same rows as a file of each kind."""

import csv
import gzip
import io
import json
from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.parquet as pq

Row = Mapping[str, object]
KINDS = ("csv", "tsv", "jsonl", "parquet")


def file_of(rows: Sequence[Row], kind: str, *, keep: int | None = None) -> bytes:
    """The rows (of Parquet the first `keep`) as csv, tsv, jsonl or parquet, or one of these with `.gz`."""
    plain, _, packed = kind.partition(".")
    text = {"csv": _csv, "tsv": _tsv, "jsonl": _jsonl}
    content = text[plain](rows) if plain in text else _parquet(rows, keep)
    return gzip.compress(content) if packed else content


def pages(n: int, first: int = 0, **cells: object) -> list[Row]:
    """`n` rows, each on a site of its own."""
    return [
        {
            "url": f"https://www.site{number}.example/a",
            "title": f"Title {number}",
            "text": f"Text {number}.\nMore.",
        }
        | cells
        for number in range(first, first + n)
    ]


def _table(rows: Sequence[Row], delimiter: str) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _csv(rows: Sequence[Row]) -> bytes:
    return _table(rows, ",")


def _tsv(rows: Sequence[Row]) -> bytes:
    return _table(rows, "\t")


def _jsonl(rows: Sequence[Row]) -> bytes:
    return "".join(f"{json.dumps(row)}\n" for row in rows).encode()


def _parquet(rows: Sequence[Row], keep: int | None) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]).slice(0, keep), sink)
    return sink.getvalue()
