"""What goes into the next batch: the reduce over what the shards would put into it.

Four streams share a batch. `rare` and `query` follow strategies; they keep to one item per site and batch,
and leave out near-duplicates. `explore` (of train) and `audit` (of holdout) are drawn at random and pass no such
filter: each item of the pool had the same probability n / N of being explored, and each holdout item one by its scores
of being audited (`learner.core.waves`).
Where both kinds want the same item, site or text, the drawn one stays and the strategy takes its next. How
many are drawn is settled before anything is drawn, and never depends on which items came up (decision
0011).

Whoever rests from harmful pages is given benign ones only. So that a batch has some, the query stream takes
the best of its candidates that are expected benign first, until the floor of the plan is reached.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from learner.core.arrays import Booleans, Integers
from learner.core.candidates import (
    AUDIT,
    EXPLORE,
    QUERY,
    RARE,
    STREAMS,
    UNIFORM,
    Candidates,
    LaneCandidates,
    StreamPlan,
    merge,
    shard_candidates,
)
from learner.core.diversity import Diversity
from learner.core.lanes import take_turns
from learner.core.waves import threshold_of, wave_chances

__all__ = ["STREAMS", "Candidates", "Choice", "StreamPlan", "select_batch", "shard_candidates"]


@dataclass(frozen=True, slots=True)
class Choice:
    """One item of the next batch, and why it is there.

    `inclusion_probability` is n / N for explore, and for audit that of the item in this wave. For query and rare it is
    None: their choice is no chance, and an estimate that treats it as one is biased. `pool_size` is N: the available
    items of the split that the stream draws from. `score` is comparable within a stream and reason; for explore it is
    the uniform key, for audit the key of the wave.
    """

    item_id: int
    stream: str
    strategy: str
    score: float
    inclusion_probability: float | None
    pool_size: int
    reason: str


def select_batch(
    candidates: Iterable[Candidates],
    plan: StreamPlan,
    exclude_domains: Collection[int],
    rng: np.random.Generator,
    *,
    benign: Booleans | None = None,
) -> list[Choice]:
    """The next batch, in the order of serving, which mixes the streams at random.

    1. Find out how many places rare and query can fill; what rare cannot fill goes to query, and what they and
       audit cannot fill goes to explore, unless the batch is of audits alone.
    2. Draw audit and explore.
    3. Fill rare, then query, with what does not repeat the draws or each other. Only when different sites run
       out may a site come twice, and the reason says so.

    Parameters
    ----------
    candidates : iterable of Candidates
        One per shard, made with the same plan.
    plan : StreamPlan
    exclude_domains : collection of int
        Domain keys of sites in other open batches; they bind rare and query alone.
    rng : np.random.Generator
        Breaks ties between lanes, and mixes the order.
    benign : bool (n_rows,), optional
        Which rows of the candidates, one part after the other, are expected benign. Without it the plan's floor
        is not looked at.

    Returns
    -------
    list of Choice
        Each item once; fewer than the batch size only when the pool is used up, or what is left in it repeats
        pages of the batch.
    """
    pool = merge(candidates)
    draws = _draws(pool, plan, _short_foreseen(pool, plan, exclude_domains, rng))
    diversity = Diversity(pool, exclude_domains)
    for row in draws.rows:
        diversity.add(row)
    chosen = _fill(pool, plan.places(), diversity, rng, _floor(plan, benign, draws.rows))
    choices = [
        *_audit_choices(pool, draws.audit, threshold_in(pool, plan)),
        *_explore_choices(pool, draws.explore, extra=draws.extra),
        *(choice for picks in chosen.values() for choice in picks),
    ]
    return [choices[place] for place in rng.permutation(len(choices))]


@dataclass(frozen=True, slots=True, eq=False)
class _Draws:
    """What audit and explore drew, and in words what explore took over from others."""

    audit: LaneCandidates
    explore: LaneCandidates
    extra: str

    @property
    def rows(self) -> list[int]:
        """The rows of both."""
        return [int(row) for lane in (self.audit, self.explore) for row in lane.rows]


def _short_foreseen(
    pool: Candidates, plan: StreamPlan, exclude_domains: Collection[int], rng: np.random.Generator
) -> dict[str, int]:
    """Places that rare, query and audit will not fill: settled before anything is drawn."""
    places = plan.places()
    foreseen = _fill(pool, places, Diversity(pool, exclude_domains), rng, _NO_FLOOR)
    short = _short(places, {stream: len(foreseen[stream]) for stream in (RARE, QUERY)})
    return short | {AUDIT: max(0, places[AUDIT] - pool.n_holdout)}


def _draws(pool: Candidates, plan: StreamPlan, short: dict[str, int]) -> _Draws:
    """What both draw; explore has the places that others cannot fill, unless the batch is of audits alone."""
    places = plan.places()
    n_explored = 0 if plan.audits_alone else places[EXPLORE] + sum(short.values())
    return _Draws(_draw(pool, AUDIT, places[AUDIT]), _draw(pool, EXPLORE, n_explored), _extra(short))


@dataclass(frozen=True, slots=True, eq=False)
class _Floor:
    """How many benign rows the query stream should take first."""

    benign: Booleans
    n: int


_NO_FLOOR = _Floor(np.empty(0, dtype=np.bool_), 0)


def _floor(plan: StreamPlan, benign: Booleans | None, drawn: Sequence[int]) -> _Floor:
    if benign is None:
        return _NO_FLOOR
    wanted = int(np.ceil(plan.benign_floor * plan.batch_size - 1e-9))
    return _Floor(benign, max(0, wanted - sum(bool(benign[row]) for row in drawn)))


def _fill(
    pool: Candidates,
    places: dict[str, int],
    diversity: Diversity,
    rng: np.random.Generator,
    floor: _Floor,
) -> dict[str, list[Choice]]:
    """What rare and query take, each lane in turn: first from different sites, then from any.

    What rare cannot fill goes to query: a pool without rare categories is worth more questions, not more chance.
    """
    chosen: dict[str, list[Choice]] = {
        RARE: _take(pool, RARE, places[RARE], diversity, rng=rng, note=""),
        QUERY: _lighter(pool, min(floor.n, places[QUERY]), diversity, rng, floor.benign),
    }
    left = places[QUERY] + places[RARE] - len(chosen[RARE]) - len(chosen[QUERY])
    chosen[QUERY] += _take(pool, QUERY, left, diversity, rng=rng, note="")
    diversity.allow_same_site()
    note = "; its site comes again, because the pool has too few other sites for this"
    for stream in (RARE, QUERY):
        left = _short(places, {stream: len(choices) for stream, choices in chosen.items()})[stream]
        chosen[stream] += _take(pool, stream, left, diversity, rng=rng, note=note)
    return chosen


def _short(places: dict[str, int], taken: dict[str, int]) -> dict[str, int]:
    """Places of rare and query that are not filled; what query took beyond its own counts for rare."""
    beyond = max(0, taken[QUERY] - places[QUERY])
    return {
        RARE: places[RARE] - taken[RARE] - beyond,
        QUERY: places[QUERY] - taken[QUERY] + beyond,
    }


def _lighter(
    pool: Candidates, n: int, diversity: Diversity, rng: np.random.Generator, benign: Booleans
) -> list[Choice]:
    """The best of the query stream that are expected benign, up to `n`."""
    if n == 0:
        return []
    lanes = tuple(lane.at(benign[lane.rows]) for lane in pool.lanes)
    note = "; expected benign, so that lighter pages do not run out"
    return _take(replace(pool, lanes=lanes), QUERY, n, diversity, rng=rng, note=note)


def _take(
    pool: Candidates, stream: str, n: int, diversity: Diversity, *, rng: np.random.Generator, note: str
) -> list[Choice]:
    lanes = [lane for lane in pool.lanes if lane.stream == stream]
    shares = np.array([lane.share for lane in lanes])
    taken: list[Choice] = []

    def accept(row: int) -> bool:
        allowed = diversity.allows(row)
        if allowed:
            diversity.add(row)
        return allowed

    for pick in take_turns([lane.rows for lane in lanes], shares, n, accept=accept, rng=rng):
        lane = lanes[pick.lane]
        taken.append(
            Choice(
                item_id=int(pool.item_ids[pick.position]),
                stream=stream,
                strategy=lane.strategy,
                score=float(lane.recorded[lane.rows == pick.position][0]),
                inclusion_probability=None,
                pool_size=pool.n_train,
                reason=lane.reason + note,
            )
        )
    return taken


def _draw(pool: Candidates, stream: str, n: int) -> LaneCandidates:
    """The n items with the highest uniform keys, or all where there are fewer."""
    for lane in pool.lanes:
        if lane.stream == stream:
            return lane.at(np.arange(min(n, len(lane.rows))))
    none: Integers = np.empty(0, dtype=np.int64)
    return LaneCandidates(stream, UNIFORM, stream, 1.0, none, np.empty(0), np.empty(0))


def threshold_in(pool: Candidates, plan: StreamPlan) -> float | None:
    """The threshold of the wave that a batch of this plan takes from all candidates; None where it takes none."""
    n = min(plan.places()[AUDIT], pool.n_holdout)
    keys = [lane.scores for lane in pool.lanes if lane.stream == AUDIT]
    return threshold_of(keys[0], n) if n and keys else None


def _audit_choices(pool: Candidates, lane: LaneCandidates, threshold: float | None) -> list[Choice]:
    if threshold is None:
        return []
    item_ids = pool.item_ids[lane.rows]
    chances = wave_chances(pool.held.measure[np.searchsorted(pool.held.item_ids, item_ids)], threshold)
    how = "drawn at random" if lane.strategy == UNIFORM else "drawn at random, likelier where a category is,"
    return [
        Choice(
            item_id=int(item_id),
            stream=AUDIT,
            strategy=lane.strategy,
            score=float(key),
            inclusion_probability=float(chance),
            pool_size=pool.n_holdout,
            reason=f"{how} from {pool.n_holdout} held-out items",
        )
        for item_id, key, chance in zip(item_ids, lane.scores, chances, strict=True)
    ]


def _explore_choices(pool: Candidates, lane: LaneCandidates, *, extra: str) -> list[Choice]:
    return [
        Choice(
            item_id=int(pool.item_ids[row]),
            stream=EXPLORE,
            strategy=UNIFORM,
            score=float(score),
            inclusion_probability=len(lane.rows) / pool.n_train,
            pool_size=pool.n_train,
            reason=f"drawn at random from {pool.n_train} pool items{extra}",
        )
        for row, score in zip(lane.rows, lane.scores, strict=True)
    ]


def _extra(short: dict[str, int]) -> str:
    """What explore took over, in words; nothing where every stream filled its share."""
    parts = [f"{n} of {stream}" for stream, n in short.items() if n]
    return f" (with places that others could not fill: {', '.join(parts)})" if parts else ""
