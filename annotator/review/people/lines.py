"""What a page shows of a profile: pictures of intervals, the weeks as a chart, and drift in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.safestring import SafeString

from annotator import charts
from annotator.agreement.drift import FEWEST, NEWEST, Drift
from annotator.agreement.intervals import Tally, wilson
from annotator.agreement.truth import ENOUGH
from annotator.review.models import WeekFields
from annotator.review.people.advice import FEWEST as FEWEST_ANSWERS
from annotator.review.people.profiles import Level, Profile

CHARTED: Final = 12
"""Newest weeks in the chart; a week with fewer answers than `FEWEST_ANSWERS` has no point."""


@dataclass(frozen=True)
class Shown:
    """A level, and its picture when it has a value."""

    level: Level
    mark: SafeString | None


@dataclass(frozen=True)
class Line:
    """One category of a profile."""

    name: str
    cells: tuple[Shown, ...]


@dataclass(frozen=True)
class ProfileLines:
    """A profile as a page shows it. `fewest` and `enough` are what a level needs before it is said."""

    profile: Profile
    lines: tuple[Line, ...]
    chart: SafeString | None
    held: str
    gold: str
    fewest: int = FEWEST_ANSWERS
    enough: int = round(ENOUGH)


def profile_lines(profile: Profile) -> ProfileLines:
    """The lines, chart and sentences of a profile."""
    return ProfileLines(
        profile=profile,
        lines=tuple(
            Line(row.name, tuple(map(_shown, (row.sensitivity, row.specificity, row.gold, row.held))))
            for row in profile.categories
        ),
        chart=_chart(profile.weeks[-CHARTED:]),
        held=drift_words(profile.held_drift),
        gold=drift_words(profile.gold_drift),
    )


def drift_words(drift: Drift) -> str:
    """Where the newest answers stand beside the older ones, in a sentence with its numbers.

    Examples
    --------
    >>> from datetime import date
    >>> drift_words(Drift("too few", date(2026, 11, 2), Tally(3, 4), Tally(40, 50)))
    'Too few to say: 4 in the newest 4 weeks and 50 before, 20 are needed in each.'
    """
    if drift.verdict == "too few":
        weeks = NEWEST.days // 7
        n = f"{drift.newest.n:,} in the newest {weeks} weeks and {drift.older.n:,} before"
        return f"Too few to say: {n}, {FEWEST} are needed in each."
    ends = wilson(drift.newest)
    newest = f"{drift.newest.share:.2f} [{ends.low:.2f}, {ends.high:.2f}] n={drift.newest.n:,}"
    numbers = f"{newest} since {drift.since}, {drift.older.share:.2f} in {drift.older.n:,} before"
    word = {"higher": "Higher than before", "lower": "Lower than before", "same": "No change that shows"}
    return f"{word[drift.verdict]}: {numbers}."


def _shown(level: Level) -> Shown:
    if level.value is None or level.low is None or level.high is None:
        return Shown(level, None)
    return Shown(level, charts.interval_mark(level.value, level.low, level.high))


def _chart(weeks: Sequence[WeekFields]) -> SafeString | None:
    """Both shares by week, or None when no week has enough."""
    held = [_point(week, Tally(week.held_right, week.held_n)) for week in weeks]
    gold = [_point(week, Tally(week.gold_right, week.gold_n)) for week in weeks]
    if all(point.value is None for point in (*held, *gold)):
        return None
    return charts.line_chart(
        {"As held true": held, "On gold": gold}, "Shares by week, with 95 % intervals", scale=(0.0, 1.0)
    )


def _point(week: WeekFields, tally: Tally) -> charts.Estimate:
    name = f"{week.week:%m-%d}"
    if tally.n < FEWEST_ANSWERS:
        return charts.Estimate(name, None, n=tally.n, why="too few to say")
    ends = wilson(tally)
    return charts.Estimate(name, tally.share, ends.low, ends.high, tally.n)
