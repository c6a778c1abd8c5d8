"""Features follow the pages: changed and erased ones are computed anew, in the shard where they are, and no other."""

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from annotator.pool.erasing import Wanted, evidence_erase
from annotator.pool.models import Evidence, Ingest, Item, Split
from annotator.projects.access import Can, project_for
from annotator.projects.models import LogEntry, Project
from annotator.runs import RunStatus
from learner.query import featurising
from learner.query.facts import pages_changed
from learner.query.featurising import feature_run_execute, shard_make
from learner.query.models import FeatureRun, FeatureShard
from learner.query.pages import features_of
from learner.query.services import feature_run_start
from learner.query.shards import shards_load, shards_of
from tests.factories import make_items, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(featurising, "SHARD_ITEMS", 4)


@pytest.fixture
def items() -> list[Item]:
    """Ten pages of one project in three shards; the seventh is a holdout page."""
    project = make_project("pilot")
    items = [
        *make_items(project, 6, topic="chess"),
        *make_items(project, 1, topic="chess", split=Split.HOLDOUT),
        *make_items(project, 3, topic="chess"),
    ]
    featurise(project)
    return items


def featurise(project: Project) -> None:
    feature_run_execute(feature_run_start(project).pk)


def see_again(item: Item, text: str = "Now it is about casino bonus spins.", **columns: Any) -> None:
    """Another version of the page, as an ingest adds it."""
    version = Evidence.objects.filter(item=item).count() + 1
    values = {"added_at": timezone.now(), "content_hash": item.url_hash, "text": text}
    Evidence.objects.create(item=item, version=version, **{**values, **columns})


def files(project: Project) -> set[str]:
    directory = shards_of(project)[0].path.rpartition("/")[0]
    return {f"{directory}/{name}" for name in default_storage.listdir(directory)[1]}


def assert_as_if_made_now(project: Project) -> None:
    """Every shard has the bytes that it would have if it were computed now from nothing."""
    for row, shard in zip(shards_of(project), shards_load(project), strict=True):
        _, file = shard_make(project, shard.item_ids.tolist())
        assert (file.sha256, file.name) == (row.sha256, row.path)


def test_changed_pages_get_new_features_and_other_shards_stay(items: list[Item]) -> None:
    project, before = items[0].project, list(FeatureShard.objects.order_by("first_item"))
    see_again(items[1])
    see_again(items[6])  # of the holdout

    featurise(project)

    after = list(FeatureShard.objects.order_by("first_item"))
    assert [row.pk for row in after] == [row.pk for row in before]
    assert [new.sha256 != old.sha256 for new, old in zip(after, before, strict=True)] == [True, True, False]
    assert after[2].created_at == before[2].created_at
    assert_as_if_made_now(project)
    shards = list(shards_load(project))
    assert [int(pk) for shard in shards for pk in shard.item_ids] == [item.pk for item in items]
    assert shards[1].holdout.tolist() == [False, False, True, False]
    fresh = features_of(project, [items[1].pk])
    assert abs(shards[0].features[1] - fresh).nnz == 0
    assert "Features of 2 items are up to date" in LogEntry.objects.filter(project=project).latest("pk").text


def test_nothing_is_written_when_a_page_says_the_same(items: list[Item]) -> None:
    project, before = items[0].project, set(FeatureShard.objects.values_list("pk", "sha256", "created_at"))
    old = Evidence.objects.get(item=items[0])
    see_again(items[0], old.text, title=old.title, description=old.description)

    featurise(project)

    assert set(FeatureShard.objects.values_list("pk", "sha256", "created_at")) == before


def test_a_version_that_is_committed_late_is_seen(items: list[Item]) -> None:
    project = items[0].project
    see_again(items[0], added_at=FeatureShard.objects.earliest("pk").created_at - timedelta(hours=1))

    featurise(project)

    assert_as_if_made_now(project)


def test_the_file_before_stays_for_whoever_reads_it_and_older_ones_go(items: list[Item]) -> None:
    project, first = items[0].project, files(items[0].project)
    for text in ("one casino", "two casinos", "three casinos"):
        reader = shards_load(project)
        see_again(items[0], text)
        featurise(project)
        assert len(list(reader)) == 3

    assert len(files(project)) == len(first) + 1
    assert_as_if_made_now(project)


def test_erased_pages_leave_nothing_of_their_text_in_the_features(items: list[Item]) -> None:
    project = items[0].project
    admin = project_for(project.created_by, "pilot", Can.CONFIGURE)
    before = features_of(project, [items[0].pk])
    evidence_erase(admin, Wanted(items[0].pk), reason="Request 1")

    featurise(project)

    shard = next(shards_load(project))
    assert shard.contents[0] == 0
    assert shard.features[0].nnz < before.nnz
    assert_as_if_made_now(project)


def test_a_sealed_page_keeps_the_features_that_it_had(items: list[Item]) -> None:
    project = items[0].project
    before = next(shards_load(project)).features[0]
    see_again(items[0])
    Item.objects.filter(pk=items[0].pk).update(withheld=True)

    featurise(project)

    assert abs(next(shards_load(project)).features[0] - before).nnz == 0


def test_scores_follow_a_page_that_changed(items: list[Item]) -> None:
    project = items[0].project
    pages = make_items(project, 4, topic="casino bonus spins")
    featurise(project)
    shards = list(shards_load(project))
    weights = np.asarray(shards[-1].features[-2:].sum(axis=0)).ravel()  # what speaks for pages like these
    old = float((shards[0].features[0] @ weights)[0])
    new_text = Evidence.objects.filter(item=pages[0]).latest("version").text
    see_again(items[0], new_text)

    featurise(project)

    assert float((next(shards_load(project)).features[0] @ weights)[0]) > old


def make_ingest(project: Project, **columns: Any) -> Ingest:
    return Ingest.objects.create(
        project=project, filename="a.csv", file="a", format="csv", size=1, sha256="0", status=RunStatus.DONE, **columns
    )  # fmt: skip


def test_a_run_is_due_once_after_an_ingest_that_changed_pages(items: list[Item]) -> None:
    project, now = items[0].project, timezone.now()
    assert not pages_changed(project, now)
    make_ingest(project, rows_changed=0, finished_at=now)
    later = now + timedelta(minutes=1)
    assert not pages_changed(project, later)

    make_ingest(project, rows_changed=3, finished_at=now + timedelta(seconds=20))

    assert not pages_changed(project, now + timedelta(seconds=25))  # it may not be committed yet
    assert pages_changed(project, later)
    featurise(project)
    FeatureRun.objects.filter(project=project).update(started_at=now + timedelta(seconds=40))
    assert not pages_changed(project, later)


def test_a_run_is_due_after_an_erasure_within_the_hour(items: list[Item]) -> None:
    project, now = items[0].project, timezone.now()
    admin = project_for(project.created_by, "pilot", Can.CONFIGURE)
    evidence_erase(admin, Wanted(items[0].pk), reason="Request 1")

    assert not pages_changed(project, now + timedelta(minutes=30))
    assert pages_changed(project, now + timedelta(minutes=61))
