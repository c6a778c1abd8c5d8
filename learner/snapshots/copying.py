"""Rows of a statement as columns: binary COPY of plain rows, cut into columns by numpy, with no Python object a cell.

The database does nothing but read and send. A row is a message; the columns of fixed width stand first in it, so that
they lie at the same distance from the beginning of each row, and are taken from all rows at once.
"""

import select
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
import psycopg
import pyarrow as pa
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import DTypeLike, NDArray
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from learner.core.arrays import Integers
from learner.snapshots.frozen import State

BOOL: Final = "?"
INT4: Final = ">i4"
INT8: Final = ">i8"
FLOAT8: Final = ">f8"
TEXT: Final = "text"
ARRAY: Final = "array"
"""Of texts, as the database sends it; `array_texts` reads one."""
Shape = Mapping[str, DTypeLike]
"""The columns of a statement by name, in its order: those of fixed width first, none of them null; then texts."""
Column = NDArray[Any] | pa.Array
Columns = dict[str, Any]
"""The columns by name: arrays of numbers in the byte order of this machine, and of pyarrow where they are texts."""

NO_INT: Final = -(2**31)
"""Stands for no number on the way; as do the float that is no number, and the time before all."""
BEFORE_ALL: Final = -(2**63)
EPOCH: Final = 946_684_800_000_000
"""The database counts microseconds from 2000."""

SINCE: Final = datetime(2000, 1, 1, tzinfo=UTC)

HEADER: Final = 19  # signature, flags, and no extension
END: Final = b"\xff\xff"  # in place of the number of fields
PIECE: Final = 1 << 20
"""Bytes that are cut into columns at once: more does not fit into the caches."""


def columns_copied(
    state: State, statement: str, values: Mapping[str, Any], shape: Shape
) -> Iterator[Columns]:
    """The rows of `statement` in pieces of a few megabytes. Whoever stops before the end closes the connection."""
    with psycopg.ClientCursor(state) as cursor:
        bound = cursor.mogrify(f"COPY ({statement}) TO STDOUT (FORMAT binary)", values)
    cut = _Cut(shape)
    for rows, sizes in _pieces(state.pgconn, bound.encode()):
        yield cut.columns(rows, sizes)


class _Cut:
    """How rows of one shape are cut."""

    def __init__(self, shape: Shape) -> None:
        self.fixed = {name: np.dtype(kind) for name, kind in shape.items() if not is_varying(kind)}
        self.varying = {name: str(kind) for name, kind in shape.items() if is_varying(kind)}
        fields: list[tuple[str, DTypeLike]] = [("", "V2")]
        for name, kind in self.fixed.items():
            fields += [(f"size of {name}", "V4"), (name, kind)]
        self.row = np.dtype([(name or "fields", kind) for name, kind in fields])

    def columns(self, rows: bytearray, sizes: list[int]) -> Columns:
        """The columns of these rows."""
        sent = np.frombuffer(rows, np.uint8)
        ends = np.cumsum(np.fromiter(sizes, np.int64, len(sizes)))
        starts = np.concatenate([[0], ends[:-1]])
        width = self.row.itemsize
        if len(sent) == width * len(sizes):
            found = sent.view(self.row)
        else:
            found = sliding_window_view(sent, width)[starts].view(self.row)[:, 0]
        columns: Columns = {name: _native(found[name]) for name in self.fixed}
        at = starts + width
        for name, kind in self.varying.items():
            begin = at + 4
            size = sliding_window_view(sent, 4)[at].view(">i4")[:, 0]
            at = begin + np.maximum(size, 0)
            columns[name] = _texts(sent, begin, at, kind)
        assert (at == ends).all(), "rows are of another shape"
        return columns


def is_varying(kind: DTypeLike) -> bool:
    """Whether a column is of texts, or of arrays of them."""
    return isinstance(kind, str) and kind in (TEXT, ARRAY)


def microseconds(moment: datetime | str) -> int:
    """A moment as the database counts it: from 2000; before all and after all for its words for these."""
    if isinstance(moment, str):
        return BEFORE_ALL if moment == "-infinity" else 2**63 - 1
    return (moment - SINCE) // timedelta(microseconds=1)


def array_texts(sent: bytes) -> tuple[str, ...]:
    """One array of texts, from the bytes in which the database sends it.

    >>> array_texts(bytes.fromhex("000000010000000000000413" "0000000200000001" "0000000161" "000000026263"))
    ('a', 'bc')
    """
    n_dimensions = int.from_bytes(sent[:4], "big")
    at, found = 12 + 8 * n_dimensions, []
    while at < len(sent):
        size = int.from_bytes(sent[at : at + 4], "big")
        found.append(sent[at + 4 : at + 4 + size].decode())
        at += 4 + size
    return tuple(found)


def _native(column: NDArray[Any]) -> NDArray[Any]:
    return column.astype(column.dtype.newbyteorder("="))


def _texts(sent: NDArray[np.uint8], begin: Integers, end: Integers, kind: str) -> pa.Array:
    """The texts between `begin` and `end`: every second one of those that the bytes are cut into, without copying."""
    ends = np.zeros(2 * len(begin) + 1, dtype=np.int32)
    ends[1::2], ends[2::2] = begin, end
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(sent)]
    every = pa.Array.from_buffers(pa.string() if kind == TEXT else pa.binary(), 2 * len(begin), buffers)
    return every.take(pa.array(np.arange(1, 2 * len(begin), 2)))


def _pieces(connection: PGconn, statement: bytes) -> Iterator[tuple[bytearray, list[int]]]:
    """Rows as COPY sends them, one after the other, and their sizes.

    Waits without holding up other threads: the heartbeat is one.
    """
    _begin(connection, statement)
    head, is_more = HEADER, True
    while is_more:
        rows, sizes, is_more = _gathered(connection)
        if sizes and head:
            del rows[:head]
            sizes[0], head = sizes[0] - head, 0
        if sizes and sizes[-1] == len(END):
            del rows[-sizes.pop() :]
        if sizes:
            yield rows, sizes
    while (ended := _result(connection)) is not None:
        if ended.status != ExecStatus.COMMAND_OK:
            raise _error(ended)


def _begin(connection: PGconn, statement: bytes) -> None:
    connection.send_query(statement)
    while connection.flush():
        select.select([], [connection.socket], [])
    started = _result(connection)
    if started is None or started.status != ExecStatus.COPY_OUT:
        raise _error(started)


def _gathered(connection: PGconn) -> tuple[bytearray, list[int], bool]:
    """Messages of a piece, their sizes, and whether there may be more. Written for speed: it runs once a row."""
    rows = bytearray()  # one object: many would be counted, and looked through, by the collector of garbage
    sizes: list[int] = []
    take, count, left, seen = connection.get_copy_data, sizes.append, PIECE, -1
    while left > 0:
        size, row = take(1)
        if size > 0:
            rows += row
            count(size)
            left -= size
        elif size == 0:
            if len(rows) == seen:  # nothing came of the last look
                select.select([connection.socket], [], [])
            seen = len(rows)
            connection.consume_input()
        else:
            return rows, sizes, False
    return rows, sizes, True


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
