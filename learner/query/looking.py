"""Looking at one item that no batch has taken: where it stands in each lane of the next query. For workers only."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from django.db.models import Min
from scipy.sparse import csr_matrix

from annotator.projects.models import Project
from annotator.queue.models import BatchItem
from annotator.runs import run_claim, run_done
from learner.core.candidates import QUERY, RARE
from learner.core.lanes import Lanes
from learner.core.shards import Shard
from learner.core.strategies import STRATEGIES
from learner.query.files import FileDamagedError
from learner.query.models import LookRun
from learner.query.running import run_worked
from learner.query.selectors import queries_of, steering_of
from learner.query.shards import shard_damaged, shard_open, shards_of
from learner.query.ways import Way, available_in, classifier_file, way_of

SEED: Final = 0  # of strategies that use chance; the others do not ask
LANES_KEPT: Final = 12


@dataclass(frozen=True)
class Place:
    """Where an item stands in one lane, among the available train items of its shard.

    `better` of the `of` items in the lane have a higher score; `recorded` is the score that the ledger would keep,
    and `lowest` the lowest that the last chosen batch has of this lane, None where it has none. `takes` is how many
    places a batch has for the lane.
    """

    stream: str
    strategy: str
    reason: str
    better: int
    of: int
    recorded: float
    lowest: float | None
    takes: float


def look_run_execute(run_id: int) -> None:
    """Score the item's shard as a query would, and keep where the item stands."""
    run = run_claim(LookRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "query", "Scoring a page"):
        way = way_of(run.project, classifier_file(run), steering_of(run.project), SEED)
        shard = _shard_of(run)
        run_done(run, result={} if shard is None else _looked(run, way, shard))


def _shard_of(run: LookRun) -> Shard | None:
    """The shard that holds the item; None when its features are being computed anew."""
    for row in shards_of(run.project).filter(first_item__lte=run.item_id, last_item__gte=run.item_id):
        try:
            shard = shard_open(row)
        except FileDamagedError as error:
            raise shard_damaged(row, error) from error
        if run.item_id in shard.item_ids:
            return shard
    return None


def _looked(run: LookRun, way: Way, shard: Shard) -> dict[str, Any]:
    rows = np.flatnonzero(available_in(run.project, shard) & ~shard.holdout)
    place = int(np.searchsorted(shard.item_ids[rows], run.item_id))
    features = csr_matrix(shard.features[rows])
    lanes = sorted(
        _places(run.project, way, features, place), key=lambda one: (one.better / one.takes, one.reason)
    )
    return {
        "available": len(rows),
        "n_lanes": len(lanes),
        "lanes": [asdict(one) for one in lanes[:LANES_KEPT]],
        "probabilities": _probabilities(way, features[place]),
    }


def _places(project: Project, way: Way, features: csr_matrix, place: int) -> Iterator[Place]:
    rng = np.random.default_rng(SEED)
    n_places = way.plan.places()
    for stream, strategy in ((RARE, STRATEGIES["rare_category"]), (QUERY, way.model.query_strategy)):
        if not n_places[stream]:
            continue
        lanes = strategy.lanes(way.model, features, rng=rng).weighted(way.plan.weights)
        for lane, reason in enumerate(lanes.reasons):
            if np.isfinite(lanes.scores[lane, place]):
                yield Place(
                    stream=stream,
                    strategy=strategy.name,
                    reason=reason,
                    **_rank(lanes, lane, place),
                    recorded=round(float(lanes.kept(lane, np.array([place]))[0]), 4),
                    lowest=_lowest(project, stream, strategy.name, reason),
                    takes=round(n_places[stream] * float(lanes.shares[lane] / lanes.shares.sum()), 3),
                )


def _rank(lanes: Lanes, lane: int, place: int) -> dict[str, int]:
    scores = lanes.scores[lane]
    return {"better": int((scores > scores[place]).sum()), "of": int(np.isfinite(scores).sum())}


def _lowest(project: Project, stream: str, strategy: str, reason: str) -> float | None:
    """The lowest score that the last chosen batch has of a lane. Two queries."""
    last = queries_of(project).filter(batch__isnull=False).first()
    if last is None:
        return None
    ledger = BatchItem.objects.filter(
        batch=last.batch, stream=stream, strategy=strategy, reason__startswith=reason
    )
    lowest: float | None = ledger.aggregate(lowest=Min("score"))["lowest"]
    return lowest


def _probabilities(way: Way, features: csr_matrix) -> dict[str, list[float]]:
    """Probability and threshold of each learned category, by its slug."""
    classifier = way.model.estimator
    if not classifier.learned.any():
        return {}
    logits = classifier.decision(features)[0]
    return {
        classifier.categories[number]: [_share(logits[number]), _share(classifier.thresholds_[number])]
        for number in np.flatnonzero(classifier.learned).tolist()
    }


def _share(logit: float) -> float:
    return round(float(1 / (1 + np.exp(-float(logit)))), 4)
