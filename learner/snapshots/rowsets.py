"""Rows in memory as columns: numbers as they are, and texts of which few are different as numbers for these."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from learner.snapshots.copying import (
    ARRAY,
    BEFORE_ALL,
    EPOCH,
    NO_INT,
    Columns,
    Shape,
    array_texts,
    columns_copied,
    is_varying,
)
from learner.snapshots.frozen import State

Code = np.int8 | np.int16 | np.int32
SMALL_KINDS: Final = (np.int8, np.int16, np.int32)
Codes = NDArray[np.signedinteger[Any]]
Indices = NDArray[np.signedinteger[Any]]
Flags = NDArray[np.bool_]
TIME: Final = pa.timestamp("us", tz="UTC")
SMALL: Final = 1 << 20
Told = Callable[[int], None]
"""Called with the rows that were read; what it raises ends the reading."""


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of one statement. `codes` of a text are places in its list of `values`."""

    numbers: dict[str, NDArray[Any]]
    codes: dict[str, Codes]
    values: dict[str, list[Any]]

    def __len__(self) -> int:
        return len(next(iter(self.numbers.values())))

    def taken(self, rows: Indices | Flags) -> "Rows":
        """Some of the rows, in this order."""
        return Rows(
            {name: column[rows] for name, column in self.numbers.items()},
            {name: column[rows] for name, column in self.codes.items()},
            self.values,
        )

    def between(self, begin: int, end: int) -> "Rows":
        """The rows from one place up to another, without copying them."""
        part = slice(begin, end)
        return Rows(
            {name: column[part] for name, column in self.numbers.items()},
            {name: column[part] for name, column in self.codes.items()},
            self.values,
        )

    def code(self, name: str, value: str) -> int:
        """The number that stands for a text; -1 where no row has it."""
        values = self.values[name]
        return values.index(value) if value in values else -1

    def has(self, name: str, values: Iterable[str]) -> Flags:
        """Whether a row has one of these texts."""
        wanted = set(values)
        found = np.array([value in wanted for value in self.values[name]], dtype=np.bool_)
        return chosen(found, self.codes[name])


class Coder:
    """Numbers for texts, in the order in which they are first seen."""

    def __init__(self) -> None:
        self.known: dict[Any, int] = {}

    def codes(self, texts: pa.Array) -> Codes:
        """The numbers of these texts."""
        encoded = texts.dictionary_encode()
        values = encoded.dictionary.to_pylist()
        found = [self.known.setdefault(value, len(self.known)) for value in values]
        return chosen(np.array(found, dtype=np.int32), encoded.indices.to_numpy())


def rows_read(
    state: State,
    statement: str,
    values: Mapping[str, Any],
    shape: Shape,
    told: Told | None = None,
    *,
    before: Iterable[Columns] = (),
) -> Rows:
    """All rows of a statement, by their `id`; with others of the same columns that were read `before`."""
    coders = {name: Coder() for name, kind in shape.items() if is_varying(kind)}
    pieces: dict[str, list[NDArray[Any]]] = {name: [] for name in shape}
    n_rows = 0
    for piece in chain(before, columns_copied(state, statement, values, shape)):
        n_rows += len(piece["id"])
        for name, column in piece.items():
            pieces[name].append(coders[name].codes(column) if name in coders else narrow(column))
        if told is not None:
            told(n_rows)
    found = {name: _joined(pieces, name, shape) for name in shape if name not in coders}
    found |= {
        name: _joined(pieces, name, shape, smallest(len(coder.known))) for name, coder in coders.items()
    }
    numbers = {name: column for name, column in found.items() if name not in coders}
    codes = {name: found[name] for name in coders}
    spelled = {
        name: list(map(array_texts, coder.known)) if shape[name] == ARRAY else list(coder.known)
        for name, coder in coders.items()
    }
    return by_id(Rows(numbers, codes, spelled))


def by_id(rows: Rows) -> Rows:
    """The same rows, by their id: the database sends them as they lie, which is as a rule that."""
    ids = rows.numbers["id"]
    return rows if (ids[1:] > ids[:-1]).all() else rows.taken(np.argsort(ids, kind="stable"))


def smallest(n_values: int) -> type[Code]:
    """The kind of number that codes for so many values fit into."""
    return next(kind for kind in SMALL_KINDS if n_values <= np.iinfo(kind).max)


def chosen(values: NDArray[Any], places: Any) -> NDArray[Any]:
    """`values[places]`, for no values too: then there are no places."""
    found: NDArray[Any] = values[places] if len(values) else np.empty(0, dtype=values.dtype)
    return found


def coded(codes: Indices, values: list[Any], none: int | None = None) -> pa.Array:
    """A dictionary of the texts that occur, in their order: the same texts give the same bytes, whatever else there is.

    The code `none` is null.
    """
    present = np.flatnonzero(np.bincount(codes, minlength=len(values))) if len(codes) else np.empty(0, int)
    present = present[present != none] if none is not None else present
    order = sorted(present.tolist(), key=lambda code: values[code])
    places = np.zeros(len(values) + 1, dtype=np.int32)
    places[order] = np.arange(len(order))
    mask = None if none is None else codes == none
    indices = pa.array(places[codes], mask=mask)
    return pa.DictionaryArray.from_arrays(indices, pa.array([values[code] for code in order], pa.string()))


def factored(column: NDArray[Any]) -> tuple[Codes, list[int]]:
    """Whole numbers, 0 or more, of which there are few different ones, as codes for these, which rise."""
    if len(column) and column.max() < SMALL + 4 * len(column):
        values = np.flatnonzero(np.bincount(column))
        codes = np.zeros(int(values[-1]) + 1, dtype=smallest(len(values)))
        codes[values] = np.arange(len(values))
        return codes[column], values.tolist()
    values, found = np.unique(column, return_inverse=True)
    return found.astype(smallest(len(values))), values.tolist()


def wholes(column: NDArray[Any]) -> pa.Array:
    """int32 with `NO_INT` as null."""
    missing = column == NO_INT
    return pa.array(column.astype(np.int32, copy=False), mask=missing if missing.any() else None)


def floats(column: NDArray[Any]) -> pa.Array:
    """float64 with what is no number as null."""
    missing = np.isnan(column)
    return pa.array(column, mask=missing if missing.any() else None)


def times(column: NDArray[Any]) -> pa.Array:
    """Times from microseconds since 2000, with the time before all as null."""
    missing = column == BEFORE_ALL
    return pa.array(column + EPOCH, mask=missing if missing.any() else None).cast(TIME)


def narrow(column: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers in the smallest kind that they fit into; other columns as they are."""
    if column.dtype != np.int64 or not len(column):
        return column
    least, most = column.min(), column.max()
    for kind in SMALL_KINDS:
        if np.iinfo(kind).min < least and most <= np.iinfo(kind).max:
            return column.astype(kind)
    return column


def _joined(
    pieces: dict[str, list[NDArray[Any]]], name: str, shape: Shape, kind: "type[Code] | None" = None
) -> NDArray[Any]:
    """The column of all pieces, which are let go; of another kind than theirs, if one is given."""
    found = pieces.pop(name)
    if found:
        return np.concatenate(found, dtype=kind, casting="unsafe")
    return np.empty(0, kind or np.dtype(shape[name]).newbyteorder("="))
