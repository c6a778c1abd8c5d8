"""The tick: starts what is due and says why, alone, again after a loss, and one project's failure is not another's."""

from collections.abc import Callable
from datetime import timedelta

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.errors import Unavailable
from annotator.pool.models import Ingest, Item, Split
from annotator.projects.models import LogEntry, Project
from annotator.queue.models import Batch, BatchItem
from annotator.review.models import Resolution
from annotator.review.services import reviews_sweep
from annotator.runs import Run, RunStatus
from learner import tick
from learner.core.recipe import RECIPE
from learner.evaluation.evaluating import evaluation_run_execute
from learner.evaluation.models import Evaluation, EvaluationRun
from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.models import FeatureRun, FeatureShard, QueryRun
from learner.training.fitting import training_run_execute
from learner.training.models import ClassifierVersion, TrainingRun
from learner.training.services import batch_run_start
from tests.connections import eventually
from tests.factories import (
    GAMBLING,
    GAMES,
    make_batch,
    make_classifier,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db

EXECUTE: dict[type[Run], Callable[[int], None]] = {
    FeatureRun: feature_run_execute,
    QueryRun: query_run_execute,
    TrainingRun: training_run_execute,
    EvaluationRun: evaluation_run_execute,
}


@pytest.fixture
def project() -> Project:
    """Forty pages, nothing labelled, a queue that wants ten items."""
    project = make_project(batch_size=10, low_water=5, retrain_after=3)
    make_items(project, 36)
    make_items(project, 4, split=Split.HOLDOUT)
    return project


def tick_and_work() -> None:
    """One tick, and a worker that does what it started."""
    assert tick.tick_once()
    for model, execute in EXECUTE.items():
        for run in model._default_manager.filter(status=RunStatus.PENDING):
            execute(run.pk)


def resolve(project: Project, n: int, labels: list[str], topic: str = "chess") -> None:
    for item in make_items(project, n, topic=topic):
        make_resolution(item, labels)


def log_texts(project: Project) -> list[str]:
    return list(LogEntry.objects.filter(project=project).order_by("pk").values_list("text", flat=True))


def test_features_then_a_batch_come_when_pages_were_taken_in(project: Project) -> None:
    tick_and_work()
    assert FeatureShard.objects.get(project=project).n_items == 40
    assert not Batch.objects.exists()

    tick_and_work()

    batch = Batch.objects.get(project=project)
    assert batch.n_items == 10
    assert batch.reason == "next batch due: 0 free places, low-water mark 5"
    assert log_texts(project)[:3] == [
        "features due: 40 items without",
        "Features of 40 items are computed",
        "next batch due: 0 free places, low-water mark 5",
    ]


def test_nothing_is_written_when_nothing_is_due(project: Project) -> None:
    tick_and_work()
    tick_and_work()
    before = log_texts(project), QueryRun.objects.count()

    tick_and_work()

    assert (log_texts(project), QueryRun.objects.count()) == before


def test_a_tick_asks_few_questions_when_nothing_is_due(
    project: Project, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    tick_and_work()
    tick_and_work()

    with django_assert_max_num_queries(34):
        tick.project_tick(project, timezone.now())


def test_reviews_go_on_and_nothing_is_opened_when_a_project_is_paused(project: Project) -> None:
    item = make_items(project, 1)[0]
    make_batch(project, [item])
    for _ in range(project.overlap):
        make_judgment(item, make_member(project), [GAMES])
    Project.objects.filter(pk=project.pk).update(paused=True)

    tick_and_work()

    assert Resolution.objects.get(item=item).labels == [GAMES]
    assert not FeatureRun.objects.exists()


def test_the_first_version_is_trained_when_enough_is_resolved(project: Project) -> None:
    resolve(project, 15, [GAMES])
    resolve(project, 15, [GAMBLING], topic="casino")
    tick_and_work()

    tick_and_work()

    assert ClassifierVersion.objects.get(project=project).number == 1
    assert "first version due: 30 labelled items, 2 learnable categories" in log_texts(project)
    assert not Batch.objects.exists(), "the first batch waits for the classifier that is being trained"
    tick_and_work()
    assert Batch.objects.get(project=project).classifier_number == 1


def test_the_next_version_is_trained_when_enough_new_resolutions_came_in(project: Project) -> None:
    resolve(project, 15, [GAMES])
    resolve(project, 15, [GAMBLING], topic="casino")
    for _ in range(3):
        tick_and_work()
    resolve(project, 2, [GAMES])
    tick_and_work()
    tick_and_work()
    assert ClassifierVersion.objects.filter(project=project).count() == 1
    resolve(project, 1, [GAMES])

    tick_and_work()
    tick_and_work()

    assert ClassifierVersion.objects.filter(project=project).count() == 2
    assert "retrain due: 3 new resolutions since v1" in log_texts(project)


def test_a_version_that_reads_features_of_old_is_replaced_and_does_not_choose(project: Project) -> None:
    make_classifier(project, recipe="url-text-0")
    resolve(project, 15, [GAMES])
    resolve(project, 15, [GAMBLING], topic="casino")
    tick_and_work()
    assert batch_run_start(project, "asked").artifact == ""

    tick_and_work()

    assert "retrain due: features are made in a new way since v1" in log_texts(project)
    newest = ClassifierVersion.objects.filter(project=project).latest("number")
    assert (newest.number, newest.recipe) == (2, RECIPE)


def test_known_labels_train_the_first_version_before_the_first_batch() -> None:
    project = make_project(batch_size=5, low_water=5)
    make_items(project, 20, known_labels=[GAMES])
    make_items(project, 20, topic="casino", known_labels=[GAMBLING])

    for _ in range(3):
        tick_and_work()

    assert ClassifierVersion.objects.get(project=project).n_known == 40
    assert Batch.objects.get(project=project).classifier_number == 1


def test_judgments_become_resolutions_when_the_tick_reads_them(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(overlap=1)
    tick_and_work()
    tick_and_work()
    judged = BatchItem.objects.select_related("item").get(batch__project=project, rank=0).item
    make_judgment(judged, make_member(project), [GAMES])

    tick_and_work()

    assert Resolution.objects.get(item=judged).labels == [GAMES]


def test_a_failed_query_waits_and_says_so_once(project: Project) -> None:
    tick_and_work()
    tick.tick_once()
    run = QueryRun.objects.get(project=project)
    QueryRun.objects.filter(pk=run.pk).update(
        status=RunStatus.FAILED, finished_at=timezone.now(), error="The file is damaged."
    )

    tick.tick_once()
    tick.tick_once()

    assert QueryRun.objects.count() == 1
    waits = [text for text in log_texts(project) if "after 1 failure in a row" in text]
    assert len(waits) == 1
    QueryRun.objects.update(finished_at=timezone.now() - timedelta(seconds=31))
    tick.tick_once()
    assert QueryRun.objects.filter(status=RunStatus.PENDING).count() == 1


def test_the_pool_being_used_up_is_said_once_until_pages_come(project: Project) -> None:
    tick_and_work()
    Item.objects.filter(project=project).update(pooled=False)
    tick_and_work()
    tick_and_work()

    assert [text for text in log_texts(project) if text.startswith("pool is used up")] == [
        "pool is used up: 0 free places, low-water mark 5; ingest more items"
    ]


def test_a_run_is_woken_again_when_its_worker_died(project: Project) -> None:
    tick.tick_once()
    run = FeatureRun.objects.get(project=project)
    assert run.heartbeat_at is not None
    FeatureRun.objects.filter(pk=run.pk).update(
        status=RunStatus.RUNNING, attempt=1, heartbeat_at=timezone.now() - timedelta(seconds=21)
    )

    tick.tick_once()

    run.refresh_from_db()
    assert (run.status, run.attempt) == (RunStatus.PENDING, 1)
    assert FeatureRun.objects.count() == 1


def test_an_ingest_whose_message_was_lost_is_woken(project: Project) -> None:
    ingest = Ingest.objects.create(
        project=project, filename="a.csv", file="a", format=Ingest.Format.CSV, size=1, sha256=""
    )

    tick.tick_once()

    ingest.refresh_from_db()
    assert ingest.heartbeat_at is not None


def test_other_projects_go_on_when_the_tick_of_one_fails(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = make_project()

    def fails(one: Project) -> object:
        if one.pk == broken.pk:
            raise Unavailable("The storage does not answer.")
        return reviews_sweep(one)

    monkeypatch.setattr("learner.tick.reviews_sweep", fails)
    tick.tick_once()
    tick.tick_once()

    assert log_texts(broken) == ["The tick failed: The storage does not answer."]
    assert FeatureRun.objects.filter(project=project).exists()


def test_only_one_tick_runs_at_a_time(project: Project) -> None:
    database = settings.DATABASES["default"]
    name = connection.settings_dict["NAME"]
    with psycopg.connect(
        host=database["HOST"], port=database["PORT"] or None, user=database["USER"], dbname=name
    ) as other:
        other.execute("SELECT pg_advisory_lock(%s)", [tick.TICK_KEY])

        assert not tick.tick_once()

    assert not FeatureRun.objects.exists()
    eventually(tick.tick_once)  # a closed connection's lock is free a moment later


def test_a_version_is_evaluated_when_holdout_items_are_audited(project: Project) -> None:
    Project.objects.filter(pk=project.pk).update(shares={"explore": 0.6, "audit": 0.4})
    resolve(project, 15, [GAMES])
    resolve(project, 15, [GAMBLING], topic="casino")
    for _ in range(3):
        tick_and_work()
    for row in BatchItem.objects.filter(stream="audit").select_related("item"):
        make_resolution(row.item, [GAMES])

    tick_and_work()

    assert Evaluation.objects.get(project=project).n_items == 4
    assert "evaluation due: v1 has none yet, 4 audited items" in log_texts(project)
    tick_and_work()
    assert Evaluation.objects.count() == 1


def test_the_command_ticks_once(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("tick")

    assert FeatureRun.objects.filter(project=project).exists()
    assert capsys.readouterr().out == "Ticked. What was due is in each project's log.\n"
