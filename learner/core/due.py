"""What is due now, and why: pure answers to the facts that the tick read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
LEARNABLE_NEEDED = 2


@dataclass(frozen=True, slots=True)
class Due:
    """Work should start now; the reason is for the log that leads read."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotDue:
    """Nothing to start; the reason says what is waited for."""

    reason: str


@dataclass(frozen=True, slots=True)
class Attempts:
    """How the work went lately: whether it runs, how often in a row it failed, and when last."""

    running: bool = False
    failures: int = 0
    last_failed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """The queue and the pool behind it: free places, the level to refill at, and items still available."""

    free_places: int
    low_water: int
    pool_size: int
    attempts: Attempts = Attempts()


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """What could be learned that is not yet: `new_resolutions` since `last_version` (None before the first).

    `learnable_categories` counts those with enough positives, `minimum` is how many labelled items a first
    version needs, and `retrain_after` how many new ones a later one does.
    """

    new_resolutions: int
    labelled: int
    learnable_categories: int
    minimum: int
    retrain_after: int
    last_version: int | None = None
    attempts: Attempts = Attempts()


@dataclass(frozen=True, slots=True)
class FeatureFacts:
    """Items that have no features yet, and whether an ingest is still adding more."""

    items_without: int
    ingest_running: bool = False
    shard_size: int = 20_000
    attempts: Attempts = Attempts()


def query_due(facts: QueueFacts, *, now: datetime) -> Due | NotDue:
    """Whether the next batch should be opened.

    Examples
    --------
    >>> query_due(QueueFacts(free_places=18, low_water=40, pool_size=900), now=datetime(2026, 1, 1))
    Due(reason='next batch due: 18 free places, low-water mark 40')
    """
    level = f"{_count(facts.free_places, 'free place')}, low-water mark {facts.low_water}"
    if facts.free_places >= facts.low_water:
        return NotDue(f"queue is full enough: {level}")
    if not facts.pool_size:
        return NotDue(f"pool is used up: {level}; ingest more items")
    return _held_back(facts.attempts, "a query", now=now) or Due(f"next batch due: {level}")


def training_due(facts: TrainingFacts, *, now: datetime) -> Due | NotDue:
    """Whether a classifier version should be trained: the first as soon as it can be, later ones when due.

    Examples
    --------
    >>> facts = TrainingFacts(52, 300, 9, minimum=30, retrain_after=50, last_version=3)
    >>> training_due(facts, now=datetime(2026, 1, 1))
    Due(reason='retrain due: 52 new resolutions since v3')
    """
    return _training_waits(facts) or _held_back(facts.attempts, "a training run", now=now) or _training(facts)


def featurise_due(facts: FeatureFacts, *, now: datetime) -> Due | NotDue:
    """Whether features should be computed: at once, but in whole shards while an ingest is running.

    Examples
    --------
    >>> featurise_due(FeatureFacts(items_without=1), now=datetime(2026, 1, 1))
    Due(reason='features due: 1 item without')
    """
    waiting = f"{_count(facts.items_without, 'item')} without"
    if not facts.items_without:
        return NotDue("all items have features")
    if facts.ingest_running and facts.items_without < facts.shard_size:
        return NotDue(f"features wait for the ingest: {waiting}, a shard holds {facts.shard_size}")
    return _held_back(facts.attempts, "a feature run", now=now) or Due(f"features due: {waiting}")


def wait_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row: 30 seconds, doubled each time, at most an hour."""
    doublings = min(max(failures - 1, 0), 20)
    return min(timedelta(seconds=FIRST_WAIT.total_seconds() * 2.0**doublings), LONGEST_WAIT)


def _training_waits(facts: TrainingFacts) -> NotDue | None:
    """What training waits for, or None when there is enough to learn from."""
    if facts.last_version is not None:
        if facts.new_resolutions >= facts.retrain_after:
            return None
        so_far = f"{_count(facts.new_resolutions, 'new resolution')} since v{facts.last_version}"
        return NotDue(f"retrain not due: {so_far}, {facts.retrain_after} needed")
    if facts.labelled < facts.minimum:
        return NotDue(
            f"first version not due: {_count(facts.labelled, 'labelled item')}, {facts.minimum} needed"
        )
    if facts.learnable_categories < LEARNABLE_NEEDED:
        learnable = _count(facts.learnable_categories, "learnable category", "learnable categories")
        return NotDue(f"first version not due: {learnable}, {LEARNABLE_NEEDED} needed")
    return None


def _training(facts: TrainingFacts) -> Due:
    if facts.last_version is not None:
        return Due(
            f"retrain due: {_count(facts.new_resolutions, 'new resolution')} since v{facts.last_version}"
        )
    learnable = _count(facts.learnable_categories, "learnable category", "learnable categories")
    return Due(f"first version due: {_count(facts.labelled, 'labelled item')}, {learnable}")


def _held_back(attempts: Attempts, what: str, *, now: datetime) -> NotDue | None:
    """Why due work must not start now: it runs already, or failed a short while ago."""
    if attempts.running:
        return NotDue(f"{what} is running")
    if not attempts.failures or attempts.last_failed_at is None:
        return None
    again_at = attempts.last_failed_at + wait_after(attempts.failures)
    if now >= again_at:
        return None
    failed = _count(attempts.failures, "failure")
    seconds = -int((now - again_at).total_seconds() // 1)
    return NotDue(f"{what} waits {_count(seconds, 'second')} after {failed} in a row")


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
