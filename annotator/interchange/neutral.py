"""The neutral form: pages with what people said of them, as a file of any tool gives them and is written from them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

NONE_OF_THESE: Final = "none-of-these"
"""The label for "none of these", in formats that cannot tell it from no answer."""
LABELLED: Final = "labelled"
VERDICTS: Final = frozenset({LABELLED, "not-enough-evidence", "unreachable", "language"})
URL: Final = "url"
TITLE: Final = "title"
TEXT: Final = "text"
NAME_MAX: Final = 120
COMMENT_MAX: Final = 2000
FIELDS_MAX: Final = 200
_CONTROL: Final = dict.fromkeys((*range(9), 11, 12, *range(14, 32), 127))


class Unreadable(ValueError):
    """A file that cannot be read to its end; the text is a sentence with the place."""


@dataclass(frozen=True, slots=True)
class ForeignJudgment:
    """What one person said of a page; `labels` and `unsure` by the names that the file has for them.

    `given_at` is aware, `seconds` is the time spent; each is None where the file does not say.
    """

    annotator: str
    labels: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()
    verdict: str = LABELLED
    given_at: datetime | None = None
    seconds: float | None = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Refused:
    """What cannot be used of a file: `line` is the line, or the number of the task or the row; from 1."""

    line: int
    reason: str
    detail: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `fields` are all texts that the file has of it, by name; `held` are the labels held true, if told.

    `left_out` names what the file has beside judgments, such as predictions, once for each of them.
    """

    line: int
    fields: Mapping[str, str]
    judgments: tuple[ForeignJudgment, ...] = ()
    held: tuple[str, ...] | None = None
    left_out: tuple[str, ...] = ()
    refused: tuple[Refused, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """What whoever hands a file in says about it.

    `author` gave the judgments that name nobody. `question` is the question, or the control, whose answers are the
    labels; empty for all of them. `categories` are names of categories, which a column of a table may have.
    """

    author: str = "unknown"
    question: str = ""
    categories: frozenset[str] = field(default_factory=frozenset)


class Doubtful(ValueError):
    """A judgment that cannot be used: `reason` is a short stable word, the text a sentence."""

    def __init__(self, reason: str, sentence: str, value: object = "") -> None:
        super().__init__(sentence)
        self.reason = reason
        self.value = plain(str(value), NAME_MAX)

    def at(self, line: int) -> Refused:
        """What is kept of it."""
        return Refused(line, self.reason, str(self), self.value)


def plain(text: str, most: int) -> str:
    """The text without control characters and without halves of characters, trimmed, at most `most` long.

    >>> plain(" a\\x00b ", 10)
    'ab'
    """
    whole = text[: 2 * most].encode("utf-8", "replace").decode().translate(_CONTROL)
    return whole.strip()[:most]


def names_of(values: object) -> tuple[str, ...]:
    """Labels as a file has them: a text, or a list of texts; each once, sorted. Raises Doubtful for anything else.

    >>> names_of(["b", "a", "b"])
    ('a', 'b')
    """
    listed = [values] if isinstance(values, str) else values
    if not isinstance(listed, list | tuple) or not all(isinstance(value, str) for value in listed):
        raise Doubtful("labels", "Labels have to be a text or a list of texts.", values)
    return tuple(sorted({name for value in listed if (name := plain(value, NAME_MAX))}))


def comment_of(values: object) -> str:
    """Comments as a file has them, a text or a list of texts, as one text; empty for anything else.

    >>> comment_of(["a", "", "b"])
    'a\nb'
    """
    listed = values if isinstance(values, list) else [values]
    return plain("\n".join(value for value in listed if isinstance(value, str) and value), COMMENT_MAX)


def moment_of(value: object) -> datetime | None:
    """A time as a file has it: ISO 8601, UTC where it names no zone. None for nothing; raises Doubtful otherwise.

    >>> moment_of("2026-03-01T09:30:00").isoformat()
    '2026-03-01T09:30:00+00:00'
    """
    if value is None or value == "":
        return None
    try:
        read = datetime.fromisoformat(value.strip()) if isinstance(value, str) else None
        if read is None:
            raise ValueError
        return (read if read.tzinfo else read.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise Doubtful("time", "A time has to be like 2026-03-01T09:30:00Z.", value) from None


def seconds_of(value: object) -> float | None:
    """Seconds spent as a file has them; None for what is no number of seconds, NaN among it.

    >>> seconds_of("2.5"), seconds_of(float("nan"))
    (2.5, None)
    """
    try:
        seconds = float(value) if isinstance(value, str | int | float) and value != "" else math.nan
    except (ValueError, OverflowError):
        return None
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


def fields_of(values: object) -> dict[str, str]:
    """The texts and numbers of an object, by name."""
    if not isinstance(values, Mapping):
        return {}
    return {
        plain(str(name), NAME_MAX): value if isinstance(value, str) else str(value)
        for name, value in list(values.items())[:FIELDS_MAX]
        if isinstance(value, str | int | float) and not isinstance(value, bool)
    }


def told_none(labels: tuple[str, ...]) -> tuple[str, ...]:
    """The labels as a format needs them that cannot tell "none of these" from no answer."""
    return labels or (NONE_OF_THESE,)
