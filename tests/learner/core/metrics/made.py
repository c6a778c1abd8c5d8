"""Populations whose truth is known, and what is drawn of them."""

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm

from learner.core.arrays import Booleans, Floats, Floats32
from learner.core.audited import Drawn, Known, Population, Ranked, known_of, ranked_of, strata_at
from learner.core.drawing import chances, score_measure
from learner.core.evaluation import Estimate
from learner.core.posterior import Judged, judged_of


def make_population(
    n: int = 4_000, prevalences: tuple[float, ...] = (0.1,), seed: int = 1
) -> tuple[Floats32, Booleans]:
    """Calibrated logits and truth, (n, n_categories) each."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n, len(prevalences))) < prevalences
    seen = rng.normal(size=truth.shape) + 2 * truth
    logits = logit(np.array(prevalences)) + norm.logpdf(seen - 2) - norm.logpdf(seen)
    return logits.astype(np.float32), truth


def everything(truth: Booleans) -> Drawn:
    """Every item labelled."""
    return Drawn(np.arange(len(truth)), truth.astype(np.float64), np.ones(len(truth)))


def by_score(logits: Floats32, truth: Booleans, n: int, seed: int = 2) -> Drawn:
    """About `n` items drawn by score."""
    probabilities = expit(logits)
    totals = np.sqrt(probabilities).sum(axis=0, dtype=np.float64)
    chance = chances(score_measure(probabilities, totals, len(logits)), n)
    rows = np.flatnonzero(np.random.default_rng(seed).random(len(chance)) < chance)
    return Drawn(rows, truth[rows].astype(np.float64), chance[rows])


def column_of(logits: Floats32, drawn: Drawn, threshold: float = 0.0) -> tuple[Ranked, Known, Judged]:
    """The first category, ranked, labelled and judged."""
    population = Population(logits)
    column, labelled = ranked_of(population, 0), known_of(population, drawn, 0)
    return column, labelled, judged_of(strata_at(column, labelled, threshold), rng=np.random.default_rng(0))


def by_stratum(drawn: Drawn, judged: Judged, logits: Floats32) -> Floats:
    """1 / inclusion, made to sum to the size of each stratum: what scikit-learn is given as sample weights."""
    stratum = np.searchsorted(judged.strata.cuts, logits[drawn.rows, 0].astype(np.float64), side="right")
    whole = np.bincount(stratum, 1 / drawn.inclusion, minlength=len(judged.strata.size))
    weight: Floats = (judged.strata.size / whole)[stratum] / drawn.inclusion
    return weight


def ends(estimate: Estimate) -> tuple[float, float]:
    """The interval."""
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high
