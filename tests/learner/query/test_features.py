"""Computing features: each item once, in shards, resumable, and checked when read."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import LogEntry, Project
from annotator.runs import RunStatus
from learner.query import featurising
from learner.query.featurising import feature_run_execute, shard_make
from learner.query.files import FileDamagedError
from learner.query.models import FeatureRun, FeatureShard
from learner.query.services import feature_run_start
from learner.query.shards import items_without_features, shards_load, shards_of
from tests.factories import make_items, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(featurising, "SHARD_ITEMS", 4)
    monkeypatch.setattr(featurising, "PAGES_AT_ONCE", 3)


def featurise(project: Project) -> FeatureRun:
    run = feature_run_start(project)
    feature_run_execute(run.pk)
    run.refresh_from_db()
    return run


def test_every_item_is_in_one_shard_when_a_run_is_done() -> None:
    project = make_project()
    items = make_items(project, 10)
    make_items(make_project(), 2)

    run = featurise(project)

    shards = list(shards_load(project))
    assert [len(shard) for shard in shards] == [4, 4, 2]
    assert [int(pk) for shard in shards for pk in shard.item_ids] == [item.pk for item in items]
    assert all(shard.features.getnnz(axis=1).min() > 0 for shard in shards)
    assert (run.status, run.done, run.total) == (RunStatus.DONE, 10, 10)
    assert LogEntry.objects.get(project=project).text == "Features of 10 items are computed"


def test_nothing_is_computed_again_when_a_run_finds_all_items_done() -> None:
    project = make_project()
    make_items(project, 5)
    featurise(project)
    before = set(FeatureShard.objects.values_list("pk", "sha256"))

    run = featurise(project)

    assert set(FeatureShard.objects.values_list("pk", "sha256")) == before
    assert run.status == RunStatus.DONE
    assert LogEntry.objects.filter(project=project).count() == 1


def test_an_id_behind_a_written_shard_is_found_when_nothing_is_left_behind_the_last() -> None:
    project = make_project()
    early = make_items(project, 6)[0]
    unseen = Item.objects.filter(pk=early.pk)
    unseen.update(project=make_project())
    featurise(project)
    unseen.update(project=project)

    assert items_without_features(project, 10) == [early.pk]
    featurise(project)

    assert items_without_features(project, 10) == []
    assert sorted(shards_of(project).values_list("n_items", flat=True)) == [1, 1, 4]


def test_the_next_attempt_goes_on_when_a_worker_died_between_two_shards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = make_project()
    make_items(project, 10)
    run = feature_run_start(project)
    written: list[int] = []

    def dies_at_the_second(*arguments: object) -> object:
        if written:
            raise KeyboardInterrupt
        written.append(1)
        return shard_make(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(featurising, "shard_make", dies_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            feature_run_execute(run.pk)
    first = FeatureShard.objects.get(project=project)
    FeatureRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=1))

    feature_run_execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.attempt) == (RunStatus.DONE, 2)
    assert list(shards_of(project).values_list("n_items", flat=True)) == [4, 4, 2]
    assert shards_of(project).filter(pk=first.pk, sha256=first.sha256).exists()


def test_a_worker_that_was_overtaken_registers_no_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project()
    make_items(project, 3)
    run = feature_run_start(project)

    def slow(*arguments: object) -> object:
        FeatureRun.objects.filter(pk=run.pk).update(attempt=2)
        return shard_make(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(featurising, "shard_make", slow)
    feature_run_execute(run.pk)

    run.refresh_from_db()
    assert run.status == RunStatus.RUNNING
    assert not FeatureShard.objects.exists()


def test_a_second_request_joins_the_first_when_a_run_is_active() -> None:
    project = make_project()

    assert feature_run_start(project).pk == feature_run_start(project).pk


@pytest.mark.parametrize(
    ("damage", "sentence"), [(b"not what was written", "is damaged"), (None, "is gone from the storage")]
)
def test_a_shard_is_refused_and_computed_again_when_its_file_is_not_what_was_written(
    damage: bytes | None, sentence: str
) -> None:
    project = make_project()
    make_items(project, 10)
    featurise(project)
    before = list(shards_of(project).values_list("first_item", "sha256"))
    place = Path(default_storage.path(shards_of(project)[1].path))
    place.unlink()
    if damage is not None:
        place.write_bytes(damage)

    with pytest.raises(FileDamagedError, match=sentence):
        list(shards_load(project))
    feature_run_execute(FeatureRun.objects.get(status=RunStatus.PENDING).pk)

    assert list(shards_of(project).values_list("first_item", "sha256")) == before
    assert sum(map(len, shards_load(project))) == 10
    assert LogEntry.objects.filter(level=LogEntry.Level.WARNING, text__contains="computed again").exists()
