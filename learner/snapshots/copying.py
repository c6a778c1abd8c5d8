"""Rows of a statement as columns: COPY of one row that holds each column whole, with no Python object a cell.

The database puts the values of a column one after the other (`string_agg`), in the bytes in which it would send them;
numpy and pyarrow take them as they are. In CSV a million rows cost the same again in parsing, and a message each.
"""

import select
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import numpy as np
import psycopg
import pyarrow as pa
from numpy.typing import NDArray
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from learner.snapshots.frozen import State

CHUNK: Final = 32_768
"""Items of a row group. Fixed: the bytes of a file depend on where its row groups end."""
AT_ONCE: Final = 4_096
"""Items whose rows one statement reads."""
FLAG: Final = pa.bool_()
TIME: Final = pa.timestamp("us", tz="UTC")

HEADER: Final = 19  # signature, flags, and no extension
END: Final = b"\xff\xff"  # in place of the number of fields
EPOCH: Final = 946_684_800_000_000  # the database counts microseconds from 2000
Parts = Iterator[bytes]


def table_copied(state: State, statement: str, values: Mapping[str, Any], schema: pa.Schema) -> pa.Table:
    """The rows of `statement` in their order, as a table of `schema`: who asks for few at once needs little memory.

    Columns are bool, int32, int64, float64, text, time, or lists of 16 bigints. Numbers, texts and times may be
    null: the least of the whole numbers, the float that is no number, and the time before all stand for it on the way.
    """
    (table,) = tables_copied(state, statement, values, schema)
    return table


def tables_copied(
    state: State, statement: str, values: Mapping[str, Any], schema: pa.Schema, by: str = ""
) -> Iterator[pa.Table]:
    """The same in several tables: one for each value of the expression `by`, in its order, if there is one.

    Whoever stops before the end closes the connection.
    """
    names = ", ".join(f'"{name}"' for name in schema.names)
    sent = ", ".join(_sent(f'y."{column.name}"', column.type) for column in schema)
    grouped = "GROUP BY part ORDER BY part" if by else ""
    rows = f"({statement}) y({names})"
    if by:
        rows = f"(SELECT *, {by} AS part FROM {rows} ORDER BY part, 1) y"  # noqa: S608 - constants
    wanted = f"COPY (SELECT {sent} FROM {rows} {grouped}) TO STDOUT (FORMAT binary)"  # noqa: S608 - constants
    with psycopg.ClientCursor(state) as cursor:
        bound = cursor.mogrify(wanted, values)
    head = HEADER
    for row in _messages(state.pgconn, bound.encode()):
        fields = bytes(row)
        if fields[head : head + 2] not in {b"", END}:
            yield _table(_fields(fields, head + 2), schema)
        head = 0


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


def _sent(name: str, kind: pa.DataType) -> str:
    """The column `name` in one value, or in two."""
    if pa.types.is_string(kind):
        lengths = f"string_agg(int4send(coalesce(octet_length({name}), -1)), '')"
        return f"{lengths}, string_agg({name}, '')"
    return f"string_agg({_SENDING[kind].format(name)}, '')"


def _fields(row: bytes, start: int) -> Parts:
    while start < len(row):
        (size,) = struct.unpack_from("!i", row, start)
        start += 4
        yield row[start : start + size] if size > 0 else b""
        start += max(size, 0)


def _table(parts: Parts, schema: pa.Schema) -> pa.Table:
    columns = [_READING[column.type](parts) for column in schema]
    return pa.table(columns, schema=schema)


def _texts(parts: Parts) -> pa.Array:
    lengths = np.frombuffer(next(parts), ">i4").astype(np.int32)
    known = lengths >= 0
    ends = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(np.where(known, lengths, 0), out=ends[1:])
    valid = None if known.all() else pa.array(known).buffers()[1]
    return pa.StringArray.from_buffers(len(lengths), pa.py_buffer(ends), pa.py_buffer(next(parts)), valid)


def _whole(kind: str) -> Callable[[Parts], pa.Array]:
    def read(parts: Parts) -> pa.Array:
        found = _numbers(parts, f">i{kind}").astype(f"i{kind}")
        return pa.array(found, mask=found == np.iinfo(found.dtype).min)

    return read


def _floats(parts: Parts) -> pa.Array:
    found = _numbers(parts, ">f8").astype(np.float64)
    return pa.array(found, mask=np.isnan(found))


def _times(parts: Parts) -> pa.Array:
    found = _numbers(parts, ">i8").astype(np.int64)
    return pa.array(found + EPOCH, mask=found == np.iinfo(np.int64).min).cast(TIME)


def _flags(parts: Parts) -> pa.Array:
    return pa.array(_numbers(parts, "?"))


def _lists(parts: Parts) -> pa.Array:
    """Arrays as the database sends them: a head of five numbers, then each element with its length."""
    sent = next(parts)
    length = LIST_16.list_size
    one = np.dtype([("head", "V20"), ("elements", [("size", ">i4"), ("value", ">i8")], length)])
    found = np.frombuffer(sent, one)["elements"]["value"].astype(np.int64)
    return pa.FixedSizeListArray.from_arrays(pa.array(found.ravel()), length)


def _numbers(parts: Parts, kind: str) -> NDArray[Any]:
    return np.frombuffer(next(parts), kind)


LIST_16: Final = pa.list_(pa.int64(), 16)
_SENDING: Final[Mapping[pa.DataType, str]] = {
    pa.int32(): f"int4send(coalesce({{}}::int, {-(2**31)}))",
    pa.int64(): f"int8send(coalesce({{}}, {-(2**63)}))",
    pa.float64(): "float8send(coalesce({}, 'NaN'))",
    FLAG: "boolsend({})",
    TIME: "timestamptz_send(coalesce({}, '-infinity'))",
    LIST_16: "array_send({})",
}
_READING: Final[Mapping[pa.DataType, Callable[[Parts], pa.Array]]] = {
    pa.string(): _texts,
    pa.int32(): _whole("4"),
    pa.int64(): _whole("8"),
    pa.float64(): _floats,
    FLAG: _flags,
    TIME: _times,
    LIST_16: _lists,
}
