"""Lanes: one queue of items per aim of a strategy, and turns that let no aim take more than its share."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from learner.core.arrays import Array, Floats, Floats32, Integers


@dataclass(frozen=True, slots=True, eq=False)
class Lanes:
    """What a strategy wants of a set of items, one lane per aim (mostly: per category).

    Attributes
    ----------
    scores : float32 (n_lanes, n_items)
        Higher = sooner, comparable within a lane only; -inf where an item is not in the lane. Lanes are rows,
        because each is sorted by itself.
    shares : float64 (n_lanes,)
        Wanted shares of the picks, positive; they need not sum to 1.
    reasons : tuple of str, n_lanes
        Why an item of the lane is served, as an annotator's lead reads it.
    recorded : float32 (n_lanes, n_items), optional
        What the ledger keeps as the score, where that is not the score the lane is sorted by.
    categories : tuple of str, n_lanes, optional
        The category that each lane is about, "" where it is about none.
    """

    scores: Floats32
    shares: Floats
    reasons: tuple[str, ...]
    recorded: Floats32 | None = None
    categories: tuple[str, ...] = ()

    def weighted(self, weights: Mapping[str, float]) -> "Lanes":
        """The lanes, the share of each times the weight of its category (1 where none is given); without those of 0."""
        named = self.categories or ("",) * len(self.reasons)
        factors = np.array([weights.get(category, 1.0) for category in named])
        if (factors == 1).all():
            return self
        kept = np.flatnonzero(factors > 0)
        return Lanes(
            self.scores[kept],
            (self.shares * factors)[kept],
            tuple(self.reasons[lane] for lane in kept),
            None if self.recorded is None else self.recorded[kept],
            tuple(named[lane] for lane in kept),
        )

    def kept(self, lane: int, positions: Array) -> Floats:
        """What the ledger keeps of these items of a lane, float64 (len(positions),)."""
        matrix = self.scores if self.recorded is None else self.recorded
        return np.asarray(matrix[lane, positions], dtype=np.float64)

    def best(self, lane: int, n: int) -> Integers:
        """Up to n positions of items in a lane, best first, ties by position."""
        return highest(self.scores[lane], n)


def highest(scores: Array, n: int) -> Integers:
    """Up to n positions of `scores` (n_items,), highest first, ties by position, those of -inf never.

    Only what reaches the n-th highest score is sorted: a query asks this of every lane of every shard.

    Examples
    --------
    >>> highest(np.array([0.5, -np.inf, 0.7, 0.5]), 2).tolist()
    [2, 0]
    """
    finite = scores[scores > -np.inf]
    least = np.partition(finite, len(finite) - n)[len(finite) - n] if 0 < n < len(finite) else -np.inf
    reach = np.flatnonzero((scores >= least) & (scores > -np.inf))
    return reach[np.argsort(-scores[reach], kind="stable")[: max(n, 0)]]


def no_lanes(n_items: int) -> Lanes:
    """What a strategy returns that can say nothing yet."""
    return Lanes(np.empty((0, n_items), dtype=np.float32), np.empty(0), ())


@dataclass(frozen=True, slots=True)
class Pick:
    """One item taken (its position), and the lane whose turn it was."""

    position: int
    lane: int


def take_turns(
    queues: Sequence[Array],
    shares: Array,
    n: int,
    *,
    accept: Callable[[int], bool],
    rng: np.random.Generator,
) -> list[Pick]:
    """Up to n items, taken from the lanes in turns so that each gets its share as far as it has items.

    The next turn is that of the lane with the smallest (2 * taken + 1) / share (Webster's and Sainte-Lague's
    method); equal lanes come in random order, so that over many small batches each is first equally often.

    Parameters
    ----------
    queues : sequence of int arrays
        Positions in each lane, best first; a position may stand in several lanes and is taken once.
    shares : float (n_lanes,)
        Positive.
    n : int
    accept : callable
        Whether an item may be taken now; asked once per item and lane, just before it would be taken.
    rng : np.random.Generator
    """
    turn_breaker = rng.permutation(len(queues))
    open_lanes = {lane: iter(queue) for lane, queue in enumerate(queues)}
    taken = [0] * len(queues)
    picks: list[Pick] = []
    seen: set[int] = set()
    while open_lanes and len(picks) < n:
        lane = min(open_lanes, key=lambda lane: ((2 * taken[lane] + 1) / shares[lane], turn_breaker[lane]))
        position = next((int(p) for p in open_lanes[lane] if int(p) not in seen and accept(int(p))), None)
        if position is None:
            del open_lanes[lane]
            continue
        seen.add(position)
        taken[lane] += 1
        picks.append(Pick(position, lane))
    return picks


def largest_remainder(shares: Sequence[float], n: int) -> list[int]:
    """Whole places for shares of n: floors, then one more each by largest remainder, ties to the first.

    Hamilton's method. The shares need not sum to 1.

    Examples
    --------
    >>> largest_remainder([0.5, 0.3, 0.2], 9)
    [4, 3, 2]
    """
    wanted = np.asarray(shares, dtype=np.float64) / sum(shares) * n
    places = np.floor(wanted + 1e-9).astype(int)
    for position in np.argsort(places - wanted, kind="stable")[: n - places.sum()]:
        places[position] += 1
    return [int(place) for place in places]
