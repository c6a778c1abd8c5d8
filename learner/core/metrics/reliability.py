"""Whether a probability of one category keeps its promise: bins, expected calibration error, Brier score."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, logit

from learner.core.arrays import Integers
from learner.core.audited import Judged, Known, Ranked, estimate_of, judged_of, strata_between
from learner.core.evaluation import CONFIDENCE, Estimate

BINS: Final = 10
_NOTHING: Final = 1e-12
_HIGH: Final = (1 + CONFIDENCE) / 2


@dataclass(frozen=True, slots=True)
class Bin:
    """Pages with a probability from `low` to `high`: what was promised on average, and what share has the category.

    `share` is that of all pages.
    """

    low: float
    high: float
    promised: float
    share: float
    observed: Estimate


@dataclass(frozen=True, slots=True)
class Calibration:
    """Bins that hold pages, and the two sums; of the Brier score less is better, and 0 the best."""

    ece: Estimate
    brier: Estimate
    bins: tuple[Bin, ...]


def calibration_of(column: Ranked, labelled: Known, *, rng: np.random.Generator) -> Calibration:
    """Calibration over the whole population, in bins of equal width.

    The bins are strata, with the prior of strata below the threshold: what the classifier expects, worth one label.
    A sum of distances is too large where labels are few, because each errs to one side or the other; what a repetition
    would add is taken off (the basic bootstrap: Davison and Hinkley 1997, section 5.2).

    Parameters
    ----------
    column : Ranked
        Its scores are logits of probabilities.
    labelled : Known
    rng : np.random.Generator
    """
    cuts = logit(np.arange(1, BINS) / BINS)
    judged = judged_of(strata_between(column, labelled, cuts, np.inf), rng=rng)
    strata, total = judged.strata, max(judged.total, _NOTHING)
    why = "" if strata.n else "no item is labelled"
    stratum = np.searchsorted(cuts, labelled.scores, side="right")
    counts = np.bincount(stratum, minlength=BINS).astype(np.int64)
    shares = judged.positives / np.maximum(strata.size, _NOTHING)
    bins = tuple(
        Bin(
            low=place / BINS,
            high=(place + 1) / BINS,
            promised=float(strata.expected[place]),
            share=float(strata.size[place] / total),
            observed=estimate_of(
                float(strata.share[place]),
                shares[:, place],
                int(counts[place]),
                why="" if counts[place] else "none of these pages is labelled",
            ),
        )
        for place in np.flatnonzero(strata.size > 0)
    )
    return Calibration(_ece(judged, counts, why), _brier(column, labelled, judged, why), bins)


def _ece(judged: Judged, counts: Integers, why: str) -> Estimate:
    """The mean distance, by size, over the bins that are labelled."""
    strata = judged.strata
    seen = counts > 0
    size = np.where(seen, strata.size, 0.0)
    weight = size / max(float(size.sum()), _NOTHING)
    plain = float(weight @ np.abs(strata.share - strata.expected))
    shares = judged.positives / np.maximum(strata.size, _NOTHING)
    centre = shares.mean(axis=0)
    drawn = np.abs(strata.share + shares - centre - strata.expected) @ weight
    high = float(np.quantile(drawn, _HIGH))
    excess = max(float(drawn.mean()) - plain, 0.0)
    if why:
        return Estimate(None, None, None, strata.n, why)
    value = max(plain - excess, 0.0)
    return Estimate(value, min(max(2 * plain - high, 0.0), value), max(high - excess, value), strata.n, "")


def _brier(column: Ranked, labelled: Known, judged: Judged, why: str) -> Estimate:
    """mean of p^2, which is known of every page, and of (1 - 2p) where the category is present, which is not."""
    strata, total = judged.strata, max(judged.total, _NOTHING)
    known = float((expit(column.scores) ** 2) @ np.diff(column.measure)) / total
    stratum = np.searchsorted(strata.cuts, labelled.scores, side="right")
    weight = labelled.weight * labelled.truth
    promised = expit(labelled.scores)
    mass = np.bincount(stratum, weight, minlength=BINS)
    mean = np.where(
        mass > 0,
        np.bincount(stratum, weight * promised, minlength=BINS) / np.maximum(mass, _NOTHING),
        strata.expected,
    )
    adds = (1 - 2 * mean) / total
    value = known + float((strata.size * strata.share) @ adds)
    return estimate_of(max(value, 0.0), np.maximum(known + judged.positives @ adds, 0.0), strata.n, why=why)
