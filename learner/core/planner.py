"""How many more labels it takes to know a score of a category within so much, drawn where they tell the most.

What is true of each stratum is drawn from its posterior; what more labels would then show, and how wide the interval
of `learner.core.audited` would be, is played through for ever more labels. So the answer is a range: nobody knows yet
what the labels will say.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from scipy.special import expit

from learner.core.arrays import Array, Floats
from learner.core.audited import Drawn, Population, Strata, strata_of
from learner.core.drawing import FLOOR
from learner.core.evaluation import CONFIDENCE
from learner.core.plans import MEASURES, STEPS
from learner.core.posterior import shares_drawn, sizes_drawn

N_WORLDS: Final = 24
N_DRAWS: Final = 200
_OUTER: Final = (0.1, 0.5, 0.9)
_ENDS: Final = ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2)
_HALVINGS: Final = 40


@dataclass(frozen=True, slots=True, eq=False)
class Drawable:
    """The strata of a category, with what a draw goes by: sums of sqrt(probability), and labels, (n_strata,) each."""

    strata: Strata
    roots: Floats
    n_labels: Floats

    @property
    def left(self) -> Floats:
        """Items that are not drawn yet, (n_strata,)."""
        return np.maximum(self.strata.items - self.n_labels, 0.0)


def drawable_of(population: Population, drawn: Drawn, threshold: float, category: int) -> Drawable:
    """The strata of one category as they stand."""
    strata = strata_of(population, drawn, threshold, category)
    logits = population.logits[:, category].astype(np.float64)
    places = np.searchsorted(strata.cuts, logits, side="right")
    n_strata = len(strata.size)
    known = places[drawn.rows[drawn.truth[:, category] >= 0]]
    roots: Floats = np.bincount(places, np.sqrt(expit(logits)), minlength=n_strata).astype(np.float64)
    return Drawable(strata, roots, np.bincount(known, minlength=n_strata).astype(np.float64))


def played(known: Drawable, *, rng: np.random.Generator) -> dict[str, Any]:
    """Half-widths of the interval of each measure after each of `STEPS` more labels, as an evaluation keeps them.

    Parameters
    ----------
    known : Drawable
        One category, as it stands.
    rng : np.random.Generator

    Returns
    -------
    dict
        Of each measure, `by_score` (drawn for this category alone) and `at_random`: a tenth, the median and nine tenths
        over what may be true, n_steps each. `possible`: items that are left to draw.
    """
    strata = known.strata
    worlds = np.tile(strata.share, (N_WORLDS, 1))
    truths = shares_drawn(strata, strata.n_effective, strata.share, worlds, rng)
    mean_root = known.roots.sum() / max(float(strata.items.sum()), 1.0)
    focused = FLOOR * strata.items + (1 - FLOOR) * known.roots / max(float(mean_root), 1e-12)
    seed = int(rng.integers(2**32))
    kept: dict[str, Any] = {measure: {} for measure in MEASURES}
    for way, density in (("by_score", focused), ("at_random", strata.items)):
        widths = _widths(known, truths, density, np.random.default_rng(seed))
        for measure in MEASURES:
            kept[measure][way] = np.quantile(widths[measure], _OUTER, axis=0).round(5).tolist()
    return kept | {"possible": int(known.left.sum())}


def labels_in(left: Floats, density: Array, more: float) -> Floats:
    """How `more` labels fall on the strata, (n_strata,), in proportion to the density, as far as any are `left`."""
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


def _widths(known: Drawable, truths: Floats, density: Array, rng: np.random.Generator) -> dict[str, Floats]:
    """Of each measure half-widths (N_WORLDS, n_steps) of the interval after so many more labels, if this is true."""
    strata, worth = known.strata, _worth(known)
    widths = {measure: np.empty((len(truths), len(STEPS))) for measure in MEASURES}
    for step, more in enumerate(STEPS):
        new = labels_in(known.left, density, more) * worth
        found = rng.binomial(np.round(new).astype(np.int64), truths) / np.maximum(np.round(new), 1)
        total = strata.n_effective + new
        share = (strata.n_effective * strata.share + new * found) / np.maximum(total, 1e-12)
        shares = np.stack([_shares(strata, total, of_world, rng) for of_world in share], axis=1)
        sizes = sizes_drawn(strata, N_DRAWS, rng)[:, None, :]
        for measure, of_steps in widths.items():
            low, high = np.quantile(_score(strata, shares * sizes, sizes, measure), _ENDS, axis=0)
            of_steps[:, step] = (high - low) / 2
    return widths


def _worth(known: Drawable) -> Floats:
    """What one more label adds to the effective number of its stratum, (n_strata,): as those so far, at most 1."""
    effective, labels = known.strata.n_effective, known.n_labels
    mean = min(1.0, float(effective.sum() / labels.sum())) if labels.sum() else 1.0
    each = np.divide(effective, labels, out=np.full(len(labels), mean), where=labels > 0)
    worth: Floats = np.clip(each, 0.05, 1)
    return worth


def _shares(strata: Strata, n: Floats, share: Floats, rng: np.random.Generator) -> Floats:
    """Draws of the posterior of the share of each stratum, (N_DRAWS, n_strata)."""
    return shares_drawn(strata, n, share, np.tile(share, (N_DRAWS, 1)), rng)


def _score(strata: Strata, positives: Floats, sizes: Floats, measure: str) -> Floats:
    """The score in each draw of what is positive; the last axis of `positives` is that of the strata."""
    hits = positives[..., strata.predicted].sum(axis=-1)
    misses = positives[..., ~strata.predicted].sum(axis=-1)
    alarms = sizes[..., strata.predicted].sum(axis=-1) - hits
    part, others = {
        "recall": (hits, misses),
        "precision": (hits, alarms),
        "f1": (2 * hits, alarms + misses),
    }[measure]
    score: Floats = part / np.maximum(part + others, 1e-12)
    return score
