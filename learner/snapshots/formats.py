"""The tables again as CSV and JSON Lines, from the written Parquet, chunk by chunk."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from learner.snapshots.aligned import CHUNK
from learner.snapshots.content import Format

LIVE: Final = "^([=+\\-@\t\r\n'＝＋－＠])"
"""A text that begins so is taken for a formula by some spreadsheet (or begins with the mark itself)."""


def format_write(parquet: Path, kind: str) -> Path:
    """The same table beside it, in another format."""
    target = parquet.with_suffix(f".{kind}")
    writers: dict[str, Callable[[pq.ParquetFile, Path], None]] = {Format.CSV: _csv, Format.JSONL: _jsonl}
    with pq.ParquetFile(parquet) as rows:
        writers[kind](rows, target)
    return target


def neutralised(texts: pa.Array) -> pa.Array:
    """Texts that no spreadsheet takes for a formula: those that begin like one get a `'` before them.

    So does a text that begins with `'`: whoever takes one `'` away from the beginning has what it was.
    """
    return pc.replace_substring_regex(texts, pattern=LIVE, replacement=r"'\1")


def _csv(rows: pq.ParquetFile, target: Path) -> None:
    schema = pa.schema([(column.name, _flat(column.type)) for column in rows.schema_arrow])
    with pa_csv.CSVWriter(target, schema) as writer:
        for batch in rows.iter_batches(batch_size=CHUNK):
            columns = [_cells(batch.column(place)) for place in range(batch.num_columns)]
            writer.write_batch(pa.record_batch(columns, schema=schema))


def _jsonl(rows: pq.ParquetFile, target: Path) -> None:
    with target.open("w", encoding="utf-8", newline="\n") as stream:
        for batch in rows.iter_batches(batch_size=CHUNK):
            for row in batch.to_pylist():
                stream.write(json.dumps(row, ensure_ascii=False, default=_said) + "\n")


def _flat(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_list(kind) or pa.types.is_timestamp(kind) else kind


def _cells(column: pa.Array) -> pa.Array:
    if pa.types.is_list(column.type):
        return neutralised(pc.binary_join(column, "|"))
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column, format="%Y-%m-%dT%H:%M:%SZ")
    return neutralised(column) if pa.types.is_string(column.type) else column


def _said(value: Any) -> str:
    assert isinstance(value, datetime)
    return value.isoformat().replace("+00:00", "Z")
