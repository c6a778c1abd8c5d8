"""Score intervals against scipy, at their edges, and as properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from annotator.agreement.intervals import (
    LENIENT,
    NO_ANSWERS,
    ONE_SIDED,
    STRICT,
    SURE,
    Tally,
    chance_of_as_many,
    difference,
    exact,
    wilson,
)

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


@pytest.mark.parametrize(
    ("one", "other", "ends"),
    [
        # Newcombe (1998), Table II, method 10.
        (Tally(56, 70), Tally(48, 80), (0.0524, 0.3339)),
        (Tally(9, 10), Tally(3, 10), (0.1705, 0.8090)),
        (Tally(6, 7), Tally(2, 7), (0.0582, 0.8062)),
        (Tally(5, 56), Tally(0, 29), (-0.0381, 0.1926)),
        (Tally(10, 10), Tally(0, 10), (0.6075, 1.0000)),
    ],
)
def test_the_interval_of_a_difference_is_newcombes(
    one: Tally, other: Tally, ends: tuple[float, float]
) -> None:
    assert difference(one, other) == pytest.approx(ends, abs=5e-5)


def test_a_difference_to_nothing_is_everything() -> None:
    assert difference(Tally(1, 2), Tally(0, 0)) == (-1.0, 1.0)


@pytest.mark.parametrize("n", [1, 9, 50, 20_000])
@pytest.mark.parametrize("share", [0.1, 0.2, 0.8])
def test_the_chance_of_as_many_is_the_binomial_tail(n: int, share: float) -> None:
    for right in {0, 1, n // 10, n // 5, n // 2, n - 1, n}:
        assert chance_of_as_many(Tally(right, n), share) == pytest.approx(
            binom.sf(right - 1, n, share), abs=1e-9
        )


@given(counts, st.sampled_from([0.9, 0.95, 0.99]))
def test_the_exact_interval_is_scipys(count: tuple[int, int], level: float) -> None:
    ours = exact(Tally(*count), level)

    theirs = binomtest(*count).proportion_ci(confidence_level=level, method="exact")
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_the_exact_interval_is_everything_when_there_is_no_answer_and_refuses_nonsense() -> None:
    ends = exact(NO_ANSWERS)

    assert (ends.low, ends.high) == (0.0, 1.0)
    with pytest.raises(ValueError, match="got 3 of 2"):
        exact(Tally(3, 2))


@pytest.mark.parametrize("n", range(1, 200))
def test_end_is_exact_when_all_or_none_were_right(n: int) -> None:
    assert wilson(Tally(n, n), ONE_SIDED).high == 1.0
    assert wilson(Tally(0, n), ONE_SIDED).low == 0.0
