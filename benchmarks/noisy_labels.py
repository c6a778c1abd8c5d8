"""Labels as a crowd gives them: simulated judgments over a labelled set, and what a classifier may make of them.

`PEOPLE` annotators see a category where it is with a chance of their own (.5 to .95 on average, more or less by
category), and see one where there is none in proportion to how common it is. On one page in five everybody misses twice
as often, which truth inference does not know. A third of the pages get one judgment, the others two, and a third one
where these differ. The posterior is that of Dawid and Skene over all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from annotator.agreement.ratings import Ratings
from annotator.agreement.truth import SHRINKAGE, inferred
from learner.core.arrays import Array, Booleans, Floats, Integers

PEOPLE: Final = 12
MOST: Final = 3
ALONE: Final = 1 / 3
HARD: Final = 0.2
_SURE: Final = 0.01


@dataclass(frozen=True, eq=False)
class Judged:
    """What is known of pages after people judged them; (n_items, n_categories), but for `n`, (n_items,).

    `truth` is the set's own, -1 where it is not known; `majority` is what most of the judgments say; `posterior` is
    the chance of each category by Dawid and Skene.
    """

    truth: Array
    majority: Array
    posterior: Floats
    n: Integers


@dataclass(frozen=True, eq=False)
class Lesson:
    """What one category is learned from: rows of the items (an item may come twice), their answers and weights."""

    rows: Integers
    truth: Array
    weights: Floats


def judged(truth: Array, rng: np.random.Generator) -> Judged:
    """Simulated judgments of every item, and what they amount to."""
    n_items, n_categories = truth.shape
    present = truth == 1
    who = np.argsort(rng.random((n_items, PEOPLE)), axis=1)[:, :MOST]
    said = _said(present, who, rng)
    n = np.where(rng.random(n_items) < ALONE, 1, 2)
    n[(n == 2) & (said[:, 0] != said[:, 1]).any(axis=1)] = MOST
    counted = np.arange(MOST) < n[:, None]
    seen = (said & counted[:, :, None]).sum(axis=1)
    ratings = Ratings(np.repeat(np.arange(n_items), n), who[counted], said[counted].astype(np.int8))
    posterior = [inferred(ratings, number, strength=SHRINKAGE).probability for number in range(n_categories)]
    majority = np.where(truth < 0, -1, 2 * seen > n[:, None]).astype(np.int8)
    return Judged(truth, majority, np.column_stack(posterior), n)


def _said(present: Booleans, who: Integers, rng: np.random.Generator) -> Booleans:
    """What each of the people asked says of each category, bool (n_items, MOST, n_categories)."""
    n_items, n_categories = present.shape
    skill = np.linspace(0.5, 0.95, PEOPLE)[:, None]
    sees = np.clip(skill + rng.normal(0, 0.1, (PEOPLE, n_categories)), 0.3, 0.98)
    imagines = present.mean(axis=0) * rng.uniform(0.1, 0.6, (PEOPLE, 1))
    misses = (1 - sees)[who] * np.where(rng.random(n_items) < HARD, 2.0, 1.0)[:, None, None]
    chance = np.where(present[:, None, :], 1 - np.minimum(misses, 0.9), imagines[who])
    return rng.random(chance.shape) < chance


def _hard(judged: Judged, number: int, *, truth: Array, weights: Floats | None = None) -> Lesson:
    """One answer an item; its weight is 1 on average."""
    rows = np.flatnonzero((judged.truth[:, number] >= 0) & (truth[:, number] >= 0))
    given = np.ones(len(truth)) if weights is None else weights
    kept = rows[given[rows] > 0]
    return Lesson(kept, truth[kept, number], given[kept] / given[kept].mean())


def _clean(judged: Judged, number: int) -> Lesson:
    return _hard(judged, number, truth=judged.truth)


def _majority(judged: Judged, number: int) -> Lesson:
    return _hard(judged, number, truth=judged.majority)


def _counted(judged: Judged, number: int, *, power: float) -> Lesson:
    return _hard(judged, number, truth=judged.majority, weights=judged.n.astype(np.float64) ** power)


def _inferred(judged: Judged, number: int) -> Lesson:
    return _hard(judged, number, truth=judged.posterior > 1 / 2)


def _certain(judged: Judged, number: int) -> Lesson:
    chance = judged.posterior[:, number]
    return _hard(judged, number, truth=judged.posterior > 1 / 2, weights=np.abs(2 * chance - 1))


def _soft(judged: Judged, number: int, *, power: float = 0.0) -> Lesson:
    """Two answers an item, each with the weight of its chance; one where it is as good as sure."""
    known = np.flatnonzero(judged.truth[:, number] >= 0)
    chance = judged.posterior[known, number]
    chance = np.where(chance < _SURE, 0.0, np.where(chance > 1 - _SURE, 1.0, chance))
    weight = judged.n[known] ** power
    weight = weight / weight.mean()
    yes, no = chance > 0, chance < 1
    return Lesson(
        np.concatenate([known[yes], known[no]]),
        np.repeat([1, 0], [yes.sum(), no.sum()]),
        np.concatenate([(weight * chance)[yes], (weight * (1 - chance))[no]]),
    )


MAJORITY: Final = "majority"
LESSONS: Final[dict[str, Callable[[Judged, int], Lesson]]] = {
    MAJORITY: _majority,
    "true labels": _clean,
    "majority, weight n": partial(_counted, power=1.0),
    "majority, weight root n": partial(_counted, power=0.5),
    "posterior > .5": _inferred,
    "posterior > .5, weight |2p-1|": _certain,
    "posterior, soft": _soft,
    "posterior, soft, root n": partial(_soft, power=0.5),
}
