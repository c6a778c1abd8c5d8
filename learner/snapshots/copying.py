"""Rows of a statement as columns: COPY ... TO STDOUT, parsed by pyarrow, with no Python object a cell."""

import select
from collections.abc import Iterator, Mapping
from typing import Any, Final

import psycopg
import pyarrow as pa
import pyarrow.csv as pa_csv
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

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
    A null is told from an empty text: that one comes in quotes. Not by `cursor.copy`, which spends five times as long
    on each row. Whoever stops before the end closes the connection.
    """
    with psycopg.ClientCursor(state) as cursor:
        wanted = cursor.mogrify(f"COPY ({statement}) TO STDOUT (FORMAT csv)", values)
    rows: list[bytes | memoryview] = []
    for row in _messages(state.pgconn, wanted.encode()):
        rows.append(row)
        if len(rows) == CHUNK:
            yield _parsed(rows, schema)
            rows.clear()
    if rows:
        yield _parsed(rows, schema)


def _messages(connection: PGconn, statement: bytes) -> Iterator[memoryview]:
    """What COPY sends, a message a row. Waits without holding up other threads: the heartbeat is one."""
    connection.send_query(statement)
    while connection.flush():
        select.select([], [connection.socket], [])
    started = _result(connection)
    if started is None or started.status != ExecStatus.COPY_OUT:
        raise _error(started)
    take = connection.get_copy_data
    while True:
        size, row = take(1)
        if size > 0:
            yield row
        elif size == 0:
            _wait(connection)
        else:
            break
    while (ended := _result(connection)) is not None:
        if ended.status != ExecStatus.COMMAND_OK:
            raise _error(ended)


def _result(connection: PGconn) -> PGresult | None:
    while connection.is_busy():
        _wait(connection)
    return connection.get_result()


def _wait(connection: PGconn) -> None:
    select.select([connection.socket], [], [])
    connection.consume_input()


def _error(result: PGresult | None) -> psycopg.Error:
    if result is None:
        return psycopg.OperationalError("COPY gave no result")
    return psycopg.errors.error_from_result(result)


def _parsed(rows: list[bytes | memoryview], schema: pa.Schema) -> pa.Table:
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
