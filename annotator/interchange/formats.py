"""The formats by name: how each is recognised, read and written, and what it cannot hold."""

import itertools
import json
import zipfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import BinaryIO, Final

from annotator.interchange import argilla, doccano, labelstudio, tables
from annotator.interchange.neutral import NAME_MAX, NONE_OF_THESE, Page, Reading, Refused, Unreadable, plain

HEAD_BYTES: Final = 256 * 1024
MEMBERS_MAX: Final = 1000
Read = Callable[[BinaryIO, Reading], Generator[Page | Refused]]
Write = Callable[[Iterable[Page], Sequence[str]], Iterator[bytes]]


@dataclass(frozen=True)
class Format:
    """What can be read: `place` is what is counted when something is refused."""

    slug: str
    name: str
    place: str
    read: Read


@dataclass(frozen=True)
class Output:
    """What can be written; `lost` are the sentences on what it cannot hold."""

    slug: str
    name: str
    suffix: str
    media_type: str
    write: Write
    lost: tuple[str, ...]


NO_WHY: Final = "Why an item was served, and with which inclusion probability, is in snapshots only."
NO_TIMES: Final = "It holds no times and no seconds."
FORMATS: Final = {
    found.slug: found
    for found in (
        Format("label-studio", "Label Studio JSON", "Task", labelstudio.read),
        Format("doccano", "doccano JSONL", "Line", doccano.read),
        Format("argilla", "Argilla records", "Record", argilla.read),
        Format("csv", "CSV", "Line", tables.read),
    )
}
OUTPUTS: Final = {
    found.slug: found
    for found in (
        Output(
            "label-studio",
            "Label Studio JSON",
            "json",
            "application/json",
            lambda pages, _: labelstudio.write(pages),
            (
                "Unsure, verdicts and comments are controls of their own: give the labelling interface "
                "those of the documentation.",
                "In Label Studio all of it belongs to whoever imports it, at the time of the import. People and "
                "times are in the meta data of the task, and come back from there.",
                "What is held true is in its meta data, which Label Studio keeps and does not show as an answer.",
                NO_WHY,
            ),
        ),
        Output(
            "doccano",
            "doccano JSONL, labels held true",
            "jsonl",
            "application/x-ndjson",
            lambda pages, _: doccano.write_held(pages),
            (
                "It holds what is true of a text, not who said so: no annotator, no unsure, no verdict.",
                f'doccano cannot tell "none of these" from no answer, so it is a label: {NONE_OF_THESE}.',
                NO_TIMES,
                NO_WHY,
            ),
        ),
        Output(
            "doccano-judgments",
            "doccano JSONL, a line a judgment",
            "jsonl",
            "application/x-ndjson",
            lambda pages, _: doccano.write_judgments(pages),
            (
                "The annotator is in a column that doccano keeps as metadata; the text is there once for each.",
                "Unsure is lost, and so are judgments with another verdict than labels.",
                NO_TIMES,
                NO_WHY,
            ),
        ),
        Output(
            "argilla",
            "Argilla records",
            "json",
            "application/json",
            lambda pages, _: argilla.write(pages),
            (
                "Argilla knows people by UUID: each is made from a name, which is not in the file.",
                NO_TIMES,
                NO_WHY,
            ),
        ),
        Output(
            "csv-judgments",
            "CSV, a row a judgment",
            "csv",
            "text/csv; charset=utf-8",
            lambda pages, _: tables.write_judgments(pages),
            ("Items that nobody has judged are not in it, nor is what is held true.", NO_WHY),
        ),
        Output(
            "csv-items",
            "CSV, a row an item",
            "csv",
            "text/csv; charset=utf-8",
            tables.write_items,
            (
                "It holds what is true of an item, not who said so: no annotator, no unsure, no verdict.",
                "Items that no labels are held of are not in it.",
                NO_TIMES,
                NO_WHY,
            ),
        ),
    )
}


def format_of(stream: BinaryIO) -> str:
    """The format that a file is in, by what it begins with. Raises Unreadable when it is none of them."""
    head = stream.read(HEAD_BYTES)
    stream.seek(0)
    if head.startswith(b"PK\x03\x04"):
        return "doccano"
    if not head.strip():
        raise Unreadable("The file is empty.")
    keys = _first_keys(head.decode("utf-8-sig", "replace"))
    if keys is None:
        return _of_table(head)
    if "data" in keys and keys & {"annotations", "completions", "predictions"}:
        return "label-studio"
    if "fields" in keys or any(key.endswith((".responses", ".suggestion")) for key in keys):
        return "argilla"
    if keys & {"text", "data"} and keys & {"label", "labels"}:
        return "doccano"
    raise Unreadable("It is JSON, but of no format that is known here. Choose the format it is in.")


def pages_of(stream: BinaryIO, slug: str, reading: Reading) -> Generator[Page | Refused]:
    """Each page of a file, in order. Of an archive, the name of each file in it is the person who gave its labels.

    Raises Unreadable with the place where the file is broken.
    """
    read = FORMATS[slug].read
    if slug != "doccano" or stream.read(4) != b"PK\x03\x04":
        stream.seek(0)
        return read(stream, reading)
    stream.seek(0)
    return _archived(stream, reading, read)


def author_of(filename: str) -> str:
    """Who gave the judgments of a file that names nobody: what the file is called."""
    return plain(PurePath(filename).stem, NAME_MAX) or "unknown"


def _first_keys(head: str) -> set[str] | None:
    """The keys of the first object; None for what is no JSON. Of one that is cut off, those that can be seen."""
    start = head.lstrip().removeprefix("[").lstrip()
    if not start.startswith("{"):
        return set() if head.lstrip().startswith("[") else None
    try:
        return set(json.JSONDecoder().raw_decode(start)[0])
    except (ValueError, RecursionError):
        return {name for name in ("data", "annotations", "fields", "text", "label") if f'"{name}"' in start}


def _of_table(head: bytes) -> str:
    if b"," not in head.partition(b"\n")[0]:
        raise Unreadable("It is neither JSON nor a table with cells separated by commas.")
    return "csv"


def _archived(stream: BinaryIO, reading: Reading, read: Read) -> Generator[Page | Refused]:
    try:
        with zipfile.ZipFile(stream) as archive:
            members = [one for one in archive.infolist() if one.filename.endswith((".jsonl", ".json"))]
            if not members or len(members) > MEMBERS_MAX:
                raise Unreadable(
                    f"The archive has {len(members)} files of JSON lines; 1 to {MEMBERS_MAX} belong there."
                )
            numbers = itertools.count(1)
            for member in members:
                own = replace(reading, author=author_of(member.filename))
                with archive.open(member) as unpacked:
                    for found in read(unpacked, own):  # type: ignore[arg-type]
                        yield _numbered(found, next(numbers), member.filename)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise Unreadable(f"The archive cannot be read: {error}.") from None


def _numbered(found: Page | Refused, number: int, name: str) -> Page | Refused:
    """Lines of all files of an archive as one sequence; what is refused says where it stood."""
    where = plain(name, 60)
    if isinstance(found, Refused):
        return replace(found, line=number, detail=f"{where}, line {found.line}: {found.detail}")
    refused = tuple(
        replace(one, line=number, detail=f"{where}, line {one.line}: {one.detail}") for one in found.refused
    )
    return replace(found, line=number, refused=refused)
