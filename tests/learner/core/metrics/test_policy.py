"""Thresholds by what is wanted, from a curve as an evaluation keeps it."""

from typing import Any

import numpy as np
import pytest

from learner.core.metrics.flagged import flagged_share
from learner.core.metrics.flips import nearest
from learner.core.metrics.policy import Objective, Wanted, chosen, cost_of, overblocked, point_at, points_of

CURVE: dict[str, Any] = {
    "thresholds": [0.1, 0.3, 0.5, 0.8],
    "precision": [[0.2, 0.1, 0.3], [0.5, 0.4, 0.6], [0.8, 0.7, 0.9], [1.0, 0.9, 1.0]],
    "recall": [[1.0, 0.97, 1.0], [0.98, 0.95, 1.0], [0.8, 0.7, 0.9], [0.3, 0.2, 0.4]],
    "fpr": [[0.04, 0.03, 0.05], [0.01, 0.005, 0.02], [0.002, 0.001, 0.003], [0.0, 0.0, 0.001]],
    "flagged": [0.05, 0.02, 0.01, 0.003],
}
POINTS = points_of(CURVE)
PREVALENCE = 0.01


def threshold(wanted: Wanted, own: float | None = 0.5) -> float | None:
    return chosen(POINTS, own, PREVALENCE, wanted).threshold


def test_recall_surely_takes_the_best_precision_whose_lower_end_is_over_the_floor() -> None:
    assert threshold(Wanted(Objective.RECALL, recall_floor=0.95)) == 0.3
    assert threshold(Wanted(Objective.RECALL, recall_floor=0.96)) == 0.1


def test_a_floor_that_no_threshold_shows_gives_the_most_and_says_so() -> None:
    choice = chosen(POINTS, 0.5, PREVALENCE, Wanted(Objective.RECALL, recall_floor=0.99))

    assert choice.threshold == 0.1
    assert choice.why.startswith("no threshold shows a recall of 0.99: this one shows 0.97, the most")


def test_f_beta_is_the_best_of_the_curve_and_keeps_the_floor() -> None:
    # F2 by hand: .1: 1 / (.8 + 1) = .56; .3: 5 x .49 / (2 + .98) = .82; .5: .8; .8: 1.5 / (4 + .3) = .35
    assert threshold(Wanted(Objective.F_BETA)) == 0.3
    assert threshold(Wanted(Objective.F_BETA, recall_floor=0.96)) == 0.1


@pytest.mark.parametrize(
    ("miss", "block", "expected"), [(1, 1, 0.5), (100, 1, 0.3), (1, 1000, 0.8), (1e4, 1, 0.1)]
)
def test_the_least_cost_weighs_a_miss_against_a_mistake(miss: float, block: float, expected: float) -> None:
    wanted = Wanted(Objective.COST, cost_miss=miss, cost_block=block)

    assert threshold(wanted) == expected
    assert min(cost_of(point, PREVALENCE, wanted) for point in POINTS) == cost_of(
        POINTS[CURVE["thresholds"].index(expected)], PREVALENCE, wanted
    )


def test_a_threshold_by_hand_or_of_the_classifier_says_where_the_floor_is_not_shown() -> None:
    by_hand = chosen(POINTS, 0.5, PREVALENCE, Wanted(Objective.FIXED, threshold=0.8, recall_floor=0.9))

    assert (by_hand.threshold, by_hand.why) == (0.8, "set by hand; a recall of 0.9 is not shown there")
    assert chosen(POINTS, 0.5, PREVALENCE, Wanted(Objective.OWN)).why == "the classifier's own"


def test_a_category_that_is_not_learned_has_no_threshold_whatever_is_wanted() -> None:
    for objective in Objective:
        assert chosen(POINTS, None, PREVALENCE, Wanted(objective, 0.5, 0.5)).threshold is None


def test_without_a_curve_the_classifier_goes_on_with_its_own() -> None:
    choice = chosen(points_of(None), 0.5, None, Wanted(Objective.RECALL, recall_floor=0.9))

    assert choice.threshold == 0.5
    assert "too little is audited" in choice.why


def test_pages_blocked_by_mistake_are_told_for_so_many_pages() -> None:
    point = point_at(POINTS, 0.4)

    assert point is not None
    assert point.threshold == 0.5
    assert overblocked(point, PREVALENCE, 1_000) == pytest.approx((1.98, 0.99, 2.97))
    assert overblocked(point, None) == (None, None, None)


def test_known_pages_are_the_nearest_on_either_side_with_and_without_the_category() -> None:
    scores, truth = np.array([5.0, 1.0, 0.0, -1.0, 0.5, 9.0]), np.array([1, 1, 0, 0, 0, -1])

    assert nearest(scores, truth, 0.6, 1).tolist() == [1, 4]
    assert nearest(scores, truth, np.inf, 1).tolist() == [0, 4]
    assert nearest(np.empty(0), np.empty(0), 0.0).tolist() == []


def test_pages_of_a_site_count_as_one_in_the_pack() -> None:
    flagged = np.array([True] + [False] * 19)

    apart, together = (flagged_share(flagged, sites) for sites in (np.arange(20), np.arange(20) // 10))

    assert apart.value == together.value == 0.05
    assert (together.high or 0) > 2 * (apart.high or 0)
    assert flagged_share(np.zeros(9, dtype=bool), np.arange(9)).low == 0
    assert flagged_share(flagged[:0], np.arange(0)).why_undefined == "no page is in it"
