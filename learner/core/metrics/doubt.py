"""How sure a doubted label is, given the score of its item.

What people say of an item weighs against a prior, and that differs by score: two of three who see a category mean much
where every second page has it, and little where one in ten thousand has. One prior for all makes positives of what a
few people saw by mistake on the many pages with low scores, and recall of a rare category comes out near nothing.
"""

from dataclasses import replace
from typing import Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import gamma

from learner.core.arrays import Array, Booleans, Floats
from learner.core.audited import Drawn

BAND_LABELS: Final = 100
"""Labelled items of a band, about."""
_FACTORS: Final = np.geomspace(1 / 30, 30, 41)
_SHAPE: Final = 2.0
"""A band has what the curve says, give or take: a factor with a Gamma distribution of this shape and mean 1."""
_FACTOR_MASSES: Final = gamma.pdf(_FACTORS, _SHAPE, scale=1 / _SHAPE) * _FACTORS
_NOT_SEEN: Final = 0.02
"""Positives that lie anywhere, for each that lies where the score says, before anything is labelled."""
_SHIFT: Final = 2.0
"""How far the logits of a classifier are off."""
_SLOPE: Final = 0.5
"""The same of the logarithm of what they are to be multiplied by."""
_NOTHING: Final = 1e-12


def doubt_by_score(drawn: Drawn, logits: Array) -> Drawn:
    """The drawn items with the posterior of each doubted label, by what people say of it and by its score.

    Each category has a curve of the share of positives by score, fitted to all its labels (Platt 1999, with truth not
    observed but weighed as in Dawid and Skene 1979), and a floor of positives that the classifier does not see. Within
    bands of score the share may be more or less than that, as the labels there say.

    Parameters
    ----------
    drawn : Drawn
        Its truth is 1 or 0 where a label is certain; between them the probability by what people say alone, as if half
        of all items had the category; -1 where nothing is known.
    logits : float (n_drawn, n_categories)
        The classifier's, of these items.
    """
    truth = drawn.truth.copy()
    for category in np.flatnonzero(_is_doubtful(truth).any(axis=0)):
        said = drawn.truth[:, category]
        known = np.flatnonzero(said >= 0)
        scores = np.clip(logits[known, category].astype(np.float64), -30, 30)
        truth[known, category] = posterior_of(scores, said[known], 1 / drawn.inclusion[known])
    return replace(drawn, truth=truth)


def posterior_of(scores: Floats, said: Floats, weight: Floats) -> Floats:
    """The posterior of the labels of one category, (n_items,); certain ones stay. `weight` is what each stands for.

    Examples
    --------
    >>> scores, said = np.array([-6.0, -6.0, 3.0]), np.array([0.9, 0.0, 0.9])
    >>> posterior_of(scores, said, np.ones(3)).round(1).tolist()
    [0.0, 0.0, 1.0]
    """
    share = _curve(scores, said, weight)
    odds, found = share / (1 - share), said.copy()
    order = np.argsort(scores, kind="stable")
    for band in np.array_split(order, max(len(order) // BAND_LABELS, 1)):
        present = _FACTORS[:, None] * odds[band] * said[band]
        either = present + 1 - said[band]
        fits = np.log(either / (1 + _FACTORS[:, None] * odds[band])).sum(axis=1)
        masses = _FACTOR_MASSES * np.exp(fits - fits.max())
        found[band] = masses @ (present / either) / masses.sum()
    return np.where(_is_doubtful(said), found, said)


def _is_doubtful(said: Floats) -> Booleans:
    return np.asarray((said > 0) & (said < 1), dtype=np.bool_)


def _curve(scores: Floats, said: Floats, weight: Floats) -> Floats:
    """The share of positives at the score of each item, (n_items,): the likeliest curve under the priors."""
    weight = weight / weight.sum()

    def share_of(parts: Floats) -> Floats:
        seen = expit(parts[0] + np.exp(parts[1]) * scores)
        share: Floats = np.clip(
            seen + (1 - seen) * np.exp(parts[2]) * (weight @ seen), _NOTHING, 1 - _NOTHING
        )
        return share

    def misfit(parts: Floats) -> float:
        share = share_of(parts)
        fit = np.log(share * said + (1 - share) * (1 - said)).sum()
        unseen = (parts[2] - np.exp(parts[2]) / _NOT_SEEN) / 2
        return float((parts[0] / _SHIFT) ** 2 / 2 + (parts[1] / _SLOPE) ** 2 / 2 - unseen - fit)

    bounds = ((-10, 10), (-2, 2), (-12, 0))
    likeliest: Floats = minimize(misfit, [0.0, 0.0, np.log(_NOT_SEEN)], method="L-BFGS-B", bounds=bounds).x
    return share_of(likeliest)
