"""Rows of a statement as columns: COPY ... TO STDOUT, parsed by pyarrow, with no Python object a cell."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv

from learner.snapshots.frozen import State

CHUNK: Final = 32_768
"""Rows of a row group. Fixed: the bytes of a file depend on where its row groups end."""
FLAG: Final = pa.bool_()
TIME: Final = pa.timestamp("us", tz="UTC")


def tables_copied(
    state: State, statement: str, values: Mapping[str, Any], schema: pa.Schema
) -> Iterator[pa.Table]:
    """The rows of `statement` in tables of `CHUNK` rows, the last one shorter: memory does not grow with the project.

    PostgreSQL sends each row as a message of its own, so that a table ends where a row does, whatever the text holds.
    A null is told from an empty text: that one comes in quotes.
    """
    with (
        psycopg.ClientCursor(state) as cursor,
        cursor.copy(f"COPY ({statement}) TO STDOUT (FORMAT csv)", values) as copy,
    ):
        rows: list[bytes] = []
        for row in copy:
            rows.append(bytes(row))
            if len(rows) == CHUNK:
                yield _parsed(rows, schema)
                rows.clear()
        if rows:
            yield _parsed(rows, schema)


def _parsed(rows: list[bytes], schema: pa.Schema) -> pa.Table:
    block = b"".join(rows)
    return pa_csv.read_csv(
        pa.BufferReader(block),
        read_options=pa_csv.ReadOptions(column_names=schema.names, block_size=max(len(block), 1)),
        parse_options=pa_csv.ParseOptions(newlines_in_values=True),
        convert_options=pa_csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["t"],
            false_values=["f"],
        ),
    ).combine_chunks()
