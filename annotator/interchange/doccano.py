"""doccano's text classification: a text with its labels a line, one file for everybody or one for each person."""

import json
from collections.abc import Generator, Iterable, Iterator
from typing import Any, BinaryIO, Final

from annotator.interchange.neutral import (
    LABELLED,
    NAME_MAX,
    NONE_OF_THESE,
    TEXT,
    Doubtful,
    ForeignJudgment,
    Page,
    Reading,
    Refused,
    comment_of,
    fields_of,
    names_of,
    plain,
    told_none,
)
from annotator.interchange.streaming import Element, elements

ANNOTATOR: Final = "annotator"
"""A column of its own, which doccano keeps as metadata: who gave these labels."""
COMMENT: Final = "comment"
"""Another. `Comments` are doccano's own: it takes none from a file, and writes its own over what a file called so."""
_LABELS: Final = ("label", "labels", "category", "categories")
_NOT_FIELDS: Final = frozenset({*_LABELS, "Comments", "comments", ANNOTATOR, COMMENT})


def read(stream: BinaryIO, reading: Reading) -> Generator[Page | Refused]:
    """Each line as a page. No label is no answer: doccano cannot tell it from "none of these"."""
    for element in elements(stream):
        yield element if isinstance(element, Refused) else _page(element, reading)


def write_held(pages: Iterable[Page]) -> Iterator[bytes]:
    """A line for each page, with the labels that are held true; those that nothing is held of have none."""
    for page in pages:
        labels = () if page.held is None else told_none(page.held)
        yield _line({**_texts(page), "label": list(labels)})


def write_judgments(pages: Iterable[Page]) -> Iterator[bytes]:
    """A line for each judgment with labels, the person and the comment in columns of their own.

    Each line has all columns: doccano reads a table, and stops at a line where one is missing.
    """
    for page in pages:
        for judgment in page.judgments:
            if judgment.verdict == LABELLED:
                row = {"label": list(told_none(judgment.labels)), ANNOTATOR: judgment.annotator}
                yield _line({**_texts(page), **row, COMMENT: judgment.comment})


def _page(element: Element, reading: Reading) -> Page | Refused:
    row = element.values
    found = next((row[name] for name in _LABELS if name in row), None)
    if "text" not in row and "data" not in row:
        return Refused(element.line, "no_text", "The line has no text.")
    fields = fields_of({name: value for name, value in row.items() if name not in _NOT_FIELDS})
    fields |= fields_of(row.get("meta")) | ({TEXT: str(row["data"])} if "text" not in row else {})
    try:
        labels = names_of(found or [])
    except Doubtful as doubtful:
        return Page(element.line, fields, refused=(doubtful.at(element.line),))
    if not labels:
        return Page(element.line, fields, left_out=("texts without a label",))
    who = plain(str(row.get(ANNOTATOR) or ""), NAME_MAX) or reading.author
    judgment = ForeignJudgment(
        annotator=who,
        labels=tuple(label for label in labels if label != NONE_OF_THESE),
        comment=comment_of(row.get("Comments") or row.get("comments") or row.get(COMMENT)),
    )
    return Page(element.line, fields, (judgment,))


def _texts(page: Page) -> dict[str, Any]:
    return {"text": page.fields.get(TEXT, ""), **{k: v for k, v in page.fields.items() if k != TEXT}}


def _line(row: dict[str, Any]) -> bytes:
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"
