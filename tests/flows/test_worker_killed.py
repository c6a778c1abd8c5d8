"""A worker is killed -9 in the middle of its work; another takes it up, and nothing is done twice."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.utils import timezone

from annotator.projects.models import Project
from annotator.runs import Run, RunStatus
from learner.query.models import FeatureRun, FeatureShard
from learner.query.services import feature_run_start
from learner.query.shards import shards_load
from learner.snapshots.files import TABLES, zip_stream
from learner.snapshots.models import Snapshot, SnapshotPart, SnapshotRun
from learner.snapshots.services import snapshot_run_start
from learner.tick import tick_once
from learner.training.models import ClassifierVersion, TrainingRun
from learner.training.services import training_run_start
from tests.connections import eventually
from tests.factories import GAMES, make_items, make_project, make_resolution
from tests.learner.snapshots.shelf import make_shelf
from tests.workers import CeleryWorker

pytestmark = pytest.mark.django_db(transaction=True)

WAITERS = "SELECT count(*) FROM pg_locks WHERE relation = %s::regclass AND NOT granted"


@contextmanager
def unwritable(table: str) -> Iterator[psycopg.Connection]:
    """Hold every writer of `table` where it is: in the middle of its work."""
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute(f"LOCK TABLE {table} IN SHARE MODE")
        yield other


def kill_in_the_middle(worker: CeleryWorker, run: Run, table: str) -> None:
    """Kill the worker when its run is about to write its result, and let the time pass that makes the run stale."""
    with unwritable(table) as other:
        tick_once()
        eventually(lambda: other.execute(WAITERS, [table]).fetchone() == (1,), seconds=60)
        worker.kill()
        runs = type(run)._default_manager.filter(pk=run.pk)
    eventually(
        lambda: bool(runs.filter(attempt=1).update(heartbeat_at=timezone.now() - timedelta(minutes=1)))
    )
    assert runs.get().status == RunStatus.RUNNING


def take_up(worker: CeleryWorker, run: Run) -> None:
    """Start a worker, and let one tick find what the dead one left."""
    worker.start()
    tick_once()
    eventually(lambda: type(run)._default_manager.get(pk=run.pk).status == RunStatus.DONE, seconds=60)


def project_with_labels() -> Project:
    # Paused, so that the ticks of this test start nothing of their own.
    project = make_project(paused=True)
    for topic, labels in (("games chess", [GAMES]), ("weather", [])):
        for item in make_items(project, 12, topic=topic):
            make_resolution(item, labels)
    return project


def test_another_worker_takes_the_run_up_when_one_is_killed_in_its_middle(
    celery_worker_process: CeleryWorker,
) -> None:
    worker, project = celery_worker_process, project_with_labels()

    features = feature_run_start(project)
    kill_in_the_middle(worker, features, "feature_shard")
    assert not FeatureShard.objects.exists()
    take_up(worker, features)

    assert [len(shard) for shard in shards_load(project)] == [24]
    assert FeatureRun.objects.get(pk=features.pk).attempt == 2

    training = training_run_start(project, "retrain due: a test asks for it")
    kill_in_the_middle(worker, training, "classifier_version")
    assert not ClassifierVersion.objects.exists()
    take_up(worker, training)

    assert ClassifierVersion.objects.get(project=project).number == 1
    assert TrainingRun.objects.get(pk=training.pk).attempt == 2


def test_another_worker_keeps_the_tables_of_a_snapshot_whose_worker_was_killed_before_it_published(
    celery_worker_process: CeleryWorker,
) -> None:
    project = make_shelf()
    Project.objects.filter(pk=project.pk).update(paused=True)
    run = snapshot_run_start(project, by=None)

    kill_in_the_middle(celery_worker_process, run, "snapshot")
    assert not Snapshot.objects.exists()
    assert {part.name for part in SnapshotPart.objects.all()} >= {f"{name}.parquet" for name in TABLES}
    make_resolution(make_items(project, 1)[0], [GAMES])  # labelling goes on
    take_up(celery_worker_process, run)

    run = SnapshotRun.objects.get(pk=run.pk)
    snapshot = Snapshot.objects.get()
    assert (run.attempt, run.snapshot, set(run.kept)) == (2, snapshot, set(TABLES))
    assert snapshot.n_items == 60
    assert b"".join(zip_stream(snapshot))  # each file has the hash of the manifest
    assert not SnapshotPart.objects.exists()
