"""Alpha over label sets against a recomputed example, an independent library, and edges."""

import krippendorff
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from annotator.agreement import sets
from annotator.agreement.ratings import Ratings, unsure_as_missing
from annotator.agreement.sets import agreement_on_sets, masi_distance
from tests.annotator.agreement import published

Table = NDArray[np.int8]

tables = st.tuples(st.integers(1, 8), st.integers(2, 4), st.integers(1, 3)).flatmap(
    lambda shape: arrays(np.int8, shape, elements=st.integers(0, 1))
)


def test_alpha_is_the_recomputed_one_when_the_sets_are_published_ones() -> None:
    found = agreement_on_sets(Ratings.from_table(published.from_sets(published.LABEL_SETS, "ABC")), seed=1)

    assert found.masi.value == pytest.approx(0.2731, abs=5e-5)
    assert found.jaccard.value == pytest.approx(0.3156, abs=5e-5)
    assert (found.masi.n_items, found.masi.n_judgments) == (9, 18)
    assert found.masi.low is not None
    assert found.masi.high is not None
    assert found.masi.low < 0.2731 < found.masi.high


def test_masi_is_one_minus_jaccard_times_monotonicity_when_sets_are_compared() -> None:
    flags = published.from_sets((("", ""), ("AB", "AC"), ("A", "B")), "ABC").reshape(6, 3).astype(bool)

    distance = masi_distance(flags)  # rows: {}, {}, AB, AC, A, B

    assert distance[0, 1] == 0
    assert distance[0, 4] == 1
    assert distance[2, 3] == pytest.approx(1 - 1 / 3 * 1 / 3)
    assert distance[2, 4] == pytest.approx(1 - 1 / 2 * 2 / 3)
    assert distance[4, 5] == 1


@given(tables)
def test_alpha_equals_nominal_alpha_of_the_library_when_there_is_one_category(table: Table) -> None:
    one = table[:, :, 0]

    found = agreement_on_sets(Ratings.from_table(one), seed=1, resamples=2)

    if found.masi.value is not None:
        theirs = krippendorff.alpha(one.T.astype(float), level_of_measurement="nominal")
        assert found.masi.value == pytest.approx(theirs, abs=1e-9)
        assert found.jaccard.value == pytest.approx(theirs, abs=1e-9)


@given(tables, st.integers(0, 1000))
def test_alpha_stays_when_items_people_and_categories_are_permuted(table: Table, seed: int) -> None:
    rng = np.random.default_rng(seed)
    permuted = table
    for axis in range(3):
        permuted = rng.permutation(permuted, axis=axis)

    ours = agreement_on_sets(Ratings.from_table(table), seed=1, resamples=2).masi.value
    theirs = agreement_on_sets(Ratings.from_table(permuted), seed=1, resamples=2).masi.value

    assert ours is theirs is None or ours == pytest.approx(theirs)


def test_a_judgment_with_a_gap_counts_or_not_when_unsure_is_a_value_or_missing() -> None:
    ratings = Ratings.from_table([[[1, 0], [1, 2]], [[0, 0], [0, 0]], [[1, 1], [1, 0]]])

    assert agreement_on_sets(ratings, seed=1).masi.n_items == 3
    assert agreement_on_sets(unsure_as_missing(ratings), seed=1).masi.n_items == 2


def test_alpha_says_why_when_it_is_undefined() -> None:
    alone = agreement_on_sets(Ratings.from_table([[1, -1], [-1, 1]]), seed=1).masi
    same = agreement_on_sets(Ratings.from_table([[1, 1], [1, 1]]), seed=1).masi
    agreed = agreement_on_sets(Ratings.from_table([[1, 1], [0, 0]]), seed=1).masi

    assert (alone.value, alone.why_undefined) == (None, "no item has two judgments without a gap")
    assert (same.value, same.why_undefined) == (None, "no variation: all 4 judgments say the same")
    assert (agreed.value, agreed.why_undefined) == (1, "no interval: nobody ever differed")


def test_alpha_is_not_computed_when_there_are_too_many_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sets, "MAX_SETS", 1)

    found = agreement_on_sets(Ratings.from_table([[1, 0]]), seed=1)

    assert found.masi.why_undefined == "more than 1 different label sets"


def test_sets_of_many_categories_are_told_apart_when_they_fill_more_than_one_word() -> None:
    table = np.zeros((2, 2, 100), dtype=np.int8)
    table[0, :, 99] = table[1, 0, 3] = 1

    found = agreement_on_sets(Ratings.from_table(table), seed=1).jaccard

    # Four judgments {99} {99} {3} {}; observed 2/4; expected: all pairs but the equal one differ, 10/12.
    assert found.value == pytest.approx(1 - (2 / 4) / (10 / 12))
