"""What is due now, and why: pure answers to the facts that the tick read."""

from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
LEARNABLE_NEEDED = 2
SUSPECTS_PATIENCE = 4
"""A search waits for training, which people wait for, until so many times the resolutions it needs are there."""


@dataclass(frozen=True, slots=True)
class Due:
    """Work should start now; the reason is for the log that leads read."""

    reason: str


@dataclass(frozen=True, slots=True)
class NotDue:
    """Nothing to start; the reason says what is waited for.

    `blocked` is True where work is wanted and something is in its way: worth a line in the log.
    """

    reason: str
    blocked: bool = False


@dataclass(frozen=True, slots=True)
class Attempts:
    """How the work went lately: whether it runs, how often in a row it failed, and when last."""

    running: bool = False
    failures: int = 0
    last_failed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class QueueFacts:
    """The queue and the pool behind it: free places, the level to refill at, and items still available.

    `waiting` counts annotators who came away with nothing, whatever places are free for others; `filled_meanwhile`
    how many places are filled, at the pace of now, while a batch is chosen and opened.
    """

    free_places: int
    low_water: int
    pool_size: int
    waiting: int = 0
    filled_meanwhile: int = 0
    attempts: Attempts = Attempts()


@dataclass(frozen=True, slots=True)
class TrainingFacts:
    """What could be learned that is not yet: `new_resolutions` since `last_version` (None before the first).

    `new_known` counts items that came with known labels since then, `new_taxonomy` is the number of a taxonomy
    version that it does not know, and `new_recipe` tells that it reads features which are made no more.
    `learnable_categories` counts those with enough positives, `minimum` is how many labelled items a first version
    needs, and `retrain_after` how many new ones a later one does.
    """

    new_resolutions: int
    labelled: int
    learnable_categories: int
    minimum: int
    retrain_after: int
    last_version: int | None = None
    new_known: int = 0
    new_taxonomy: int | None = None
    new_recipe: bool = False
    attempts: Attempts = Attempts()


@dataclass(frozen=True, slots=True)
class EvaluationFacts:
    """What is known of the newest version (None before the first) on `audited` holdout items.

    `evaluated` tells whether it was evaluated at all, `new_audited` counts the items audited since then, and
    `evaluate_after` is how many of these make another evaluation worth its while.
    """

    last_version: int | None
    audited: int
    new_audited: int
    evaluated: bool
    evaluate_after: int = 10
    attempts: Attempts = Attempts()


@dataclass(frozen=True, slots=True)
class SuspectFacts:
    """Resolutions since suspects were last looked for (counted up to a few times `needed`), and what stands in the way.

    `is_training` tells that a classifier version is being trained, or has just begun to choose.
    """

    new_resolutions: int
    needed: int
    has_classifier: bool
    looked_before: bool = False
    is_training: bool = False
    attempts: Attempts = Attempts()


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """Which version the newest evaluation is of (None before the first), and whether its errors were looked for."""

    evaluated: int | None
    found: bool = False
    attempts: Attempts = Attempts()


@dataclass(frozen=True, slots=True)
class FeatureFacts:
    """Items that have no features yet, whether an ingest still adds more, and whether known pages changed."""

    items_without: int
    ingest_running: bool = False
    shard_size: int = 20_000
    changed: bool = False
    attempts: Attempts = Attempts()


def query_due(facts: QueueFacts, *, now: datetime) -> Due | NotDue:
    """Whether the next batch should be opened.

    Examples
    --------
    >>> query_due(QueueFacts(free_places=18, low_water=40, pool_size=900), now=datetime(2026, 1, 1))
    Due(reason='next batch due: 18 free places, low-water mark 40')
    """
    level = f"{_count(facts.free_places, 'free place')}, low-water mark {facts.low_water}"
    if facts.waiting:
        level = f"nothing for {_count(facts.waiting, 'annotator')}, {level}"
    elif facts.low_water <= facts.free_places < facts.filled_meanwhile:
        level = f"{level}, {_count(facts.filled_meanwhile, 'place')} filled while a batch opens"
    elif facts.free_places >= facts.low_water:
        return NotDue(f"queue is full enough: {level}")
    if not facts.pool_size:
        return NotDue(f"pool is used up: {level}; ingest more items", blocked=True)
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


def evaluation_due(facts: EvaluationFacts, *, now: datetime) -> Due | NotDue:
    """Whether the newest version should be evaluated: once it exists, and again as more holdout items are audited.

    Examples
    --------
    >>> evaluation_due(EvaluationFacts(4, audited=31, new_audited=31, evaluated=False), now=datetime(2026, 1, 1))
    Due(reason='evaluation due: v4 has none yet, 31 audited items')
    """
    if facts.last_version is None:
        return NotDue("evaluation waits for the first classifier version")
    if not facts.audited:
        return NotDue("evaluation waits for audited holdout items")
    if facts.evaluated and facts.new_audited < facts.evaluate_after:
        so_far = f"{_count(facts.new_audited, 'newly audited item')}, {facts.evaluate_after} needed"
        return NotDue(f"evaluation not due: {so_far}")
    if held_back := _held_back(facts.attempts, "an evaluation", now=now):
        return held_back
    if facts.evaluated:
        return Due(f"evaluation due: {_count(facts.new_audited, 'newly audited item')}")
    return Due(f"evaluation due: v{facts.last_version} has none yet, {_count(facts.audited, 'audited item')}")


def suspects_due(facts: SuspectFacts, *, now: datetime) -> Due | NotDue:
    """Whether labels should be doubted again: once there is a classifier, and as more is resolved; training goes first.

    Examples
    --------
    >>> suspects_due(SuspectFacts(50, 50, has_classifier=True), now=datetime(2026, 1, 1))
    Due(reason='suspects due: 50 new resolutions')
    """
    if not facts.has_classifier:
        return NotDue("suspects wait for the first classifier version")
    new = _count(facts.new_resolutions, "new resolution")
    if facts.new_resolutions < facts.needed:
        return NotDue(f"suspects not due: {new}, {facts.needed} needed")
    if facts.is_training and facts.new_resolutions < SUSPECTS_PATIENCE * facts.needed:
        return NotDue("suspects wait for the version that is being trained, and for its first batch")
    return _held_back(facts.attempts, "a search for suspects", now=now) or Due(f"suspects due: {new}")


def errors_due(facts: ErrorFacts, *, now: datetime) -> Due | NotDue:
    """Whether the errors of the newest evaluation should be looked for.

    Examples
    --------
    >>> errors_due(ErrorFacts(3), now=datetime(2026, 1, 1))
    Due(reason='errors due: v3 was evaluated')
    """
    if facts.evaluated is None:
        return NotDue("errors wait for the first evaluation")
    if facts.found:
        return NotDue(f"the errors of v{facts.evaluated} are known")
    held_back = _held_back(facts.attempts, "a search for errors", now=now)
    return held_back or Due(f"errors due: v{facts.evaluated} was evaluated")


def featurise_due(facts: FeatureFacts, *, now: datetime) -> Due | NotDue:
    """Whether features should be computed: at once, but new ones in whole shards while an ingest is running.

    Examples
    --------
    >>> featurise_due(FeatureFacts(items_without=1), now=datetime(2026, 1, 1))
    Due(reason='features due: 1 item without')
    """
    waiting = f"{_count(facts.items_without, 'item')} without"
    if facts.changed:
        return _held_back(facts.attempts, "a feature run", now=now) or Due("features due: pages changed")
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
        enough = facts.new_resolutions + facts.new_known >= facts.retrain_after
        if enough or facts.new_taxonomy is not None or facts.new_recipe:
            return None
        return NotDue(f"retrain not due: {_new(facts)}, {facts.retrain_after} needed")
    if facts.labelled < facts.minimum:
        return NotDue(
            f"first version not due: {_count(facts.labelled, 'labelled item')}, {facts.minimum} needed"
        )
    if facts.learnable_categories < LEARNABLE_NEEDED:
        learnable = _count(facts.learnable_categories, "learnable category", "learnable categories")
        return NotDue(f"first version not due: {learnable}, {LEARNABLE_NEEDED} needed")
    return None


def _training(facts: TrainingFacts) -> Due:
    if facts.new_taxonomy is not None:
        return Due(f"retrain due: taxonomy v{facts.new_taxonomy} was published, {_new(facts)}")
    if facts.new_recipe:
        return Due(f"retrain due: features are made in a new way since v{facts.last_version}")
    if facts.last_version is not None:
        return Due(f"retrain due: {_new(facts)}")
    learnable = _count(facts.learnable_categories, "learnable category", "learnable categories")
    return Due(f"first version due: {_count(facts.labelled, 'labelled item')}, {learnable}")


def _new(facts: TrainingFacts) -> str:
    """What is new since the last version, in words."""
    known = f" and {_count(facts.new_known, 'new known label')}" if facts.new_known else ""
    return f"{_count(facts.new_resolutions, 'new resolution')}{known} since v{facts.last_version}"


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
    return NotDue(f"{what} waits {_count(seconds, 'second')} after {failed} in a row", blocked=True)


def _count(n: int, one: str, many: str = "") -> str:
    return f"{n} {one if n == 1 else many or one + 's'}"
