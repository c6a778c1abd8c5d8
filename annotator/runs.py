"""Long work as a row: claimed by compare-and-set, alive while its heartbeat is fresh, else taken up again.

Whoever has a run also holds a shared advisory lock, which the database frees when the process dies: a run whose lock
nobody holds is taken up after seconds, one that only has gone silent after `STALE_AFTER`. A Celery message only wakes a
worker. Whoever wins the claim raises `attempt`; each later write names the attempt it belongs to, so that a worker
which was thought dead and wakes up cannot write over its successor.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from zlib import crc32

from celery import Task
from celery.exceptions import SoftTimeLimitExceeded
from django.db import IntegrityError, connection, models, transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from annotator.errors import CrossguardError

logger = logging.getLogger(__name__)

STALE_AFTER = timedelta(seconds=20)
UNHELD_AFTER = timedelta(seconds=4)
HEARTBEAT_SECONDS = 2.0
HELD_SPACE = 7203  # of the advisory locks of the sessions that have a run, one number for each run
HELD = """
SELECT objid::bigint FROM pg_locks WHERE locktype = 'advisory' AND classid = %s AND objsubid = 2 AND granted
    AND database = (SELECT oid FROM pg_database WHERE datname = CURRENT_DATABASE())
"""
ATTEMPTS_MAX = 5
NOTHING: Final = Q(pk__in=[])


class RunStatus(models.TextChoices):
    """Where a run stands."""

    PENDING = "pending", "waiting for a worker"
    RUNNING = "running", "running"
    DONE = "done", "done"
    FAILED = "failed", "failed"


ACTIVE = (RunStatus.PENDING, RunStatus.RUNNING)


class RunLost(Exception):
    """Another worker took this run over; stop without writing anything."""


class Run(models.Model):
    """Columns of every long work: status, stage, progress, heartbeat, attempt."""

    status = models.CharField(max_length=10, choices=RunStatus, default=RunStatus.PENDING)
    stage = models.CharField(max_length=80, default="", blank=True)
    done = models.BigIntegerField(default=0)
    total = models.BigIntegerField(null=True, blank=True)
    attempt = models.PositiveIntegerField(default=0)
    error = models.TextField(default="", blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        abstract = True

    @property
    def is_active(self) -> bool:
        """Whether the run waits for a worker or has one."""
        return self.status in ACTIVE

    @property
    def seconds(self) -> float | None:
        """Seconds from start to finish, or None while either is missing."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


R = TypeVar("R", bound=Run)


def runs_waiting(model: type[R], now: datetime) -> models.QuerySet[R]:
    """Runs that no live worker holds: never claimed, or left by whoever had them. At most three queries."""
    return model._default_manager.filter(Q(status=RunStatus.PENDING) | _left(model, now)).order_by("pk")


def run_start(model: type[R], project: models.Model, **columns: Any) -> R:
    """A new pending run of the project, or its active one: a second request joins the first.

    For kinds of which a project may have one at a time, by a unique constraint. The tick wakes a worker.
    """
    runs = model._default_manager
    active = runs.filter(Q(project=project), status__in=ACTIVE).first()
    if active is not None:
        return active
    try:
        with transaction.atomic():
            return runs.create(project=project, **columns)
    except IntegrityError:  # somebody else was faster
        return runs.get(project=project, status__in=ACTIVE)


def run_claim(model: type[R], pk: int) -> R | None:
    """The run, now ours, or None when it is finished, gone, or held by a live worker.

    A run that has killed `ATTEMPTS_MAX` workers is failed instead of being tried for ever.
    """
    now = timezone.now()
    mine = runs_waiting(model, now).filter(pk=pk)
    over = mine.filter(attempt__gte=ATTEMPTS_MAX).update(
        status=RunStatus.FAILED,
        finished_at=now,
        error=f"Given up: its worker died {ATTEMPTS_MAX} times. See the worker's log, then start it again.",
    )
    if over:
        return None
    taken = mine.update(
        status=RunStatus.RUNNING,
        attempt=F("attempt") + 1,
        heartbeat_at=now,
        started_at=Coalesce("started_at", now),
    )
    return model._default_manager.get(pk=pk) if taken else None


def run_progress(run: Run, stage: str, done: int, total: int | None = None, **columns: Any) -> None:
    """Write how far the run is, its heartbeat and more columns; raises RunLost when another worker took it over."""
    _update_mine(run, stage=stage, done=done, total=total, heartbeat_at=timezone.now(), **columns)


def run_done(run: Run, **columns: Any) -> None:
    """Mark the run done, with its last columns; raises RunLost when another worker took it over."""
    now = timezone.now()
    _update_mine(run, status=RunStatus.DONE, finished_at=now, heartbeat_at=now, error="", **columns)


def run_fail(run: Run, error: str) -> None:
    """Mark the run failed with a sentence for people; raises RunLost when another worker took it over."""
    _update_mine(run, status=RunStatus.FAILED, finished_at=timezone.now(), error=error)


@contextmanager
def run_held(run: Run, on_failure: Callable[[str], object]) -> Iterator[None]:
    """Do the work of a claimed run inside: its heart beats, and what ends the work early is written on it.

    A failure that a person can mend becomes the run's sentence; being overtaken by another worker ends the
    work in silence; anything else is written on the run and raised: the worker's log has the traceback.
    `on_failure` gets the sentence too, for the project's log.
    """
    try:
        with run_heartbeat(run):
            yield
    except RunLost as lost:
        logger.warning("%s", lost)
    except CrossguardError as error:
        _fail_if_mine(run, error.message, on_failure)
    except SoftTimeLimitExceeded:
        connection.close()  # the signal may have struck inside a query: the connection only looks usable
        sentence = "Stopped: it took longer than one task may. The worker's log has the details."
        _fail_if_mine(run, sentence, on_failure)
        raise
    except Exception as error:
        sentence = f"{type(error).__name__}: {error}. The worker's log has the details."
        _fail_if_mine(run, sentence, on_failure)
        raise


@contextmanager
def run_heartbeat(run: Run) -> Iterator[None]:
    """Keep the heartbeat fresh from a thread, for work that cannot report while it computes; and hold its lock."""
    stop = threading.Event()
    thread = threading.Thread(target=_beat, args=(run, stop), daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def runs_wake(model: type[R], task: "Task[Any, Any]", now: datetime) -> list[R]:
    """Publish `task` for each run that no live worker holds, and return these runs.

    For the tick. A run that was left goes back to pending first; a pending run notes in its heartbeat when it was
    last published, so that messages do not pile up behind a long task. Two queries when nothing waits.
    """
    runs = model._default_manager
    if (left := _left(model, now)) != NOTHING:
        runs.filter(left).update(status=RunStatus.PENDING, heartbeat_at=None)
    unheard = Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=now - STALE_AFTER)
    waiting = runs.filter(unheard, status=RunStatus.PENDING)
    woken = [run for run in waiting.order_by("pk") if waiting.filter(pk=run.pk).update(heartbeat_at=now)]
    for run in woken:
        wake(task, run.pk)
    return woken


def wake(task: "Task[Any, Any]", *args: object) -> None:
    """Publish `task` once the open transaction has committed; a dead broker is logged, never raised.

    What is lost here is found again by the tick, which reads the same rows.
    """

    def publish() -> None:  # a named function: Django logs the name of a callback that raised
        _publish(task, args)

    transaction.on_commit(publish, robust=True)


@contextmanager
def alone(key: int) -> Iterator[bool]:
    """Whether nobody else is at the work of this key; the database frees the lock of a worker that dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        is_alone = bool(cursor.fetchone()[0])
        try:
            yield is_alone
        finally:
            if is_alone:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


def _publish(task: "Task[Any, Any]", args: tuple[object, ...]) -> None:
    try:
        task.apply_async(args=args)
    except (OperationalError, RedisError, OSError) as error:
        logger.warning("Could not wake %s%r: %s. The tick will.", task.name, args, error)


def _left(model: type[R], now: datetime) -> Q:
    """Running runs that are silent for long, or for seconds while no session holds their lock; empty for none.

    One query, two more when a run is silent. Nobody is claimed from whose heart has beaten since.
    """
    running = model._default_manager.filter(status=RunStatus.RUNNING)
    silent = dict(running.filter(heartbeat_at__lt=now - UNHELD_AFTER).values_list("pk", "heartbeat_at"))
    held = _held_numbers() if silent else frozenset()
    left = [
        pk for pk, beat in silent.items() if beat < now - STALE_AFTER or _held_number(model, pk) not in held
    ]
    return Q(pk__in=left, status=RunStatus.RUNNING, heartbeat_at__lt=now - UNHELD_AFTER) if left else NOTHING


def _held_number(model: type[Run], pk: int) -> int:
    """The run as second half of an advisory key; should two share one, a death is seen later."""
    return crc32(f"{model._meta.db_table} {pk}".encode()) & 0x7FFFFFFF


def _held_numbers() -> frozenset[int]:
    """Of all runs whose lock some session of this database holds."""
    with connection.cursor() as cursor:
        cursor.execute(HELD, [HELD_SPACE])
        return frozenset(number for (number,) in cursor.fetchall())


def _fail_if_mine(run: Run, sentence: str, on_failure: Callable[[str], object]) -> None:
    try:
        run_fail(run, sentence)
    except RunLost as lost:
        logger.warning("%s", lost)
    else:
        on_failure(sentence)


def _update_mine(run: Run, **columns: Any) -> None:
    mine = type(run)._default_manager.filter(pk=run.pk, attempt=run.attempt, status=RunStatus.RUNNING)
    if not mine.update(**columns):
        raise RunLost(f"{run._meta.db_table} {run.pk}, attempt {run.attempt}, belongs to another worker now")
    for name, value in columns.items():
        setattr(run, name, value)


def _beat(run: Run, stop: threading.Event) -> None:
    mine = type(run)._default_manager.filter(pk=run.pk, attempt=run.attempt, status=RunStatus.RUNNING)
    try:
        _hold(type(run), run.pk)
        while not stop.wait(HEARTBEAT_SECONDS):
            mine.update(heartbeat_at=timezone.now())
    finally:
        connection.close()


def _hold(model: type[Run], pk: int) -> None:
    """Take the run's lock in the session of this thread, until that closes or the process dies."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock_shared(%s, %s)", [HELD_SPACE, _held_number(model, pk)])
