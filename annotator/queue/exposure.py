"""How much harmful content one person is given, and when lighter pages take over. Pure: no row, no clock.

Points are taken with each harmful page. Whoever has taken the budget within the window is given benign items
only, for the cool-down at least, and until enough of those points have left the window. A person thus rests
once for a while, instead of being stopped again by each page as single points expire.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate
from typing import Final

POINTS: Final = (0.0, 0.0, 1.0, 3.0)
"""Points of one page by its severity, 0 harmless to 3 grave."""

HARMFUL: Final = 2
"""The severity from which a page costs points, is shielded, and is not given to whoever rests."""

RECOVERED: Final = 0.75
"""The share of the budget that the points within the window must fall to before a rest ends."""

MINUTE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a project asks of one person at most: `budget` points (0: no limit) within `window`."""

    budget: float
    window: timedelta
    cooldown: timedelta

    @property
    def history(self) -> timedelta:
        """How far back `ration` has to be told what was taken: what is older changes nothing."""
        return self.window + max(self.window, self.cooldown) + MINUTE


@dataclass(frozen=True, slots=True)
class Spent:
    """Points that one person took in the minute that begins at `minute`."""

    minute: datetime
    points: float


@dataclass(frozen=True, slots=True)
class Ration:
    """What one person may be given now.

    `until` is when a rest ends if no further points are taken, and None unless `benign_only`. `points` are
    those within the window now.
    """

    benign_only: bool
    until: datetime | None
    points: float


def ration(spent: Sequence[Spent], limits: Limits, now: datetime) -> Ration:
    """What a person who has `spent` these points may be given at `now`.

    A minute counts from its first second to its last second plus the window, so that a page is never
    forgotten early. A rest begins whenever the points within the window reach the budget. It ends when the
    cool-down is over and the points are down to `RECOVERED` of the budget; a window later at the latest.
    More points, or points taken later, never shorten a rest.

    Examples
    --------
    >>> limits = Limits(budget=6, window=timedelta(hours=4), cooldown=timedelta(minutes=20))
    >>> noon = datetime(2026, 3, 2, 12)
    >>> ration([Spent(noon, 3), Spent(noon + 2 * MINUTE, 3)], limits, noon + 5 * MINUTE).until
    datetime.datetime(2026, 3, 2, 16, 1)
    """
    taken = _Taken(spent, limits)
    points = taken.within(now)
    begun = taken.last_rest() if limits.budget else None
    until = None if begun is None else taken.rest_end(begun)
    if until is None or until <= now:
        return Ration(benign_only=False, until=None, points=points)
    return Ration(benign_only=True, until=until, points=points)


class _Taken:
    """Points by minute with their running sum: the claim asks at each turn, so nothing is added up twice."""

    def __init__(self, spent: Sequence[Spent], limits: Limits) -> None:
        taken = sorted(spent, key=lambda one: one.minute)
        self._limits = limits
        self._minutes = [one.minute for one in taken]
        self._sums = [0.0, *accumulate(one.points for one in taken)]

    def within(self, at: datetime) -> float:
        """Points of the window that ends `at`."""
        gone = bisect_right(self._minutes, at - MINUTE - self._limits.window)
        return self._sums[bisect_right(self._minutes, at)] - self._sums[gone]

    def last_rest(self) -> datetime | None:
        """The last minute in which a rest began. No earlier one ends later."""
        return next(
            (minute for minute in reversed(self._minutes) if self.within(minute) >= self._limits.budget), None
        )

    def rest_end(self, begun: datetime) -> datetime:
        """When a rest that began in the minute `begun` ends, if nothing further is taken."""
        latest = begun + MINUTE + self._limits.window
        line = RECOVERED * self._limits.budget
        leaving = (minute + MINUTE + self._limits.window for minute in self._minutes)
        recovered = next(
            (end for end in leaving if begun < end < latest and self.within(end) <= line), latest
        )
        return max(recovered, begun + MINUTE + self._limits.cooldown)
