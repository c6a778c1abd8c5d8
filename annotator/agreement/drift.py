"""Whether somebody's newest answers are another level than their older ones: a verdict only where it is clear."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final, Literal

from annotator.agreement.intervals import CERTAIN, NO_ANSWERS, Tally, difference

FEWEST: Final = 20
"""Answers that the newest period needs, and the older ones together, before anything is said."""
NEWEST: Final = timedelta(weeks=4)
"""The newest period is as many of the newest weeks as `FEWEST` answers take, and no more than this."""

Verdict = Literal["higher", "lower", "same", "too few"]


@dataclass(frozen=True, slots=True)
class Week:
    """How many answers of one week were right; it starts on a Monday."""

    start: date
    tally: Tally


@dataclass(frozen=True, slots=True)
class Drift:
    """The newest period beside all that was before it. `since` is the first Monday of the newest, None of no weeks."""

    verdict: Verdict
    since: date | None
    newest: Tally
    older: Tally


def drift_of(weeks: Sequence[Week]) -> Drift:
    """Where the newest weeks stand beside the older ones.

    Higher or lower only when the 99 % interval of the difference leaves out 0; then the interval of the newest period
    leaves out the older level too, and the other way round. Otherwise the same: no difference could be shown.

    Parameters
    ----------
    weeks : sequence of Week
        In the order of time; weeks without an answer may be left out.

    Examples
    --------
    >>> older, newest = Week(date(2026, 11, 2), Tally(45, 50)), Week(date(2026, 11, 9), Tally(11, 25))
    >>> drift_of([older, newest]).verdict, drift_of([newest, older]).verdict, drift_of([older, older]).verdict
    ('lower', 'higher', 'same')
    """
    if not weeks:
        return Drift("too few", None, NO_ANSWERS, NO_ANSWERS)
    first = _first_of_newest(weeks)
    newest, older = _sum(weeks[first:]), _sum(weeks[:first])
    return Drift(_verdict(newest, older), weeks[first].start, newest, older)


def _first_of_newest(weeks: Sequence[Week]) -> int:
    first, n = len(weeks) - 1, weeks[-1].tally.n
    while n < FEWEST and first > 0 and weeks[-1].start - weeks[first - 1].start < NEWEST:
        first -= 1
        n += weeks[first].tally.n
    return first


def _sum(weeks: Sequence[Week]) -> Tally:
    return Tally(sum(week.tally.right for week in weeks), sum(week.tally.n for week in weeks))


def _verdict(newest: Tally, older: Tally) -> Verdict:
    if newest.n < FEWEST or older.n < FEWEST:
        return "too few"
    low, high = difference(newest, older, CERTAIN)
    return "lower" if high < 0 else "higher" if low > 0 else "same"
