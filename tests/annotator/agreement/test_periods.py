"""Weeks or months, without gaps, and words that stand for them."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.agreement.periods import ENOUGH, MONTHS_MAX, WEEKS_MAX, Period, Unit, periods_of


def times(*days: str, each: int = ENOUGH) -> np.ndarray:
    return np.array([day for day in days for _ in range(each)], dtype="M8[s]")


def keys(found: np.ndarray) -> list[str]:
    return [period.key for period in periods_of(found).periods]


def test_weeks_begin_on_monday_and_have_no_gap() -> None:
    found = periods_of(times("2026-11-01T23:59:59", "2026-11-02", "2026-11-16"))

    assert [period.key for period in found.periods] == ["2026-W44", "2026-W45", "2026-W46", "2026-W47"]
    assert found.periods[1].start == date(2026, 11, 2)
    assert found.index[::ENOUGH].tolist() == [0, 1, 3]


def test_months_are_taken_when_most_weeks_have_too_little() -> None:
    assert keys(times("2026-11-02", "2026-11-09", "2026-12-20", each=ENOUGH - 1)) == ["2026-11", "2026-12"]


def test_months_are_taken_when_there_are_many_weeks() -> None:
    weeks = np.arange(WEEKS_MAX + 1) * 7
    days = np.repeat(np.datetime64("2026-01-05", "s") + weeks.astype("m8[D]"), ENOUGH)

    assert keys(days)[:2] == ["2026-01", "2026-02"]


def test_only_the_newest_months_are_shown_when_there_are_many() -> None:
    found = periods_of(times("2020-01-01", "2026-11-30"))

    assert len(found.periods) == MONTHS_MAX
    assert found.index[::ENOUGH].tolist() == [-1, MONTHS_MAX - 1]


def test_nothing_is_in_no_period() -> None:
    found = periods_of(np.array(["NaT", "NaT"], dtype="M8[s]"))

    assert (found.periods, found.index.tolist()) == ((), [-1, -1])


@given(st.dates(date(1971, 1, 1), date(2100, 1, 1)), st.sampled_from(Unit))
def test_a_period_is_read_back_from_its_word(day: date, unit: Unit) -> None:
    stamps = np.array([day] * ENOUGH, dtype="M8[s]") if unit == Unit.WEEK else np.array([day], dtype="M8[s]")

    [period] = periods_of(stamps).periods

    assert period.unit == unit
    assert period.start <= day < period.end
    assert Period.parse(period.key) == period


@pytest.mark.parametrize(
    "word",
    ["", "x", "2026", "2026-", "2026-13", "2026-W54", "2026-W00", "26-01", "2026-1", "9999-12", "2026-W4٥"],
)
def test_a_word_that_is_no_period_is_none(word: str) -> None:
    assert Period.parse(word) is None
