"""Rates of one category at its threshold: prevalence, F-beta, false positives and false negatives."""

from dataclasses import dataclass

import numpy as np

from learner.core.arrays import Floats
from learner.core.audited_scores import estimate_of, score_of, shares_of
from learner.core.evaluation import Estimate
from learner.core.metrics.policy import BETA
from learner.core.posterior import N_DRAWS, Judged

_UNFLAGGED = 0.5


@dataclass(frozen=True, slots=True)
class Rates:
    """Of all pages: how many have the category; of those without it, how many are flagged; of those with it, missed."""

    prevalence: Estimate
    f_beta: Estimate
    fpr: Estimate
    fnr: Estimate


def rates_of(judged: Judged, *, rng: np.random.Generator, beta: float = BETA) -> Rates:
    """The rates of a category over the whole population.

    How many pages are flagged is chance too, and makes most of the doubt about false positives where they are few: the
    statement is about pages like these, of which another holdout would have flagged more or fewer.

    Parameters
    ----------
    judged : Judged
    rng : np.random.Generator
    beta : float
        Positive.
    """
    strata, total = judged.strata, judged.total
    score = score_of(judged)
    hits, alarms, misses = judged.counts
    weight = beta**2
    totals = judged.sizes.sum(axis=1)
    flagged = alarms if judged.sizes[:, strata.predicted].any() else _as_few(judged, rng)
    n_absent = strata.n - strata.n_positive
    nothing = "" if strata.n else "no item is labelled"
    return Rates(
        prevalence=estimate_of(
            (score.tp + score.fn) / max(total, 1e-12),
            (hits + misses) / np.maximum(totals, 1e-12),
            strata.n,
            why=nothing,
        ),
        f_beta=estimate_of(
            _share((1 + weight) * score.tp, weight * score.fn + score.fp),
            shares_of((1 + weight) * hits, weight * misses + alarms),
            strata.n_either,
            why=score.f1.why_undefined,
        ),
        fpr=estimate_of(
            _share(score.fp, score.tn),
            shares_of(flagged, np.maximum(totals - hits - misses - flagged, 0)),
            n_absent,
            why="" if n_absent else nothing or "every labelled item has it",
        ),
        fnr=one_less(score.recall),
    )


def _as_few(judged: Judged, rng: np.random.Generator) -> Floats:
    """Draws of how many are flagged where none is: half a page."""
    luck: Floats = rng.standard_gamma(_UNFLAGGED, N_DRAWS)
    return luck * judged.total / max(int(judged.strata.items.sum()), 1)


def one_less(share: Estimate) -> Estimate:
    """1 - share, with its interval the other way round."""
    if share.value is None or share.low is None or share.high is None:
        return share
    return Estimate(1 - share.value, 1 - share.high, 1 - share.low, share.n, "")


def _share(part: float, others: float) -> float:
    return part / (part + others) if part + others > 0 else 0.0
