"""How the categories of two taxonomy versions follow from each other, and what an answer under one says in the other.

Pure: no row and no Django. In each category an answer is absent, unsure, unknown or present. What is made of several
categories is the strongest of them, in this order: a page that shows one of two merged categories shows the merged
one, and is free of it only when it is free of both. Of a category that was split, or of a part of one that was
merged, absence carries over; presence, and doubt, become unknown: which part it was, nobody said.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import reduce
from typing import Final, Self


class Kind(StrEnum):
    """What happened to a category between two versions."""

    ADD = "add"
    RENAME = "rename"
    MERGE = "merge"
    SPLIT = "split"
    RETIRE = "retire"
    CHANGE = "change"


STRUCTURAL: Final = frozenset({Kind.RENAME, Kind.MERGE, Kind.SPLIT, Kind.RETIRE})
"""Kinds that take a category out of the taxonomy, or put others in its place."""


class Cell(IntEnum):
    """What an answer says of one category; of several that make up one, the highest holds."""

    ABSENT = 0
    UNSURE = 1
    UNKNOWN = 2
    PRESENT = 3


@dataclass(frozen=True, slots=True)
class Link:
    """One category of the earlier version and what became of it: `targets` are categories of the later one."""

    kind: Kind
    source: str
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """What one category is made of: categories that are whole in it, and those of which it is a part.

    Without `asked` it holds something besides that the other version did not ask about.
    """

    whole: frozenset[str] = frozenset()
    part: frozenset[str] = frozenset()
    asked: bool = False

    @property
    def slugs(self) -> frozenset[str]:
        """Every category that it has to do with."""
        return self.whole | self.part


@dataclass(frozen=True, slots=True)
class Carried:
    """An answer in the words of another version: categories present, undecided, and those on which it says nothing."""

    labels: frozenset[str]
    unsure: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Carrying:
    """From one version to another: for each category of the other, in its order, what it is made of.

    Examples
    --------
    >>> split = carrying_forward(["drugs"], ["alcohol", "tobacco"], [Link(Kind.SPLIT, "drugs", ("alcohol", "tobacco"))])
    >>> sorted(split.carry({"drugs"}).unknown), sorted(split.carry(()).unknown)
    (['alcohol', 'tobacco'], [])
    """

    origins: Mapping[str, Origin]

    @classmethod
    def identity(cls, slugs: Iterable[str]) -> Self:
        """From a version to itself."""
        return cls({slug: Origin(whole=frozenset({slug}), asked=True) for slug in slugs})

    def carry(
        self, labels: Collection[str], unsure: Collection[str] = (), unknown: Collection[str] = ()
    ) -> Carried:
        """What an answer with these labels says in the other version; `unknown` is what it said nothing on."""
        cells = dict.fromkeys(unsure, Cell.UNSURE) | dict.fromkeys(unknown, Cell.UNKNOWN)
        cells |= dict.fromkeys(labels, Cell.PRESENT)
        found = {slug: _cell(origin, cells) for slug, origin in self.origins.items()}
        return Carried(
            labels=frozenset(slug for slug, cell in found.items() if cell == Cell.PRESENT),
            unsure=frozenset(slug for slug, cell in found.items() if cell == Cell.UNSURE),
            unknown=frozenset(slug for slug, cell in found.items() if cell == Cell.UNKNOWN),
        )

    def then(self, other: "Carrying") -> "Carrying":
        """Both one after the other: carrying over the two gives the same as over this."""
        return Carrying({slug: self._through(origin) for slug, origin in other.origins.items()})

    def sources_of(self, slug: str) -> frozenset[str]:
        """The categories that this one has to do with; none for one that is new."""
        return self.origins[slug].slugs if slug in self.origins else frozenset()

    def targets_of(self, slug: str) -> frozenset[str]:
        """The categories of the other version that have to do with this one; none for one that is gone."""
        return frozenset(target for target, origin in self.origins.items() if slug in origin.slugs)

    def _through(self, origin: Origin) -> Origin:
        whole = [self.origins[slug] for slug in origin.whole]
        part = [self.origins[slug] for slug in origin.part]
        return Origin(
            whole=_union(row.whole for row in whole),
            part=_union(row.part for row in whole) | _union(row.slugs for row in part),
            asked=origin.asked and all(row.asked for row in (*whole, *part)),
        )


def carrying_forward(before: Collection[str], after: Iterable[str], links: Collection[Link]) -> Carrying:
    """From a version to the next one. A category that no structural link names stays what its short name says."""
    moved = [link for link in links if link.kind in STRUCTURAL]
    staying = set(before) - {link.source for link in moved}
    return Carrying({slug: _forward(slug, staying, moved) for slug in after})


def carrying_backward(before: Iterable[str], after: Collection[str], links: Collection[Link]) -> Carrying:
    """From a version to the one before: parts of a split are whole in what was split, and the other way round."""
    moved = {link.source: link for link in links if link.kind in STRUCTURAL}
    made = {target for link in moved.values() for target in link.targets}
    staying = set(after) - made
    return Carrying({slug: _backward(slug, staying, moved) for slug in before})


def _forward(slug: str, staying: Collection[str], moved: Iterable[Link]) -> Origin:
    whole: set[str] = set()
    part: set[str] = set()
    for link in moved:
        if slug in link.targets:
            (part if link.kind == Kind.SPLIT else whole).add(link.source)
    if slug in staying and not whole and not part:
        whole.add(slug)
    return Origin(frozenset(whole), frozenset(part), asked=bool(whole or part))


def _backward(slug: str, staying: Collection[str], moved: Mapping[str, Link]) -> Origin:
    link = moved.get(slug)
    if link is None:
        return Origin(frozenset({slug}), asked=True) if slug in staying else Origin()
    targets = frozenset(link.targets)
    if link.kind == Kind.MERGE:
        return Origin(part=targets, asked=bool(targets))
    return Origin(whole=targets, asked=bool(targets))


def _cell(origin: Origin, cells: Mapping[str, Cell]) -> Cell:
    """The cell of one category of the other version."""
    found = [cells.get(slug, Cell.ABSENT) for slug in origin.whole]
    found += [
        Cell.ABSENT if cells.get(slug, Cell.ABSENT) == Cell.ABSENT else Cell.UNKNOWN for slug in origin.part
    ]
    return max(found + ([] if origin.asked else [Cell.UNKNOWN]))


def _union(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return reduce(frozenset.union, sets, frozenset())
