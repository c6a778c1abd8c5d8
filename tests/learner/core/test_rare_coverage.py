"""Recall of a rare category to a tenth of which the classifier is blind: where the usual intervals fail.

A small copy of `benchmarks/evaluation_coverage.py`; Wilson's interval on an effective number stands beside ours.
"""

import numpy as np
from scipy.special import expit, logit
from sklearn.metrics import roc_auc_score

from learner.core.arrays import Array, Floats, Floats32
from learner.core.audited import Drawn, Known, Population, known_of, ranked_of, strata_at
from learner.core.audited_scores import score_of
from learner.core.drawing import chances, score_measure
from learner.core.evaluation import Estimate, wilson_interval
from learner.core.metrics.ranking import ranking_of
from learner.core.posterior import judged_of

PREVALENCE, APART, BLIND, N_ITEMS, LABELS, REPETITIONS = 0.01, 3.0, 0.1, 10_000, 250, 240
RANKED = 60


def fresh(rng: np.random.Generator, n: int = N_ITEMS) -> tuple[Floats32, Array]:
    """Logits (n, 1) as a classifier gives them that is calibrated but for what it does not see, and truth (n,)."""
    truth = rng.random(n) < PREVALENCE
    score = rng.normal(size=n) + APART * (truth & (rng.random(n) >= BLIND))
    logits = logit(PREVALENCE) + APART * score - APART**2 / 2
    return logits.astype(np.float32)[:, None], truth


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
    logits, truth = fresh(np.random.default_rng(0), 2_000_000)
    recall, auc = float((logits[truth, 0] >= 0).mean()), float(roc_auc_score(truth, logits[:, 0]))
    rng = np.random.default_rng(1)
    held: list[tuple[bool, bool]] = []
    of_auc: list[bool] = []

    for number in range(REPETITIONS):
        logits, truth = fresh(rng)
        probabilities = expit(logits)
        chance = chances(score_measure(probabilities, np.sqrt(probabilities).sum(axis=0), N_ITEMS), LABELS)
        rows = np.flatnonzero(rng.random(N_ITEMS) < chance)
        population = Population(logits)
        drawn = Drawn(rows, truth[rows, None].astype(np.float64), chance[rows])
        column, labelled = ranked_of(population, 0), known_of(population, drawn, 0)
        judged = judged_of(strata_at(column, labelled, 0.0), rng=rng)
        held.append((holds(score_of(judged).recall, recall), wilson_holds(labelled, recall)))
        if number < RANKED:
            of_auc.append(holds(ranking_of(column, labelled, judged, rng=rng).roc_auc, auc))

    of_recall, of_wilson = np.mean(held, axis=0)
    assert of_recall >= 0.88  # of 250 labels; from 2,000 on it is .93 to .98
    assert np.mean(of_auc) >= 0.91
    assert of_wilson < 0.86
