"""Cohen's kappa of each pair against a published table, an independent library, and edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from annotator.agreement.pairwise import agreement_by_pair
from annotator.agreement.ratings import Ratings
from tests.annotator.agreement import published

Table = NDArray[np.int8]

tables = st.tuples(st.integers(1, 20), st.integers(2, 4)).flatmap(
    lambda shape: arrays(np.int8, shape, elements=st.integers(-1, 2))
)


def test_kappa_is_the_published_one_when_the_table_is_a_published_one() -> None:
    ratings = Ratings.from_table(published.from_contingency(published.ARTSTEIN_POESIO))

    [pair] = agreement_by_pair(ratings, seed=1)

    [kappa] = pair.kappas
    assert kappa.value == pytest.approx(0.348, abs=5e-4)
    assert kappa.low is not None
    assert kappa.high is not None
    assert 0.1 < kappa.low < 0.348 < kappa.high < 0.6
    assert (pair.n_items, kappa.n_items, kappa.n_judgments) == (100, 100, 200)


@given(tables)
def test_every_pair_equals_the_independent_library_when_it_is_defined(table: Table) -> None:
    for pair in agreement_by_pair(Ratings.from_table(table), seed=1, resamples=2):
        [kappa] = pair.kappas
        both = table[(table[:, [pair.first, pair.second]] >= 0).all(axis=1)]

        assert kappa.n_items == len(both)
        if kappa.value is not None:
            theirs = cohen_kappa_score(both[:, pair.first], both[:, pair.second])
            assert kappa.value == pytest.approx(theirs, abs=1e-9)


@given(tables, st.integers(0, 1000))
def test_pairs_stay_when_items_are_permuted_and_unshared_items_added(table: Table, seed: int) -> None:
    lonely = np.full((1, table.shape[1]), -1, dtype=np.int8)
    lonely[0, 0] = 1
    permuted = np.vstack([np.random.default_rng(seed).permutation(table, axis=0), lonely])

    assert agreement_by_pair(
        Ratings.from_table(permuted), seed=3, n_values=3, resamples=5
    ) == agreement_by_pair(Ratings.from_table(table), seed=3, n_values=3, resamples=5)


def test_a_pair_says_why_when_it_has_no_kappa_or_no_interval() -> None:
    table = np.array([[[0, 1, 0], [0, -1, 0]], [[0, 1, 1], [0, -1, 1]]], dtype=np.int8)

    [pair] = agreement_by_pair(Ratings.from_table(table), seed=1)

    assert [kappa.why_undefined for kappa in pair.kappas] == [
        "no variation: all 4 judgments say the same",
        "no item that both judged",
        "no interval: they never differed",
    ]


def test_there_is_no_pair_when_nobody_shared_an_item() -> None:
    assert agreement_by_pair(Ratings.from_table([[1, -1], [-1, 1]]), seed=1) == []
    assert agreement_by_pair(Ratings.from_table(np.full((2, 2), -1)), seed=1) == []


@pytest.mark.parametrize(("level", "resamples"), [(1.0, 10), (0.9, 0)])
def test_a_bootstrap_of_pairs_is_refused_when_its_settings_mean_nothing(level: float, resamples: int) -> None:
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        agreement_by_pair(Ratings.from_table([[1, 1]]), seed=1, level=level, resamples=resamples)
