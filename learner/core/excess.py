"""Groups of pages with more errors than chance gives them: an exact test, corrected for how many were looked at."""

from typing import Final

import numpy as np
from scipy.stats import hypergeom

from learner.core.arrays import Floats, Integers

ALPHA: Final = 0.05


def excess(errors: Integers, pages: Integers, n_errors: int, n_pages: int) -> Floats:
    """Of each group, the chance that it has so many errors if all pages err alike, corrected for the number of groups.

    One-sided, from the hypergeometric distribution (Fisher's exact test). A group that is so small that it could never
    be told apart, however many of its pages err, is not counted among those looked at (Tarone 1990,
    doi:10.2307/2531456). Among groups that are below `ALPHA`, at most `ALPHA` of all searches list any by chance.

    Parameters
    ----------
    errors, pages : int (n_groups,)
        Pages of the group that are errors, and all of its pages.
    n_errors, n_pages : int
        The same of all pages.

    Returns
    -------
    float64 (n_groups,), from 0 to 1

    Examples
    --------
    >>> excess(np.array([4, 1]), np.array([4, 12]), n_errors=6, n_pages=40).round(4)
    array([0.0003, 1.    ])
    """
    if not len(errors):
        return np.empty(0)
    values = np.asarray(hypergeom.sf(errors - 1, n_pages, n_errors, pages))
    least = np.asarray(hypergeom.sf(np.minimum(pages, n_errors) - 1, n_pages, n_errors, pages))
    corrected: Floats = np.minimum(values * _looked_at(least), 1.0)
    return corrected


def _looked_at(least: Floats) -> int:
    """The smallest k for which no more than k groups could be told apart at `ALPHA` / k."""
    ordered = np.sort(least)
    counts = np.arange(1, len(ordered) + 1)
    could = np.searchsorted(ordered, ALPHA / counts, side="right")
    return int(counts[could <= counts][0])
