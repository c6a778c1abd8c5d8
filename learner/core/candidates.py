"""The map of a query: what one shard would put into the next batch, however large the pool."""

from collections.abc import Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field, replace
from itertools import islice

import numpy as np
from scipy.sparse import csr_matrix, vstack

from learner.core.arrays import Array, Booleans, Floats, Integers
from learner.core.classifier import LinearClassifier
from learner.core.drawing import uniform_keys
from learner.core.features import N_FEATURES
from learner.core.lanes import Lanes, highest, largest_remainder
from learner.core.learner import QueryModel
from learner.core.shards import Shard
from learner.core.strategies import STRATEGIES, Strategy
from learner.core.waves import AuditDesign, Held, joined, nothing_held, wave_best, wave_keys

QUERY, RARE, EXPLORE, AUDIT = STREAMS = ("query", "rare", "explore", "audit")
UNIFORM = "uniform"
BY_SCORE = "by_score"
DEFINED = 33
"""Of a batch before anything is learned, definitions choose so many at the most: about what they choose of 60."""
CHANCE = 0.05
"""Share of such a batch that explore keeps where pages have texts."""
SCORERS = 2
"""Threads of a worker that score a shard each: sparse products leave the interpreter free."""
_SPARE = 8
_KEPT = 4
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class StreamPlan:
    """How many items the next batch has, and how its streams share them.

    Attributes
    ----------
    batch_size : int
        At least 1.
    shares : mapping of stream to float
        Not negative; a stream left out has none. They need not sum to 1.
    seed : int
        Of the draw of explore; store it with the batch.
    benign_floor : float
        Share of the batch that should be expected benign, 0 to 1, as far as the query stream can see to it.
    weights : mapping of category to float
        How much of rare and query a category gets, against what it would get: not negative, 1 where none is given.
    audit : AuditDesign, optional
        How the audit stream draws; without it all items are alike, with `seed`.

    Raises
    ------
    ValueError
        If the size, a stream, a share or a weight is impossible.
    """

    batch_size: int
    shares: Mapping[str, float]
    seed: int
    benign_floor: float = 0.0
    weights: Mapping[str, float] = field(default_factory=dict)
    audit: AuditDesign | None = None

    def __post_init__(self) -> None:
        if self.batch_size < 1:
            raise ValueError(f"batch_size is {self.batch_size}; a batch needs at least one item")
        if unknown := set(self.shares) - set(STREAMS):
            raise ValueError(f"unknown streams {sorted(unknown)}; there are {', '.join(STREAMS)}")
        if min(self.shares.values(), default=-1.0) < 0 or sum(self.shares.values()) <= 0:
            raise ValueError(f"shares are {dict(self.shares)}; give at least one positive and none negative")
        if not 0 <= self.benign_floor <= 1:
            raise ValueError(f"benign_floor is {self.benign_floor}; it is a share, from 0 to 1")
        if min(self.weights.values(), default=0.0) < 0:
            raise ValueError(f"weights are {dict(self.weights)}; give none that is negative")

    def places(self) -> dict[str, int]:
        """Places for each stream, summing to the batch size (largest remainder)."""
        shares = [self.shares.get(stream, 0.0) for stream in STREAMS]
        return dict(zip(STREAMS, largest_remainder(shares, self.batch_size), strict=True))

    @property
    def audits_alone(self) -> bool:
        """Whether the batch has no other stream, so that nothing stands in for audits that cannot be drawn."""
        return all(not share for stream, share in self.shares.items() if stream != AUDIT)

    @property
    def audit_design(self) -> AuditDesign:
        """How the audit stream draws."""
        return self.audit or AuditDesign(self.seed)

    def led_by_definitions(self) -> "StreamPlan":
        """The same where nothing is learned: query and rare share at most `DEFINED` places, explore has the others.

        A few items by definition find categories sooner than chance does; hundreds show the classifier a pool that
        there is not (decision 0130).
        """
        places = self.places()
        over = places[QUERY] + places[RARE] - DEFINED
        if over <= 0:
            return self
        query, rare = largest_remainder([places[QUERY], places[RARE]], DEFINED)
        return replace(self, shares=places | {QUERY: query, RARE: rare, EXPLORE: places[EXPLORE] + over})

    def found_in_texts(self) -> "StreamPlan":
        """The same where nothing is learned and pages have texts: explore keeps `CHANCE`, its other places go to rare.

        In a text the words of a definition lead to positives; in an address they mostly do not (decision 0179).
        Where rare has no share, nobody wants such finds.
        """
        places = self.places()
        lent = places[EXPLORE] - int(np.ceil(CHANCE * self.batch_size))
        if not places[RARE] or lent <= 0:
            return self
        return replace(self, shares=places | {RARE: places[RARE] + lent, EXPLORE: places[EXPLORE] - lent})


@dataclass(frozen=True, slots=True, eq=False)
class LaneCandidates:
    """The best of one lane of one stream: rows of `Candidates` (k,) and their scores (k,), best first.

    `recorded` (k,) is what the ledger keeps as the score. `wanted` is how many candidates of a draw are needed in all;
    0 where shards just give their best.
    """

    stream: str
    strategy: str
    reason: str
    share: float
    rows: Integers
    scores: Floats
    recorded: Floats
    wanted: int = 0

    def at(self, places: Array) -> "LaneCandidates":
        """The lane with these places alone, in this order."""
        return replace(
            self, rows=self.rows[places], scores=self.scores[places], recorded=self.recorded[places]
        )


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What a shard, or several together, would put into the next batch.

    `n_train` and `n_holdout` count the available items behind it. item_ids, domains, contents (n_rows,) and
    features (n_rows, N_FEATURES) describe the candidates; an item that several lanes want is one row. `held` is every
    holdout item, where the audit stream draws.
    """

    n_train: int
    n_holdout: int
    item_ids: Integers
    domains: Integers
    contents: Integers
    features: csr_matrix
    lanes: tuple[LaneCandidates, ...]
    held: Held = field(default_factory=nothing_held)


def shard_candidates(
    model: QueryModel, shard: Shard, available_mask: Booleans, plan: StreamPlan, rng: np.random.Generator
) -> Candidates:
    """The items of one shard that could get into the next batch.

    Parameters
    ----------
    model : QueryModel
        Its `query_strategy` fills the query stream.
    shard : Shard
    available_mask : bool (n_items,)
        True where an item has not been in a batch yet.
    plan : StreamPlan
        The same for all shards.
    rng : np.random.Generator
        For strategies that use chance. The draws of explore and audit depend on seeds, scores and item ids
        alone, so they do not change with the cut of the shards.
    """
    model = copy(model)  # what it remembers of this shard is nothing to whoever scores another one meanwhile
    train = np.flatnonzero(available_mask & ~shard.holdout)
    places = plan.places()
    held = _held(model, shard, available_mask, plan) if places[AUDIT] else nothing_held()
    lanes = [_explored(shard, train, plan), _audited(shard, held, plan, places[AUDIT])]
    features = shard.features if len(train) == len(shard) else shard.features[train]
    for stream, strategy in ((RARE, STRATEGIES["rare_category"]), (QUERY, model.query_strategy)):
        if places[stream] and len(train):
            wanted = strategy.lanes(model, features, rng=rng).weighted(plan.weights)
            lanes.extend(
                _wanted(
                    stream, strategy, wanted, rows=train, domains=shard.domains[train], places=places[stream]
                )
            )
    n_holdout = int((available_mask & shard.holdout).sum())
    return replace(_gather(shard, lanes, n_train=len(train), n_holdout=n_holdout), held=held)


def plan_for(classifier: LinearClassifier, plan: StreamPlan, *, texts: bool) -> StreamPlan:
    """The plan of a batch that this classifier chooses, fitted or not, of pages that have texts or addresses alone."""
    if classifier.learned.any():
        return plan
    return plan.found_in_texts() if texts else plan.led_by_definitions()


def merge(candidates: Iterable[Candidates]) -> Candidates:
    """The candidates of many shards as one; lanes of the same aim become one, best first, ties by item id.

    A lane keeps `_KEPT` times what one shard may put into it, and a draw what it needs, so that memory does not grow
    with the pool; of the holdout items all measures are kept.
    """
    waiting = iter(candidates)
    merged = _nothing()
    while parts := list(islice(waiting, _AT_ONCE)):
        merged = _merged(merged, parts)
    return merged


def _merged(before: Candidates, more: Sequence[Candidates]) -> Candidates:
    parts = [before, *more]
    starts = np.cumsum([0, *(len(part.item_ids) for part in parts)])
    item_ids = np.concatenate([part.item_ids for part in parts])
    same_aim: dict[tuple[str, str, str], list[LaneCandidates]] = {}
    most: dict[tuple[str, str, str], int] = {}
    for start, part in zip(starts, parts, strict=False):
        for lane in part.lanes:
            aim = (lane.stream, lane.strategy, lane.reason)
            same_aim.setdefault(aim, []).append(replace(lane, rows=lane.rows + start))
            if part is not before:
                most[aim] = max(most.get(aim, 0), lane.wanted or _KEPT * len(lane.rows))
    lanes = [
        _joined(lanes, item_ids, max(most.get(aim, 0), len(lanes[0].rows))) for aim, lanes in same_aim.items()
    ]
    kept = np.unique(np.concatenate([np.empty(0, dtype=np.int64), *(lane.rows for lane in lanes)]))
    return Candidates(
        n_train=sum(part.n_train for part in parts),
        n_holdout=sum(part.n_holdout for part in parts),
        item_ids=item_ids[kept],
        domains=np.concatenate([part.domains for part in parts])[kept],
        contents=np.concatenate([part.contents for part in parts])[kept],
        features=csr_matrix(vstack([part.features for part in parts], format="csr"))[kept],
        lanes=tuple(replace(lane, rows=np.searchsorted(kept, lane.rows)) for lane in lanes),
        held=joined([part.held for part in parts]),
    )


def _explored(shard: Shard, rows: Integers, plan: StreamPlan) -> LaneCandidates:
    """The rows with the highest uniform keys: the n highest over all shards are a simple random sample."""
    keys = uniform_keys(shard.item_ids[rows], plan.seed)
    best = highest(keys, plan.batch_size)
    return LaneCandidates(EXPLORE, UNIFORM, EXPLORE, 1.0, rows[best], keys[best], keys[best], plan.batch_size)


def _held(model: QueryModel, shard: Shard, available_mask: Booleans, plan: StreamPlan) -> Held:
    """All holdout items of the shard, with what the audit stream makes of their scores."""
    rows = np.flatnonzero(shard.holdout)
    measure = plan.audit_design.measure(model.estimator, csr_matrix(shard.features[rows]))
    return Held(shard.item_ids[rows], measure, available_mask[rows])


def _audited(shard: Shard, held: Held, plan: StreamPlan, n: int) -> LaneCandidates:
    """The available holdout items with the largest keys: one more than a wave takes says where it ends."""
    design = plan.audit_design
    best = wave_best(held, n + 1, design.seed) if n else np.empty(0, dtype=np.int64)
    keys = wave_keys(held, design.seed)[best]
    rows = np.searchsorted(shard.item_ids, held.item_ids[best])
    strategy = UNIFORM if design.is_uniform else BY_SCORE
    return LaneCandidates(AUDIT, strategy, AUDIT, 1.0, rows, keys, keys, n + 1)


def _wanted(
    stream: str, strategy: Strategy, lanes: Lanes, *, rows: Integers, domains: Integers, places: int
) -> list[LaneCandidates]:
    """The best of each lane: a few times its share of the places, different sites first."""
    found = []
    for lane, reason in enumerate(lanes.reasons):
        share = float(lanes.shares[lane] / lanes.shares.sum())
        wanted = _SPARE * (1 + int(np.ceil(places * share)))
        best = lanes.best(lane, _SPARE * wanted)
        first_of_site = np.zeros(len(best), dtype=np.bool_)
        first_of_site[np.unique(domains[best], return_index=True)[1]] = True
        kept = np.sort(np.argsort(~first_of_site, kind="stable")[:wanted])
        taken = best[kept]
        scores, recorded = lanes.scores[lane, taken].astype(np.float64), lanes.kept(lane, taken)
        found.append(LaneCandidates(stream, strategy.name, reason, share, rows[taken], scores, recorded))
    return found


def _gather(shard: Shard, lanes: Sequence[LaneCandidates], *, n_train: int, n_holdout: int) -> Candidates:
    """The lanes' items without the rest of the shard."""
    kept = np.unique(np.concatenate([lane.rows for lane in lanes]))
    return Candidates(
        n_train=n_train,
        n_holdout=n_holdout,
        item_ids=shard.item_ids[kept],
        domains=shard.domains[kept],
        contents=shard.contents[kept],
        features=csr_matrix(shard.features[kept]),
        lanes=tuple(replace(lane, rows=np.searchsorted(kept, lane.rows)) for lane in lanes),
    )


def _joined(lanes: Sequence[LaneCandidates], item_ids: Integers, most: int) -> LaneCandidates:
    joined = replace(
        lanes[0],
        rows=np.concatenate([lane.rows for lane in lanes]),
        scores=np.concatenate([lane.scores for lane in lanes]),
        recorded=np.concatenate([lane.recorded for lane in lanes]),
    )
    return joined.at(np.lexsort((item_ids[joined.rows], -joined.scores))[:most])


def _nothing() -> Candidates:
    none = np.empty(0, dtype=np.int64)
    return Candidates(0, 0, none, none, none, csr_matrix(np.empty((0, N_FEATURES), dtype=np.float32)), ())
