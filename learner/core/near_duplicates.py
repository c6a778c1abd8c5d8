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

BANDS_SHARED: Final = 3
"""Of 16 bands of 4 min-hashes: texts that are 0.8 alike share so many in 99 of 100 cases, 0.5 in 7, 0.3 in 0.03."""


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
    rows = _again(np.ascontiguousarray(bands[:, column]))
    rows = rows[has_text[rows]]
    rows = rows[np.argsort(bands[rows, column], kind="stable")]
    values = bands[rows, column]
    same = np.concatenate([[False], values[1:] == values[:-1]]) if len(rows) else np.empty(0, dtype=np.bool_)
    places = np.arange(len(rows))
    first = np.maximum.accumulate(np.where(same, 0, places)) if len(rows) else places
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


def _again(values: Bands) -> Integers:
    """Where values stand that may occur more than once, rising: in one pass, and few are left to be sorted.

    Each value has a slot of a table, and leaves its place there. Whoever finds another's place in its own shares the
    slot, with the same value or, one in four, by chance.
    """
    slots = values.astype(np.uint64) & np.uint64((4 << len(values).bit_length()) - 1)
    places = np.arange(len(values), dtype=np.uint32)
    last = np.empty(4 << len(values).bit_length(), dtype=np.uint32)
    last[slots] = places
    is_shared = np.zeros(len(last), dtype=np.bool_)
    is_shared[slots[last[slots] != places]] = True
    found: Integers = np.flatnonzero(is_shared[slots])
    return found
