"""Score intervals against scipy, at their edges, and as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from annotator.agreement.intervals import LENIENT, NO_ANSWERS, ONE_SIDED, STRICT, SURE, Tally, wilson

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(counts)
def test_the_interval_is_scipys_when_it_is_computed_by_both(count: tuple[int, int]) -> None:
    right, n = count

    ours, theirs = (
        wilson(Tally(right, n)),
        binomtest(right, n).proportion_ci(confidence_level=0.95, method="wilson"),
    )

    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-6)


@given(counts, st.sampled_from([SURE, ONE_SIDED, STRICT, LENIENT]))
def test_the_interval_holds_the_share_and_stays_between_0_and_1(count: tuple[int, int], z: float) -> None:
    tally = Tally(*count)

    ends = wilson(tally, z)

    assert tally.share is not None
    assert 0 <= ends.low <= tally.share + 1e-12
    assert tally.share - 1e-12 <= ends.high <= 1


@given(counts)
def test_a_surer_interval_is_wider(count: tuple[int, int]) -> None:
    wide, narrow = wilson(Tally(*count), STRICT), wilson(Tally(*count), LENIENT)

    assert wide.low <= narrow.low + 1e-12
    assert narrow.high <= wide.high + 1e-12


def test_nothing_is_known_when_there_is_no_answer() -> None:
    ends = wilson(NO_ANSWERS)

    assert (ends.low, ends.high) == (0.0, 1.0)
    assert NO_ANSWERS.share is None


def test_more_right_than_answers_is_refused() -> None:
    with pytest.raises(ValueError, match="got 3 of 2"):
        wilson(Tally(3, 2))


def test_a_tally_counts_right_and_wrong() -> None:
    assert NO_ANSWERS.plus(right=True).plus(right=False) == Tally(1, 2)
