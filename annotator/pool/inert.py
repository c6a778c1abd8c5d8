"""Text of strangers as HTML in which nothing acts and nothing hides.

Everything is escaped. A character that turns the text around, joins, hides or is not drawn at all is written as its
number (`U+202E`), and a pile of accents that would cover the lines above is cut off.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from html import escape
from typing import Final, NamedTuple

from django.utils.safestring import SafeString, mark_safe

MARKERS_MAX: Final = 200
BEYOND: Final = "◌"
# Controls, soft hyphen, fillers, direction marks and overrides, joiners beside ASCII (in Persian, Hindi and emoji they
# belong to the script), tags.
_UNSEEN = (
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0d\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
    "|(?<=[\x00-\x7f])[\u200c\u200d]|[\u200c\u200d](?=[\x00-\x7f])"
)
UNSEEN: Final = re.compile(_UNSEEN)
_RUN = re.compile(f"(?:{_UNSEEN})+")
_PILE = re.compile("([\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]{4})"
                   "[\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")  # fmt: skip


class Span(NamedTuple):
    """A part of a text to point out: `text[start:end]`, and what to say of it."""

    start: int
    end: int
    title: str


def inert(text: str) -> SafeString:
    """`text` as HTML; `MARKERS_MAX` characters that cannot be seen are named, further ones are dotted circles."""
    return marked(text, ())


def marked(text: str, spans: Iterable[Span]) -> SafeString:
    """`text` as HTML, each span in `<mark>` with its title; spans ascend and do not overlap."""
    shown = _shower()
    parts: list[str] = []
    done = 0
    for span in spans:
        parts += shown(text[done : span.start]), f'<mark title="{escape(span.title)}">'
        parts += shown(text[span.start : span.end]), "</mark>"
        done = span.end
    parts.append(shown(text[done:]))
    return mark_safe("".join(parts))  # noqa: S308 - escaped piece by piece


def _shower() -> Callable[[str], str]:
    left = MARKERS_MAX

    def named(match: re.Match[str]) -> str:
        nonlocal left
        left -= 1
        return _marker(match[0]) if left >= 0 else BEYOND

    def shown(piece: str) -> str:
        return _RUN.sub(named, _PILE.sub(r"\1", escape(piece)))

    return shown


def _marker(run: str) -> str:
    title = unicodedata.name(run[0], "control character").capitalize()
    times = f"×{len(run)}" if len(run) > 1 else ""
    return f'<span class="unseen" title="{escape(title)}">U+{ord(run[0]):04X}{times}</span>'
