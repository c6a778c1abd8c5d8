"""Charts drawn on the server as SVG: geometry in attributes, colour in charts.css, no inline style.

Horizontal positions are percentages and text keeps its size, so one drawing fits a phone and a wide screen.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

ROW = 40
TOP, BOTTOM = 20, 160
SERIES = 6
X_LABELS_MAX = 6
MARK_NAME = 9.0  # percent across that the name of a mark takes on a phone


@dataclass(frozen=True)
class Estimate:
    """One value under its name; without a value, `why` says what is missing."""

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    why: str = "not measured yet"

    @property
    def words(self) -> str:
        """The value as text: `0.71 [0.62, 0.79] n=140`."""
        value = self.why if self.value is None else f"{self.value:.2f}"
        interval = "" if self.low is None or self.high is None else f" [{self.low:.2f}, {self.high:.2f}]"
        return value + interval + ("" if self.n is None else f" n={self.n:,}")


@dataclass(frozen=True)
class Part:
    """One part of a whole."""

    name: str
    value: float


@dataclass(frozen=True)
class Mark:
    """Something that happened between two places of a chart: 1.5 is half way from the second to the third."""

    name: str
    at: float


Scale = tuple[float, float]
Lines = Mapping[str, Sequence[Estimate]]


def interval_bars(
    rows: Sequence[Estimate], title: str, *, scale: Scale = (0.0, 1.0), target: float | None = None
) -> SafeString:
    """A row for each estimate: its name, its value in words, and its interval on one common scale."""
    height = ROW * len(rows)
    drawn = [_upright("chart-grid", 25 * quarter, 0, height) for quarter in range(5)]
    drawn += _scale_names(scale, height + 14)
    if target is not None:
        drawn.append(_upright("chart-target", _across(target, scale), 0, height))
    drawn += [_interval_row(row, ROW * index, scale) for index, row in enumerate(rows)]
    return _drawing(title, (f"{row.name}: {row.words}" for row in rows), height + 20, drawn)


def line_chart(lines: Lines, title: str, *, scale: Scale | None = None) -> SafeString:
    """One line for each name over places named by its estimates, with a whisker for each interval."""
    scale = scale or _scale_of(lines)
    places = [point.name for point in max(lines.values(), key=len, default=())]
    drawn = [*_value_grid(scale), *_place_names(places)]
    for index, (name, line) in enumerate(lines.items()):
        drawn.append(_tag("g", *_line(name, line, len(places), scale), class_=_series(index)))
    last = (f"{name}, {line[-1].name}: {line[-1].words}" for name, line in lines.items() if line)
    return _drawing(title, last, BOTTOM + 20, drawn)


def band_chart(
    line: Sequence[Estimate],
    title: str,
    *,
    marks: Sequence[Mark] = (),
    scale: Scale = (0.0, 1.0),
    target: float | None = None,
) -> SafeString:
    """One line with its interval as a band, broken where there is no value; each mark is an upright, named rule."""
    drawn = [*_value_grid(scale), *_place_names([point.name for point in line])]
    if target is not None:
        y = _up(target, scale)
        drawn.append(_tag("line", class_="chart-target", x1=0, x2="100%", y1=y, y2=y))
    drawn += _marks(marks, len(line))
    runs = _runs(line)
    bands = [_band(run, len(line), scale) for run in runs if len(run) > 1]
    if bands:  # a polygon takes no percentages, so it is stretched as a whole
        box = {
            "width": "100%",
            "height": BOTTOM,
            "viewBox": f"0 0 100 {BOTTOM}",
            "preserveAspectRatio": "none",
        }
        drawn.append(_tag("svg", *bands, class_="series-1", **box))
    drawn.append(
        _tag("g", *(part for run in runs for part in _run(run, len(line), scale)), class_="series-1")
    )
    words = [f"{point.name}: {point.words}" for point in line] + [f"{mark.name} is marked" for mark in marks]
    return _drawing(title, words, BOTTOM + 20, drawn)


def stacked_bar(parts: Sequence[Part], title: str) -> SafeString:
    """The parts of a whole in one bar; the first has the colour of `series-1` in a legend, and so on."""
    total = sum(part.value for part in parts) or 1.0
    drawn, start = [], 0.0
    for index, part in enumerate(parts):
        width = 100 * part.value / total
        tip = _tag("title", f"{part.name}: {part.value:,.0f} ({width:.0f} %)")
        box = {"x": _percent(start), "width": _percent(width), "height": 12}
        drawn.append(_tag("rect", tip, class_=f"chart-part {_series(index)}", **box))
        start += width
    return _drawing(title, (f"{part.name}: {part.value:,.0f}" for part in parts), 12, drawn)


def sparkline(values: Sequence[float], title: str) -> SafeString:
    """The shape of a short series, to stand in a line of text."""
    scale = (min(values, default=0.0), max(values, default=0.0))
    points = " ".join(
        f"{_place(index, len(values)):.1f},{21 - 0.18 * _across(value, scale):.1f}"
        for index, value in enumerate(values)
    )
    line = _tag("polyline", class_="chart-line", points=points)
    return _tag(
        "svg", _tag("title", title), line, class_="chart sparkline series-1", viewBox="0 0 100 24", role="img"
    )


def interval_mark(value: float, low: float, high: float) -> SafeString:
    """Dot and bar on the scale from 0 to 1, to stand in a cell beside the same numbers in words."""
    scale = (0.0, 1.0)
    ends = {"x1": _percent(_across(low, scale)), "x2": _percent(_across(high, scale))}
    drawn = [
        _tag("line", class_="chart-grid", x1=0, x2="100%", y1=8, y2=8),
        _tag("line", class_="chart-interval", y1=8, y2=8, **ends),
        _tag("circle", class_="chart-point", cx=_percent(_across(value, scale)), cy=8, r=4),
    ]
    return _tag("svg", *drawn, class_="chart chart-mark", height=16, aria_hidden="true")


def _interval_row(row: Estimate, top: int, scale: Scale) -> SafeString:
    drawn = [_tag("text", row.name, class_="chart-name", x=0, y=top + 14)]
    if row.value is None:  # where the bar would be: beside the name there may be no room for a sentence
        return _tag("g", *drawn, _tag("text", row.words, class_="chart-why", x=0, y=top + 29))
    drawn.append(_tag("text", row.words, class_="chart-value", x="100%", y=top + 14, text_anchor="end"))
    if row.low is not None and row.high is not None:
        low, high = _percent(_across(row.low, scale)), _percent(_across(row.high, scale))
        drawn.append(_tag("line", class_="chart-interval", x1=low, x2=high, y1=top + 25, y2=top + 25))
    drawn.append(
        _tag("circle", class_="chart-point", cx=_percent(_across(row.value, scale)), cy=top + 25, r=4.5)
    )
    return _tag("g", *drawn)


def _line(name: str, line: Sequence[Estimate], places: int, scale: Scale) -> list[SafeString]:
    seen = [
        (_place(at, places), point, point.value) for at, point in enumerate(line) if point.value is not None
    ]
    drawn = [
        _tag(
            "line",
            class_="chart-line",
            x1=_percent(x1),
            y1=_up(one, scale),
            x2=_percent(x2),
            y2=_up(two, scale),
        )
        for (x1, _, one), (x2, _, two) in pairwise(seen)
    ]
    for x, point, value in seen:
        if point.low is not None and point.high is not None:
            drawn.append(_upright("chart-whisker", x, _up(point.low, scale), _up(point.high, scale)))
        tip = _tag("title", f"{name}, {point.name}: {point.words}")
        drawn.append(_tag("circle", tip, class_="chart-dot", cx=_percent(x), cy=_up(value, scale), r=3.5))
    return drawn


Run = Sequence[tuple[int, Estimate, float]]


def _runs(line: Sequence[Estimate]) -> list[Run]:
    """The places next to each other that have a value."""
    runs: list[list[tuple[int, Estimate, float]]] = [[]]
    for at, point in enumerate(line):
        if point.value is None:
            runs.append([])
        else:
            runs[-1].append((at, point, point.value))
    return [run for run in runs if run]


def _band(run: Run, places: int, scale: Scale) -> SafeString:
    """The intervals of a run as one surface; without an interval it narrows to the value."""
    upper = [(at, value if point.high is None else point.high) for at, point, value in run]
    lower = [(at, value if point.low is None else point.low) for at, point, value in run]
    corners = (f"{_place(at, places):.2f},{_up(end, scale)}" for at, end in (*upper, *reversed(lower)))
    return _tag("polygon", class_="chart-band", points=" ".join(corners))


def _run(run: Run, places: int, scale: Scale) -> list[SafeString]:
    """The line through a run, and its points; a point alone has a whisker in place of a band."""
    drawn = [
        _tag(
            "line",
            class_="chart-line",
            x1=_percent(_place(one, places)),
            y1=_up(start, scale),
            x2=_percent(_place(two, places)),
            y2=_up(end, scale),
        )
        for (one, _, start), (two, _, end) in pairwise(run)
    ]
    for at, point, value in run:
        x = _place(at, places)
        if len(run) == 1 and point.low is not None and point.high is not None:
            drawn.append(_upright("chart-whisker", x, _up(point.low, scale), _up(point.high, scale)))
        tip = _tag("title", f"{point.name}: {point.words}")
        drawn.append(_tag("circle", tip, class_="chart-dot", cx=_percent(x), cy=_up(value, scale), r=3.5))
    return drawn


def _marks(marks: Sequence[Mark], places: int) -> list[SafeString]:
    """A rule for each mark; of marks so close that their names would overlap the first is named."""
    drawn, named = [], -MARK_NAME
    for mark in sorted(marks, key=lambda mark: mark.at):
        x = _place(mark.at, places)
        tip = _tag("title", mark.name)
        drawn.append(_tag("g", tip, _upright("chart-mark", x, TOP, BOTTOM)))
        if x - named >= MARK_NAME:
            drawn.append(_tag("text", mark.name, x=_percent(x), y=TOP - 6, text_anchor="middle"))
            named = x
    return drawn


def _value_grid(scale: Scale) -> list[SafeString]:
    values = _quarters(scale)
    lines = [
        _tag("line", class_="chart-grid", x1=0, x2="100%", y1=_up(v, scale), y2=_up(v, scale)) for v in values
    ]
    return lines + [_tag("text", f"{value:,.4g}", x=0, y=_up(value, scale) - 4) for value in values]


def _scale_names(scale: Scale, y: int) -> list[SafeString]:
    anchors = ["start", *["middle"] * 3, "end"]
    return [
        _tag("text", f"{value:,.4g}", x=_percent(25 * quarter), y=y, text_anchor=anchors[quarter])
        for quarter, value in enumerate(_quarters(scale))
    ]


def _quarters(scale: Scale) -> list[float]:
    return [scale[0] + (scale[1] - scale[0]) * quarter / 4 for quarter in range(5)]


def _place_names(places: Sequence[str]) -> list[SafeString]:
    step = max(1, -(-len(places) // X_LABELS_MAX))
    shown = list(enumerate(places))[::step]
    return [
        _tag("text", name, x=_percent(_place(place, len(places))), y=BOTTOM + 16, text_anchor="middle")
        for place, name in shown
    ]


def _scale_of(lines: Lines) -> Scale:
    points = [point for line in lines.values() for point in line]
    ends = [end for point in points for end in (point.value, point.low, point.high) if end is not None]
    return min([0.0, *ends]), max([0.0, *ends]) or 1.0


def _across(value: float, scale: Scale) -> float:
    """Where `value` stands on `scale`, in percent, held inside 0 to 100."""
    low, high = scale
    return 50.0 if high == low else min(max(100 * (value - low) / (high - low), 0.0), 100.0)


def _up(value: float, scale: Scale) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * _across(value, scale) / 100, 1)


def _place(index: float, places: int) -> float:
    """Percent across for place `index`, inside margins that hold half a label."""
    return 50 + 76 * index if places == 1 else 12 + 82 * index / (places - 1)


def _upright(css: str, x: float, y1: float, y2: float) -> SafeString:
    return _tag("line", class_=css, x1=_percent(x), x2=_percent(x), y1=y1, y2=y2)


def _series(index: int) -> str:
    return f"series-{index % SERIES + 1}"


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def _drawing(title: str, words: Iterable[str], height: int, drawn: Sequence[str]) -> SafeString:
    spoken = _tag("title", title), _tag("desc", "; ".join(words))
    return _tag("svg", *spoken, *drawn, class_="chart", height=height, role="img")


def _tag(name: str, *content: str, **attributes: object) -> SafeString:
    """One element; text is escaped, `class_` is written class and `text_anchor` text-anchor."""
    named = ((key.strip("_").replace("_", "-"), value) for key, value in attributes.items())
    written = format_html_join("", ' {}="{}"', named)
    return format_html(
        "<{0}{1}>{2}</{0}>", name, written, format_html_join("", "{}", ((part,) for part in content))
    )
