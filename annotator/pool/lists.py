"""A directory of lists: text files with an address on each line, whose names say what the addresses are.

What a list says becomes a known label of its source: a hint for the learner and for gold, and nobody's judgment. An
address in several lists has the labels of all of them. Whatever the lists hold, only hashes of their lines are kept:
ten bytes a line.
"""

import csv
from array import array
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from pathlib import PurePosixPath
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from annotator.errors import BadInput
from annotator.pool.addresses import AddressRefused, canonical
from annotator.pool.archives import Member, members_of
from annotator.pool.cleaning import SOURCE_CHARS_MAX, Refusal, refusal, url_hash
from annotator.pool.columns import CellRefused, LabelNames, known_labels, not_utf8
from annotator.pool.files import Shape, blocks_of
from annotator.pool.reasons import Reason
from annotator.pool.rows import RawRow

NAMES_FILE: Final = "names.csv"
NAMES_CHARS_MAX: Final = 200_000
NAMES_LINES_MAX: Final = 10_000
HEADER: Final = ["list", "category"]
SHOWN: Final = 12
LEAVE_OUT: Final = "leave-out"
ENDINGS: Final = frozenset({".txt", ".list", ".lst", ".csv", ".domains", ".urls", ".hosts"})
# In the public collections the folder is the category, and these are its files.
PLAIN: Final = frozenset({"domains", "urls", "hosts", "domain", "url", "list"})
COMMENTS: Final = ("#", ";", "!", "//")
HOSTS_FILE: Final = frozenset({"0.0.0.0", "127.0.0.1", "::", "::1"})  # noqa: S104 - read, never bound
CATEGORIES_MAX: Final = 62
NONE_BIT: Final = 1 << CATEGORIES_MAX

Masks = NDArray[np.uint64]


class UnknownLists(BadInput):
    """Lists whose names are no categories; `names` has them all."""

    def __init__(self, filename: str, names: Iterable[str], names_of: LabelNames) -> None:
        self.names = tuple(names)
        shown = ", ".join(f'"{name}"' for name in self.names[:SHOWN])
        shown += ", …" if len(self.names) > SHOWN else ""
        known = ", ".join(sorted(set(names_of.slugs.values())))
        super().__init__(
            f"{filename} has lists whose names are no categories of this project: {shown}. Say what they are, here or "
            f"in a file {NAMES_FILE} in the archive (list,category). They could be: {known}, none, or {LEAVE_OUT}."
        )


@dataclass(frozen=True)
class Lists:
    """What all lists of an archive say: `lines` in all, what each list means, and the addresses that are in several."""

    lines: int
    meanings: Mapping[str, int | None]
    slugs: tuple[str, ...]
    several: Masks
    masks: Masks

    def mask_of(self, hashed: int, own: int) -> int:
        """What all lists together say of an address that one list says `own` of."""
        at = int(np.searchsorted(self.several, np.uint64(hashed)))
        found = at < len(self.several) and int(self.several[at]) == hashed
        return int(self.masks[at]) if found else own

    def labels_of(self, mask: int) -> list[str]:
        """The categories of a mask; none for the explicit none of these."""
        return [slug for bit, slug in enumerate(self.slugs) if mask >> bit & 1]


@dataclass(frozen=True)
class Source:
    """What is read: the file's name, shape and limit, the names of categories, and what the lists are said to be."""

    filename: str
    shape: Shape
    bytes_max: int
    labels: LabelNames = field(default_factory=lambda: LabelNames({}))
    named: Mapping[str, str] = field(default_factory=dict)


def lists_check(stream: BinaryIO, source: Source) -> Lists:
    """Read the whole archive once and find out what its lists say together.

    What a list is called means a category by its short name or name; else by `named`, else by `names.csv` in the
    archive: those two come first. Raises UnknownLists with every list that has no meaning, BadInput for what
    `members_of` refuses, a meaning that is no category, or no list at all.
    """
    if source.shape.gzipped:  # a damaged end is no end to the reader of the archive
        for _ in blocks_of(stream, source.filename, source.shape, source.bytes_max):
            pass
    slugs = tuple(sorted(set(source.labels.slugs.values())))
    if len(slugs) > CATEGORIES_MAX:
        raise BadInput(
            f"Lists can be read for at most {CATEGORIES_MAX} categories; this project has {len(slugs)}."
        )
    told = {list_name(name): category for name, category in source.named.items()}
    meant = _Meant(slugs, source.labels, {**_names_in(stream, source), **told})
    lines, hashes, own = 0, array("Q"), array("Q")
    for member in _lists_in(stream, source):
        mask = meant.of(list_name(member.name))
        for line in member.lines():
            lines += 1
            hashed = None if mask is None else _hash_of(address_in(line))
            if hashed is not None and mask is not None:
                hashes.append(hashed)
                own.append(mask)
    if meant.unknown:
        raise UnknownLists(source.filename, sorted(meant.unknown), source.labels)
    if not meant.found:
        raise BadInput(f"{source.filename} holds no list: no text file with addresses.")
    several, masks = _joined(np.frombuffer(hashes, np.uint64), np.frombuffer(own, np.uint64))
    return Lists(lines=lines, meanings=meant.found, slugs=slugs, several=several, masks=masks)


def lists_rows(stream: BinaryIO, source: Source, lists: Lists) -> Iterator[RawRow]:
    """A row for each address of each list, in the order of the archive; comments and blank lines are none.

    Lines are counted through the whole archive. An address in several lists has the labels of all of them in each of
    its rows: the first is taken in, the others are known then.
    """
    numbers = count(1)
    for member in _lists_in(stream, source):
        name = list_name(member.name)
        own = lists.meanings[name]
        for line, number in zip(member.lines(), numbers, strict=False):
            if own is not None and not _is_comment(line):
                yield RawRow(number, _cells(line, name, own, lists))


def list_name(path: str) -> str:
    """What a file of an archive is called as a list: its name, or its folder's where the name says nothing.

    >>> list_name("blacklists/Adult/domains"), list_name("lists/self harm.txt")
    ('adult', 'self-harm')
    """
    file = PurePosixPath(path.replace("\\", "/"))
    stem = file.stem if file.suffix.lower() in ENDINGS else file.name
    says_nothing = stem.lower() in PLAIN and file.parent.name
    return _folded(file.parent.name if says_nothing else stem)


def address_in(line: bytes) -> str | None:
    """The address on a line of a list: without comment, `www.`, wildcard, or what hosts files have in front.

    None for a line that holds none, or is not UTF-8.

    >>> address_in(b"0.0.0.0 www.Example.com  # ads"), address_in(b"*.example.com"), address_in(b"! note")
    ('Example.com', 'example.com', None)
    """
    if _is_comment(line):
        return None
    try:
        words = line.decode("utf-8-sig").split()
    except UnicodeDecodeError:
        return None
    if not words:
        return ""
    if len(words) > 1 and words[0] in HOSTS_FILE:
        words = words[1:]
    address = words[0].rstrip(",;")
    if "/" in address:
        return address
    address = address.removeprefix("*").removeprefix(".")
    return address[4:] if address.lower().startswith("www.") and address.count(".") > 1 else address


def names_read(lines: Iterable[str], where: str) -> dict[str, str]:
    """List -> what it means, from lines `list,category`; a first line with just these words is a header.

    Raises BadInput for a line with another number of cells.
    """
    found: dict[str, str] = {}
    try:
        for number, cells in enumerate(csv.reader(lines, strict=True), start=1):
            told = [cell.strip() for cell in cells]
            if not any(told) or [cell.lower() for cell in told] == HEADER:
                continue
            if len(told) != len(HEADER) or not told[0] or number > NAMES_LINES_MAX:
                raise BadInput(f"Line {number} of {where} is not a list and its category: list,category.")
            found[list_name(told[0])] = told[1]
    except csv.Error as error:
        raise BadInput(f"{where} cannot be read: {error}.") from error
    return found


@dataclass
class _Meant:
    """What each list of an archive says, found out one after the other: as bits of categories, None to leave it out."""

    slugs: tuple[str, ...]
    labels: LabelNames
    told: Mapping[str, str]
    found: dict[str, int | None] = field(default_factory=dict)
    unknown: set[str] = field(default_factory=set)

    def of(self, name: str) -> int | None:
        """What the list says; None, noted, when nobody knows. Raises BadInput for a meaning that is no category."""
        if name not in self.found and name not in self.unknown:
            self._find(name)
        return self.found.get(name)

    def _find(self, name: str) -> None:
        told = self.told.get(name, "")
        if told.lower() == LEAVE_OUT:
            self.found[name] = None
            return
        try:
            labels = known_labels(told or name, self.labels)
        except CellRefused as refused:
            if told:
                raise BadInput(f'The list "{name}" cannot be "{told[:80]}": {refused}') from refused
            self.unknown.add(name)
        else:
            self.found[name] = sum(1 << self.slugs.index(label) for label in labels or ()) or NONE_BIT


def _lists_in(stream: BinaryIO, source: Source) -> Iterator[Member]:
    members = members_of(stream, source.filename, source.bytes_max, gzipped=source.shape.gzipped)
    return (member for member in members if not _is_names(member))


def _names_in(stream: BinaryIO, source: Source) -> dict[str, str]:
    for member in members_of(stream, source.filename, source.bytes_max, gzipped=source.shape.gzipped):
        if _is_names(member):
            lines = (line.decode("utf-8-sig", "replace") for line in member.lines())
            return names_read(lines, f"{NAMES_FILE} in {source.filename}")
    return {}


def _is_names(member: Member) -> bool:
    return PurePosixPath(member.name).name.lower() == NAMES_FILE


def _joined(hashes: Masks, own: Masks) -> tuple[Masks, Masks]:
    """The hashes of which lists say different things, ascending, and what they say together."""
    if not len(hashes):
        return hashes, own
    order = np.argsort(hashes, kind="stable")
    hashes, own = hashes[order], own[order]
    starts = np.flatnonzero(np.r_[True, hashes[1:] != hashes[:-1]])
    every, common = np.bitwise_or.reduceat(own, starts), np.bitwise_and.reduceat(own, starts)
    differ = every != common
    return hashes[starts][differ], every[differ]


def _cells(line: bytes, name: str, own: int, lists: Lists) -> Mapping[str, object] | Refusal:
    address = address_in(line)
    if address is None:
        return refusal(Reason.NOT_UTF8, str(not_utf8()))
    hashed = _hash_of(address)
    mask = own if hashed is None else lists.mask_of(hashed, own)
    labels = lists.labels_of(mask)
    if labels and mask & NONE_BIT:
        sentence = f"One list says that it is none of these, another that it is: {', '.join(labels)}."
        return refusal(Reason.LABELS, sentence, address)
    return {"url": address, "labels": labels, "source": f"list {name}"[:SOURCE_CHARS_MAX]}


def _hash_of(address: str | None) -> int | None:
    try:
        return None if address is None else int(url_hash(canonical(address))[:16], 16)
    except AddressRefused:
        return None


def _is_comment(line: bytes) -> bool:
    content = line.strip(b" \t\r\n\xef\xbb\xbf")
    return not content or content.startswith(tuple(map(str.encode, COMMENTS)))


def _folded(name: str) -> str:
    return "-".join(name.strip().lower().replace("_", " ").split())
