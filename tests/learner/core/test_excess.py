"""Groups with more errors than chance gives them."""

import numpy as np
import pytest
from scipy.stats import fisher_exact

from learner.core.arrays import Integers
from learner.core.excess import ALPHA, excess


def ints(*values: int) -> Integers:
    return np.array(values, dtype=np.int64)


def test_one_group_has_the_p_value_of_fishers_exact_test() -> None:
    (found,) = excess(ints(5), ints(9), n_errors=8, n_pages=60)

    table = np.array([[5, 9 - 5], [8 - 5, 60 - 9 - (8 - 5)]])
    assert found == pytest.approx(fisher_exact(table, alternative="greater").pvalue)


def test_groups_that_could_never_be_told_apart_are_not_counted() -> None:
    alone = excess(ints(4), ints(5), n_errors=10, n_pages=100)

    # One page errs by chance with 0.1: however small the correction, it is never below 0.05.
    among = excess(ints(4, *[1] * 20), ints(5, *[1] * 20), n_errors=10, n_pages=100)

    assert among[0] == pytest.approx(alone[0])


def test_the_more_groups_are_looked_at_the_more_it_takes() -> None:
    alone = excess(ints(4), ints(8), n_errors=10, n_pages=100)
    among = excess(ints(4, 0, 0, 0), ints(8, 8, 8, 8), n_errors=10, n_pages=100)

    assert among[0] == pytest.approx(4 * alone[0])
    assert among[1] == 1.0


def test_no_group_and_no_error_are_no_excess() -> None:
    assert len(excess(ints(), ints(), n_errors=0, n_pages=0)) == 0
    assert excess(ints(0, 0), ints(3, 4), n_errors=0, n_pages=20).tolist() == [1.0, 1.0]


def test_by_chance_few_searches_list_anything() -> None:
    rng = np.random.default_rng(5)
    sites = np.repeat(np.arange(40), 5)

    listed = 0
    for _ in range(300):
        own = np.bincount(sites[rng.permutation(200)[:30]], minlength=40)
        listed += bool((excess(own, np.full(40, 5), n_errors=30, n_pages=200) < ALPHA).any())

    assert listed <= 0.05 * 300
