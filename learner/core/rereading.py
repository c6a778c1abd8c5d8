"""A second look at probabilities: what those of all categories together say of each label."""

from typing import Final

import numpy as np
from sklearn.linear_model import LogisticRegression

from learner.core.arrays import Array, Booleans, Floats
from learner.core.calibration import site_folds

N_FOLDS: Final = 5
STRENGTH: Final = 0.01
"""Inverse of the penalty: strong, for a category mostly speaks for itself."""
LOGIT_MAX: Final = 8.0
FEWEST: Final = 5
"""Items with a category, and without it, from which its label can be told from the others."""
FITTED_MAX: Final = 20_000
"""Items that a fit reads: more change nothing, with one number a category."""


def reread(
    probabilities: Floats, truth: Array, sites: Array, *, holdout: Booleans | None = None, seed: int = 0
) -> Floats:
    """Each category's probability again, from those of all categories, by fits that saw no page of the item's site.

    A page held as Violence that looks like Hate is as they often are; one that looks like Recipes is not. One
    probability alone cannot tell them apart. It is stacking (Wolpert 1992), one logistic regression a category.

    Parameters
    ----------
    probabilities : float64 (n_items, n_categories)
        NaN where a category is not learned: there it stays NaN.
    truth : integers (n_items, n_categories)
        1 present, 0 absent, -1 not known.
    sites : (n_items,)
    holdout : bool (n_items,)
        Items that nothing is fitted on.

    Returns
    -------
    float64 (n_items, n_categories)
        As they were where a category has too few items to tell.
    """
    held_out = np.zeros(len(truth), dtype=np.bool_) if holdout is None else holdout
    groups = np.unique(sites, return_inverse=True)[1]
    rng = np.random.default_rng((seed, N_FOLDS))
    again = probabilities.copy()
    train = np.flatnonzero(~held_out)
    if len(np.unique(groups[train])) < N_FOLDS:
        return again
    logits = _logits(probabilities)
    folds = np.full(len(truth), N_FOLDS)
    folds[train] = site_folds((truth[train] == 1).sum(axis=1), groups[train], N_FOLDS, rng)
    for fold in np.unique(folds):
        judged = np.flatnonzero(folds == fold)
        rest = train[folds[train] != fold]
        fitted = rest if len(rest) <= FITTED_MAX else np.sort(rng.choice(rest, FITTED_MAX, replace=False))
        again[judged] = _again(logits, truth, fitted, judged, probabilities)
    return np.where(np.isnan(probabilities), np.nan, again)


def _again(logits: Floats, truth: Array, fitted: Array, judged: Array, before: Floats) -> Floats:
    found = before[judged].copy()
    for category in range(truth.shape[1]):
        known = fitted[truth[fitted, category] >= 0]
        present = truth[known, category] == 1
        if min(present.sum(), (~present).sum()) >= FEWEST:
            model = LogisticRegression(C=STRENGTH, max_iter=300).fit(logits[known], present)
            found[:, category] = model.predict_proba(logits[judged])[:, 1]
    return found


def _logits(probabilities: Floats) -> Floats:
    """Log odds within bounds; 0 where a category is not learned."""
    floor = 1 / (1 + np.exp(LOGIT_MAX))
    inside = np.clip(np.nan_to_num(probabilities, nan=0.5), floor, 1 - floor)
    return np.asarray(np.log(inside / (1 - inside)), dtype=np.float64)
