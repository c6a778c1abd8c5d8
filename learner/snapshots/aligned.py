"""Rows of other tables beside the items of a snapshot: what belongs to which item, found by ids."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from learner.core.arrays import Integers
from learner.snapshots.copying import Columns
from learner.snapshots.packing import SPARSE
from learner.snapshots.rowsets import Codes, Rows

CHUNK: Final = 32_768
"""Items of a row group. Fixed: the bytes of a file depend on where its row groups end."""
FEW: Final = 16_384
HASH: Final = 24


def chunks_of(n_items: int) -> Iterator[slice]:
    """Places, or numbers, of as many items as a row group has at a time."""
    return (slice(start, min(start + CHUNK, n_items)) for start in range(0, n_items, CHUNK))


def places_of(ids: Integers, wanted: NDArray[Any]) -> Codes:
    """Where each of `wanted` stands among `ids`, which rise; -1 where it does not.

    >>> places_of(np.array([3, 5, 9]), np.array([9, 4, 3])).tolist()
    [2, -1, 0]
    """
    if not len(ids):
        return np.full(len(wanted), -1, dtype=np.int32)
    found = np.searchsorted(ids, wanted.astype(ids.dtype, copy=False)).astype(np.int32)
    found[found == len(ids)] = 0
    found[ids[found] != wanted] = -1
    return found


@dataclass(frozen=True, eq=False)
class Order:
    """The order of the items in every table: `place` of each item, and the `item` at each place.

    Items are numbered by their id. They go by split, train first, and then by id: those of one split lie together.
    """

    place: Codes
    item: Codes

    @property
    def sha256(self) -> str:
        """Equal where rows go in the same order: the beginning of a hash."""
        return hashlib.sha256(self.item.tobytes()).hexdigest()[:HASH]


def order_of(split: NDArray[np.int8]) -> Order:
    """The order of items whose splits are these."""
    item = np.argsort(split, kind="stable").astype(np.int32)
    place = np.empty_like(item)
    place[item] = np.arange(len(item), dtype=np.int32)
    return Order(place, item)


def by_place(rows: Rows, ids: Integers, order: Order) -> Rows:
    """The rows of these items, by the place of the item and then by their own id. Those that were given are used up.

    `item` becomes `place`. Column by column: there is never all of it twice.
    """
    number = places_of(ids, rows.numbers.pop("item"))
    place = np.where(number < 0, np.int32(-1), order.place[number])
    del number
    by = np.argsort(place, kind="stable")
    by = by[np.searchsorted(place, 0, sorter=by) :]
    numbers = {"place": place[by]}
    del place
    numbers |= {name: rows.numbers.pop(name)[by] for name in list(rows.numbers)}
    codes = {name: rows.codes.pop(name)[by] for name in list(rows.codes)}
    return Rows(numbers, codes, rows.values)


def groups_of(rows: Rows, n_items: int) -> Iterator[Rows]:
    """Rows that go by place, those of each row group."""
    starts = [part.start for part in chunks_of(n_items)]
    bounds = np.searchsorted(rows.numbers["place"], [*starts, n_items]).tolist()
    for begin, end in pairwise(bounds):
        yield rows.between(begin, end)


def ids_if_few(ids: Integers, n_all: int) -> list[int] | None:
    """These ids, if they are so few among all that it is worth to ask for them; else all are read."""
    return ids.tolist() if len(ids) <= FEW and len(ids) * SPARSE < n_all else None


def aligned(pieces: list[Columns], ids: Integers, by: str = "") -> dict[str, Any]:
    """The columns of pieces with one row for each of `ids`, in their order; of several rows that with the highest `by`.

    Numbers of an item without a row are 0, and its texts null. Without pieces there are no columns.
    """
    if not pieces:
        return {}
    found = np.concatenate([piece["id"] for piece in pieces])
    columns = {name: _joined([piece[name] for piece in pieces]) for name in pieces[0] if name != "id"}
    if len(found) == len(ids) and (found == ids).all():
        return columns
    place = places_of(ids, found)
    rows = np.flatnonzero(place >= 0)
    if by:
        rows = rows[np.argsort(columns[by][rows], kind="stable")]  # of two, the later one stays
    at = np.full(len(ids), -1, dtype=np.int64)
    at[place[rows]] = rows
    return {name: _taken(column, at) for name, column in columns.items()}


def _joined(columns: list[Any]) -> Any:
    if isinstance(columns[0], np.ndarray):
        return np.concatenate(columns)
    return pa.chunked_array(columns)


def _taken(column: Any, at: Integers) -> Any:
    if not isinstance(column, np.ndarray):
        return column.take(pa.array(at, mask=at < 0))
    found = column[np.maximum(at, 0)] if len(column) else np.zeros(len(at), dtype=column.dtype)
    found[at < 0] = np.zeros(1, dtype=column.dtype)
    return found
