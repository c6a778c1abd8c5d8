"""Shards scored by several workers: the same batch whoever scored, and nothing lost with a worker."""

from collections.abc import Callable
from datetime import timedelta
from threading import Thread
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.queue.models import Batch, BatchItem
from annotator.runs import RunStatus
from learner.query import featurising, parts
from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.files import FileDamagedError
from learner.query.models import FeatureShard, QueryPart, QueryRun
from learner.query.parts import query_help
from learner.query.services import feature_run_start, query_run_start
from learner.query.ways import shards_scored
from tests.factories import make_items, make_project

SHARDS = 6


@pytest.fixture
def project(monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.setattr(featurising, "SHARD_ITEMS", 10)
    project = make_project("pilot", batch_size=12)
    make_items(project, 30, topic="games chess")
    make_items(project, 30, topic="weather")
    feature_run_execute(feature_run_start(project).pk)
    assert FeatureShard.objects.count() == SHARDS
    return project


def start(project: Project) -> QueryRun:
    run = query_run_start(project, "asked", None)
    QueryRun.objects.filter(pk=run.pk).update(seed=1)
    return run


def chosen() -> list[tuple[int, str, float | None, str]]:
    return list(BatchItem.objects.order_by("rank").values_list("item_id", "stream", "score", "reason"))


def in_another_connection(work: Callable[[], object]) -> Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = Thread(target=run)
    thread.start()
    return thread


@pytest.mark.django_db
def test_one_worker_scores_all_parts_and_leaves_no_file(project: Project) -> None:
    run = start(project)

    query_run_execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.workers, Batch.objects.count()) == (RunStatus.DONE, 1, 1)
    assert not QueryPart.objects.exists()
    assert default_storage.listdir(f"projects/{project.pk}/queries/{run.pk}")[1] == []


@pytest.mark.django_db
def test_nobody_is_called_for_a_single_shard(project: Project) -> None:
    FeatureShard.objects.exclude(pk=FeatureShard.objects.earliest("pk").pk).delete()
    called: list[int] = []

    query_run_execute(start(project).pk, call=lambda _, n: called.append(n))

    assert called == []


@pytest.mark.django_db(transaction=True)
def test_helpers_give_the_batch_that_one_worker_gives(project: Project) -> None:
    query_run_execute(start(project).pk)
    alone = chosen()
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE batch_item, assignment, batch CASCADE")
    Item.objects.update(pooled=True)
    threads: list[Thread] = []
    helped: list[int] = []

    def call(run_id: int, n: int) -> None:
        assert n == SHARDS - 1
        threads.extend(in_another_connection(lambda: helped.append(query_help(run_id))) for _ in range(3))
        for thread in threads[1:]:
            thread.join()  # some parts are done before this worker begins

    query_run_execute(start(project).pk, call=call)
    for thread in threads:
        thread.join()

    assert chosen() == alone
    assert sum(helped) > 0
    assert not QueryPart.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_the_part_of_a_worker_that_died_is_scored_by_another(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(run_id: int, _: int) -> None:
        part = QueryPart.objects.filter(run=run_id).latest("pk")
        QueryPart.objects.filter(pk=part.pk).update(taken_by="gone:1", taken_at=timezone.now())

    monkeypatch.setattr(parts, "SLOW_AFTER", timedelta(seconds=3))
    run = start(project)

    query_run_execute(run.pk, call=die)

    run.refresh_from_db()
    assert (run.status, run.batch is None) == (RunStatus.DONE, False)
    assert run.phases["wait"] > 0


@pytest.mark.django_db
@pytest.mark.parametrize(("seconds_ago", "scored"), [(20, 0), (40, 1)])
def test_a_helper_takes_what_another_worker_took_long_ago_alone(
    project: Project, seconds_ago: int, scored: int
) -> None:
    run = start(project)
    QueryRun.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING)
    taken_at = timezone.now() - timedelta(seconds=seconds_ago)
    QueryPart.objects.create(
        run=run, shard=FeatureShard.objects.earliest("pk"), taken_by="other:1", taken_at=taken_at
    )

    assert query_help(run.pk) == scored


@pytest.mark.django_db
def test_a_damaged_shard_fails_the_query_and_frees_its_part(project: Project) -> None:
    row = FeatureShard.objects.latest("pk")
    default_storage.delete(row.path)
    run = start(project)

    query_run_execute(run.pk)

    run.refresh_from_db()
    assert run.status == RunStatus.FAILED
    assert "features are computed again" in run.error


@pytest.mark.django_db
def test_whoever_helps_frees_a_part_that_it_could_not_score(project: Project) -> None:
    run = start(project)
    QueryRun.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING)
    row = FeatureShard.objects.earliest("pk")
    part = QueryPart.objects.create(run=run, shard=row)
    default_storage.delete(row.path)

    with pytest.raises(FileDamagedError):
        query_help(run.pk)

    assert not QueryPart.objects.filter(pk=part.pk, taken_at__isnull=False).exists()


@pytest.mark.django_db
def test_help_comes_too_late_for_a_query_that_is_over(project: Project) -> None:
    run = start(project)
    query_run_execute(run.pk)

    assert query_help(run.pk) == 0
    assert query_help(10**9) == 0


@pytest.mark.django_db
def test_what_a_failed_query_left_goes_with_the_next(project: Project) -> None:
    failed = QueryRun.objects.create(project=project, reason="", seed=1, status=RunStatus.FAILED)
    QueryPart.objects.create(run=failed, shard=FeatureShard.objects.earliest("pk"))

    query_run_execute(start(project).pk)

    assert not QueryPart.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_shard_that_a_helper_found_damaged_fails_the_query(project: Project) -> None:
    """It must not be chosen from what is left of the pool."""
    row = FeatureShard.objects.latest("pk")

    def call(run_id: int, _: int) -> None:
        QueryPart.objects.filter(run=run_id).exclude(shard=row).update(taken_at=timezone.now())
        default_storage.delete(row.path)
        with pytest.raises(FileDamagedError):
            query_help(run_id)
        QueryPart.objects.filter(run=run_id).update(taken_at=None)

    run = start(project)
    query_run_execute(run.pk, call=call)

    run.refresh_from_db()
    assert (run.status, Batch.objects.count()) == (RunStatus.FAILED, 0)
    assert "features are computed again" in run.error


@pytest.mark.django_db
def test_what_is_scored_for_a_query_that_is_over_leaves_no_file(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(project)
    QueryRun.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING)
    QueryPart.objects.create(run=run, shard=FeatureShard.objects.earliest("pk"))

    def over_meanwhile(*arguments: Any) -> Any:
        for scored in shards_scored(*arguments):
            QueryPart.objects.all().delete()
            yield scored

    monkeypatch.setattr(parts, "shards_scored", over_meanwhile)
    query_help(run.pk)

    assert default_storage.listdir(f"projects/{project.pk}/queries/{run.pk}")[1] == []
