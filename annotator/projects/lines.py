"""Lines of JSON straight from columns: what a serializer says of a row, without an object made of it.

An object and a serializer for each row took five times as long as the database. What a field says is told here once
for its kind; a serializer tells the rest as its `cells`. A test compares both, field by field.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from json import JSONEncoder
from typing import Any, Final, Protocol

from rest_framework import serializers

ENCODER: Final = JSONEncoder(ensure_ascii=False, separators=(",", ":"))


@dataclass(frozen=True)
class Cell:
    """The column that a field is read from, as a query names it, and what is said of its value."""

    lookup: str
    said: Callable[[Any], Any] | None = None


class Celled(Protocol):
    """A serializer with fields that are no plain columns."""

    def cells(self) -> Mapping[str, Cell]:
        """Field -> how it is read."""
        ...


@dataclass(frozen=True)
class LineWriter:
    """The fields of a line in their order, each with its cell."""

    cells: Mapping[str, Cell]

    @property
    def lookups(self) -> tuple[str, ...]:
        """The columns to read, each once; the key and the time of a row come first."""
        return tuple(dict.fromkeys(["pk", "created_at", *(cell.lookup for cell in self.cells.values())]))

    def lines(self, rows: Sequence[Sequence[Any]]) -> Iterator[str]:
        """A line for each row of `lookups`."""
        read = dict(zip(self.lookups, zip(*rows, strict=True), strict=True))
        columns = [
            read[cell.lookup] if cell.said is None else map(cell.said, read[cell.lookup])
            for cell in self.cells.values()
        ]
        names, encode = list(self.cells), ENCODER.encode
        return (f"{encode(dict(zip(names, row, strict=True)))}\n" for row in zip(*columns, strict=True))


def writer_of(serializer: serializers.Serializer[Any]) -> LineWriter:
    """The writer of the fields that this serializer has now."""
    own: Mapping[str, Cell] = serializer.cells() if hasattr(serializer, "cells") else {}
    return LineWriter({name: own.get(name) or _plain(field) for name, field in serializer.fields.items()})


def moment_said(at: datetime | None) -> str | None:
    """A time of the database, which are all UTC, as the API says it."""
    return None if at is None else at.isoformat().replace("+00:00", "Z")


def or_empty(text: str | None) -> str:
    """Nothing is an empty text."""
    return text or ""


def unsaid(_: object) -> None:
    """What the caller may not know."""


def _plain(field: serializers.Field[Any, Any, Any, Any]) -> Cell:
    lookup = (field.source or "").replace(".", "__")
    if isinstance(field, serializers.DateTimeField):
        return Cell(lookup, moment_said)
    return Cell(lookup, _spelled) if isinstance(field, serializers.UUIDField) else Cell(lookup)


def _spelled(value: object) -> str | None:
    return None if value is None else str(value)
