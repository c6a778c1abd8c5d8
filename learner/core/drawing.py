"""With which probability each item is drawn for audit: likelier where a category is, never impossible.

An item's measure adds up, over the categories, its share of all sqrt(probability), and a floor that is the same for all
items. For the mean of a category's truth the best measure is in proportion to its standard deviation (Neyman 1934,
doi:10.2307/2342192), which for a rare category is near sqrt(probability); a mixture serves all categories with one
draw, and bounds every weight (Owen and Zhou 2000, doi:10.1080/01621459.2000.10473909).
"""

import numpy as np

from learner.core.arrays import Floats, Floats32, Integers

FLOOR = 0.2
"""Share of the labels that is drawn whatever the classifier says."""
_HALVINGS = 60


def score_measure(
    probabilities: Floats32, totals: Floats, n_items: int, *, focus: Floats | None = None
) -> Floats:
    """The measure of each item, (n_items,); over the whole population it sums to 1.

    Parameters
    ----------
    probabilities : float (n, n_categories)
        Of some or all items of the population.
    totals : float (n_categories,)
        Sums of sqrt(probability) over the population. A category with a total of 0 has no part in it.
    n_items : int
        Of the population.
    focus : float (n_categories,), optional
        How much each category counts, not negative; all alike without it.
    """
    wanted = np.ones(len(totals)) if focus is None else np.asarray(focus, dtype=np.float64)
    wanted = np.where(totals > 0, wanted, 0.0)
    if not wanted.sum():
        return np.full(len(probabilities), 1 / n_items)
    each = wanted / wanted.sum() / np.where(totals > 0, totals, 1.0)
    measure: Floats = FLOOR / n_items + (1 - FLOOR) * (np.sqrt(probabilities.astype(np.float64)) @ each)
    return measure


def chances(measure: Floats, n: float) -> Floats:
    """Inclusion probabilities (n_items,), in proportion to the measure, at most 1, that sum to `n`.

    Raises
    ------
    ValueError
        If more is wanted than there is, or a measure is not positive.
    """
    if not 0 < n <= len(measure):
        raise ValueError(f"{n} of {len(measure)} items cannot be drawn")
    if measure.min() <= 0:
        raise ValueError("an item has no chance; every measure must be positive")
    low, high = 0.0, 1 / float(measure.min())
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if np.minimum(1, middle * measure).sum() < n else (low, middle)
    return np.minimum(1, high * measure)


def uniform_keys(item_ids: Integers, seed: int) -> Floats:
    """A number in [0, 1) for each item, float64 (n_items,), fixed by its id and the seed alone.

    The finaliser of SplitMix64 (Steele, Lea and Flood 2014, doi:10.1145/2660193.2660195).

    Examples
    --------
    >>> bool(uniform_keys(np.array([7]), seed=1)[0] == uniform_keys(np.array([3, 7]), seed=1)[1])
    True
    """
    start = np.random.SeedSequence(seed).generate_state(1, np.uint64)
    state = item_ids.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + start
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    state ^= state >> np.uint64(31)
    return (state >> np.uint64(11)).astype(np.float64) / 2.0**53
