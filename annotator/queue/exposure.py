"""How much harmful content one person is given, and when lighter pages take over. Pure: no row, no clock.

Points are taken with each harmful page. Whoever has taken the budget within the window is given benign items
only, for the cool-down at least, and until enough of those points have left the window. A person thus rests
once for a while, instead of being stopped again by each page as single points expire.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    taken = sorted(spent, key=lambda one: one.minute)
    points = _within(taken, limits, now)
    if not limits.budget:
        return Ration(benign_only=False, until=None, points=points)
    until = max(
        (
            _rest_end(taken, limits, one.minute)
            for one in taken
            if _within(taken, limits, one.minute) >= limits.budget
        ),
        default=now,
    )
    return Ration(benign_only=until > now, until=until if until > now else None, points=points)


def _within(taken: Sequence[Spent], limits: Limits, at: datetime) -> float:
    """Points of the window that ends `at`."""
    return sum(one.points for one in taken if one.minute <= at < _leaves(one, limits))


def _leaves(one: Spent, limits: Limits) -> datetime:
    return one.minute + MINUTE + limits.window


def _rest_end(taken: Sequence[Spent], limits: Limits, begun: datetime) -> datetime:
    """When a rest that began in the minute `begun` ends, if nothing further is taken."""
    latest = begun + MINUTE + limits.window
    ends = sorted({_leaves(one, limits) for one in taken if begun < _leaves(one, limits) <= latest})
    line = RECOVERED * limits.budget
    recovered = next((end for end in ends if _within(taken, limits, end) <= line), latest)
    return max(recovered, begun + MINUTE + limits.cooldown)
