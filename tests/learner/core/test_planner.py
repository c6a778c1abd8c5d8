"""Plans for more audits: how many labels, drawn how, and that they keep what they promise."""

import json
from math import inf, isinf

import numpy as np
import pytest

from learner.core.audited import Drawn, Population
from learner.core.audited_scores import score_of
from learner.core.drawing import chances, score_measure
from learner.core.planner import Drawable, drawable_of, labels_in, played
from learner.core.plans import MEASURES, Plan, plan_read
from learner.core.posterior import judged_of

N_ITEMS = 20_000


def population(rng: np.random.Generator, prevalence: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    """Truth, and logits as a calibrated classifier would give them."""
    truth = rng.random(N_ITEMS) < prevalence
    seen = rng.normal(size=N_ITEMS) + 3 * truth
    logits = np.log(prevalence / (1 - prevalence)) + 3 * seen - 4.5
    return truth, logits.astype(np.float32)[:, None]


def known(n: float, seed: int = 1) -> Drawable:
    """What is known after about `n` labels that were drawn by score."""
    rng = np.random.default_rng(seed)
    truth, logits = population(rng)
    probabilities = 1 / (1 + np.exp(-logits))
    chance = chances(score_measure(probabilities, np.sqrt(probabilities).sum(axis=0), N_ITEMS), n)
    rows = np.flatnonzero(rng.random(N_ITEMS) < chance)
    drawn = Drawn(rows, truth[rows][:, None].astype(np.float64), chance[rows])
    return drawable_of(Population(logits), drawn, 0.0, 0)


def plan_of(drawable: Drawable, measure: str, width: float) -> Plan:
    return plan_read(json.loads(json.dumps(played(drawable, rng=np.random.default_rng(3)))), measure, width)


def half_width(drawable: Drawable, measure: str) -> float:
    estimate = getattr(score_of(judged_of(drawable.strata, rng=np.random.default_rng(5))), measure)
    return float((estimate.high - estimate.low) / 2)


@pytest.mark.parametrize("measure", MEASURES)
def test_so_many_more_labels_give_about_the_interval_that_was_wanted(measure: str) -> None:
    plan = plan_of(known(300), measure, 0.08)

    widths = [half_width(known(300 + plan.needed.value, seed), measure) for seed in range(20, 40)]

    assert 0 < plan.needed.value < inf
    assert plan.needed.low <= plan.needed.value <= plan.needed.high
    assert np.median(widths) == pytest.approx(0.08, rel=0.35)


def test_a_narrower_interval_takes_more_labels_and_a_wide_one_none() -> None:
    drawable = known(300)

    needed = [plan_of(drawable, "recall", width).needed.value for width in (0.03, 0.06, 0.12, 0.9)]

    assert needed == sorted(needed, reverse=True)
    assert needed[-1] == 0


def test_drawing_where_the_category_may_be_takes_fewer_labels_than_drawing_at_random() -> None:
    plan = plan_of(known(300), "precision", 0.08)

    assert plan.needed.value < 0.5 * plan.at_random.value


def test_what_cannot_be_foreseen_is_said_so() -> None:
    plan = plan_of(known(300), "recall", 0.001)

    assert isinf(plan.needed.value)
    assert isinf(plan.needed.high)


def test_no_more_labels_fall_on_a_stratum_than_it_has_items() -> None:
    left = np.full(4, 6.0)

    fallen = labels_in(left, np.arange(1.0, 5.0), 21)

    assert fallen.sum() == pytest.approx(21)
    assert fallen.max() <= 6
    assert labels_in(left, np.ones(4), 1e6).tolist() == [6.0] * 4


@pytest.mark.parametrize(("measure", "width"), [("accuracy", 0.1), ("recall", 0.0), ("recall", 1.0)])
def test_what_cannot_be_planned_is_refused(measure: str, width: float) -> None:
    with pytest.raises(ValueError, match=r"cannot be|no measure"):
        plan_of(known(300), measure, width)
