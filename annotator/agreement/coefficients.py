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


def fleiss_kappa(tally: Tally, items: IntArray | None = None) -> FloatArray:
    """Fleiss' kappa, for any number of answers an item: (observed - expected) / (1 - expected).

    Observed is `percent_agreement`. Expected is the sum of the squared shares of the values, where a value's share
    is the mean over items of its share of the item's answers: each item weighs the same, as it does in the
    observed part. With equally many answers on every item this is Fleiss' own definition.

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
    Fleiss (1971), Psychological Bulletin 76, 378-382. Varying numbers: Gwet (2014), Handbook of Inter-Rater
    Reliability, 4th edition, here over items with two answers only.

    Examples
    --------
    >>> from annotator.agreement.ratings import Ratings, tally
    >>> round(float(fleiss_kappa(tally(Ratings.from_table([[1, 1], [0, 0], [1, 0]])))), 3)
    0.333
    """
    expected = (value_shares(tally, items) ** 2).sum(axis=-1)
    return _ratio(percent_agreement(tally, items) - expected, 1 - expected)


def gwet_ac1(tally: Tally, items: IntArray | None = None) -> FloatArray:
    """Gwet's AC1: chance agreement is small where nearly everything has the same value.

    Expected is sum_v p_v (1 - p_v) / (q - 1), with the shares p_v of `value_shares` and q the number of values
    of the scale (the columns of `tally.patterns`), also those that nobody used. On two values it is 2 p (1 - p).

    Parameters
    ----------
    tally : Tally
    items : int array (..., n_patterns), optional
        Items per pattern, in place of `tally.items`: one row per resample.

    Returns
    -------
    float array (...,)
        At most 1, and 1 where all answers are the same; nan where no item has two answers.

    References
    ----------
    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61, 29-48.

    Examples
    --------
    >>> from annotator.agreement.ratings import Ratings, tally
    >>> round(float(gwet_ac1(tally(Ratings.from_table([[0, 0]] * 9 + [[1, 0]])))), 3)
    0.89
    """
    shares = value_shares(tally, items)
    expected = (shares * (1 - shares)).sum(axis=-1) / (tally.patterns.shape[1] - 1)
    return _ratio(percent_agreement(tally, items) - expected, 1 - expected)


def value_shares(tally: Tally, items: IntArray | None = None) -> FloatArray:
    """The share of each value (..., n_values): the mean over items of its share of the item's answers."""
    weights = tally.items if items is None else items
    within = tally.patterns / tally.patterns.sum(axis=1, keepdims=True)
    return _ratio(weights @ within, weights.sum(axis=-1)[..., np.newaxis])


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
