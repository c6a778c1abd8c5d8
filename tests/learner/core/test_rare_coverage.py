"""Recall of one page in a thousand, to a tenth of which the classifier is blind: where the usual intervals fail.

A small copy of `benchmarks/evaluation_coverage.py`, in cells of score; Wilson's interval on an effective number stands
beside ours.
"""

from dataclasses import replace

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from learner.core.arrays import Floats, Integers
from learner.core.audited import Known, Ranked, Strata, strata_at
from learner.core.audited_scores import score_of
from learner.core.evaluation import Estimate, wilson_interval
from learner.core.metrics.ranking import area_under_roc, ranking_of
from learner.core.posterior import judged_of

PREVALENCE, APART, BLIND, N_ITEMS, LABELS = 0.001, 3.7, 0.1, 200_000, 2_000
REPETITIONS, RANKED = 200, 30
_EDGES = np.linspace(-6, 10, 1_001)
_OTHERS = np.diff(norm.cdf(_EDGES))
SCORES = logit(PREVALENCE) + APART * (_EDGES[1:] + _EDGES[:-1]) / 2 - APART**2 / 2
PRESENT = PREVALENCE * ((1 - BLIND) * np.diff(norm.cdf(_EDGES - APART)) + BLIND * _OTHERS)
ABSENT = (1 - PREVALENCE) * _OTHERS


def cells_of(items: Integers) -> Ranked:
    sums = [np.concatenate([[0.0], np.cumsum(part)]) for part in (items, items * expit(SCORES))]
    return Ranked(SCORES, *sums)


def drawn(present: Integers, absent: Integers, rng: np.random.Generator) -> Known:
    """Labelled items, each drawn by its score."""
    roots, share = np.sqrt(expit(SCORES)), PRESENT + ABSENT
    chance = np.minimum(1, LABELS / N_ITEMS * (0.2 + 0.8 * roots / (roots @ share)))
    found = [rng.binomial(part, chance) for part in (present, absent)]
    cell = np.concatenate([np.repeat(np.arange(len(SCORES)), part) for part in found])
    truth = np.repeat([1.0, 0.0], [int(part.sum()) for part in found])
    return Known(SCORES[cell], truth, 1 / chance[cell], np.arange(len(cell)))


def stratified(cells: Ranked, labelled: Known) -> Strata:
    strata = strata_at(cells, labelled, 0.0)
    return replace(strata, items=np.round(strata.size).astype(np.int64))


def holds(estimate: Estimate, true: float) -> bool:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low <= true <= estimate.high


def wilson_holds(labelled: Known, true: float) -> bool:
    """Whether Wilson's interval on Kish's effective number of positives holds it."""
    weight: Floats = labelled.weight[labelled.truth == 1]
    said = labelled.scores[labelled.truth == 1] >= 0
    value, n = weight[said].sum() / weight.sum(), weight.sum() ** 2 / (weight**2).sum()
    low, high = wilson_interval(float(value), float(n))
    return low <= true <= high


def test_recall_and_ranking_are_held_where_wilson_on_an_effective_number_fails() -> None:
    recall = float(PRESENT[SCORES >= 0].sum() / PRESENT.sum())
    auc = float(area_under_roc(PRESENT[::-1], ABSENT[::-1]))
    rng, posterior = np.random.default_rng(1), np.random.default_rng(2)
    whole = np.concatenate([PRESENT, ABSENT])
    of_recall, of_wilson, of_auc, widths = [], [], [], []

    for number in range(REPETITIONS):
        present, absent = np.split(rng.multinomial(N_ITEMS, whole / whole.sum()), 2)
        cells, labelled = cells_of(present + absent), drawn(present, absent, rng)
        judged = judged_of(stratified(cells, labelled), rng=posterior)
        estimate = score_of(judged).recall
        of_recall.append(holds(estimate, recall))
        widths.append((estimate.high or 0.0) - (estimate.low or 0.0))
        of_wilson.append(wilson_holds(labelled, recall))
        if number < RANKED:
            of_auc.append(holds(ranking_of(cells, labelled, judged, rng=posterior).roc_auc, auc))

    assert np.mean(of_recall) >= 0.93
    assert 0.25 <= np.mean(widths) <= 0.33  # coverage alone would let an interval be as wide as it likes
    assert np.mean(of_auc) >= 0.93
    assert np.mean(of_wilson) < 0.86
