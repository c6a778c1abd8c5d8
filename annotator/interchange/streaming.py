"""JSON read element by element, so that a file of any size fits: one array, or an object on each line."""

import io
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO, Final, NamedTuple

from annotator.interchange.neutral import NAME_MAX, Refused, Unreadable, plain

ELEMENT_CHARS_MAX: Final = 16 * 1024 * 1024
BLOCK_CHARS: Final = 256 * 1024
_BLANK: Final = re.compile(r"[ \t\r\n]*")


class Element(NamedTuple):
    """One object with its place: the line of JSON Lines, the number in an array; from 1."""

    line: int
    values: dict[str, Any]


def elements(stream: BinaryIO) -> Iterator[Element | Refused]:
    """Each object of an array or of JSON Lines, in order; what is none is refused with its place.

    Of an array that is broken in the middle nothing behind it can be read: raises Unreadable with the place. A broken
    line is refused alone. A key that comes twice in an object is refused: nobody knows which of the two was meant.
    """
    text = io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")
    try:
        head = _head(text)
        yield from _array(text, head) if head.startswith("[") else _lines(text, head)
    except UnicodeDecodeError as error:
        raise Unreadable(f"The file is not UTF-8: {error.reason}. Save it as UTF-8.") from None
    finally:
        text.detach()


def _head(text: io.TextIOWrapper) -> str:
    # What stands before the first element; the lines that it has are counted by `_lines`.
    head = ""
    while (character := text.read(1)) and len(head) < BLOCK_CHARS:
        head += character
        if not character.isspace():
            break
    return "[" if head.endswith("[") else head


class _Decoder:
    """Decodes one element, and notices keys that come twice."""

    def __init__(self) -> None:
        self.twice: list[str] = []
        self._decoder = json.JSONDecoder(object_pairs_hook=self._object)

    def decode(self, text: str, at: int) -> tuple[Any, int]:
        self.twice.clear()
        return self._decoder.raw_decode(text, at)

    def outcome(self, line: int, value: object) -> Element | Refused:
        if self.twice:
            return Refused(line, "twice", f'The key "{self.twice[0]}" comes twice in one object.')
        if not isinstance(value, dict):
            return Refused(line, "not_an_object", "An object belongs here.", plain(str(value), NAME_MAX))
        return Element(line, value)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            self.twice += [plain(key, 40) for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
        return made


def _array(text: io.TextIOWrapper, head: str) -> Iterator[Element | Refused]:
    """The elements of an array. An element that is cut off is tried again when twice as much of it is there."""
    window, decoder, number = _Window(text, head), _Decoder(), 0
    window.at = 1
    if window.next() == "]":
        return
    while True:
        number += 1
        yield decoder.outcome(number, _value(window, decoder, number))
        mark = window.next()
        if mark == "]":
            return
        if mark != ",":
            found = f'"{mark}"' if mark else "its end"
            raise Unreadable(
                f"The file is broken after element {number}, at character {window.place:,}: a comma or a closing "
                f"bracket belongs there, but {found} is there. Nothing of it was taken in."
            )
        window.at += 1
        window.next()


class _Window:
    """The part of a text that is held, and where one stands in it."""

    def __init__(self, text: io.TextIOWrapper, head: str) -> None:
        self.text, self.held, self.at, self.before, self.ended = text, head, 0, 0, False

    @property
    def place(self) -> int:
        return self.before + self.at + 1

    def next(self) -> str:
        """The next character that is not blank; empty at the end."""
        while True:
            self.at = _BLANK.match(self.held, self.at).end()  # type: ignore[union-attr]
            if self.at < len(self.held) or not self.more(BLOCK_CHARS):
                return self.held[self.at : self.at + 1]

    def more(self, chars: int) -> bool:
        """Read on; whether there was anything."""
        block = self.text.read(max(chars, BLOCK_CHARS))
        self.before += self.at
        self.held, self.at = self.held[self.at :] + block, 0
        self.ended = not block
        return bool(block)


def _value(window: _Window, decoder: _Decoder, number: int) -> object:
    while True:
        try:
            value, window.at = decoder.decode(window.held, window.at)
        except (ValueError, RecursionError) as error:
            begun = window.before
            rest = len(window.held) - window.at
            if rest > ELEMENT_CHARS_MAX or not window.more(rest):
                raise _broken(window, begun, number, error) from None
        else:
            return value


def _broken(window: _Window, begun: int, number: int, error: Exception) -> Unreadable:
    where, what = window.place, "it is nested too deep"
    if isinstance(error, json.JSONDecodeError):
        where, what = begun + error.pos + 1, error.msg
    elif isinstance(error, ValueError):
        what = "a number in it is too long"
    if len(window.held) > ELEMENT_CHARS_MAX and not window.ended:
        what = f"it has more than {ELEMENT_CHARS_MAX:,} characters, or is broken ({what})"
    return Unreadable(
        f"The file cannot be read at element {number}, character {where:,}: {what}. Nothing of it was taken in."
    )


def _lines(text: io.TextIOWrapper, head: str) -> Iterator[Element | Refused]:
    decoder, line, start = _Decoder(), 1 + head.count("\n"), head.rpartition("\n")[2]
    while content := start + text.readline(ELEMENT_CHARS_MAX + 1):
        if len(content) > ELEMENT_CHARS_MAX:
            raise Unreadable(
                f"Line {line} has more than {ELEMENT_CHARS_MAX:,} characters. Nothing was taken in."
            )
        if not content.isspace():
            yield _line(decoder, line, content.strip())
        line, start = line + 1, ""


def _line(decoder: _Decoder, line: int, content: str) -> Element | Refused:
    try:
        value, end = decoder.decode(content, 0)
    except (ValueError, RecursionError) as error:
        what = error.msg if isinstance(error, json.JSONDecodeError) else type(error).__name__
        where = f" at character {error.pos + 1}" if isinstance(error, json.JSONDecodeError) else ""
        return Refused(line, "not_json", f"This line is not JSON{where}: {what}.", plain(content, NAME_MAX))
    if end < len(content):
        return Refused(line, "not_json", "More than one value is on this line.", plain(content, NAME_MAX))
    return decoder.outcome(line, value)
