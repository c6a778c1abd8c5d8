"""What may be true of the strata of a category, given its labelled items.

The share of positives of a stratum has a Beta posterior of its labelled items, weighted by what they stand for: above
the threshold from Jeffreys' prior, each stratum by itself. Below it lie most items and few positives, and in most
strata none is found. So all strata there share one prior: their shares vary about what the classifier expects, where
three numbers of the category are not known: how often its expectations come true, how steeply they should fall with the
score, and how many positives it does not see, which lie anywhere. What was found in any stratum speaks of all three
(a beta-binomial, Skellam 1948, J. R. Stat. Soc. B 10, with unknown means). These strata are where the normal
approximation, Wilson's interval on an effective number and the bootstrap fail
(`benchmarks/evaluation_coverage.py`, decision 180).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.special import betaln, gammainc

from learner.core.arrays import Floats
from learner.core.audited import Strata

N_DRAWS: Final = 1_000
_JEFFREYS: Final = 0.5
_SLOPES: Final = (0.75, 1.0, 1.4)
"""What the logits below the threshold, counted from its end, are to be multiplied by; one as likely as another."""
_LEAST, _MOST, _NOTHING = 1e-7, 0.999, 1e-12


def _gamma(mean: float, low: float, high: float, n: int) -> tuple[Floats, Floats]:
    """Points and masses (n,) of a Gamma distribution of shape one half: next to none, or some times its mean."""
    edges = np.geomspace(low, high, n + 1)
    points = np.sqrt(edges[1:] * edges[:-1])
    edges[0], points[0] = 0.0, low / 2
    return points, np.diff(gammainc(0.5, edges / 2 / mean))


def _grid() -> tuple[Floats, Floats, Floats, Floats]:
    """All values of the three numbers that are not known, (n_points, 1) each, and log chances (n_points,)."""
    (true, of_true), (unseen, of_unseen) = _gamma(1.0, 0.02, 30, 16), _gamma(0.07, 0.002, 3, 10)
    points = np.meshgrid(true, unseen, _SLOPES, indexing="ij")
    masses = of_true[:, None, None] * of_unseen[:, None] * np.full(len(_SLOPES), 1 / len(_SLOPES))
    come_true, not_seen, slopes = (part.reshape(-1, 1) for part in points)
    return come_true, not_seen, slopes, np.log(masses.ravel())


_COME_TRUE, _NOT_SEEN, _SLOPE, _LOG_PRIOR = _grid()
"""Positives for each that the classifier expects; those that it does not see, for each that is found; slopes."""


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
    shares = shares_drawn(strata, strata.n_effective, strata.share, _held_shares(strata, rng), rng)
    return Judged(strata, shares, sizes_drawn(strata, N_DRAWS, rng))


def shares_drawn(strata: Strata, n: Floats, share: Floats, held: Floats, rng: np.random.Generator) -> Floats:
    """Draws of the share of positives of each stratum, (n_draws, n_strata).

    Parameters
    ----------
    strata : Strata
    n, share : float (n_strata,)
        Effective labels, and the share of positives among them.
    held : float (n_draws, n_strata)
        The same share in each draw: it differs where labels are in doubt.
    rng : np.random.Generator
    """
    present, absent = (np.full(held.shape, _JEFFREYS) for _ in range(2))
    others = ~strata.predicted
    if others.any():
        present[:, others] = 1.0
        absent[:, others] = _shared_prior(strata, n, share, len(held), rng)
    drawn: Floats = rng.beta(present + n * held, absent + n * (1 - held))
    return drawn


def _shared_prior(strata: Strata, n: Floats, share: Floats, n_draws: int, rng: np.random.Generator) -> Floats:
    """Draws of how many negatives stand beside one positive in the prior of each stratum below the threshold.

    (n_draws, n_others). A point of the grid is drawn by its prior, times the chance of what was found in all strata.
    """
    others = ~strata.predicted
    jeffreys = np.where(strata.predicted, _JEFFREYS, 0.0)
    found = float(strata.size @ ((n * share + jeffreys) / (n + 1)))
    rate = found / max(float(strata.size.sum()), _NOTHING)
    expected = np.clip(strata.expected[others], _LEAST, _MOST)
    odds = expected / (1 - expected)
    as_expected = _COME_TRUE * odds.max() * (odds / odds.max()) ** _SLOPE
    means = np.clip(as_expected / (1 + as_expected) + _NOT_SEEN * rate, _LEAST, _MOST)
    absent = (1 - means) / means
    finds, labels = (n * share)[others], n[others]
    chances = (betaln(1 + finds, absent + labels - finds) + np.log(absent)).sum(axis=1) + _LOG_PRIOR
    cumulated = np.cumsum(np.exp(chances - chances.max()))
    points = np.searchsorted(cumulated, rng.random(n_draws) * cumulated[-1])
    drawn: Floats = absent[points]
    return drawn


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
