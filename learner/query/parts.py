"""Scoring the shards of a query on as many workers as are free: each takes a part, and stores its candidates.

The worker that has the run works too, so that a query needs nobody else; messages only call others to help. A part
whose worker dies is taken again after `STALE_AFTER`, and after `SLOW_AFTER` by the worker that has the run and would
only wait for it; of two who score a shard the first to store it counts. For workers only.
"""

import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils import timezone

from annotator.projects.models import Project
from annotator.runs import ACTIVE, RunStatus, run_progress
from learner.core.candidates import Candidates
from learner.core.candidates_file import candidates_bytes, candidates_read
from learner.core.shards import Shard, read_ahead
from learner.query.files import FileDamagedError, file_read, file_write
from learner.query.models import QueryPart, QueryRun
from learner.query.running import Phases
from learner.query.shards import shard_damaged, shard_open, shards_of
from learner.query.ways import Way, shards_scored, way_of_run

STALE_AFTER: Final = timedelta(seconds=30)
SLOW_AFTER: Final = timedelta(seconds=5)
HELPERS_MAX: Final = 32
POLL_SECONDS: Final = 0.05

Call = Callable[[int, int], None]


def alone(run_id: int, n: int) -> None:
    """Call nobody."""


def parts_scored(run: QueryRun, way: Way, phases: Phases, call: Call = alone) -> list[Candidates]:
    """The candidates of every shard, scored here and by whoever was called: `call(run.pk, n)` asks n others.

    Raises FileDamagedError when a shard cannot be read, whoever found out: a batch is chosen from all of the pool.
    """
    total = _parts_open(run)
    if total > 1:
        call(run.pk, min(total - 1, HELPERS_MAX))
    parts = QueryPart.objects.filter(run=run)

    def progress() -> int:
        left = parts.filter(path="").count()
        run_progress(run, "scoring", total - left, total, phases=phases.seconds)
        return left

    patience = STALE_AFTER
    while progress():
        if not _parts_work(run, way, phases, patience, progress):
            with phases.timed("wait"):
                time.sleep(POLL_SECONDS)
        patience = SLOW_AFTER  # with nothing else to do, score again what somebody else is slow or dead over
    if parts.count() < total:  # a helper has discarded it, and asked for its features anew
        raise FileDamagedError("A feature shard is gone or damaged. Its features are computed again.")
    run.workers = parts.values("taken_by").distinct().count() or 1
    with phases.timed("gather"):
        return [
            candidates_read(file_read(*ends))
            for ends in parts.order_by("shard__first_item").values_list("path", "sha256")
        ]


def parts_sweep(project: Project) -> None:
    """Remove the parts of queries that are over, and their files. A failed query's go with the next one's."""
    over = QueryPart.objects.filter(run__project=project).exclude(run__status__in=ACTIVE)
    for path in over.exclude(path="").values_list("path", flat=True):
        default_storage.delete(path)
    over.delete()


def query_help(run_id: int) -> int:
    """Score parts of a query that another worker has, until none is left; how many this one scored."""
    run = (
        QueryRun.objects.select_related("project", "steering")
        .filter(pk=run_id, status=RunStatus.RUNNING)
        .first()
    )
    if run is None or not QueryPart.objects.filter(_free(STALE_AFTER), run=run).exists():
        return 0
    return _parts_work(run, way_of_run(run), Phases(), STALE_AFTER)


def _parts_open(run: QueryRun) -> int:
    """A part for each shard; those of an earlier attempt stay as they are. The number of parts."""
    shards = shards_of(run.project)
    QueryPart.objects.bulk_create(
        [QueryPart(run=run, shard=shard) for shard in shards], ignore_conflicts=True, batch_size=1_000
    )
    return QueryPart.objects.filter(run=run).count()


def _parts_work(
    run: QueryRun,
    way: Way,
    phases: Phases,
    patience: timedelta,
    after_each: Callable[[], object] = lambda: None,
) -> int:
    """Take parts that nobody took within `patience` and score them until there are none; how many.

    While some are scored, the next is read. Whatever ends it early, the parts that it has taken and not scored are free
    at once.
    """
    taken: deque[QueryPart] = deque()

    def readings() -> Iterator[Callable[[], Shard]]:
        while part := _part_take(run, patience):
            taken.append(part)
            yield partial(shard_open, part.shard)

    done = 0
    try:
        for (candidates,) in shards_scored(run.project, read_ahead(readings()), [way], phases):
            _part_store(run, taken.popleft(), candidates)
            done += 1
            after_each()
        return done
    except FileDamagedError as error:
        raise shard_damaged(taken[0].shard, error) from error
    finally:
        mine = QueryPart.objects.filter(pk__in=[part.pk for part in taken], path="", taken_by=_worker())
        mine.update(taken_at=None)


def _part_store(run: QueryRun, part: QueryPart, candidates: Candidates) -> None:
    directory = f"projects/{run.project_id}/queries/{run.pk}"
    file = file_write(directory, str(part.shard_id), candidates_bytes(candidates))
    mine = QueryPart.objects.filter(pk=part.pk)
    stored = mine.filter(path="").update(path=file.name, sha256=file.sha256, taken_by=_worker())
    if not stored and not mine.exists():  # the query is over: nobody else would remove it
        default_storage.delete(file.name)


def _part_take(run: QueryRun, patience: timedelta) -> QueryPart | None:
    """A part for this worker, by compare-and-set: nobody waits for anybody."""
    free = QueryPart.objects.filter(_free(patience), run=run, run__status=RunStatus.RUNNING).order_by("pk")
    for part in free.select_related("shard")[:HELPERS_MAX]:
        mine = QueryPart.objects.filter(_free(patience), pk=part.pk)
        if mine.update(taken_by=_worker(), taken_at=timezone.now()):
            return part
    return None


def _free(patience: timedelta) -> Q:
    """Parts that are not done and that nobody took within `patience`."""
    return Q(path="") & (Q(taken_at__isnull=True) | Q(taken_at__lt=timezone.now() - patience))


def _worker() -> str:
    return f"{socket.gethostname()}:{os.getpid()}"
