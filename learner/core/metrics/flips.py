"""Which known pages are kept with an evaluation, so that a page can show what flips when a threshold moves."""

from typing import Final

import numpy as np

from learner.core.arrays import Array, Integers

NEAREST: Final = 60
"""So many pages that have the category, and so many that have not, of each kind of page."""


def nearest(scores: Array, truth: Array, threshold: float, n: int = NEAREST) -> Integers:
    """Places of the known pages nearest to the threshold, `n` with the category and `n` without, ascending.

    Parameters
    ----------
    scores : float (n_items,)
    truth : (n_items,)
        -1 where it is not known.
    threshold : float
        Where it is infinite, those with the highest scores.

    Examples
    --------
    >>> nearest(np.array([0.1, 2.0, 9.0]), np.array([1, 1, -1]), 2.5, 1).tolist()
    [1]
    """
    distance = np.abs(scores - threshold) if np.isfinite(threshold) else -scores
    kept = [
        rows[np.argsort(distance[rows], kind="stable")[:n]]
        for rows in (np.flatnonzero(truth >= 1 / 2), np.flatnonzero((truth >= 0) & (truth < 1 / 2)))
    ]
    return np.sort(np.concatenate(kept))
