"""Cutting items into splits: what belongs together stays together, and every category is on every side."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from iterstrat.ml_stratifiers import MultilabelStratifiedShuffleSplit

from learner.core.near_duplicates import clusters_of
from learner.core.splits import (
    TEST,
    TRAIN,
    UNDECIDED,
    VALIDATION,
    Cut,
    items_cut,
    leakage_of,
)

SHARE = 0.1


def cut_of(labels: np.ndarray, site: np.ndarray, **columns: np.ndarray) -> Cut:
    n_items = len(labels)
    defaults = {
        "cluster": np.arange(n_items),
        "is_test": np.zeros(n_items, dtype=bool),
        "before": np.full(n_items, UNDECIDED, dtype=np.int8),
    }
    return items_cut(labels=labels, site=site, validation_share=SHARE, **(defaults | columns))


def random_labels(rng: np.random.Generator, n_items: int) -> np.ndarray:
    return rng.random((n_items, 8)) < np.array([0.3, 0.1, 0.05, 0.02, 0.02, 0.01, 0.005, 0.005])


def worst(labels: np.ndarray, is_validation: np.ndarray) -> float:
    """How far the share of a category in validation is from the wanted one, for the worst category."""
    return float(np.abs(labels[is_validation].sum(axis=0) / labels.sum(axis=0) - SHARE).max())


def test_every_category_has_its_share_as_near_as_by_the_library() -> None:
    rng = np.random.default_rng(5)
    labels = random_labels(rng, 6_000)
    library = MultilabelStratifiedShuffleSplit(n_splits=1, test_size=SHARE, random_state=5)
    _, chosen = next(library.split(np.zeros(len(labels)), labels.astype(int)))

    alone = cut_of(labels, np.arange(len(labels)))
    on_sites = cut_of(labels, rng.integers(0, 2_000, len(labels)))

    by_library = worst(labels, np.isin(np.arange(len(labels)), chosen))
    assert worst(labels, alone.split == VALIDATION) <= by_library + 0.01
    assert worst(labels, on_sites.split == VALIDATION) <= by_library + 0.05
    assert abs((on_sites.split == VALIDATION).mean() - SHARE) < 0.005


def test_a_site_and_a_set_of_near_duplicates_are_on_one_side() -> None:
    rng = np.random.default_rng(6)
    labels, site = random_labels(rng, 3_000), rng.integers(0, 900, 3_000)
    cluster = np.arange(3_000)
    cluster[rng.integers(0, 3_000, 200)] = cluster[rng.integers(0, 3_000, 200)]

    cut = cut_of(labels, site, cluster=cluster, is_test=site % 10 == 0)

    found = leakage_of(cut, site)
    assert (found.n_sites_across, found.n_clusters_train_validation) == (0, 0)
    assert set(np.unique(cut.split)) == {TRAIN, VALIDATION, TEST}
    assert ((cut.split == TEST) == (site % 10 == 0)).all()
    assert found.n_items_near_test == cut.near_test.sum() > 0


def test_what_was_dealt_stays_and_of_two_sides_the_protected_one_wins() -> None:
    labels = np.zeros((6, 1), dtype=bool)
    before = np.array([TRAIN, VALIDATION, TRAIN, TRAIN, UNDECIDED, UNDECIDED], dtype=np.int8)
    site = np.array([0, 1, 2, 3, 3, 4])
    cluster = np.array([0, 0, 1, 2, 3, 4])

    cut = cut_of(labels, site, cluster=cluster, before=before)

    assert cut.split[:5].tolist() == [VALIDATION, VALIDATION, TRAIN, TRAIN, TRAIN]
    assert (cut.n_conflicts, cut.n_inherited) == (1, 3)


@given(st.integers(0, 2**32 - 1), st.integers(0, 60))
def test_cutting_again_after_more_came_moves_nothing(seed: int, n_items: int) -> None:
    rng = np.random.default_rng(seed)
    labels, site = random_labels(rng, n_items + 20), rng.integers(0, 15, n_items + 20)
    first = cut_of(labels[:n_items], site[:n_items])
    dealt = dict(zip(site[:n_items].tolist(), first.split.tolist(), strict=True))
    before = np.array([dealt.get(one, UNDECIDED) for one in site.tolist()], dtype=np.int8)

    second = cut_of(labels, site, before=before)

    assert second.split[:n_items].tolist() == first.split.tolist()
    assert second.n_conflicts == 0


def test_texts_that_share_bands_hang_together_and_others_do_not() -> None:
    rng = np.random.default_rng(7)
    bands = rng.integers(1, 2**60, (6, 16))
    bands[1, :3] = bands[0, :3]
    bands[2, 3:6] = bands[1, 3:6]
    bands[4, :2] = bands[3, :2]
    bands[5] = 0

    assert clusters_of(bands).tolist() == [0, 0, 0, 1, 2, 3]
    assert clusters_of(np.zeros((2, 16), dtype=np.int64)).tolist() == [0, 1]
    assert clusters_of(np.empty((0, 16), dtype=np.int64)).tolist() == []


def test_nothing_to_cut_is_cut_into_nothing() -> None:
    cut = cut_of(np.empty((0, 3), dtype=bool), np.empty(0, dtype=np.int64))

    assert len(cut.split) == 0
    assert leakage_of(cut, np.empty(0, dtype=np.int64)).n_sites == 0


def test_all_of_test_leaves_nothing_to_deal() -> None:
    cut = cut_of(np.ones((3, 1), dtype=bool), np.arange(3), is_test=np.ones(3, dtype=bool))

    assert cut.split.tolist() == [TEST] * 3
    assert cut.group.tolist() == [-1] * 3


def test_a_share_that_is_none_and_rows_of_another_length_are_refused() -> None:
    rows = {"labels": np.zeros((2, 1), dtype=bool), "site": np.arange(2), "cluster": np.arange(2)}
    rest = {"is_test": np.zeros(2, dtype=bool), "before": np.full(2, UNDECIDED, dtype=np.int8)}

    with pytest.raises(ValueError, match=r"validation_share must be at least 0 and below 1, got 1"):
        items_cut(**rows, **rest, validation_share=1)
    with pytest.raises(ValueError, match="one row an item"):
        items_cut(**rows | {"site": np.arange(3)}, **rest, validation_share=0.1)
