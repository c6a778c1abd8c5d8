"""Two classifiers on the same items: counts by hand, the exact test against SciPy's table, intervals that cover."""

from typing import Any

import numpy as np
import pytest
from scipy.stats import binom

from learner.core.paired import PairedItems, flips, paired_scores


def items(truth: Any, base: Any, candidate: Any, weights: Any = None, sites: Any = None) -> PairedItems:
    n = len(truth)
    return PairedItems(
        np.array(truth, dtype=np.int8).reshape(n, 1),
        np.array(base, dtype=np.bool_).reshape(n, 1),
        np.array(candidate, dtype=np.bool_).reshape(n, 1),
        np.ones(n) if weights is None else np.array(weights, dtype=float),
        np.arange(n) if sites is None else np.array(sites),
    )


def score(found: PairedItems) -> Any:
    return paired_scores(found, ["games"], rng=np.random.default_rng(0))[0]


def test_pages_that_flip_are_counted_by_what_is_true_of_them() -> None:
    found = score(items([1, 1, 1, 0, 0, 0, -1], [1, 1, 0, 0, 0, 1, 1], [1, 0, 1, 1, 1, 0, 0]))

    assert (found.n, found.lost, found.found, found.blocked, found.cleared) == (6, 1, 1, 2, 1)
    assert (found.recall.value, found.recall.n) == (0.0, 3)
    assert found.false_positive_rate.value == pytest.approx(1 / 3)
    assert found.f1.value == pytest.approx(4 / 7 - 4 / 6)


def test_differences_weigh_what_each_page_stands_for() -> None:
    found = score(items([1, 1, 1], [1, 0, 1], [0, 1, 1], weights=[1, 3, 4]))

    assert found.recall.value == pytest.approx((3 - 1) / 8)


def test_the_exact_test_is_the_binomial_tail() -> None:
    found = score(items([1] * 10, [1] * 9 + [0], [0] * 9 + [1]))

    assert found.p_lost == pytest.approx(float(binom.sf(8, 10, 0.5)))
    assert found.p_blocked == 1.0
    assert found.p_found == pytest.approx(float(binom.sf(0, 10, 0.5)))


def test_a_site_counts_once_however_many_pages_it_has() -> None:
    found = score(items([1] * 10, [1] * 10, [0] * 10, sites=[7] * 10))

    assert (found.lost, found.p_lost) == (10, 0.5)
    assert found.recall.low == -1.0


def test_no_page_that_differs_leaves_an_interval_and_no_suspicion() -> None:
    found = score(items([1] * 20 + [0] * 20, [1] * 40, [1] * 40))

    assert found.recall.value == 0.0
    assert found.recall.low is not None
    assert found.recall.high is not None
    assert -0.2 < found.recall.low < 0 < found.recall.high < 0.2
    assert found.p_lost == 1.0


def test_nothing_known_gives_reasons_and_no_number() -> None:
    for found in (score(items([], [], [])), score(items([-1], [1], [0]))):
        assert (found.n, found.recall.value, found.recall.why_undefined) == (
            0,
            None,
            "no audited item has it",
        )
        assert (found.f1.value, found.p_lost) == (None, 1.0)


def test_the_order_of_items_does_not_matter() -> None:
    rng = np.random.default_rng(3)
    truth, base, candidate = (rng.random(60) < 0.5 for _ in range(3))
    weights, sites, order = rng.random(60) + 0.1, rng.integers(0, 20, 60), rng.permutation(60)

    one = score(items(truth, base, candidate, weights, sites))
    other = score(items(truth[order], base[order], candidate[order], weights[order], sites[order]))

    assert one.p_lost == other.p_lost
    assert one.recall.value == pytest.approx(other.recall.value)
    assert one.recall.low == pytest.approx(other.recall.low)


def test_the_interval_covers_a_known_difference() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(60):
        base, candidate = rng.random(150) < 0.8, rng.random(150) < 0.9
        found = score(items([1] * 150, base, candidate))
        covered += found.recall.low <= 0.1 <= found.recall.high

    assert covered >= 52  # the chance of fewer is under 1 in 200 where the interval keeps its promise


def test_pages_that_flip_come_by_weight() -> None:
    found = items([1, 0, -1, 1], [1, 0, 1, 1], [0, 1, 0, 1], weights=[1, 5, 9, 2])

    assert flips(found, 0).tolist() == [1, 0]


def test_f1_says_nothing_of_a_category_that_no_audited_item_has() -> None:
    found = score(items([0] * 4, [0] * 4, [1] * 4))

    assert (found.f1.value, found.f1.n, found.f1.why_undefined) == (None, 4, "no audited item has it")
    assert found.false_positive_rate.value == 1.0


@pytest.mark.parametrize(
    ("base", "candidate", "why", "recall"),
    [
        ([0, 0, 0, 0], [0, 0, 0, 1], "no page tells the two apart in it", 0.0),
        ([1, 1, 0, 0], [1, 1, 0, 0], "no page tells the two apart in it", 0.0),
        ([0, 0], [1, 1], "all sites say the same, which gives no interval", 1.0),
    ],
)
def test_f1_has_no_interval_of_no_width(
    base: list[int], candidate: list[int], why: str, recall: float
) -> None:
    found = score(items([1, 1, 0, 0][: len(base)], base, candidate))

    assert (found.f1.value, found.f1.why_undefined) == (None, why)
    assert found.recall.value == recall
    assert found.recall.low < found.recall.high
