"""Agreement coefficients in closed form on a tally; each also takes many weightings of it at once."""

import numpy as np
from numpy.typing import NDArray

from annotator.agreement.ratings import IntArray, Tally

FloatArray = NDArray[np.float64]


def percent_agreement(tally: Tally, items: IntArray | None = None) -> FloatArray:
    """The share of agreeing pairs of answers, averaged over items: P-bar of Fleiss (1971), equation 3.

    Not corrected for chance: on a category that is nearly always absent it is high whatever people do.

    Parameters
    ----------
    tally : Tally
    items : int array (..., n_patterns), optional
        Items per pattern, in place of `tally.items`: one row per resample.

    Returns
    -------
    float array (...,)
        In [0, 1]; nan where no item has two answers.

    Examples
    --------
    >>> from annotator.agreement.ratings import Ratings, tally
    >>> float(percent_agreement(tally(Ratings.from_table([[1, 1], [1, 0]]))))
    0.5
    """
    weights = tally.items if items is None else items
    size = tally.patterns.sum(axis=1)
    agreeing = (tally.patterns * (tally.patterns - 1)).sum(axis=1) / (size * (size - 1))
    return _ratio(weights @ agreeing, weights.sum(axis=-1))


def krippendorff_alpha(tally: Tally, items: IntArray | None = None) -> FloatArray:
    """Krippendorff's alpha for nominal values: 1 - observed / expected disagreement.

    With m answers on an item, c of them for value v, and totals n over items with m >= 2:
    observed = sum_items (m^2 - sum_v c^2) / (m - 1) / n, expected = (n^2 - sum_v n_v^2) / (n (n - 1)).

    Parameters
    ----------
    tally : Tally
    items : int array (..., n_patterns), optional
        Items per pattern, in place of `tally.items`: one row per resample.

    Returns
    -------
    float array (...,)
        At most 1; nan where no item has two answers, or all answers are the same.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section C.

    Examples
    --------
    >>> from annotator.agreement.ratings import Ratings, tally
    >>> round(float(krippendorff_alpha(tally(Ratings.from_table([[1, 1], [0, 0], [1, 0]])))), 3)
    0.444
    """
    weights = tally.items if items is None else items
    size = tally.patterns.sum(axis=1)
    disagreeing = (size**2 - (tally.patterns**2).sum(axis=1)) / (size - 1)
    n_answers = (weights @ size).astype(np.float64)
    return 1 - _ratio(weights @ disagreeing, n_answers * expected_disagreement(tally, weights))


def expected_disagreement(tally: Tally, items: IntArray | None = None) -> FloatArray:
    """The chance that two answers drawn from the whole tally differ: the denominator of alpha."""
    weights = tally.items if items is None else items
    totals = (weights @ tally.patterns).astype(np.float64)
    n_answers = totals.sum(axis=-1)
    return _ratio(n_answers**2 - (totals**2).sum(axis=-1), n_answers * (n_answers - 1))


def _ratio(numerator: FloatArray | IntArray, denominator: FloatArray | IntArray) -> FloatArray:
    """Numerator / denominator, nan where the denominator is 0 (or itself nan)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, np.divide(numerator, denominator), np.nan)
