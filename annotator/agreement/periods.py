"""Weeks or months of judgments: the finest of the two in which there is enough to say something."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final, Self

import numpy as np
from numpy.typing import NDArray

from annotator.agreement.ratings import IntArray

WEEKS_MAX: Final = 26
MONTHS_MAX: Final = 36
ENOUGH: Final = 20
"""Items that make a week worth a point of its own."""
MONDAY: Final = 3
"""Days from the Monday before 1 January 1970, a Thursday."""
DAYS: Final = 7
MONTHS: Final = 12

Times = NDArray[np.datetime64]


class Unit(StrEnum):
    """How long a period is."""

    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Period:
    """A week from its Monday, or a calendar month, in UTC."""

    unit: Unit
    start: date

    @property
    def end(self) -> date:
        """The first day after it."""
        if self.unit == Unit.WEEK:
            return self.start + timedelta(days=DAYS)
        return (self.start + timedelta(days=31)).replace(day=1)

    @property
    def key(self) -> str:
        """The period as one word, for an address.

        >>> Period(Unit.WEEK, date(2026, 11, 2)).key, Period(Unit.MONTH, date(2026, 11, 1)).key
        ('2026-W45', '2026-11')
        """
        if self.unit == Unit.MONTH:
            return self.start.isoformat()[:7]
        year, week, _ = self.start.isocalendar()
        return f"{year}-W{week:02}"

    @classmethod
    def parse(cls, key: str) -> Self | None:
        """The period of a key; None for a word that is none.

        >>> Period.parse("2026-W45")
        Period(unit=<Unit.WEEK: 'week'>, start=datetime.date(2026, 11, 2))
        """
        year, _, rest = key.partition("-")
        try:
            if rest.startswith("W"):
                found = cls(Unit.WEEK, date.fromisocalendar(int(year), int(rest[1:]), 1))
            else:
                found = cls(Unit.MONTH, date(int(year), int(rest), 1))
            known = found.key == key and found.end > found.start
        except (ValueError, OverflowError):
            return None
        return found if known else None


@dataclass(frozen=True, slots=True, eq=False)
class Periods:
    """Periods without a gap, and which of them each time falls into.

    Parameters
    ----------
    periods : tuple of Period
        Ascending; those in which nothing happened are there too.
    index : int array (n_times,)
        Position in `periods`; -1 of a time before the first, or of none.
    """

    periods: tuple[Period, ...]
    index: IntArray


def periods_of(times: Times) -> Periods:
    """Weeks, when there are at most `WEEKS_MAX` and half of them have `ENOUGH` times; else the newest months.

    Parameters
    ----------
    times : datetime64[s] array (n_times,)
        In UTC; NaT where there is none.

    Examples
    --------
    >>> times = np.array(["2026-11-03", "2026-11-09"] * 20, dtype="M8[s]")
    >>> [period.key for period in periods_of(times).periods]
    ['2026-W45', '2026-W46']
    """
    known = ~np.isnat(times)
    if not known.any():
        return Periods((), np.full(times.size, -1, dtype=np.int64))
    weeks = (times[known].astype("M8[D]").astype(np.int64) + MONDAY) // DAYS
    counts = np.bincount(weeks - weeks.min())
    if counts.size <= WEEKS_MAX and 2 * (counts >= ENOUGH).sum() >= counts.size:
        return _numbered(weeks, known, Unit.WEEK, counts.size)
    months = times[known].astype("M8[M]").astype(np.int64)
    return _numbered(months, known, Unit.MONTH, MONTHS_MAX)


def _numbered(numbers: IntArray, known: NDArray[np.bool_], unit: Unit, most: int) -> Periods:
    last = int(numbers.max())
    first = max(int(numbers.min()), last - most + 1)
    index = np.full(known.size, -1, dtype=np.int64)
    index[known] = np.maximum(numbers - first, -1)
    return Periods(tuple(Period(unit, _start(number, unit)) for number in range(first, last + 1)), index)


def _start(number: int, unit: Unit) -> date:
    epoch = date(1970, 1, 1)
    if unit == Unit.WEEK:
        return epoch + timedelta(days=DAYS * number - MONDAY)
    return epoch.replace(year=1970 + number // MONTHS, month=number % MONTHS + 1)
