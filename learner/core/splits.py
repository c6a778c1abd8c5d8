"""Cutting items into train, validation and test so that nothing that belongs together is apart.

Items of one site, and items with nearly the same text, are one group: the connected parts of the graph of items, sites
and near-duplicates. Groups are dealt to train and validation by iterative stratification (Sechidis, Tsoumakas and
Vlahavas 2011, "On the stratification of multi-label data"): the rarest category first, each group to the side that
still lacks most of it. A group that was dealt before keeps its side. No chance is involved.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from learner.core.arrays import Integers
from learner.core.near_duplicates import components_of, numbered

Flags = NDArray[np.bool_]
Codes = NDArray[np.int8]

TRAIN: Final = 0
VALIDATION: Final = 1
TEST: Final = 2
"""In the order of protection: what is learned from, what is tuned on, what is measured on."""
NAMES: Final = ("train", "validation", "test")
UNDECIDED: Final = -1


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """Where each item went, and each group of items.

    `split` (n_items,) holds TRAIN, VALIDATION or TEST; `group` (n_items,) numbers groups in the order in which they
    first occur, -1 for test; `cluster` (n_items,) numbers sets of near-duplicates. `near_test` (n_items,) marks what
    is not test and has nearly the text of what is. `n_conflicts` items were dealt to another side before.
    """

    split: Codes
    group: Integers
    cluster: Integers
    near_test: Flags
    n_conflicts: int
    n_inherited: int


@dataclass(frozen=True, slots=True)
class Leakage:
    """What stands on more than one side: sites, sets of near-duplicates, and the items outside of test that are in such
    a set with an item of test."""

    n_sites: int
    n_sites_across: int
    n_clusters: int
    n_clusters_train_validation: int
    n_clusters_test: int
    n_items_near_test: int


def items_cut(
    *,
    labels: Flags,
    site: Integers,
    cluster: Integers,
    is_test: Flags,
    before: Codes,
    validation_share: float,
) -> Cut:
    """Train, validation or test for each item; `is_test` decides on test alone.

    Parameters
    ----------
    labels : bool array (n_items, n_categories)
    site, cluster : int array (n_items,)
        Numbers from 0.
    is_test : bool array (n_items,)
    before : int8 array (n_items,)
        The side that the item's site was dealt to earlier, `UNDECIDED` for none.
    validation_share : float
        Of the items that are not test, between 0 and 1.

    Raises
    ------
    ValueError
        `validation_share` is no share, or lengths differ.
    """
    n_items = len(labels)
    _check(n_items, {len(site), len(cluster), len(is_test), len(before)}, validation_share)
    rest = np.flatnonzero(~is_test)
    group = _groups(site[rest], cluster[rest])
    fixed = np.full(int(group.max(initial=-1)) + 1, UNDECIDED, dtype=np.int8)
    np.maximum.at(fixed, group, before[rest])
    side = groups_dealt(
        group=group, labels=labels[rest], fixed=fixed, shares=(1 - validation_share, validation_share)
    )
    split = np.full(n_items, TEST, dtype=np.int8)
    split[rest] = side[group]
    all_groups = np.full(n_items, -1, dtype=np.int64)
    all_groups[rest] = group
    dealt = before[rest] != UNDECIDED
    return Cut(
        split=split,
        group=all_groups,
        cluster=cluster,
        near_test=_near_test(cluster, is_test),
        n_conflicts=int((dealt & (before[rest] != split[rest])).sum()),
        n_inherited=int((dealt & (before[rest] == split[rest])).sum()),
    )


def _check(n_items: int, lengths: set[int], validation_share: float) -> None:
    if not 0 <= validation_share < 1:
        msg = f"validation_share must be at least 0 and below 1, got {validation_share}"
        raise ValueError(msg)
    if lengths != {n_items}:
        msg = "labels, site, cluster, is_test and before must have one row an item"
        raise ValueError(msg)


def _near_test(cluster: Integers, is_test: Flags) -> Flags:
    """Items outside of test that are near-duplicates of one in it."""
    in_test = np.zeros(int(cluster.max(initial=-1)) + 1, dtype=np.bool_)
    in_test[cluster[is_test]] = True
    near: Flags = in_test[cluster] & ~is_test
    return near


def groups_dealt(*, group: Integers, labels: Flags, fixed: Codes, shares: tuple[float, ...]) -> Codes:
    """The side of each group, int8 (n_groups,): `fixed` where that is decided, else by iterative stratification.

    Parameters
    ----------
    group : int array (n_items,)
        Numbers from 0.
    labels : bool array (n_items, n_categories)
    fixed : int8 array (n_groups,)
        An index of `shares`, or `UNDECIDED`.
    shares : floats that sum to 1
        The wanted part of the items, and of each category, on each side.

    Examples
    --------
    >>> rows = np.arange(4)
    >>> groups_dealt(group=rows, labels=np.array([[1], [1], [0], [0]], dtype=bool),
    ...              fixed=np.full(4, -1, dtype=np.int8), shares=(.5, .5)).tolist()
    [0, 1, 0, 1]
    """
    n_groups = len(fixed)
    counts = _counts(group, labels, n_groups)
    lacking = np.outer(shares, counts.sum(axis=0))
    for side in range(len(shares)):
        lacking[side] -= counts[fixed == side].sum(axis=0)
    dealt = fixed.copy()
    while (column := _rarest(counts, dealt)) is not None:
        with_it = np.flatnonzero((dealt == UNDECIDED) & (counts[:, column] > 0))
        _deal(with_it[np.argsort(-counts[with_it, column], kind="stable")], column, counts, lacking, dealt)
    return dealt


def leakage_of(cut: Cut, site: Integers) -> Leakage:
    """What stands on more than one side, counted from the sides themselves.

    Examples
    --------
    >>> cut = Cut(np.array([0, 2], dtype=np.int8), np.array([0, -1]), np.array([0, 0]), np.array([True, False]), 0, 0)
    >>> leakage_of(cut, np.array([0, 1])).n_clusters_test
    1
    """
    sites, clusters = _sides(site, cut.split), _sides(cut.cluster, cut.split)
    return Leakage(
        n_sites=len(sites),
        n_sites_across=int((sites.sum(axis=1) > 1).sum()),
        n_clusters=int((np.bincount(cut.cluster, minlength=1) > 1).sum()),
        n_clusters_train_validation=int((clusters[:, TRAIN] & clusters[:, VALIDATION]).sum()),
        n_clusters_test=int((clusters[:, TEST] & clusters[:, :TEST].any(axis=1)).sum()),
        n_items_near_test=int(cut.near_test.sum()),
    )


def _sides(number: Integers, split: Codes) -> Flags:
    found = np.zeros((int(number.max(initial=-1)) + 1, len(NAMES)), dtype=np.bool_)
    found[number, split] = True
    return found


def _groups(site: Integers, cluster: Integers) -> Integers:
    """Groups of items that hang together by site or cluster, numbered in the order in which they first occur.

    Sites hang together through clusters; a cluster of one item joins nothing.
    """
    n_sites = int(site.max(initial=-1)) + 1
    shared = np.flatnonzero(np.bincount(cluster, minlength=1)[cluster] > 1)
    edges = np.stack([site[shared], n_sites + cluster[shared]], axis=1).astype(np.int64)
    return numbered(components_of(n_sites + int(cluster.max(initial=-1)) + 1, edges)[site])


def _counts(group: Integers, labels: Flags, n_groups: int) -> NDArray[np.float64]:
    """Items with each category in each group, and in the last column all items: (n_groups, n_categories + 1)."""
    columns = [np.bincount(group[labels[:, column]], minlength=n_groups) for column in range(labels.shape[1])]
    return np.stack([*columns, np.bincount(group, minlength=n_groups)], axis=1).astype(np.float64)


def _rarest(counts: NDArray[np.float64], dealt: Codes) -> int | None:
    """The category with the fewest items left to deal; the last column, all items, when no category is left."""
    left = counts[dealt == UNDECIDED].sum(axis=0)
    if not len(left) or left[-1] == 0:
        return None
    named = np.flatnonzero(left[:-1] > 0)
    return int(named[np.argmin(left[named])]) if len(named) else len(left) - 1


def _deal(
    order: Integers, column: int, counts: NDArray[np.float64], lacking: NDArray[np.float64], dealt: Codes
) -> None:
    """Each group in turn to the side that lacks most of this category, then most items, then the first.

    Only these two decide, and are kept up to date group by group; the other categories afterwards, at once.
    """
    here, rest = lacking[:, column].tolist(), lacking[:, -1].tolist()
    sides = []
    for own, size in zip(counts[order, column].tolist(), counts[order, -1].tolist(), strict=True):
        best = 0
        for side in range(1, len(here)):
            if (here[side], rest[side]) > (here[best], rest[best]):
                best = side
        here[best] -= own
        rest[best] -= size
        sides.append(best)
    dealt[order] = sides
    for side in range(len(lacking)):
        lacking[side] -= counts[order[dealt[order] == side]].sum(axis=0)
