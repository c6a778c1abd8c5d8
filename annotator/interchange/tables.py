"""CSV: a row for each judgment, or a row for each item with its labels as a list or as a column for each category."""

import csv
import io
import re
from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, BinaryIO, Final

from annotator.interchange.neutral import (
    COMMENT_MAX,
    FIELDS_MAX,
    LABELLED,
    NAME_MAX,
    NONE_OF_THESE,
    TEXT,
    TITLE,
    URL,
    VERDICTS,
    Doubtful,
    ForeignJudgment,
    Page,
    Reading,
    Refused,
    Unreadable,
    moment_of,
    names_of,
    plain,
    seconds_of,
    told_none,
)

if TYPE_CHECKING:
    import _csv

CELL_CHARS_MAX: Final = 8 * 1024 * 1024
ANNOTATOR: Final = "annotator"
JUDGMENTS: Final = (
    URL, TITLE, TEXT, ANNOTATOR, "labels", "unsure", "verdict", "given_at", "seconds", "comment",
)  # fmt: skip
_NOT_FIELDS: Final = frozenset(JUDGMENTS[3:])
_FLAG: Final = "is_"
_YES: Final = frozenset({"1", "1.0", "true", "yes", "x"})
_NO: Final = frozenset({"0", "0.0", "false", "no"})
_LIVE: Final = re.compile(r"^\s*[=+\-@\t\r'＝＋－＠]")
_SEPARATORS: Final = re.compile(r"[\s_]+")


def read(stream: BinaryIO, reading: Reading) -> Generator[Page | Refused]:
    """Each row as a page with a judgment, or without one where it names no label.

    A column is a category's when it is called like one, or begins with `is_`; its cells are 1 or 0, or `?` for unsure.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    csv.field_size_limit(CELL_CHARS_MAX)
    try:
        yield from _rows(csv.reader(text), reading)
    except UnicodeDecodeError as error:
        raise Unreadable(f"The file is not UTF-8: {error.reason}. Save it as UTF-8.") from None
    finally:
        text.detach()


def write_judgments(pages: Iterable[Page]) -> Iterator[bytes]:
    """A row for each judgment."""
    yield _row(JUDGMENTS)
    for page in pages:
        texts = [page.fields.get(name, "") for name in (URL, TITLE, TEXT)]
        for judgment in page.judgments:
            yield _row([*texts, *_cells(judgment)])


def write_items(pages: Iterable[Page], categories: Sequence[str]) -> Iterator[bytes]:
    """A row for each page that labels are held of: as a list, and as a column for each category."""
    yield _row([URL, TITLE, TEXT, "labels", *(_FLAG + slug for slug in categories)])
    for page in pages:
        if page.held is not None:
            flags = ["1" if slug in page.held else "0" for slug in categories]
            texts = [page.fields.get(name, "") for name in (URL, TITLE, TEXT)]
            yield _row([*texts, "|".join(told_none(page.held)), *flags])


def folded(name: str) -> str:
    """A name of a category whatever its case, blanks and hyphens.

    >>> folded("Adult Content"), folded("adult_content")
    ('adult-content', 'adult-content')
    """
    return _SEPARATORS.sub("-", name.strip().lower())


def _rows(reader: "_csv.Reader", reading: Reading) -> Iterator[Page | Refused]:
    try:
        header = [plain(name, NAME_MAX) for name in next(reader, [])]
    except csv.Error as error:
        raise Unreadable(f"The first line cannot be read as a header: {error}.") from None
    twice = next((name for name in header if header.count(name) > 1), None)
    if twice is not None or not header or len(header) > FIELDS_MAX:
        why = f'It has the column "{twice}" twice' if twice is not None else f"It has {len(header)} columns"
        raise Unreadable(f"The header cannot be read. {why}; each of 1 to {FIELDS_MAX} needs its own name.")
    flags = {name: label for name in header if (label := _label_of(name, reading.categories))}
    begins = reader.line_num + 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Refused(begins, "not_readable", f"This line cannot be read: {error}.")
        else:
            if len(cells) == len(header):
                row = dict(zip(header, map(_bare, cells), strict=True))
                yield _page(begins, row, flags, reading)
            elif cells:
                yield Refused(
                    begins, "width", f"The row has {len(cells)} cells; the header has {len(header)}."
                )
        begins = reader.line_num + 1


def _label_of(column: str, categories: frozenset[str]) -> str:
    if column.lower() in JUDGMENTS:
        return ""
    if column.lower().startswith(_FLAG):
        return column[len(_FLAG) :]
    return column if folded(column) in categories else ""


def _page(line: int, row: Mapping[str, str], flags: Mapping[str, str], reading: Reading) -> Page:
    fields = {
        name: value for name, value in row.items() if name.lower() not in _NOT_FIELDS and name not in flags
    }
    cells = {name.lower(): value.strip() for name, value in row.items()}
    try:
        judgment = _judgment(cells, row, flags, reading)
    except Doubtful as doubtful:
        return Page(line, fields, refused=(doubtful.at(line),))
    if judgment is None:
        return Page(line, fields, left_out=("rows without an answer",))
    return Page(line, fields, (judgment,))


def _judgment(
    cells: Mapping[str, str], row: Mapping[str, str], flags: Mapping[str, str], reading: Reading
) -> ForeignJudgment | None:
    present, unsure = set(_listed(cells.get("labels", ""))), set(_listed(cells.get("unsure", "")))
    verdict = cells.get("verdict") or LABELLED
    answered = bool(present or unsure or cells.get("verdict"))
    for column, label in flags.items():
        said = _flag(row[column].strip().lower(), column)
        answered = answered or said != ""
        (present if said == "1" else unsure if said == "?" else set()).add(label)
    if not answered:
        return None
    if verdict not in VERDICTS:
        raise Doubtful("verdict", f'"{plain(verdict, 40)}" is not a verdict.', verdict)
    # Flags and a list may name the same category in two ways: the list by its short name.
    spelled = {folded(label): label for label in sorted(present)}
    return ForeignJudgment(
        annotator=plain(cells.get(ANNOTATOR, ""), NAME_MAX) or reading.author,
        labels=tuple(sorted(label for fold, label in spelled.items() if fold != NONE_OF_THESE)),
        unsure=tuple(sorted(unsure)),
        verdict=verdict,
        given_at=moment_of(cells.get("given_at") or cells.get("created_at")),
        seconds=seconds_of(cells.get("seconds", "")),
        comment=plain(cells.get("comment", ""), COMMENT_MAX),
    )


def _listed(cell: str) -> tuple[str, ...]:
    return names_of(cell.split("|")) if cell else ()


def _flag(cell: str, column: str) -> str:
    if cell in _YES:
        return "1"
    if cell in _NO:
        return "0"
    if cell in {"", "?", "unsure"}:
        return cell[:1] and "?"
    raise Doubtful("flag", f'The column "{column}" has to hold 1 or 0, or ? for unsure.', cell)


def _cells(judgment: ForeignJudgment) -> list[str]:
    given_at, seconds = judgment.given_at, judgment.seconds
    return [
        judgment.annotator,
        "|".join(judgment.labels),
        "|".join(judgment.unsure),
        judgment.verdict,
        given_at.isoformat().replace("+00:00", "Z") if given_at else "",
        "" if seconds is None else repr(seconds),
        judgment.comment,
    ]


def _row(cells: Iterable[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([_inert(cell) for cell in cells])
    return line.getvalue().encode()


def _inert(cell: str) -> str:
    # A spreadsheet runs a cell that begins so; whoever takes one apostrophe away has what it was.
    return f"'{cell}" if _LIVE.match(cell) else cell


def _bare(cell: str) -> str:
    return cell[1:] if cell.startswith("'") and _LIVE.match(cell[1:]) else cell
