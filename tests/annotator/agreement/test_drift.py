"""Drift of one person: a verdict only where both levels exclude each other."""

from datetime import date, timedelta

import pytest

from annotator.agreement.drift import FEWEST, Week, drift_of
from annotator.agreement.intervals import Tally

MONDAY = date(2026, 1, 5)


def weeks(*tallies: tuple[int, int]) -> list[Week]:
    return [Week(MONDAY + timedelta(weeks=n), Tally(*tally)) for n, tally in enumerate(tallies)]


def test_nothing_is_said_of_nothing() -> None:
    drift = drift_of([])

    assert (drift.verdict, drift.since) == ("too few", None)


def test_one_week_has_nothing_before_it() -> None:
    assert drift_of(weeks((1, 100))).verdict == "too few"


def test_too_few_new_answers_are_no_verdict() -> None:
    # 0 of 19 after 90 of 100 would be lower by any interval.
    drift = drift_of(weeks((90, 100), (0, 0), (0, 0), (0, 0), (0, FEWEST - 1)))

    assert drift.verdict == "too few"
    assert drift.newest == Tally(0, FEWEST - 1)


def test_the_newest_period_is_as_many_weeks_as_it_takes() -> None:
    drift = drift_of(weeks((90, 100), (9, 10), (5, 10), (5, 10)))

    assert drift.since == MONDAY + timedelta(weeks=2)
    assert (drift.newest, drift.older) == (Tally(10, 20), Tally(99, 110))


def test_the_newest_period_is_four_weeks_at_most() -> None:
    drift = drift_of(weeks((9, 10), (9, 10), (1, 4), (1, 4), (1, 4), (1, 4)))

    assert drift.since == MONDAY + timedelta(weeks=2)
    assert (drift.verdict, drift.newest.n) == ("too few", 16)


@pytest.mark.parametrize(
    ("older", "newest", "verdict"),
    [
        ((90, 100), (13, 25), "lower"),
        ((60, 100), (25, 25), "higher"),
        ((90, 100), (20, 25), "same"),
        ((18, 20), (16, 25), "same"),  # 0.64 [0.45, 0.80] leaves out 0.90, but of 20 that is no firm level
        ((90, 100), (90, 100), "same"),
    ],
)
def test_a_verdict_needs_a_clear_difference(
    older: tuple[int, int], newest: tuple[int, int], verdict: str
) -> None:
    assert drift_of(weeks(older, newest)).verdict == verdict


def test_false_alarms_are_rare_when_nothing_changed() -> None:
    """At a level of 0.9 with 200 older and 40 new answers: the chance over all outcomes, by enumeration."""
    from scipy.stats import binom  # noqa: PLC0415 - only here

    chance = sum(
        binom.pmf(old, 200, 0.9) * binom.pmf(new, 40, 0.9)
        for old in range(150, 201)
        for new in range(41)
        if drift_of(weeks((old, 200), (new, 40))).verdict == "lower"
    )

    assert chance < 0.01
