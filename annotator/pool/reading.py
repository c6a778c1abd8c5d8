"""The rows of a file, streamed: each with its line, as column -> cell, or as the reason why it cannot be read."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from annotator.errors import BadInput
from annotator.pool.cleaning import Refusal, refusal
from annotator.pool.columns import not_utf8
from annotator.pool.files import Format, Look, Shape, batch_rows, damaged_parquet
from annotator.pool.reasons import Reason
from annotator.pool.rows import RawRow

CELL_CHARS_MAX = 8 * 1024 * 1024
URL = "url"


def rows_of(unpacked: BinaryIO, filename: str, shape: Shape) -> Iterator[RawRow]:
    """Each row of an unpacked file, in order; blank lines are no rows.

    Raises BadInput when the header is not UTF-8, has no column `url` or one column twice: before the first row.
    """
    if shape.format == Format.PARQUET:
        return _parquet_rows(unpacked, filename)
    text = io.TextIOWrapper(unpacked, encoding="utf-8-sig", errors="surrogateescape", newline="")
    if shape.format == Format.JSONL:
        return _json_rows(text)
    return _table_rows(text, filename, "excel-tab" if shape.format == Format.TSV else "excel")


def check_beginning(look: Look, filename: str) -> None:
    """Raise BadInput when the beginning of a file shows that no row of it can be taken."""
    if look.beginning is None:
        return
    try:
        first = next(rows_of(look.beginning, filename, look.shape), None)
    except (pa.ArrowException, OSError) as error:
        raise damaged_parquet(filename, error) from error
    if first is None:
        raise no_rows(filename)
    if look.shape.format == Format.JSONL and isinstance(first.cells, Mapping) and URL not in first.cells:
        raise _no_url(filename, list(first.cells))


def no_rows(filename: str) -> BadInput:
    """The refusal of a file without a row."""
    return BadInput(f"{filename} has no rows.")


def _table_rows(text: io.TextIOWrapper, filename: str, dialect: str) -> Iterator[RawRow]:
    csv.field_size_limit(CELL_CHARS_MAX)
    reader = csv.reader(text, dialect)
    header = _header(reader, filename)
    width = len(header)
    begins = reader.line_num + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield RawRow(begins, refusal(Reason.NOT_READABLE, f"This line cannot be read: {error}."))
        else:
            if len(cells) == width:
                yield RawRow(begins, dict(zip(header, cells, strict=True)))
            elif cells:
                sentence = f"The row has {len(cells)} cells; the header has {width}."
                yield RawRow(begins, refusal(Reason.WRONG_WIDTH, sentence, cells[0]))
        begins = reader.line_num + 1


def _header(reader: Iterator[list[str]], filename: str) -> list[str]:
    try:
        names = next(reader, [])
    except csv.Error as error:
        raise BadInput(f"The first line of {filename} cannot be read as a header: {error}.") from error
    try:
        "".join(names).encode()
    except UnicodeEncodeError:
        raise BadInput(f"The header of {filename} is not UTF-8. Save the file as UTF-8.") from None
    return _columns(names, filename)


def _columns(names: list[str], filename: str) -> list[str]:
    columns = [name.strip().lower() for name in names]
    if URL not in columns:
        raise _no_url(filename, columns)
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise BadInput(f'{filename} has the column "{twice}" twice. Rename or remove one of them.')
    return columns


def _no_url(filename: str, columns: list[str]) -> BadInput:
    shown = ", ".join(column[:40] for column in columns[:12]) or "none"
    hint = " Cells have to be separated by commas." if len(columns) == 1 and ";" in columns[0] else ""
    return BadInput(
        f'{filename} has no column "url"; its columns are: {shown}.{hint} Rename the one with the addresses.'
    )


def _json_rows(text: io.TextIOWrapper) -> Iterator[RawRow]:
    for line, content in enumerate(text, start=1):
        if not content.isspace():
            yield RawRow(line, _json_cells(content))


def _json_cells(content: str) -> Mapping[str, object] | Refusal:
    try:
        cells = json.loads(content)
    except (ValueError, RecursionError) as error:
        return refusal(Reason.NOT_READABLE, f"This line is not JSON: {error}.", content)
    if not isinstance(cells, dict):
        return refusal(Reason.NOT_READABLE, "This line is JSON, but not an object with a url.", content)
    return cells


def _parquet_rows(unpacked: BinaryIO, filename: str) -> Iterator[RawRow]:
    file = pq.ParquetFile(unpacked, pre_buffer=False)
    columns = _columns(file.schema_arrow.names, filename)
    kind = file.schema_arrow.field(columns.index(URL)).type
    if not _is_text(kind):
        raise BadInput(f'The column "url" of {filename} holds {kind}; it has to hold text.')
    line = 0
    for batch in file.iter_batches(batch_rows(file)):
        for cells in _batch_cells(batch, columns):
            line += 1
            yield RawRow(line, cells)


def _is_text(kind: pa.DataType) -> bool:
    plain = kind.value_type if pa.types.is_dictionary(kind) else kind
    return bool(
        pa.types.is_string(plain) or pa.types.is_large_string(plain) or pa.types.is_string_view(plain)
    )


def _batch_cells(batch: pa.RecordBatch, columns: list[str]) -> Iterator[Mapping[str, object] | Refusal]:
    try:
        values = [column.to_pylist() for column in batch.columns]
    except UnicodeDecodeError:
        yield from (_one_row(batch, columns, index) for index in range(batch.num_rows))
        return
    for cells in zip(*values, strict=True):
        yield dict(zip(columns, cells, strict=True))


def _one_row(batch: pa.RecordBatch, columns: list[str], index: int) -> Mapping[str, object] | Refusal:
    try:
        return dict(zip(columns, (column[index].as_py() for column in batch.columns), strict=True))
    except UnicodeDecodeError:
        refused = not_utf8()
        return refusal(refused.reason, str(refused))
