"""Audits drawn in waves: each by the scores of its day, and all together with one known inclusion probability.

Every holdout item has one random number u for ever (permanent random numbers: Brewer, Early and Joyce 1972). A wave
gives each item a measure q by the classifier of its day, and takes those with the largest keys q / u of the items that
no wave has taken (priority sampling: Duffield, Lund and Thorup 2007, doi:10.1145/1314690.1314696). With a threshold t
between the last key taken and the next, an item is in the wave, or in an earlier one, exactly where u < q / t: so the
union of all waves holds the items with u < max q / t, whatever classifiers scored them, and no label is thrown away
(decision 0164).
"""

import io
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_matrix

from learner.core.archive import archive_bytes, archive_read
from learner.core.arrays import Booleans, Floats, Integers
from learner.core.classifier import LinearClassifier
from learner.core.drawing import score_measure, uniform_keys
from learner.core.errors import MalformedFileError
from learner.core.lanes import highest

_HALF_STEP = 2.0**-54
_REACH = ("item_ids", "chances")


@dataclass(frozen=True, slots=True, eq=False)
class AuditDesign:
    """How a wave weighs the holdout items.

    Attributes
    ----------
    seed : int
        Of the permanent random numbers: the same for all waves of a project.
    means : float (n_categories,), optional
        Mean of sqrt(probability) over the holdout, about: any positive numbers give a valid draw, the true ones the
        best. Without them all items are alike.
    focus : float (n_categories,), optional
        How much each category counts, not negative; all alike without it.
    """

    seed: int
    means: Floats | None = None
    focus: Floats | None = None

    @property
    def is_uniform(self) -> bool:
        """Whether all items are alike: there is no score to draw by."""
        return self.means is None

    def measure(self, classifier: LinearClassifier, features: csr_matrix) -> Floats:
        """The measure of each item, (n_items,): about 1 on the mean of the holdout, never 0."""
        if self.means is None:
            return np.ones(features.shape[0])
        return score_measure(classifier.predict_proba(features), self.means, 1, focus=self.focus)

    def as_json(self) -> dict[str, Any]:
        """The design as a row keeps it."""
        means, focus = (None if part is None else part.tolist() for part in (self.means, self.focus))
        return {"seed": self.seed, "means": means, "focus": focus}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        """The design that a row kept."""
        means, focus = (None if kept[name] is None else np.array(kept[name]) for name in ("means", "focus"))
        return cls(kept["seed"], means, focus)


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """Holdout items of a shard, or of all: ids ascend, with their measure; `available` where no batch has them."""

    item_ids: Integers
    measure: Floats
    available: Booleans


@dataclass(frozen=True, slots=True, eq=False)
class Reach:
    """How likely each holdout item was to be in one of the waves so far; item_ids (n_items,) ascend."""

    item_ids: Integers
    chances: Floats

    def of(self, item_ids: Integers) -> Floats:
        """The chance of each of these items, (n,); 0 for one that no wave could have drawn."""
        if not len(self.item_ids):
            return np.zeros(len(item_ids))
        places = np.minimum(np.searchsorted(self.item_ids, item_ids), len(self.item_ids) - 1)
        found: Floats = np.where(self.item_ids[places] == item_ids, self.chances[places], 0.0)
        return found


def nothing_held() -> Held:
    """No item."""
    return Held(np.empty(0, dtype=np.int64), np.empty(0), np.empty(0, dtype=np.bool_))


def nothing_reached() -> Reach:
    """Before the first wave."""
    return Reach(np.empty(0, dtype=np.int64), np.empty(0))


def joined(parts: list[Held]) -> Held:
    """The holdout items of several shards as one."""
    item_ids = np.concatenate([part.item_ids for part in parts])
    order = np.argsort(item_ids, kind="stable")
    return Held(
        item_ids[order],
        np.concatenate([part.measure for part in parts])[order],
        np.concatenate([part.available for part in parts])[order],
    )


def wave_keys(held: Held, seed: int) -> Floats:
    """The keys q / u of all items, (n_items,); the available ones with the largest are taken."""
    keys: Floats = held.measure / (uniform_keys(held.item_ids, seed) + _HALF_STEP)
    return keys


def wave_best(held: Held, n: int, seed: int) -> Integers:
    """The rows of the `n` available items with the largest keys, in their order; all where there are fewer."""
    return highest(np.where(held.available, wave_keys(held, seed), -np.inf), n)


def threshold_of(keys: Floats, n: int) -> float:
    """The threshold of a wave that took the first `n` of these keys, largest first; 0 where it took all there are.

    Any number between the last key taken and the next describes the same draw. The first not taken would be unbiased
    if there were one wave; over many waves it makes chances too large by one item a wave, the last taken too small by
    as much. The harmonic mean of the two is between (`benchmarks/evaluation_coverage.py`).
    """
    if n < 1:
        raise ValueError("a wave takes at least one item")
    if len(keys) <= n:
        return 0.0
    return float(2 / (1 / keys[n - 1] + 1 / keys[n]))


def wave_chances(measure: Floats, threshold: float) -> Floats:
    """With which probability a wave has each item, (n_items,), where no other wave took it before."""
    if threshold <= 0:
        return np.ones(len(measure))
    chances: Floats = np.minimum(1.0, measure / threshold)
    return chances


def reach_after(before: Reach, held: Held, threshold: float, drawn: Integers) -> Reach:
    """The chances of all items under the waves so far and this one.

    Parameters
    ----------
    before : Reach
        Under the waves so far.
    held : Held
        All holdout items, with their measures in this wave; `available` as it was before the draw.
    threshold : float
        Of this wave.
    drawn : int (n_drawn,)
        Ids of the items that waves had taken before, and of those that something else took (see `also_drawn`): they
        count as if this one could have taken them, too. Other items that are not available (withheld ones) could not
        be taken.
    """
    earlier = before.of(held.item_ids)
    could = held.available | np.isin(held.item_ids, drawn)
    now = np.where(could, np.maximum(earlier, wave_chances(held.measure, threshold)), earlier)
    gone = ~np.isin(before.item_ids, held.item_ids, assume_unique=True)
    item_ids = np.concatenate([held.item_ids, before.item_ids[gone]])
    order = np.argsort(item_ids, kind="stable")
    return Reach(item_ids[order], np.concatenate([now, before.chances[gone]])[order])


def also_drawn(held: Held, threshold: float, taken: Integers, seed: int) -> Integers:
    """Of items that something else took, the ids of those that this wave would have drawn, ascending.

    They need no place: their labels come anyway. Together with what the wave takes they are exactly the items with
    u < q / t, so whoever took them, and why, changes no chance and biases nothing.

    Parameters
    ----------
    held : Held
        All holdout items, with their measures in this wave.
    threshold : float
        Of this wave; 0 where it takes all there are.
    taken : int (n_taken,)
        Ids of the items that were taken, but not by a wave.
    seed : int
        Of the permanent random numbers.
    """
    inside: Booleans = np.isin(held.item_ids, taken) & (wave_keys(held, seed) > threshold)
    return held.item_ids[inside]


def either(one: Floats, other: Floats) -> Floats:
    """The chance to be in one of two draws that know nothing of each other."""
    chances: Floats = 1 - (1 - one) * (1 - other)
    return chances


def reach_bytes(reach: Reach) -> bytes:
    """The reach as npz; equal bytes for equal chances."""
    return archive_bytes({"item_ids": reach.item_ids, "chances": reach.chances}, compressed=False)


def reach_read(content: bytes) -> Reach:
    """The reach of `reach_bytes`; raises MalformedFileError for anything else."""
    arrays = archive_read(io.BytesIO(content), _REACH)
    if len(arrays["item_ids"]) != len(arrays["chances"]):
        raise MalformedFileError("the chances of the waves do not fit their items; restore the file")
    return Reach(arrays["item_ids"], arrays["chances"])
