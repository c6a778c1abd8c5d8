"""What may be true of the strata of a category, given its labelled items.

The share of positives of a stratum has a Beta posterior of its labelled items, weighted by what they stand for. Below
the threshold lie most items and few positives, and in a stratum in which none was found nothing but the prior speaks.
There may be what the classifier expects, as often as it is right; and positives that it does not see, which lie
anywhere. How often, and how many for each that is found, are two numbers of the category, and quite unsure; labelled
items below the threshold speak for or against them. These strata are where the normal approximation, Wilson's interval
on an effective number and the bootstrap fail (`benchmarks/evaluation_coverage.py`, decision 178).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import gammainc, gammaincc

from learner.core.arrays import Array, Booleans, Floats
from learner.core.audited import Strata

N_DRAWS: Final = 1_000
_EDGES: Final = np.concatenate([[0.0], np.geomspace(1e-4, 20, 64)])
_MIDDLES: Final = (_EDGES[1:] + _EDGES[:-1]) / 2


def _masses(mean: float) -> Floats:
    """What a Gamma distribution of shape one half has between the edges: next to none, or some times its mean."""
    return np.diff(gammainc(0.5, _EDGES * 0.5 / mean))


_NOT_SEEN: Final = _masses(0.07)
"""Positives that the classifier does not see, for each that is found."""
_AS_EXPECTED: Final = _masses(1.0)
"""Positives where none was found, for each that the classifier expects there."""
_JEFFREYS: Final = 0.5
_FOUND: Final = 0.5
_LEAST: Final = 1e-6
_NOTHING: Final = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One category in strata, with draws of the share of positives of each and of what each measures.

    `shares` and `sizes` are (N_DRAWS, n_strata).
    """

    strata: Strata
    shares: Floats
    sizes: Floats

    @property
    def positives(self) -> Floats:
        """Draws of what is positive in each stratum, (N_DRAWS, n_strata)."""
        return self.shares * self.sizes

    @property
    def counts(self) -> tuple[Floats, Floats, Floats]:
        """Draws of tp, fp and fn, (N_DRAWS,) each."""
        predicted, positives = self.strata.predicted, self.positives
        hits = positives[:, predicted].sum(axis=1)
        misses = positives[:, ~predicted].sum(axis=1)
        return hits, self.sizes[:, predicted].sum(axis=1) - hits, misses

    @property
    def total(self) -> float:
        """What the whole population measures."""
        return float(self.strata.size.sum())


def judged_of(strata: Strata, *, rng: np.random.Generator) -> Judged:
    """The strata with draws from their posterior."""
    shares = shares_drawn(strata, strata.n_effective, _held_shares(strata, rng), rng)
    shares += unseen_drawn(strata, strata.n_effective, strata.share, N_DRAWS, rng)
    return Judged(strata, np.minimum(shares, 1.0), sizes_drawn(strata, N_DRAWS, rng))


def prior_of(strata: Strata) -> tuple[Floats, Floats]:
    """The prior counts of positives and others in each stratum, (n_strata,) each, but for those that are not seen."""
    present = np.where(strata.predicted, _JEFFREYS, np.maximum(strata.expected, _LEAST))
    absent = np.where(strata.predicted, _JEFFREYS, np.maximum(1 - strata.expected, _LEAST))
    return present, absent


def shares_drawn(strata: Strata, n: Floats, share: Array, rng: np.random.Generator) -> Floats:
    """A draw of the share of each stratum, (..., n_strata), after so many labels with this share of positives."""
    present, absent = prior_of(strata)
    drawn: Floats = rng.beta(present + n * share, absent + n * (1 - share))
    return drawn


def unseen_drawn(strata: Strata, n: Floats, share: Array, n_draws: int, rng: np.random.Generator) -> Floats:
    """Draws of what the share of each stratum is where nothing was found, (n_draws, n_strata); 0 in the others.

    What the classifier expects, as often as its expectations come true there; and positives that it does not see, so
    many for each that is found. Neither factor is known; both are of the whole category.

    Parameters
    ----------
    strata : Strata
    n, share : float (n_strata,)
        Effective labels, and the share of positives among them.
    n_draws : int
    rng : np.random.Generator
    """
    present, absent = prior_of(strata)
    found = strata.size @ ((present + n * share) / (present + absent + n))
    rate = np.full(len(n), float(found) / max(float(strata.size.sum()), _NOTHING))
    others = ~strata.predicted
    finds, adds = (n * share)[others], np.zeros((n_draws, len(n)))
    for each, prior in ((rate, _NOT_SEEN), (strata.expected, _AS_EXPECTED)):
        adds += np.outer(_factors_drawn(finds, (n * each)[others], prior, n_draws, rng), each)
    silent: Floats = adds * unfound(strata, n, share)
    return silent


def _factors_drawn(
    finds: Floats, expected: Floats, prior: Floats, n_draws: int, rng: np.random.Generator
) -> Floats:
    """Draws of what the finds that are expected in each stratum are to be multiplied by, (n_draws,).

    The chance of a factor is that of its prior, times that of as few finds as there were.
    """
    as_few = gammaincc(finds + 1, _MIDDLES[:, None] * expected)
    cumulated = np.cumsum(prior * np.maximum(as_few, _NOTHING).prod(axis=1))
    factors: Floats = np.interp(rng.random(n_draws) * cumulated[-1], np.append(0.0, cumulated), _EDGES)
    return factors


def unfound(strata: Strata, n: Floats, share: Array) -> Booleans:
    """The strata below the threshold in which less than half a positive was found, (n_strata,)."""
    return ~strata.predicted & (n * share < _FOUND)


def sizes_drawn(strata: Strata, n_draws: int, rng: np.random.Generator) -> Floats:
    """Draws of what the strata measure, (n_draws, n_strata): how many items are predicted is chance, too.

    Of pages like those of the population, that is. Of the others there are so many that it does not matter.
    """
    sizes = np.tile(strata.size, (n_draws, 1))
    some = strata.predicted & (strata.items > 0)
    items = strata.items[some]
    sizes[:, some] *= rng.standard_gamma(items, (n_draws, len(items))) / items
    return sizes


def _held_shares(strata: Strata, rng: np.random.Generator) -> Floats:
    """Draws of the share of positives among the labels of each stratum, (N_DRAWS, n_strata): some are in doubt."""
    share = np.tile(strata.share, (N_DRAWS, 1))
    places, probability, adds = strata.doubts
    if not len(places):
        return share
    by_stratum = np.zeros((len(places), len(strata.share)))
    by_stratum[np.arange(len(places)), places] = adds
    held = rng.random((N_DRAWS, len(places))) < probability
    return np.clip(share + (held - probability) @ by_stratum, 0, 1)
