"""Ratings: who answered what on which item, and the tally of answer patterns that every coefficient needs."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

IntArray = NDArray[np.int64]
Codes = NDArray[np.int8]

MISSING: Final = -1
ABSENT: Final = 0
PRESENT: Final = 1
UNSURE: Final = 2
"""Asked and not decided. A value of its own, or missing: see `unsure_as_missing`."""
SHARED: Final = 2
"""Answers that make an item say something on agreement."""
LONG_AXES: Final = 2
TABLE_AXES: Final = (2, 3)


@dataclass(frozen=True, slots=True)
class ItemAnswer:
    """One judgment with a label verdict: seen as present, left undecided, and never asked about."""

    item: Hashable
    annotator: Hashable
    labels: frozenset[str]
    unsure: frozenset[str] = frozenset()
    not_asked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, eq=False)
class Ratings:
    """Judgments in long form, a row each: empty places in the items x annotators table cost nothing.

    Parameters
    ----------
    item, annotator : int array (n_judgments,)
        Indices >= 0. A pair may occur once: a retest says nothing about agreement between people.
    values : int8 array (n_judgments, n_categories)
        Nominal codes >= 0 (0 absent, 1 present), -1 missing. An unsure category is missing, not absent.

    Raises
    ------
    ValueError
        Lengths differ, a code is below -1, an index is negative, or a person has two judgments on one item.

    Examples
    --------
    >>> ratings = Ratings.from_table([[1, 1, -1], [0, 1, 1]])
    >>> ratings.item.tolist(), ratings.values[:, 0].tolist()
    ([0, 0, 1, 1, 1], [1, 1, 0, 1, 1])
    """

    item: IntArray
    annotator: IntArray
    values: Codes

    def __post_init__(self) -> None:
        n = len(self.values)
        if self.item.shape != (n,) or self.annotator.shape != (n,) or self.values.ndim != LONG_AXES:
            shapes = f"{self.item.shape}, {self.annotator.shape}, {self.values.shape}"
            msg = f"want item (n,), annotator (n,), values (n, n_categories); got {shapes}"
            raise ValueError(msg)
        if n == 0:
            return
        if self.item.min() < 0 or self.annotator.min() < 0 or self.values.min(initial=0) < MISSING:
            msg = "item and annotator indices must be >= 0, and values >= 0 or -1 for missing"
            raise ValueError(msg)
        pairs = self.item * (self.annotator.max() + 1) + self.annotator
        if np.unique(pairs).size < n:
            msg = "an annotator has two judgments on one item; keep the one that counts"
            raise ValueError(msg)

    @property
    def n_categories(self) -> int:
        """Columns of `values`."""
        return int(self.values.shape[1])

    @classmethod
    def from_table(cls, table: ArrayLike) -> "Ratings":
        """Ratings of a table (n_items, n_annotators) or (n_items, n_annotators, n_categories), -1 missing."""
        dense = np.asarray(table, dtype=np.int8)
        if dense.ndim not in TABLE_AXES:
            msg = f"want a table with 2 or 3 axes, got {dense.ndim}"
            raise ValueError(msg)
        dense = dense.reshape(*dense.shape[:2], -1)
        item, annotator = np.nonzero((dense != MISSING).any(axis=2))
        return cls(item, annotator, dense[item, annotator])

    @classmethod
    def from_answers(
        cls, answers: Iterable[ItemAnswer], categories: Sequence[str], *, unsure: int = MISSING
    ) -> "Ratings":
        """Ratings of judgments with label verdicts, a column per category in the order given.

        `unsure` is the code of a category that somebody could not decide: MISSING, or UNSURE to keep it as a value.
        Labels outside `categories` (retired ones) are ignored. Non-label verdicts do not belong here: such a
        judgment says nothing on any category, and the caller leaves it out.
        """
        column = {slug: index for index, slug in enumerate(categories)}
        items: dict[Hashable, int] = {}
        people: dict[Hashable, int] = {}
        rows = list(answers)
        values = np.full((len(rows), len(column)), ABSENT, dtype=np.int8)
        for row, answer in enumerate(rows):
            values[row, [column[slug] for slug in answer.labels if slug in column]] = PRESENT
            values[row, [column[slug] for slug in answer.unsure if slug in column]] = unsure
            values[row, [column[slug] for slug in answer.not_asked if slug in column]] = MISSING
        item = np.array([items.setdefault(answer.item, len(items)) for answer in rows], dtype=np.int64)
        annotator = np.array(
            [people.setdefault(answer.annotator, len(people)) for answer in rows], dtype=np.int64
        )
        return cls(item, annotator, values)


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """How many items show each pattern of answers; items with fewer than two answers are left out.

    The order of people does not matter to the coefficients, so an item is its pattern: (2 absent, 1 present).
    With three places there are seven patterns at most, however many items: this makes resampling cheap.

    Parameters
    ----------
    patterns : int array (n_patterns, n_values)
        Answers per value; each row sums to at least 2.
    items : int array (n_patterns,)
        Items that show the pattern, each > 0.
    """

    patterns: IntArray
    items: IntArray

    @property
    def n_items(self) -> int:
        """Items with at least two answers."""
        return int(self.items.sum())

    @property
    def n_judgments(self) -> int:
        """Answers on those items."""
        return int(self.items @ self.patterns.sum(axis=1))


def unsure_as_missing(ratings: Ratings) -> Ratings:
    """The same judgments of categories, where an unsure one counts as not given.

    Examples
    --------
    >>> unsure_as_missing(Ratings.from_table([[1, 2]])).values[:, 0].tolist()
    [1, -1]
    """
    values = np.where(ratings.values == UNSURE, np.int8(MISSING), ratings.values)
    return Ratings(ratings.item, ratings.annotator, values)


def ratings_where(ratings: Ratings, kept: NDArray[np.bool_]) -> Ratings:
    """The judgments that `kept` (n_judgments,) marks, on items numbered anew from 0; annotators keep their numbers.

    Examples
    --------
    >>> ratings_where(Ratings.from_table([[1, 1], [0, 1]]), np.array([False, False, True, True])).item.tolist()
    [0, 0]
    """
    _, item = np.unique(ratings.item[kept], return_inverse=True)
    return Ratings(item.astype(np.int64), ratings.annotator[kept], ratings.values[kept])


def tally(ratings: Ratings, category: int = 0, *, n_values: int = 2) -> Tally:
    """The tally of one category: O(n_judgments) time, whatever the number of annotators.

    `n_values` is the size of the scale: 2 for absent and present, 3 with unsure as a value. It grows to the
    highest code that occurs.

    Examples
    --------
    >>> t = tally(Ratings.from_table([[1, 1], [1, 0], [0, 1], [1, -1]]))
    >>> t.patterns.tolist(), t.items.tolist()
    ([[1, 1], [0, 2]], [2, 1])
    """
    column = ratings.values[:, category]
    given = column != MISSING
    item, value = ratings.item[given], column[given].astype(np.int64)
    n_values = max(int(value.max(initial=PRESENT)) + 1, n_values)
    n_items = int(item.max(initial=-1)) + 1
    counts = np.bincount(item * n_values + value, minlength=n_items * n_values).reshape(n_items, n_values)
    shared = counts[counts.sum(axis=1) >= SHARED]
    patterns, items = _distinct_rows(shared)
    return Tally(patterns, items)


def _distinct_rows(counts: IntArray) -> tuple[IntArray, IntArray]:
    """Distinct rows and how often each occurs; one integer key per row where keys are few, for speed."""
    n_values = counts.shape[1]
    base = int(counts.max(initial=0)) + 1
    if base**n_values > max(len(counts), 1) * 4:
        patterns, items = np.unique(counts, axis=0, return_counts=True)
        return patterns, items
    strides = base ** np.arange(n_values)
    frequency = np.bincount(counts @ strides, minlength=1)
    keys = np.flatnonzero(frequency)
    return keys[:, np.newaxis] // strides % base, frequency[keys]
