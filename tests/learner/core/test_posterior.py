"""What may be true of strata that share a prior: a category of one page in a thousand that a classifier hardly finds.

Two thirds of its positives lie below the threshold, and fall off with the score less than the classifier expects, as
those of real categories do. Of each stratum 160 labels are drawn, so most of them have no positive.
"""

import numpy as np

from learner.core.arrays import Floats
from learner.core.audited import Strata
from learner.core.audited_scores import score_of
from learner.core.posterior import judged_of

SIZES = np.array([11e3, 9e3, 8e3, 8e3, 7e3, 6.5e3, 6e3, 5.5e3, 5e3, 4.5e3, 3.4e3, 1.4e3, 60.0])
POSITIVES = np.array([2.0, 2, 3, 4, 2, 3, 2, 2, 4, 7, 8, 14, 22])
EXPECTED = np.array([1.0, 1.3, 1.7, 2.1, 2.3, 2.6, 2.9, 3.3, 4.4, 5.4, 8, 28, 38])
LABELS = np.append(np.full(12, 160.0), 45.0)
REPETITIONS = 600


def strata_of(found: Floats) -> Strata:
    """The strata with so many positives among their labels, (13,)."""
    return Strata(
        cuts=np.arange(12.0),
        predicted=np.arange(13) == 12,
        size=SIZES,
        items=SIZES.astype(np.int64),
        share=found / LABELS,
        n_effective=LABELS,
        expected=EXPECTED / SIZES,
        doubts=(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0)),
        n=int(LABELS.sum()),
        n_positive=int(found.sum()),
        n_predicted=int(LABELS[-1]),
        n_either=int(LABELS[-1] + found[:-1].sum()),
    )


def test_recall_is_held_where_most_strata_below_the_threshold_show_no_positive() -> None:
    recall = POSITIVES[-1] / POSITIVES.sum()
    rng, posterior = np.random.default_rng(1), np.random.default_rng(2)
    held = []

    for _ in range(REPETITIONS):
        found = rng.binomial(LABELS.astype(np.int64), POSITIVES / SIZES).astype(np.float64)
        estimate = score_of(judged_of(strata_of(found), rng=posterior)).recall
        assert estimate.low is not None
        assert estimate.high is not None
        held.append(estimate.low <= recall <= estimate.high)

    assert 0.93 <= np.mean(held) <= 0.985


def test_what_is_found_in_one_stratum_raises_what_may_be_true_of_the_others() -> None:
    nothing = np.append(np.zeros(12), 16.0)
    more = nothing + np.where(np.isin(np.arange(13), [2, 4, 6]), 1.0, 0.0)

    without, beside = (
        judged_of(strata_of(found), rng=np.random.default_rng(3)).shares.mean(axis=0)
        for found in (nothing, more)
    )

    silent = np.array([0, 1, 3, 5, 7])
    assert (beside[silent] > 5 * without[silent]).all()
    assert (beside[silent] < 1 / LABELS[silent]).all()
