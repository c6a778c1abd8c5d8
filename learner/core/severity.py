"""What pages are expected to show before a person sees them, from calibrated probabilities."""

from typing import Final

import numpy as np

from learner.core.arrays import Array, Booleans, Integers

GRAVE: Final = 3
"""The severity of what must not be missed."""
LINE: Final = 0.2
"""The probability from which a category is expected: a harmful page that comes unannounced costs a person more
than four that are announced and turn out harmless."""


def expected_categories(probabilities: Array, learned: Booleans) -> Booleans:
    """Which categories each item is expected to show.

    Parameters
    ----------
    probabilities : float (n_items, n_categories)
        Calibrated, 0 to 1.
    learned : bool (n_categories,)
        False where the probability is no more than a prior: such a category is never expected.

    Returns
    -------
    bool (n_items, n_categories)

    Examples
    --------
    >>> expected_categories(np.array([[0.5, 0.1, 0.9]]), np.array([True, True, False])).tolist()
    [[True, False, False]]
    """
    return np.asarray((probabilities >= LINE) & learned, dtype=np.bool_)


def expected_severity(expected: Booleans, severities: Integers) -> Integers:
    """The highest severity among the categories that each item is expected to show, 0 where there is none.

    Parameters
    ----------
    expected : bool (n_items, n_categories)
    severities : int (n_categories,)
        0 harmless to 3 grave.

    Returns
    -------
    int64 (n_items,)

    Examples
    --------
    >>> expected_severity(np.array([[True, True], [False, False]]), np.array([1, 3])).tolist()
    [3, 0]
    """
    if expected.shape[1:] != severities.shape:
        raise ValueError(f"{expected.shape[1]} categories were given with {len(severities)} severities")
    return np.asarray((expected * severities).max(axis=1, initial=0), dtype=np.int64)
