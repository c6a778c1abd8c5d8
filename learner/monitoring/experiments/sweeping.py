"""What the tick does for experiments: ends those that are over, and writes down what Redis counted."""

import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from redis import Redis
from redis.exceptions import RedisError, ResponseError

from annotator.pool.models import Item
from learner.core.experiments import added
from learner.evaluation.serving import version_serving
from learner.monitoring.experiments.selectors import count_newest, is_over
from learner.monitoring.experiments.services import experiment_end
from learner.monitoring.experiments.tallies import counts_key, pages_key, tally_redis
from learner.monitoring.models import Experiment, ExperimentCount, ExperimentPage

EVERY: Final = timedelta(minutes=5)
LOOKED_AT: Final = timedelta(hours=1)
"""An experiment that ended is looked at for so long."""
LINGERS: Final = timedelta(minutes=2)
"""Processes may still send counts for so long after an experiment has ended."""
PAGES_MAX: Final = 500
PAGES_LIVE: Final = timedelta(days=30)
_DRAIN: Final = b"drain"


def experiments_sweep(now: datetime) -> None:
    """End what is over, keep the pages that differ, and every few minutes write the totals as a row.

    Two queries when no experiment runs. Pages are rows within a tick: who reads that some differ wants to see them.
    While Redis does not answer nothing is lost: it holds the counts.
    """
    recent = Q(ended_at__isnull=True) | Q(ended_at__gte=now - LOOKED_AT)
    rows = Experiment.objects.filter(recent).select_related("project", "base", "candidate").order_by("pk")
    for experiment in rows:
        _end_if_over(experiment, now)
        try:
            _drain_if_due(experiment, now)
        except RedisError:
            continue
    pages_forget(now)


def drain(experiment: Experiment, now: datetime) -> bool:
    """Whether anything new was written: the totals so far with what Redis counted since, as the next row.

    1. The counts in Redis get another name, and an id of their own; new ones begin from nothing. 2. The row is
    written with that id, once. 3. The counts are deleted. Killed in between, the next call goes on where this stopped.
    Raises RedisError.
    """
    redis = tally_redis()
    aside = f"{counts_key(experiment.pk)}:drained"
    if not redis.exists(aside):
        try:
            redis.rename(counts_key(experiment.pk), aside)
        except ResponseError:  # there is nothing to rename
            return False
    redis.hsetnx(aside, _DRAIN.decode(), str(uuid.uuid4()))
    held: dict[bytes, bytes] = redis.hgetall(aside)  # type: ignore[assignment]
    token = uuid.UUID(held.pop(_DRAIN).decode())
    _write(experiment, {field.decode(): int(n) for field, n in held.items()}, token, now)
    redis.delete(aside)
    return True


def pages_written(experiment: Experiment, pages: Sequence[Mapping[str, Any]]) -> None:
    """Keep pages that differ, each once, `PAGES_MAX` of an experiment at most. Two queries."""
    free = PAGES_MAX - ExperimentPage.objects.filter(experiment=experiment).count()
    rows = [ExperimentPage(experiment=experiment, **page) for page in pages[: max(free, 0)]]
    ExperimentPage.objects.bulk_create(rows, ignore_conflicts=True)


def pages_forget(now: datetime) -> None:
    """Delete the pages that were kept long enough, and those that were sealed in a case meanwhile. One query."""
    sealed = Item.objects.filter(
        project=OuterRef("experiment__project"), url_hash=OuterRef("url_hash"), withheld=True
    )
    gone = ExperimentPage.objects.filter(Q(seen_at__lt=now - PAGES_LIVE) | Exists(sealed))
    gone.delete()


def _end_if_over(experiment: Experiment, now: datetime) -> None:
    if experiment.ended_at is not None:
        return
    serving = version_serving(experiment.project)
    if is_over(experiment, now):
        experiment_end(experiment, "its time was over")
    elif serving is None or serving.pk != experiment.base_id:
        experiment_end(experiment, f"v{experiment.base.number} serves no more")


def _drain_if_due(experiment: Experiment, now: datetime) -> None:
    if pages := _pages_taken(tally_redis(), experiment):
        pages_written(experiment, pages)
    newest = count_newest(experiment)
    since = newest.counted_at if newest else experiment.started_at
    lingering = experiment.ended_at is not None and now - experiment.ended_at >= LINGERS
    if now - since >= EVERY or lingering:
        drain(experiment, now)


def _write(experiment: Experiment, fresh: Mapping[str, int], token: uuid.UUID, now: datetime) -> None:
    newest = count_newest(experiment)
    try:
        with transaction.atomic():
            ExperimentCount.objects.create(
                experiment=experiment,
                number=newest.number + 1 if newest else 1,
                counted_at=now,
                drain=token,
                totals=added(newest.totals if newest else {}, fresh),
            )
    except IntegrityError:
        # It was written before, by a tick that was killed before it could delete the counts.
        if not ExperimentCount.objects.filter(drain=token).exists():
            raise


def _pages_taken(redis: Redis, experiment: Experiment) -> list[dict[str, Any]]:
    with redis.pipeline(transaction=True) as both:
        both.lrange(pages_key(experiment.pk), 0, -1)
        both.delete(pages_key(experiment.pk))
        found: list[bytes] = both.execute()[0]
    return [json.loads(page) for page in found]
