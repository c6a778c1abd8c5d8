"""Cohen's kappa of each pair against a published table, an independent library, and edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from sklearn.metrics import cohen_kappa_score

from annotator.agreement.pairwise import agreement_by_pair, agreement_by_pair_on_sets
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


# Label sets ------------------------------------------------------------------------------------------------------

many_columns = st.tuples(st.integers(1, 12), st.integers(2, 4), st.integers(1, 3)).flatmap(
    lambda shape: arrays(np.int8, shape, elements=st.integers(-1, 2))
)


@given(many_columns)
def test_every_pair_on_sets_equals_the_independent_library_when_it_is_defined(table: Table) -> None:
    whole = np.asarray((table >= 0).all(axis=2))
    names = np.array([["".join(map(str, cell)) for cell in row] for row in table])

    for pair in agreement_by_pair_on_sets(Ratings.from_table(table), seed=1, resamples=2):
        [kappa] = pair.kappas
        both = whole[:, pair.first] & whole[:, pair.second]

        assert kappa.n_items == both.sum()
        if kappa.value is not None:
            theirs = cohen_kappa_score(names[both, pair.first], names[both, pair.second])
            assert kappa.value == pytest.approx(theirs, abs=1e-9)


@given(tables)
def test_sets_of_one_category_are_that_category(table: Table) -> None:
    ratings = Ratings.from_table(table)

    on_sets = agreement_by_pair_on_sets(ratings, seed=1, resamples=2)
    by_category = [
        pair for pair in agreement_by_pair(ratings, seed=1, n_values=3, resamples=2) if pair.n_items
    ]

    assert [(pair.first, pair.second) for pair in on_sets] == [
        (pair.first, pair.second) for pair in by_category
    ]
    assert [pair.kappas[0].value for pair in on_sets] == pytest.approx(
        [pair.kappas[0].value for pair in by_category]
    )


def test_a_pair_on_sets_has_an_interval_about_its_kappa() -> None:
    rng = np.random.default_rng(1)
    first = rng.random((200, 3)) < 0.4
    second = first ^ (rng.random((200, 3)) < 0.1)
    table = np.stack([first, second], axis=1).astype(np.int8)

    [pair] = agreement_by_pair_on_sets(Ratings.from_table(table), seed=1)

    [kappa] = pair.kappas
    assert kappa.value is not None
    assert kappa.low is not None
    assert kappa.high is not None
    assert kappa.low < kappa.value < kappa.high
    assert agreement_by_pair_on_sets(Ratings.from_table(table), seed=1) == [pair]


def test_nobody_pairs_on_sets_when_every_judgment_misses_a_category() -> None:
    table = np.array([[[1, -1], [1, 0]], [[-1, 0], [0, 0]]], dtype=np.int8)

    assert agreement_by_pair_on_sets(Ratings.from_table(table), seed=1) == []


@pytest.mark.parametrize("wrong", [{"level": 1.0}, {"resamples": 0}])
def test_a_pair_on_sets_refuses_what_makes_no_interval(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        agreement_by_pair_on_sets(Ratings.from_table([[1, 1]]), seed=1, **wrong)  # type: ignore[arg-type]
