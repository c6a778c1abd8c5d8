"""Items with nearly the same text: those that share bands of min-hashes, and what hangs together through them."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from learner.core.arrays import Integers

Flags = NDArray[np.bool_]
Bands = NDArray[np.signedinteger[Any]]
"""Whole numbers of any size: that two are the same is all that is asked of them."""
Keys = NDArray[np.uint64]

BANDS_SHARED: Final = 3
"""Of 16 bands of 4 min-hashes: texts that are 0.8 alike share so many in 99 of 100 cases, 0.5 in 7, 0.3 in 0.03."""
HALF: Final = np.uint64(32)
"""Bits of a place, and of a value: there are never more items, or values, than that."""
LOW: Final = (np.uint64(1) << HALF) - np.uint64(1)


def clusters_of(bands: Bands) -> Integers:
    """The set of near-duplicates of each item, numbered from 0 in the order in which they first occur.

    `bands` (n_items, n_bands) are bands of min-hashes; a row of zeros is an item without a text, alone in its set. In
    each band items with the same value are compared with the first of them and with the one before: two that share
    `BANDS_SHARED` bands are near-duplicates, and so is what hangs together through them.

    Examples
    --------
    >>> clusters_of(np.array([[1, 2, 3, 4], [5, 6, 7, 8], [1, 2, 3, 9]])).tolist()
    [0, 1, 0]
    """
    n_items = len(bands)
    wanted = min(BANDS_SHARED, bands.shape[1]) if n_items else 0
    has_text: Flags = (bands != 0).any(axis=1)
    edges = [_alike_in(bands, column, has_text, wanted) for column in range(bands.shape[1])]
    joined = np.concatenate([np.empty((0, 2), dtype=np.int64), *edges])
    return numbered(components_of(n_items, joined))


def components_of(n_nodes: int, edges: Integers) -> Integers:
    """The connected part that each node of a graph is in, by any number; `edges` (n_edges, 2) join two nodes."""
    if not n_nodes:
        return np.empty(0, dtype=np.int64)
    graph = coo_array(
        (np.ones(len(edges), dtype=np.int8), (edges[:, 0], edges[:, 1])), shape=(n_nodes, n_nodes)
    )
    _, part = connected_components(graph, directed=False)
    found: Integers = part.astype(np.int64)
    return found


def numbered(part: Integers) -> Integers:
    """The same parts, numbered in the order in which they first occur."""
    places = np.arange(len(part))
    first = np.zeros(int(part.max(initial=-1)) + 1, dtype=np.int64)
    first[part[::-1]] = places[::-1]  # of several the last one stays, which is the first
    begins = part[first[part] == places]
    rank = np.zeros(len(first), dtype=np.int64)
    rank[begins] = np.arange(len(begins))
    found: Integers = rank[part]
    return found


def _alike_in(bands: Bands, column: int, has_text: Flags, wanted: int) -> Integers:
    """Pairs of items with the same value in one band that share `wanted` bands: int (n_pairs, 2)."""
    rows, same = _again(bands[:, column], has_text)
    first = np.maximum.accumulate(np.where(same, 0, np.arange(len(rows))))
    later = np.flatnonzero(same)
    pairs = np.concatenate(
        [
            np.stack([rows[first[later]], rows[later]], axis=1),
            np.stack([rows[later - 1], rows[later]], axis=1),
        ]
    )
    alike = (bands[pairs[:, 0]] == bands[pairs[:, 1]]).sum(axis=1) >= wanted
    kept: Integers = pairs[alike]
    return kept


def _again(values: Bands, has_text: Flags) -> tuple[Integers, Flags]:
    """Where values stand that occur more than once, by value and then rising; and whether each is that before it.

    A value and its place are one number of 64 bits, so that places are sorted by moving numbers.
    """
    narrow = (
        values
        if values.itemsize <= np.dtype(np.uint32).itemsize
        else np.unique(values, return_inverse=True)[1]
    )
    keys: Keys = narrow.astype(np.uint32).astype(np.uint64) << HALF | np.arange(len(values), dtype=np.uint64)
    keys = np.sort(keys[has_text])
    same = _same(keys)
    is_again = same.copy()
    is_again[:-1] |= same[1:]
    keys = keys[is_again]
    return (keys & LOW).astype(np.int64), _same(keys)


def _same(keys: Keys) -> Flags:
    """Whether each has the value of the one before it."""
    values = keys >> HALF
    found = np.zeros(len(keys), dtype=np.bool_)
    np.equal(values[1:], values[:-1], out=found[1:])
    return found
