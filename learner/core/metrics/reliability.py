"""Whether a probability of one category keeps its promise: bins, expected calibration error, Brier score."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import expit, logit

from learner.core.arrays import Floats, Integers
from learner.core.audited import Known, Ranked, strata_between
from learner.core.audited_scores import estimate_of
from learner.core.evaluation import CONFIDENCE, Estimate
from learner.core.posterior import Judged, judged_of

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


def calibration_of(
    column: Ranked, labelled: Known, judged: Judged, *, rng: np.random.Generator
) -> Calibration:
    """Calibration over the whole population, in bins of equal width.

    The strata are those of `judged`, parted at the edges of the bins too, with the prior of strata below the
    threshold: what the classifier expects, worth one label. A sum of distances is too large where labels are few,
    because each errs to one side or the other; what a repetition would add is taken off (the basic bootstrap: Davison
    and Hinkley 1997, section 5.2).

    Parameters
    ----------
    column : Ranked
        Its scores are logits of probabilities.
    labelled : Known
    judged : Judged
        The same, cut at the threshold in use.
    rng : np.random.Generator
    """
    edges = logit(np.arange(1, BINS) / BINS)
    finite = judged.strata.cuts[np.isfinite(judged.strata.cuts)]
    cuts = np.unique(np.concatenate([edges, finite]))
    finer = judged_of(strata_between(column, labelled, cuts, np.inf), rng=rng)
    binned = _binned(finer, np.searchsorted(edges, np.append(-np.inf, cuts), side="right"))
    strata = finer.strata
    counts = np.bincount(np.searchsorted(edges, labelled.scores, side="right"), minlength=BINS).astype(
        np.int64
    )
    bins = tuple(
        Bin(
            low=place / BINS,
            high=(place + 1) / BINS,
            promised=float(binned.promised[place]),
            share=float(binned.share[place]),
            observed=estimate_of(
                float(binned.observed[place]),
                binned.drawn[:, place],
                int(counts[place]),
                why="" if counts[place] else "none of these pages is labelled",
            ),
        )
        for place in np.flatnonzero(binned.share > 0)
    )
    why = "" if strata.n else "no item is labelled"
    return Calibration(_ece(binned, counts, why, rng), _brier(column, labelled, finer, why), bins)


@dataclass(frozen=True, slots=True, eq=False)
class _Binned:
    """Of each bin, (BINS,): its share of all pages, the mean promise, the share of positives, draws of that, items."""

    share: Floats
    promised: Floats
    observed: Floats
    drawn: Floats
    items: Floats


def _binned(judged: Judged, bins: Integers) -> _Binned:
    """The strata summed into bins; `bins` (n_strata,) says into which."""
    strata = judged.strata
    member = np.eye(BINS)[bins]
    size = strata.size @ member
    whole = np.maximum(size, _NOTHING)
    return _Binned(
        share=size / max(judged.total, _NOTHING),
        promised=(strata.size * strata.expected) @ member / whole,
        observed=(strata.size * strata.share) @ member / whole,
        drawn=judged.positives @ member / whole,
        items=strata.items @ member,
    )


def _ece(binned: _Binned, counts: Integers, why: str, rng: np.random.Generator) -> Estimate:
    """The mean distance, by size, over the bins that are labelled. How many pages a bin holds is chance too."""
    n = int(counts.sum())
    if why:
        return Estimate(None, None, None, n, why)
    size = np.where(counts > 0, binned.share, 0.0)
    weight = size / max(float(size.sum()), _NOTHING)
    plain = float(weight @ np.abs(binned.observed - binned.promised))
    errs = binned.drawn - binned.drawn.mean(axis=0)
    chance = rng.standard_gamma(binned.items + 0.5, errs.shape) / np.maximum(binned.items, 1)
    drawn = (np.abs(binned.observed + errs - binned.promised) * chance) @ weight
    high = float(np.quantile(drawn, _HIGH))
    excess = max(float(drawn.mean()) - plain, 0.0)
    value = max(plain - excess, 0.0)
    return Estimate(value, min(max(2 * plain - high - excess, 0.0), value), min(max(high, value), 1.0), n, "")


def _brier(column: Ranked, labelled: Known, judged: Judged, why: str) -> Estimate:
    """mean of p^2, which is known of every page, and of (1 - 2p) where the category is present, which is not."""
    strata, total = judged.strata, max(judged.total, _NOTHING)
    known = float((expit(column.scores) ** 2) @ np.diff(column.measure)) / total
    stratum = np.searchsorted(strata.cuts, labelled.scores, side="right")
    weight, n_strata = labelled.weight * labelled.truth, len(strata.size)
    mass = np.bincount(stratum, weight, minlength=n_strata)
    promised = np.bincount(stratum, weight * expit(labelled.scores), minlength=n_strata)
    mean = np.where(mass > 0, promised / np.maximum(mass, _NOTHING), strata.expected)
    adds = (1 - 2 * mean) / total
    value = known + float((strata.size * strata.share) @ adds)
    return estimate_of(max(value, 0.0), np.clip(known + judged.positives @ adds, 0, 1), strata.n, why=why)
