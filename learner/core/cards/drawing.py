"""Plots of the card as SVG: geometry in attributes, colour in the style sheet of the page that shows them.

Horizontal places are percentages and text keeps its size, so one drawing fits a phone, a screen and paper. The class
names are those of the product's own charts. Text is escaped.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

ROW: Final = 34
BASE: Final = 130
SERIES: Final = 6
NAMES_MAX: Final = 8
COLUMN_MAX: Final = 12.0
"""Percent across that a column takes: one alone is not a wall."""
NAME_MAX: Final = 20
NAMES_WIDE: Final = 46.0
"""Percent across that the names beside a grid take."""
CELL: Final = 36
LEAST: Final = 0.005
"""A share that is told as 1 percent; what is less is told as such."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a bar, a column, or a row of an interval plot; `words` is what is told of it."""

    name: str
    value: float
    words: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row under its name: parts end to end on the common scale, told in words at the right."""

    name: str
    parts: Sequence[Part]
    words: str


@dataclass(frozen=True, slots=True)
class Span:
    """A value with its interval on the scale from 0 to 1; without a value, `words` says why."""

    name: str
    value: float | None
    low: float | None
    high: float | None
    words: str


def bars(rows: Sequence[Row], title: str, *, whole: float = 0.0) -> str:
    """A row for each name; `whole` fills the width, or the longest where that is not given."""
    longest = whole or max((sum(part.value for part in row.parts) for row in rows), default=0.0) or 1.0
    drawn = [_bar(row, ROW * at, longest) for at, row in enumerate(rows)]
    return _drawing(title, (f"{row.name}: {row.words}" for row in rows), ROW * len(rows), drawn)


def intervals(rows: Sequence[Span], title: str, *, target: float | None = None) -> str:
    """A row for each name with its interval on the scale from 0 to 1; `target` is a dashed rule."""
    height = ROW * len(rows)
    drawn = [_upright("chart-grid", 25 * quarter, height) for quarter in range(5)]
    anchors = ("start", "middle", "middle", "middle", "end")
    drawn += [
        _text(f"{quarter / 4:g}", f"{25 * quarter}%", height + 14, anchor=anchors[quarter])
        for quarter in range(5)
    ]
    drawn += [_span(row, ROW * at) for at, row in enumerate(rows)]
    if target is not None:  # beside the bars alone: a rule through the words would be read as a letter
        drawn += [
            _upright("chart-target", 100 * target, ROW * at + 31, ROW * at + 16) for at in range(len(rows))
        ]
    return _drawing(title, (f"{row.name}: {row.words}" for row in rows), height + 20, drawn)


def columns(parts: Sequence[Part], title: str) -> str:
    """An upright column for each part over its name; of many, some names are left out."""
    highest = max((part.value for part in parts), default=0.0) or 1.0
    width = 100 / max(len(parts), 1)
    step = max(1, -(-len(parts) // NAMES_MAX))
    drawn = [f'<line class="chart-grid" x1="0" x2="100%" y1="{BASE}" y2="{BASE}"/>']
    for at, part in enumerate(parts):
        height = round((BASE - 20) * part.value / highest, 1)
        tip = f"<title>{escape(f'{part.name}: {part.words}')}</title>"
        across = min(width * 0.84, COLUMN_MAX)
        left = width * (at + 0.5) - across / 2
        box = f'x="{left:.2f}%" width="{across:.2f}%" y="{BASE - height:.1f}" height="{height}"'
        drawn.append(f'<rect class="chart-part series-1" {box}>{tip}</rect>')
        if at % step == 0:
            drawn.append(_text(part.name, f"{width * (at + 0.5):.2f}%", BASE + 16, anchor="middle"))
        if len(parts) <= NAMES_MAX:
            drawn.append(_text(part.words, f"{width * (at + 0.5):.2f}%", BASE - height - 5, anchor="middle"))
    return _drawing(title, (f"{part.name}: {part.words}" for part in parts), BASE + 22, drawn)


def stacked(parts: Sequence[Part], title: str) -> str:
    """The parts of a whole in one bar; the first has the colour of `series-1` in a legend, and so on."""
    total = sum(part.value for part in parts) or 1.0
    drawn, start = [], 0.0
    for at, part in enumerate(parts):
        width = 100 * part.value / total
        tip = f"<title>{escape(f'{part.name}: {part.words}')}</title>"
        box = f'x="{start:.2f}%" width="{width:.2f}%" y="0" height="16"'
        drawn.append(f'<rect class="chart-part {series(at)}" {box}>{tip}</rect>')
        start += width
    return _drawing(title, (f"{part.name}: {part.words}" for part in parts), 16, drawn)


def grid(names: Sequence[str], cells: Sequence[Sequence[float | None]], title: str) -> str:
    """A square of shares from 0 to 1, row by row; columns are numbered as the rows are. None is left empty."""
    width = (100 - NAMES_WIDE) / max(len(names), 1)
    lefts = [NAMES_WIDE + width * at for at in range(len(names))]
    drawn = [
        _text(str(at + 1), f"{left + width / 2:.2f}%", 12, anchor="middle") for at, left in enumerate(lefts)
    ]
    words = []
    for down, (name, row) in enumerate(zip(names, cells, strict=True)):
        top = 18 + CELL * down
        drawn.append(_text(f"{down + 1} {_cut(name)}", "0", top + 22, css="chart-name"))
        for other, left, share in zip(names, lefts, row, strict=True):
            if share is not None:
                tip = f"{name}, also {other}: {share:.0%}"
                words += [tip] if share else []
                drawn.append(_cell(share, tip, left, width, top))
    return _drawing(title, words or ["No two categories occur together."], 18 + CELL * len(names), drawn)


def series(at: int) -> str:
    """The class that gives the colour of the part at this place."""
    return f"series-{at % SERIES + 1}"


def _bar(row: Row, top: int, longest: float) -> str:
    drawn = [
        _text(row.name, "0", top + 12, css="chart-name"),
        _text(row.words, "100%", top + 12, anchor="end", css="chart-value"),
    ]
    start = 0.0
    for at, part in enumerate(row.parts):
        width = 100 * part.value / longest
        tip = f"<title>{escape(f'{row.name}, {part.name}: {part.words}')}</title>"
        box = f'x="{start:.2f}%" width="{width:.2f}%" y="{top + 17}" height="9"'
        drawn.append(f'<rect class="chart-part {series(at)}" {box}>{tip}</rect>')
        start += width
    return f"<g>{''.join(drawn)}</g>"


def _span(row: Span, top: int) -> str:
    name = _text(row.name, "0", top + 12, css="chart-name")
    if row.value is None:  # where the bar would be: beside the name there may be no room for a sentence
        return f"<g>{name}{_text(row.words, '0', top + 26, css='chart-why')}</g>"
    drawn = [name, _text(row.words, "100%", top + 12, anchor="end", css="chart-value")]
    y = top + 22
    if row.low is not None and row.high is not None:
        ends = f'x1="{_across(row.low)}" x2="{_across(row.high)}" y1="{y}" y2="{y}"'
        drawn.append(f'<line class="chart-interval" {ends}/>')
    drawn.append(f'<circle class="chart-point" cx="{_across(row.value)}" cy="{y}" r="4.5"/>')
    return f"<g>{''.join(drawn)}</g>"


def _cell(share: float, tip: str, left: float, width: float, top: int) -> str:
    box = f'x="{left:.2f}%" width="{width:.2f}%" y="{top}" height="{CELL}"'
    shade = f'fill-opacity="{0.04 + 0.6 * share:.2f}"'
    square = f'<rect class="chart-cell" {box} {shade}><title>{escape(tip)}</title></rect>'
    if not share:
        return square
    told = f"{100 * share:.0f}" if share >= LEAST else "<1"
    return square + _text(told, f"{left + width / 2:.2f}%", top + 22, anchor="middle", css="chart-share")


def _cut(name: str) -> str:
    return name if len(name) <= NAME_MAX else f"{name[: NAME_MAX - 1]}…"


def _across(value: float) -> str:
    return f"{100 * min(max(value, 0.0), 1.0):.2f}%"


def _upright(css: str, x: float, bottom: int, top: int = 0) -> str:
    return f'<line class="{css}" x1="{x:.2f}%" x2="{x:.2f}%" y1="{top}" y2="{bottom}"/>'


def _text(words: str, x: str, y: float, *, anchor: str = "start", css: str = "") -> str:
    classed = f' class="{css}"' if css else ""
    return f'<text{classed} x="{x}" y="{y:g}" text-anchor="{anchor}">{escape(words)}</text>'


def _drawing(title: str, words: Iterable[str], height: int, drawn: Sequence[str]) -> str:
    spoken = f"<title>{escape(title)}</title><desc>{escape('; '.join(words))}</desc>"
    return f'<svg class="chart" height="{height}" role="img">{spoken}{"".join(drawn)}</svg>'
