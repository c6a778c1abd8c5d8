"""Plots with numbers on both axes, drawn on the server as SVG like the charts beside them: no inline style."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString

from annotator.charts import Scale, _across, _drawing, _percent, _tag

TOP, HEIGHT = 8, 208
QUARTERS = 5


@dataclass(frozen=True)
class Spot:
    """One place of a plot, with an interval upwards where there is one; `words` tell it."""

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    words: str = ""


@dataclass(frozen=True)
class Axes:
    """What the axes are and how far they go."""

    across: str
    up: str
    x: Scale = (0.0, 1.0)
    y: Scale = (0.0, 1.0)


def curve_plot(
    spots: Sequence[Spot], title: str, axes: Axes, *, marks: Sequence[Spot] = (), diagonal: bool = False
) -> SafeString:
    """A line through places in their order, its intervals as a band, and marks that stand out."""
    drawn = [*_grid(axes)]
    inside = [_diagonal()] if diagonal else []
    if len(spots) > 1:
        inside += [_band(spots, axes), _line(spots, axes)]
    drawn.append(_stretched(inside))
    drawn += [*_names_up(axes), *(_dot(spot, axes, "chart-point", 5) for spot in marks)]
    words = [spot.words for spot in marks] or [spot.words for spot in spots]
    return _drawing(title, words, TOP + HEIGHT + 34, drawn)


def spots_plot(spots: Sequence[Spot], title: str, axes: Axes) -> SafeString:
    """Places by themselves with their intervals, against the diagonal on which both axes agree."""
    drawn = [*_grid(axes), _stretched([_diagonal()]), *_names_up(axes)]
    for spot in spots:
        if spot.low is not None and spot.high is not None:
            x = _percent(_across(spot.x, axes.x))
            y1, y2 = _up(spot.low, axes), _up(spot.high, axes)
            drawn.append(_tag("line", class_="chart-whisker series-1", x1=x, x2=x, y1=y1, y2=y2))
        drawn.append(_dot(spot, axes, "chart-dot series-1", 4))
    return _drawing(title, [spot.words for spot in spots], TOP + HEIGHT + 34, drawn)


def _grid(axes: Axes) -> list[SafeString]:
    drawn = []
    anchors = ["start", *["middle"] * (QUARTERS - 2), "end"]
    for place, anchor in enumerate(anchors):
        share = place / (QUARTERS - 1)
        x, y = _percent(100 * share), round(TOP + HEIGHT * (1 - share), 1)
        drawn.append(_tag("line", class_="chart-grid", x1=0, x2="100%", y1=y, y2=y))
        drawn.append(_tag("text", _value(axes.x, share), x=x, y=TOP + HEIGHT + 15, text_anchor=anchor))
    drawn.append(_tag("text", f"{axes.across} →", x="100%", y=TOP + HEIGHT + 31, text_anchor="end"))
    return drawn


def _names_up(axes: Axes) -> list[SafeString]:
    """The values of the upright axis, drawn last: a halo keeps lines out of them."""
    shares = [place / (QUARTERS - 1) for place in range(1, QUARTERS)]
    names = [_value(axes.y, share) for share in shares]
    names[-1] += f" {axes.up}"
    return [
        _tag("text", name, class_="chart-why", x=0, y=round(TOP + HEIGHT * (1 - share) + 13, 1))
        for name, share in zip(names, shares, strict=True)
    ]


def _value(scale: Scale, share: float) -> str:
    return f"{scale[0] + (scale[1] - scale[0]) * share:.3g}"


def _stretched(drawn: Sequence[SafeString]) -> SafeString:
    """Lines and surfaces take no percentages, so they are stretched as a whole; their width is not."""
    box = {"x": 0, "y": TOP, "width": "100%", "height": HEIGHT, "viewBox": "0 0 100 100"}
    return _tag("svg", *drawn, class_="series-1", preserveAspectRatio="none", **box)


def _band(spots: Sequence[Spot], axes: Axes) -> SafeString:
    upper = [(spot.x, spot.y if spot.high is None else spot.high) for spot in spots]
    lower = [(spot.x, spot.y if spot.low is None else spot.low) for spot in spots]
    return _tag("polygon", class_="chart-band", points=_places([*upper, *reversed(lower)], axes))


def _line(spots: Sequence[Spot], axes: Axes) -> SafeString:
    points = _places([(spot.x, spot.y) for spot in spots], axes)
    return _tag("polyline", class_="chart-line", points=points, vector_effect="non-scaling-stroke")


def _places(places: Sequence[tuple[float, float]], axes: Axes) -> str:
    return " ".join(f"{_across(x, axes.x):.2f},{100 - _across(y, axes.y):.2f}" for x, y in places)


def _diagonal() -> SafeString:
    ends = {"x1": 0, "y1": 100, "x2": 100, "y2": 0}
    return _tag("line", class_="chart-target", vector_effect="non-scaling-stroke", **ends)


def _dot(spot: Spot, axes: Axes, css: str, radius: float) -> SafeString:
    tip = _tag("title", spot.words)
    return _tag(
        "circle", tip, class_=css, cx=_percent(_across(spot.x, axes.x)), cy=_up(spot.y, axes), r=radius
    )


def _up(value: float, axes: Axes) -> float:
    return round(TOP + HEIGHT * (1 - _across(value, axes.y) / 100), 1)
