"""Agreement of each two annotators: Cohen's kappa with n and an interval, from one pass over the judgments."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from annotator.agreement.bootstrap import LEVEL, MIN_DEFINED, Estimate
from annotator.agreement.coefficients import FloatArray
from annotator.agreement.ratings import MISSING, IntArray, Ratings

RESAMPLES: Final = 200
"""Fewer than for a category: there is one interval for every two annotators and category."""


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """Cohen's kappa of annotators `first` < `second` on each category, in the order of the columns."""

    first: int
    second: int
    n_items: int
    kappas: tuple[Estimate, ...]


def cohen_kappa(tables: IntArray) -> FloatArray:
    """Cohen's kappa of contingency tables (..., n_values, n_values): first annotator's value by the second's.

    Returns
    -------
    float array (...,)
        At most 1; nan of an empty table, or where both always gave one and the same value.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20, 37-46.

    Examples
    --------
    >>> round(float(cohen_kappa(np.array([[20, 20], [10, 50]]))), 3)
    0.348
    """
    n = tables.sum(axis=(-2, -1)).astype(np.float64)
    same = np.trace(tables, axis1=-2, axis2=-1)
    by_chance = (tables.sum(axis=-1) * tables.sum(axis=-2)).sum(axis=-1).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        kappa = (same * n - by_chance) / (n * n - by_chance)
    return np.where(n * n > by_chance, kappa, np.nan)


def agreement_by_pair(
    ratings: Ratings, *, seed: int, n_values: int = 2, resamples: int = RESAMPLES, level: float = LEVEL
) -> list[PairAgreement]:
    """Cohen's kappa of every two annotators who share an item, on each category; pairs in order.

    An item is one cell of a pair's table, so a draw of items is a multinomial draw of cells.

    Raises
    ------
    ValueError
        `level` is not between 0 and 1, or `resamples` is not positive.

    Examples
    --------
    >>> [pair] = agreement_by_pair(Ratings.from_table([[1, 1], [0, 0], [1, 0], [0, 0]]), seed=1)
    >>> pair.n_items, pair.kappas[0].value
    (4, 0.5)
    """
    if not 0 < level < 1 or resamples < 1:
        msg = f"level must be between 0 and 1 and resamples positive, got {level} and {resamples}"
        raise ValueError(msg)
    n_values = max(n_values, int(ratings.values.max(initial=0)) + 1)
    n_people = int(ratings.annotator.max(initial=-1)) + 1
    codes, shared, tables = _tables(ratings, n_people, n_values)
    columns = [
        _estimates(tables[category], np.random.default_rng([seed, category]), resamples, level)
        for category in range(ratings.n_categories)
    ]
    return [
        PairAgreement(
            int(code // n_people), int(code % n_people), int(n), tuple(column[row] for column in columns)
        )
        for row, (code, n) in enumerate(zip(codes, shared, strict=True))
    ]


def _tables(ratings: Ratings, n_people: int, n_values: int) -> tuple[IntArray, IntArray, IntArray]:
    """Codes (n_pairs,), items shared (n_pairs,) and tables (n_categories, n_pairs, n_values, n_values)."""
    order = np.lexsort((ratings.annotator, ratings.item))
    item, annotator = ratings.item[order], ratings.annotator[order]
    counts = np.zeros(n_people * n_people, dtype=np.int64)
    steps = [(a, annotator[a] * n_people + annotator[b], b) for a, b in _neighbours(item)]
    for _, code, _ in steps:
        counts += np.bincount(code, minlength=counts.size)
    codes = np.flatnonzero(counts)
    place = np.zeros(counts.size, dtype=np.int64)
    place[codes] = np.arange(codes.size) * n_values * n_values
    tables = np.zeros((ratings.n_categories, codes.size * n_values * n_values), dtype=np.int64)
    places = [(a, place[code], b) for a, code, b in steps]
    for category in range(ratings.n_categories):
        column = ratings.values[:, category][order].astype(np.int64)
        for a, base, b in places:
            first, second = column[a], column[b]
            both = (first != MISSING) & (second != MISSING)
            cells = (base + first * n_values + second)[both]
            tables[category] += np.bincount(cells, minlength=tables.shape[1])
    return codes, counts[codes], tables.reshape(ratings.n_categories, codes.size, n_values, n_values)


def _neighbours(item: IntArray) -> Iterator[tuple[IntArray, IntArray]]:
    """Positions of every two judgments on one item, of a sorted `item`: those 1 apart, then 2 apart, and so on."""
    for apart in range(1, item.size):
        first = np.flatnonzero(item[:-apart] == item[apart:])
        if first.size == 0:
            return
        yield first, first + apart


def _estimates(tables: IntArray, rng: np.random.Generator, resamples: int, level: float) -> list[Estimate]:
    n_pairs, n_values = tables.shape[0], tables.shape[1]
    if n_pairs == 0:
        return []
    n = tables.sum(axis=(1, 2))
    cells = tables.reshape(n_pairs, -1) / np.maximum(n, 1)[:, np.newaxis]
    cells[n == 0] = 1 / cells.shape[1]
    draws = rng.multinomial(n, cells, size=(resamples, n_pairs))
    resampled = cohen_kappa(draws.reshape(resamples, n_pairs, n_values, n_values))
    tail = (1 - level) / 2
    defined = (~np.isnan(resampled)).mean(axis=0)
    resampled[:, defined == 0] = 0.0
    ends = np.nanquantile(resampled, [tail, 1 - tail], axis=0)
    values = cohen_kappa(tables)
    return [
        _estimate(float(values[pair]), int(n[pair]), float(defined[pair]), ends[:, pair])
        for pair in range(n_pairs)
    ]


def _estimate(value: float, n: int, defined: float, ends: FloatArray) -> Estimate:
    if n == 0:
        return Estimate(None, None, None, 0, 0, "no item that both judged")
    if np.isnan(value):
        return Estimate(None, None, None, n, 2 * n, f"no variation: all {2 * n} judgments say the same")
    if value == 1:
        return Estimate(1.0, None, None, n, 2 * n, "no interval: they never differed")
    if n == 1 or defined < MIN_DEFINED:
        return Estimate(value, None, None, n, 2 * n, "no interval: too few items that differ")
    return Estimate(value, float(ends[0]), float(ends[1]), n, 2 * n)
