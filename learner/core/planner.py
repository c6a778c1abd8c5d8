"""How many more labels it takes to know a score of a category within so much, drawn where they tell the most.

What is true of each stratum is drawn from its posterior; what more labels would then show, and how wide the interval
of `learner.core.audited` would be, is played through for ever more labels. So the answer is a range: nobody knows yet
what the labels will say.
"""

from typing import Any, Final

import numpy as np

from learner.core.arrays import Array, Floats
from learner.core.audited import Strata, priors_of
from learner.core.drawing import FLOOR
from learner.core.evaluation import CONFIDENCE
from learner.core.plans import MEASURES, STEPS

N_WORLDS: Final = 24
N_DRAWS: Final = 200
_OUTER: Final = (0.1, 0.5, 0.9)
_ENDS: Final = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
_HALVINGS: Final = 40


def played(strata: Strata, *, rng: np.random.Generator) -> dict[str, Any]:
    """Half-widths of the interval of each measure after each of `STEPS` more labels, as an evaluation keeps them.

    Parameters
    ----------
    strata : Strata
        One category, as it stands.
    rng : np.random.Generator

    Returns
    -------
    dict
        Of each measure, `by_score` (drawn for this category alone) and `at_random`: a tenth, the median and nine tenths
        over what may be true, n_steps each. `possible`: items that are left to draw.
    """
    truths = _beta(strata, strata.n_effective, strata.share, N_WORLDS, rng)
    whole = float(strata.size.sum())
    focused = FLOOR * strata.size + (1 - FLOOR) * whole * strata.roots / max(float(strata.roots.sum()), 1e-12)
    seed = int(rng.integers(2**32))
    kept: dict[str, Any] = {measure: {} for measure in MEASURES}
    for way, density in (("by_score", focused), ("at_random", strata.size)):
        widths = _widths(strata, truths, density, np.random.default_rng(seed))
        for measure in MEASURES:
            kept[measure][way] = np.quantile(widths[measure], _OUTER, axis=0).round(5).tolist()
    return kept | {"possible": int(np.maximum(strata.n_items - strata.n_labels, 0).sum())}


def labels_in(strata: Strata, density: Floats, more: float) -> Floats:
    """How `more` labels fall on the strata, (n_strata,), in proportion to the density, as far as there are items."""
    left = np.maximum(strata.n_items - strata.n_labels, 0.0)
    if more >= left.sum():
        return left
    low, high = 0.0, 1.0
    while np.minimum(left, high * density).sum() < more:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if np.minimum(left, middle * density).sum() < more else (low, middle)
    fallen: Floats = np.minimum(left, high * density)
    return fallen


def _widths(strata: Strata, truths: Floats, density: Floats, rng: np.random.Generator) -> dict[str, Floats]:
    """Of each measure half-widths (N_WORLDS, n_steps) of the interval after so many more labels, if this is true."""
    worth = _worth(strata)
    widths = {measure: np.empty((len(truths), len(STEPS))) for measure in MEASURES}
    for step, more in enumerate(STEPS):
        new = labels_in(strata, density, more) * worth
        found = rng.binomial(np.round(new).astype(np.int64), truths) / np.maximum(np.round(new), 1)
        total = strata.n_effective + new
        share = (strata.n_effective * strata.share + new * found) / np.maximum(total, 1e-12)
        positives = _beta(strata, total, share, N_DRAWS, rng) * strata.size
        for measure, of_steps in widths.items():
            low, high = np.quantile(_score(strata, positives, measure), _ENDS, axis=0)
            of_steps[:, step] = (high - low) / 2
    return widths


def _worth(strata: Strata) -> Floats:
    """What one more label adds to the effective number of its stratum, (n_strata,): as those so far, at most 1."""
    all_labels, all_effective = float(strata.n_labels.sum()), float(strata.n_effective.sum())
    mean = min(1.0, all_effective / all_labels) if all_labels else 1.0
    each = np.divide(
        strata.n_effective, strata.n_labels, out=np.full(len(strata.size), mean), where=strata.n_labels > 0
    )
    worth: Floats = np.clip(each, 0.05, 1)
    return worth


def _beta(strata: Strata, n: Floats, share: Array, n_draws: int, rng: np.random.Generator) -> Floats:
    """Draws of the posterior of the share of each stratum, (n_draws, *share.shape)."""
    present, absent = priors_of(strata)
    drawn: Floats = rng.beta(present + n * share, absent + n * (1 - share), (n_draws, *share.shape))
    return drawn


def _score(strata: Strata, positives: Floats, measure: str) -> Floats:
    """The score in each draw of what is positive; the last axis of `positives` is that of the strata."""
    hits = positives[..., strata.predicted].sum(axis=-1)
    misses = positives[..., ~strata.predicted].sum(axis=-1)
    alarms = float(strata.size[strata.predicted].sum()) - hits
    part, others = {
        "recall": (hits, misses),
        "precision": (hits, alarms),
        "f1": (2 * hits, alarms + misses),
    }[measure]
    score: Floats = part / np.maximum(part + others, 1e-12)
    return score
