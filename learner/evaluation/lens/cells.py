"""Numbers of an evaluation as a table shows them: in words, with an interval and a mark on a common scale."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.safestring import SafeString

from annotator.charts import interval_mark

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


def triple_cell(triple: Any, words: Any = None) -> Cell:
    """Value, low and high of a stored curve."""
    value, low, high = triple
    fact = {
        "value": value,
        "low": low,
        "high": high,
        "n": None,
        "why_undefined": "too little is audited there",
    }
    return _cell(fact, words or (lambda one: f"{one:.2f}"), marked=words is None)


def percent(value: float) -> str:
    """A share in percent, to the digits that matter."""
    if value >= MOST:
        return f"{PERCENT * value:.0f} %"
    if value >= SOME:
        return f"{PERCENT * value:.1f} %"
    return "0 %" if value == 0 else "<0.01 %" if value < LEAST else f"{PERCENT * value:.2f} %"


def _cell(fact: Mapping[str, Any] | None, words: Any, *, marked: bool) -> Cell:
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
