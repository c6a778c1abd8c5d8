"""Numbers of an evaluation as a table shows them: in words, with an interval and a mark on a common scale."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.safestring import SafeString

from annotator.charts import interval_mark
from learner.core.metrics.policy import Triple

NOT_MEASURED: Final = "not measured by this evaluation"
PERCENT: Final = 100
MOST: Final = 0.0995
SOME: Final = 0.00995
LEAST: Final = 0.00005


@dataclass(frozen=True)
class Cell:
    """One estimate: its value and interval in words, or why it has none; `mark` draws it from 0 to 1."""

    value: float | None
    words: str
    interval: str
    n: int | None
    why: str
    mark: SafeString | None


def score_cell(fact: Mapping[str, Any] | None) -> Cell:
    """A score: two digits, and a mark."""
    return _cell(fact, lambda value: f"{value:.2f}", marked=True)


def rate_cell(fact: Mapping[str, Any] | None) -> Cell:
    """A rate that is small as a rule: in percent, and no mark, which would be a dot at the left end."""
    return _cell(fact, percent, marked=False)


def small_cell(fact: Mapping[str, Any] | None) -> Cell:
    """A score that is small as a rule and is no share of anything."""
    return _cell(fact, lambda value: f"{value:.4f}", marked=False)


def triple_cell(triple: Triple) -> Cell:
    """A score of a stored curve: value, low and high."""
    return _cell(_fact(triple), lambda value: f"{value:.2f}", marked=True)


def rate_triple(triple: Triple) -> Cell:
    """A rate of a stored curve."""
    return _cell(_fact(triple), percent, marked=False)


def count_triple(triple: Triple) -> Cell:
    """Pages."""
    return _cell(_fact(triple), lambda value: f"{value:,.0f}", marked=False)


def percent(value: float) -> str:
    """A share in percent, to the digits that matter."""
    if value >= MOST:
        return f"{PERCENT * value:.0f} %"
    if value >= SOME:
        return f"{PERCENT * value:.1f} %"
    return "0 %" if value == 0 else "<0.01 %" if value < LEAST else f"{PERCENT * value:.2f} %"


def _fact(triple: Triple) -> Mapping[str, Any]:
    value, low, high = triple
    return {
        "value": value,
        "low": low,
        "high": high,
        "n": None,
        "why_undefined": "too little is audited there",
    }


def _cell(fact: Mapping[str, Any] | None, words: Callable[[float], str], *, marked: bool) -> Cell:
    if fact is None:
        return Cell(None, "", "", None, NOT_MEASURED, None)
    value, low, high = fact["value"], fact["low"], fact["high"]
    if value is None:
        return Cell(None, "", "", fact["n"], fact["why_undefined"], None)
    return Cell(
        value=value,
        words=words(value),
        interval="" if low is None else f"{words(low)} to {words(high)}",
        n=fact["n"],
        why="",
        mark=interval_mark(value, low, high) if marked and low is not None else None,
    )
