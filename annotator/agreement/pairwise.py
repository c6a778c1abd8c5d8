"""Agreement of each two annotators: Cohen's kappa with n and an interval, from one pass over the judgments.

On one category, or on whole label sets, where only equal sets agree.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from annotator.agreement.bootstrap import LEVEL, MIN_DEFINED, Estimate
from annotator.agreement.coefficients import FloatArray
from annotator.agreement.ratings import MISSING, IntArray, Ratings
from annotator.agreement.sets import set_codes

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
    _check(resamples, level)
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


def agreement_by_pair_on_sets(
    ratings: Ratings, *, seed: int, resamples: int = RESAMPLES, level: float = LEVEL
) -> list[PairAgreement]:
    """Cohen's kappa of every two annotators who share an item, each label set being one value; pairs in order.

    Sets that only overlap count as different. A judgment that misses a category has no whole set and is left out.
    Each pair has its own random stream: other pairs change none of its numbers.

    Raises
    ------
    ValueError
        `level` is not between 0 and 1, or `resamples` is not positive.

    Examples
    --------
    >>> table = [[[1, 0], [1, 0]], [[0, 0], [0, 0]], [[1, 1], [1, 0]], [[0, 0], [0, 0]]]
    >>> [pair] = agreement_by_pair_on_sets(Ratings.from_table(table), seed=1)
    >>> pair.n_items, round(pair.kappas[0].value, 2)
    (4, 0.6)
    """
    _check(resamples, level)
    n_people = int(ratings.annotator.max(initial=-1)) + 1
    keys, counts, n_sets = _set_cells(ratings, n_people)
    codes = keys // n_sets**2
    ends = [*np.flatnonzero(np.diff(codes, prepend=-1)).tolist(), codes.size]
    found = []
    for begin, end in pairwise(ends):
        code = int(codes[begin])
        first, second = np.divmod(keys[begin:end] % n_sets**2, n_sets)
        rng = np.random.default_rng([seed, code])
        kappa = _set_estimate(first, second, counts[begin:end], rng, resamples=resamples, level=level)
        found.append(PairAgreement(code // n_people, code % n_people, kappa.n_items, (kappa,)))
    return found


def _check(resamples: int, level: float) -> None:
    if not 0 < level < 1 or resamples < 1:
        msg = f"level must be between 0 and 1 and resamples positive, got {level} and {resamples}"
        raise ValueError(msg)


def _set_cells(ratings: Ratings, n_people: int) -> tuple[IntArray, IntArray, int]:
    """Which pair gave which two sets, as one ascending number, how often, and the number of different sets."""
    whole = (ratings.values != MISSING).all(axis=1)
    item, annotator = ratings.item[whole], ratings.annotator[whole]
    if item.size == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64), 1
    held, _ = set_codes(ratings.values[whole])
    n_sets = int(held.max()) + 1
    order = np.lexsort((annotator, item))
    item, annotator, held = item[order], annotator[order], held[order]
    steps = [
        ((annotator[a] * n_people + annotator[b]) * n_sets + held[a]) * n_sets + held[b]
        for a, b in _neighbours(item)
    ]
    keys, counts = np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *steps]), return_counts=True)
    return keys, counts, n_sets


def _set_estimate(
    first: IntArray,
    second: IntArray,
    items: IntArray,
    rng: np.random.Generator,
    *,
    resamples: int,
    level: float,
) -> Estimate:
    """Kappa of one pair from the cells of their table that are not empty."""
    n = int(items.sum())
    draws = np.vstack([items, rng.multinomial(n, items / n, size=resamples)])
    same = draws[:, first == second].sum(axis=1)
    sets = np.unique(np.concatenate([first, second]))
    by_chance = (_margins(draws, first, sets) * _margins(draws, second, sets)).sum(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        kappas = np.where(n * n > by_chance, (same * n - by_chance) / (n * n - by_chance), np.nan)
    defined = kappas[1:][~np.isnan(kappas[1:])]
    tail = (1 - level) / 2
    ends = np.quantile(defined, [tail, 1 - tail]) if defined.size else np.zeros(2)
    return _estimate(float(kappas[0]), n, defined.size / resamples, ends)


def _margins(draws: IntArray, held: IntArray, sets: IntArray) -> FloatArray:
    """How often one of the two gave each set (n_draws, n_sets)."""
    order = np.argsort(held, kind="stable")
    names, begins = np.unique(held[order], return_index=True)
    margins = np.zeros((len(draws), sets.size))
    margins[:, np.searchsorted(sets, names)] = np.add.reduceat(draws[:, order], begins, axis=1)
    return margins


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
