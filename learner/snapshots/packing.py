"""Rows of a range of ids as columns that the database packs into one value each: nothing is done once a row, by either.

For what is read a row group at a time. The logs, which are read from one end to the other, come as they lie: `copying`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import psycopg
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray

from learner.core.arrays import Integers
from learner.snapshots.copying import TEXT, Columns
from learner.snapshots.frozen import State

SPARSE: Final = 4
"""Ids that lie further apart than this are asked for one by one, and not as a range."""
HEAD: Final = 12  # number of dimensions, flags, and the type of what is in a list, as the database sends it
DIMENSION: Final = 8


@dataclass(frozen=True)
class Packed:
    """Columns of one source, by name: an SQL expression that is never null, and its kind.

    A kind is TEXT, a number, or several numbers, as many in each row. `source` names the rows between `first` and
    `last`; `ids` may be a list of those that are wanted. `at_once` ids are asked for together: a value of the database
    has a gigabyte at most.
    """

    columns: Mapping[str, tuple[str, DTypeLike]]
    source: str
    at_once: int

    @property
    def statement(self) -> str:
        """One row, of a value for each column; before that of a text one of the bytes that each row has in it."""
        values = ", ".join(
            f"array_agg(octet_length({told})), string_agg({told}, '')"
            if kind == TEXT
            else f"array_agg({told})"
            for told, kind in self.columns.values()
        )
        return f"SELECT {values} FROM {self.source}"  # noqa: S608 - of constants


def columns_of(state: State, packed: Packed, values: Mapping[str, Any], ids: Integers) -> Iterator[Columns]:
    """The rows that there are between the first and the last of `ids`, in pieces."""
    statement = packed.statement.encode()
    for start in range(0, len(ids), packed.at_once):
        own = ids[start : start + packed.at_once]
        first, last = int(own[0]), int(own[-1])
        is_sparse = last - first >= SPARSE * len(own)
        between = {"first": first, "last": last, "ids": own.tolist() if is_sparse else None}
        with psycopg.Cursor(state) as cursor:
            # Planned for these ids each time: a plan for any would not know that they are few.
            cursor.execute(statement, {**values, **between}, prepare=False, binary=True)
            found = cursor.pgresult
            assert found is not None
            sent = iter([found.get_value(0, number) for number in range(found.nfields)])
        columns = {name: _unpacked(sent, kind) for name, (_, kind) in packed.columns.items()}
        if all(column is not None for column in columns.values()):
            yield columns


def _unpacked(sent: Iterator[bytes | None], kind: DTypeLike) -> Any:
    """A column from the next value, or the next two; None where there are no rows."""
    if kind != TEXT:
        return _numbers(next(sent), np.dtype(kind))
    sizes, texts = _numbers(next(sent), np.dtype(">i4")), next(sent)
    if sizes is None or texts is None:
        return None
    ends = np.zeros(len(sizes) + 1, dtype=np.int32)
    np.cumsum(sizes, out=ends[1:])
    return pa.Array.from_buffers(pa.string(), len(sizes), [None, pa.py_buffer(ends), pa.py_buffer(texts)])


def _numbers(sent: bytes | None, kind: np.dtype[Any]) -> NDArray[Any] | None:
    """The numbers of a list: each stands behind its size, which is that of its kind."""
    if sent is None:
        return None
    each = np.dtype([("size", "V4"), ("value", kind.base)])
    begin = HEAD + DIMENSION * (1 + len(kind.shape))
    found = np.frombuffer(sent, each, offset=begin)["value"]
    return found.astype(kind.base.newbyteorder("=")).reshape(-1, *kind.shape)
