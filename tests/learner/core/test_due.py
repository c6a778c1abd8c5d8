from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from learner.core.due import (
    Attempts,
    Due,
    EvaluationFacts,
    FeatureFacts,
    NotDue,
    QueueFacts,
    TrainingFacts,
    evaluation_due,
    featurise_due,
    query_due,
    training_due,
    wait_after,
)

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
QUEUE = QueueFacts(free_places=18, low_water=40, pool_size=900)
TRAINING = TrainingFacts(
    new_resolutions=52, labelled=300, learnable_categories=9, minimum=30, retrain_after=50, last_version=3
)
FIRST = replace(TRAINING, last_version=None, new_resolutions=300)
FEATURES = FeatureFacts(items_without=120)
EVALUATION = EvaluationFacts(last_version=4, audited=31, new_audited=10, evaluated=True)


def failed(times: int, seconds_ago: float) -> Attempts:
    return Attempts(failures=times, last_failed_at=NOW - timedelta(seconds=seconds_ago))


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (QUEUE, Due("next batch due: 18 free places, low-water mark 40")),
        (replace(QUEUE, free_places=1), Due("next batch due: 1 free place, low-water mark 40")),
        (replace(QUEUE, free_places=40), NotDue("queue is full enough: 40 free places, low-water mark 40")),
        (
            replace(QUEUE, free_places=40, waiting=2),
            Due("next batch due: nothing for 2 annotators, 40 free places, low-water mark 40"),
        ),
        (
            replace(QUEUE, free_places=60, filled_meanwhile=90),
            Due("next batch due: 60 free places, low-water mark 40, 90 places filled while a batch opens"),
        ),
        (
            replace(QUEUE, free_places=90, filled_meanwhile=90),
            NotDue("queue is full enough: 90 free places, low-water mark 40"),
        ),
        (
            replace(QUEUE, pool_size=0),
            NotDue("pool is used up: 18 free places, low-water mark 40; ingest more items", blocked=True),
        ),
        (replace(QUEUE, attempts=Attempts(running=True)), NotDue("a query is running")),
        (
            replace(QUEUE, attempts=failed(2, 20)),
            NotDue("a query waits 40 seconds after 2 failures in a row", blocked=True),
        ),
        (replace(QUEUE, attempts=failed(2, 60)), Due("next batch due: 18 free places, low-water mark 40")),
    ],
)
def test_query_due(facts: QueueFacts, expected: Due | NotDue) -> None:
    assert query_due(facts, now=NOW) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (TRAINING, Due("retrain due: 52 new resolutions since v3")),
        (
            replace(TRAINING, new_resolutions=2, new_known=48),
            Due("retrain due: 2 new resolutions and 48 new known labels since v3"),
        ),
        (
            replace(TRAINING, new_resolutions=2, new_taxonomy=5),
            Due("retrain due: taxonomy v5 was published, 2 new resolutions since v3"),
        ),
        (replace(TRAINING, new_resolutions=50), Due("retrain due: 50 new resolutions since v3")),
        (
            replace(TRAINING, new_resolutions=1),
            NotDue("retrain not due: 1 new resolution since v3, 50 needed"),
        ),
        (FIRST, Due("first version due: 300 labelled items, 9 learnable categories")),
        (
            replace(FIRST, labelled=30, learnable_categories=2),
            Due("first version due: 30 labelled items, 2 learnable categories"),
        ),
        (replace(FIRST, labelled=29), NotDue("first version not due: 29 labelled items, 30 needed")),
        (
            replace(FIRST, learnable_categories=1),
            NotDue("first version not due: 1 learnable category, 2 needed"),
        ),
        (replace(TRAINING, attempts=Attempts(running=True)), NotDue("a training run is running")),
        (
            replace(TRAINING, attempts=failed(1, 29.5)),
            NotDue("a training run waits 1 second after 1 failure in a row", blocked=True),
        ),
        (replace(TRAINING, attempts=failed(1, 30)), Due("retrain due: 52 new resolutions since v3")),
    ],
)
def test_training_due(facts: TrainingFacts, expected: Due | NotDue) -> None:
    assert training_due(facts, now=NOW) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (FEATURES, Due("features due: 120 items without")),
        (replace(FEATURES, items_without=0), NotDue("all items have features")),
        (replace(FEATURES, items_without=0, changed=True), Due("features due: pages changed")),
        (
            replace(FEATURES, ingest_running=True),
            NotDue("features wait for the ingest: 120 items without, a shard holds 20000"),
        ),
        (
            replace(FEATURES, ingest_running=True, items_without=20_000),
            Due("features due: 20000 items without"),
        ),
        (replace(FEATURES, attempts=Attempts(running=True)), NotDue("a feature run is running")),
        (
            replace(FEATURES, attempts=failed(3, 0)),
            NotDue("a feature run waits 120 seconds after 3 failures in a row", blocked=True),
        ),
    ],
)
def test_featurise_due(facts: FeatureFacts, expected: Due | NotDue) -> None:
    assert featurise_due(facts, now=NOW) == expected


def test_the_wait_doubles_up_to_an_hour() -> None:
    assert [wait_after(n).total_seconds() for n in (1, 2, 3, 4, 8, 9, 10_000)] == [
        30, 60, 120, 240, 3600, 3600, 3600,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (EVALUATION, Due("evaluation due: 10 newly audited items")),
        (
            replace(EVALUATION, evaluated=False, new_audited=1),
            Due("evaluation due: v4 has none yet, 31 audited items"),
        ),
        (
            replace(EVALUATION, new_audited=9),
            NotDue("evaluation not due: 9 newly audited items, 10 needed"),
        ),
        (
            replace(EVALUATION, evaluated=False, audited=0),
            NotDue("evaluation waits for audited holdout items"),
        ),
        (
            replace(EVALUATION, last_version=None, evaluated=False),
            NotDue("evaluation waits for the first classifier version"),
        ),
        (replace(EVALUATION, attempts=Attempts(running=True)), NotDue("an evaluation is running")),
    ],
)
def test_evaluation_due(facts: EvaluationFacts, expected: Due | NotDue) -> None:
    assert evaluation_due(facts, now=NOW) == expected
