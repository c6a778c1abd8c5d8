"""Label efficiency as a drawing that stands alone: SVG without script, style or outside parts, for a document."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from learner.core.comparison import FOUND, Report
from learner.core.efficiency import Measured

PANELS = (
    ("macro_ap", "Macro average precision"),
    ("macro_f1", "Macro-F1, tuned thresholds"),
    ("rare_recall", "Recall of the rare categories"),
    ("found", "Positives of the rare categories found"),
)
_WIDTH, _HEIGHT = 460, 250
_LEFT, _RIGHT, _TOP, _BOTTOM = 44, 24, 34, 28
_LEGEND_ROW, _LEGEND_COLUMNS, _HEAD = 18, 4, 30
_COLOURS = ("#0b6478", "#b4561b", "#6f4bb2", "#3d7a1f", "#b0387a", "#5d6875")
_DASHES = ("", "6 3", "2 3")
_GRID = 4
_BAND = 0.08


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where a panel stands, and what its edges mean."""

    left: float
    top: float
    labels: int
    lowest: float
    highest: float

    def x(self, labels: float) -> float:
        """Across: 0 labels at the left edge."""
        return self.left + _LEFT + (_WIDTH - _LEFT - _RIGHT) * labels / self.labels

    def y(self, value: float) -> float:
        """Down: the lowest value at the lower edge."""
        share = (value - self.lowest) / (self.highest - self.lowest)
        return self.top + _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share


def plot_of(reports: Sequence[Report], title: str) -> str:
    """Four panels, a line with its 95 % band (cut at the edges) for each strategy, and one legend with dashes."""
    rows = -(-len(reports) // _LEGEND_COLUMNS)
    head = _HEAD + _LEGEND_ROW * rows
    width, height = 2 * _WIDTH, head + 2 * _HEIGHT
    drawn = [
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        _text(12, 20, title, size=14, fill="#141a21"),
        *(_legend(number, report.strategy) for number, report in enumerate(reports)),
    ]
    for number, (measure, name) in enumerate(PANELS):
        left, top = _WIDTH * (number % 2), head + _HEIGHT * (number // 2)
        drawn += _panel(reports, measure, name, left=left, top=top)
    body = "\n".join(drawn)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" font-family="system-ui, sans-serif" role="img">\n{body}\n</svg>\n'
    )


def _panel(reports: Sequence[Report], measure: str, name: str, *, left: float, top: float) -> Iterable[str]:
    lowest, highest = _scale(reports, measure)
    frame = _Frame(left, top, max(report.labels[-1] for report in reports), lowest, highest)
    yield _text(left + _LEFT, top + 20, name, size=12, fill="#141a21")
    for step in range(_GRID + 1):
        yield from _grid(frame, step / _GRID)
    for number, report in enumerate(reports):
        yield from _line(frame, report.labels, report.curves[measure].values, number)


def _scale(reports: Sequence[Report], measure: str) -> tuple[float, float]:
    """A scale that all means fit on; scores do not begin at 0, where nothing would be told apart."""
    means = [point.mean for r in reports for point in r.curves[measure].values if point.mean is not None]
    highest = max(means, default=1.0) or 1.0
    if measure == FOUND:
        return 0.0, 1.05 * highest
    lowest = min(means, default=0.0)
    room = 0.1 * (highest - lowest) or 0.1
    return max(0.0, lowest - room), highest + room


def _grid(frame: _Frame, share: float) -> Iterable[str]:
    value, labels = frame.lowest + (frame.highest - frame.lowest) * share, frame.labels * share
    y, x = frame.y(value), frame.x(labels)
    shown = f"{value:.2f}" if frame.highest <= 2 else f"{value:,.0f}"  # noqa: PLR2004 - a score or a count
    yield (
        f'<line x1="{frame.x(0):.1f}" x2="{frame.x(frame.labels):.1f}" y1="{y:.1f}" y2="{y:.1f}" '
        'stroke="#e0e5ea"/>'
    )
    yield _text(frame.left + _LEFT - 6, y + 4, shown, anchor="end")
    yield _text(x, frame.top + _HEIGHT - _BOTTOM + 16, f"{labels:,.0f}", anchor="middle")


def _line(frame: _Frame, labels: Sequence[int], values: Sequence[Measured], number: int) -> Iterable[str]:
    seen = [
        (at, point, point.mean) for at, point in zip(labels, values, strict=True) if point.mean is not None
    ]
    upper = [(at, mean if point.high is None else min(point.high, frame.highest)) for at, point, mean in seen]
    lower = [(at, mean if point.low is None else max(point.low, frame.lowest)) for at, point, mean in seen]
    colour, dash = _look(number)
    if upper != lower:
        corners = _points(frame, [*upper, *reversed(lower)])
        yield f'<polygon points="{corners}" fill="{colour}" fill-opacity="{_BAND}"/>'
    path = _points(frame, [(at, mean) for at, _, mean in seen])
    yield f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.8"{dash}/>'


def _points(frame: _Frame, places: Iterable[tuple[int, float]]) -> str:
    return " ".join(f"{frame.x(at):.1f},{frame.y(value):.1f}" for at, value in places)


def _legend(number: int, name: str) -> str:
    x = 12 + (2 * _WIDTH - 24) / _LEGEND_COLUMNS * (number % _LEGEND_COLUMNS)
    y = _HEAD + 12 + _LEGEND_ROW * (number // _LEGEND_COLUMNS)
    colour, dash = _look(number)
    ends = f'x1="{x:.0f}" x2="{x + 26:.0f}" y1="{y - 4}" y2="{y - 4}"'
    mark = f'<line {ends} stroke="{colour}" stroke-width="2.5"{dash}/>'
    return mark + _text(x + 32, y, name, fill="#141a21")


def _look(number: int) -> tuple[str, str]:
    dash = _DASHES[number // len(_COLOURS) % len(_DASHES)]
    return _COLOURS[number % len(_COLOURS)], f' stroke-dasharray="{dash}"' if dash else ""


def _text(
    x: float, y: float, words: str, *, size: int = 11, anchor: str = "start", fill: str = "#556070"
) -> str:
    place = f'x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}"'
    return f'<text {place} fill="{fill}">{escape(words)}</text>'
