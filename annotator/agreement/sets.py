"""Agreement on whole label sets: Krippendorff's alpha with a distance between sets, MASI or Jaccard."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annotator.agreement.bootstrap import LEVEL, MIN_DEFINED, Estimate
from annotator.agreement.coefficients import FloatArray
from annotator.agreement.ratings import MISSING, PRESENT, SHARED, UNSURE, Codes, IntArray, Ratings

RESAMPLES: Final = 200
MAX_SETS: Final = 3000
"""Distinct label sets at most: the distances between them are a square."""
WORD: Final = 8

Flags = NDArray[np.bool_]
Distance = Callable[[Flags], FloatArray]


def jaccard_distance(sets: Flags) -> FloatArray:
    """1 - |A and B| / |A or B| of every two rows of `sets` (n_sets, n_elements); two empty sets have 0.

    Examples
    --------
    >>> jaccard_distance(np.array([[True, False], [True, True]])).tolist()
    [[0.0, 0.5], [0.5, 0.0]]
    """
    both, either = _overlaps(sets)
    return 1 - np.where(either > 0, both / np.maximum(either, 1), 1.0)


def masi_distance(sets: Flags) -> FloatArray:
    """MASI as Passonneau (2006) defines it: 1 - J x M; two empty sets have 0.

    J is the Jaccard index; M is 1 of equal sets, 2/3 where one holds the other, 1/3 where they overlap, else 0.
    Other software multiplies the Jaccard *distance* by such a factor: another measure, with other alphas.

    References
    ----------
    Passonneau (2006), Measuring Agreement on Set-valued Items (MASI) for Semantic and Pragmatic Annotation, LREC.

    Examples
    --------
    >>> masi_distance(np.array([[True, False], [True, True]])).round(3).tolist()
    [[0.0, 0.667], [0.667, 0.0]]
    """
    both, either = _overlaps(sets)
    size = sets.sum(axis=1)
    smaller = np.minimum(size[:, np.newaxis], size)
    monotonic = ((both > 0).astype(np.float64) + (both == smaller) + (both == either)) / 3
    distance: FloatArray = 1 - np.where(either > 0, both / np.maximum(either, 1) * monotonic, 1.0)
    return distance


@dataclass(frozen=True, slots=True)
class SetAgreement:
    """Alpha over label sets by two distances. Of equal n."""

    masi: Estimate
    jaccard: Estimate


def agreement_on_sets(
    ratings: Ratings, *, seed: int, resamples: int = RESAMPLES, level: float = LEVEL
) -> SetAgreement:
    """Alpha over the label sets of all categories together, with bootstrap intervals over items.

    A judgment that misses a category has no whole set and is left out. Where `ratings` keeps unsure as a value,
    "unsure about X" is an element of its own beside "X".

    Raises
    ------
    ValueError
        `level` is not between 0 and 1, or `resamples` is not positive.

    Examples
    --------
    >>> agreement_on_sets(Ratings.from_table([[1, 1], [0, 0], [1, 0]]), seed=1).masi.n_items
    3
    """
    if not 0 < level < 1 or resamples < 1:
        msg = f"level must be between 0 and 1 and resamples positive, got {level} and {resamples}"
        raise ValueError(msg)
    item, code, sets = _shared(ratings)
    if item.size == 0:
        nothing = Estimate(None, None, None, 0, 0, "no item has two judgments without a gap")
        return SetAgreement(nothing, nothing)
    if len(sets) > MAX_SETS:
        n_items = np.unique(item).size
        too_many = Estimate(
            None, None, None, n_items, item.size, f"more than {MAX_SETS} different label sets"
        )
        return SetAgreement(too_many, too_many)
    rows, items = _patterns(item, code)
    draws = np.random.default_rng(seed).multinomial(items.sum(), items / items.sum(), size=resamples)
    weights = np.vstack([items, draws]).astype(np.float64)
    totals = _totals(rows, weights, len(sets))
    tail = (1 - level) / 2
    return SetAgreement(
        *(
            _estimate(_alphas(distance(sets), rows, weights, totals), int(items.sum()), item.size, tail)
            for distance in (masi_distance, jaccard_distance)
        )
    )


def set_codes(values: Codes) -> tuple[IntArray, IntArray]:
    """A number for each row of `values` (n_judgments, n_categories), and a row of each number.

    Equal sets have equal numbers, from 0. No value may be missing; unsure is an element of its own.

    Examples
    --------
    >>> code, first = set_codes(np.array([[1, 0], [0, 0], [1, 0]], dtype=np.int8))
    >>> code.tolist(), first.tolist()
    ([1, 0, 1], [1, 0])
    """
    packed = np.packbits(np.concatenate(_elements(values), axis=1), axis=1)
    padded = np.pad(packed, ((0, 0), (0, -packed.shape[1] % WORD))).view(np.uint64)
    if padded.shape[1] == 1:
        _, first, code = np.unique(padded[:, 0], return_index=True, return_inverse=True)
    else:
        _, first, code = np.unique(padded, axis=0, return_index=True, return_inverse=True)
    return code.reshape(-1).astype(np.int64), first


def _elements(values: Codes) -> list[Flags]:
    return [values == PRESENT, *([values == UNSURE] if (values == UNSURE).any() else [])]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The distinct item patterns, in long form and sorted by pattern: which pattern holds which set."""

    pattern: IntArray
    code: IntArray
    size: IntArray


def _overlaps(sets: Flags) -> tuple[FloatArray, FloatArray]:
    flags = sets.astype(np.float32)  # counts of elements: exact, and twice as fast
    both = (flags @ flags.T).astype(np.float64)
    size = sets.sum(axis=1).astype(np.float64)
    return both, size[:, np.newaxis] + size - both


def _shared(ratings: Ratings) -> tuple[IntArray, IntArray, Flags]:
    """Item and set code of each whole judgment on an item that has two, and the sets by code."""
    whole = (ratings.values != MISSING).all(axis=1)
    item = ratings.item[whole]
    whole[whole] = np.bincount(item, minlength=1)[item] >= SHARED if item.size else whole[whole]
    values, item = ratings.values[whole], ratings.item[whole]
    code, first = set_codes(values)
    elements = [part[first] for part in _elements(values)]
    return item, code, np.concatenate(elements, axis=1)


def _patterns(item: IntArray, code: IntArray) -> tuple[_Rows, IntArray]:
    """Items with the same sets are one pattern; `items` of each. Hashed: a sum of 64-bit words per item."""
    words = np.random.default_rng(0).integers(0, 2**63, size=int(code.max()) + 1, dtype=np.uint64)
    names, place = np.unique(item, return_inverse=True)
    keys = np.zeros(names.size, dtype=np.uint64)
    np.add.at(keys, place, words[code])
    _, first, items = np.unique(keys, return_index=True, return_counts=True)
    pattern_of = np.full(names.size, -1, dtype=np.int64)
    pattern_of[first] = np.arange(first.size)
    kept = pattern_of[place] >= 0
    pattern, held = pattern_of[place][kept], code[kept]
    order = np.argsort(pattern, kind="stable")
    return _Rows(pattern[order], held[order], np.bincount(pattern)), items


def _totals(rows: _Rows, weights: FloatArray, n_sets: int) -> FloatArray:
    """Judgments of each set (n_weightings, n_sets)."""
    return np.array([np.bincount(rows.code, line[rows.pattern], minlength=n_sets) for line in weights])


def _alphas(distance: FloatArray, rows: _Rows, weights: FloatArray, totals: FloatArray) -> FloatArray:
    """1 - observed / expected distance of each weighting; the first is the data itself."""
    within = np.zeros(rows.size.size)
    for apart in range(1, int(rows.size.max())):
        first = np.flatnonzero(rows.pattern[:-apart] == rows.pattern[apart:])
        pairs = 2 * distance[rows.code[first], rows.code[first + apart]]
        within += np.bincount(rows.pattern[first], pairs, minlength=within.size)
    n = totals.sum(axis=1)
    observed = weights @ (within / (rows.size - 1)) / n
    expected = np.empty(n.size)
    expected[0] = totals[0] @ distance @ totals[0]
    narrow = totals[1:].astype(np.float32)  # the ends of an interval need no sixteen digits
    expected[1:] = np.einsum(
        "rs,rs->r", (narrow @ distance.astype(np.float32)).astype(np.float64), totals[1:]
    )
    expected /= n * (n - 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(expected > 0, 1 - observed / expected, np.nan)


def _estimate(alphas: FloatArray, n_items: int, n_judgments: int, tail: float) -> Estimate:
    value, resampled = float(alphas[0]), alphas[1:]
    if np.isnan(value):
        why = f"no variation: all {n_judgments} judgments say the same"
        return Estimate(None, None, None, n_items, n_judgments, why)
    defined = resampled[~np.isnan(resampled)]
    if value == 1:
        return Estimate(1.0, None, None, n_items, n_judgments, "no interval: nobody ever differed")
    if n_items == 1 or defined.size < MIN_DEFINED * resampled.size:
        return Estimate(value, None, None, n_items, n_judgments, "no interval: too few items that differ")
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Estimate(value, float(low), float(high), n_items, n_judgments)
