"""Comparisons are made once: small ones in the request, large ones by a worker."""

from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.test import Client
from django.urls import reverse

from annotator.errors import Unavailable
from annotator.projects.models import Project, Role
from annotator.runs import RunStatus
from learner.snapshots import comparing
from learner.snapshots.comparing import (
    comparison_execute,
    overlap_counted,
    overlap_execute,
    snapshots_compared,
)
from learner.snapshots.differences import differences_json, differences_of, differences_read
from learner.snapshots.models import Snapshot, SnapshotComparison
from tests.factories import GAMES, make_items, make_member, make_project
from tests.learner.snapshots.test_overlap import taken_in
from tests.learner.snapshots.test_services import resolve, take

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def pair(project: Project) -> tuple[Snapshot, Snapshot]:
    for item in make_items(project, 2):
        resolve(item, [GAMES])
    before = take(project)
    resolve(make_items(project, 1)[0], [])
    return before, take(project)


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparing, "AT_ONCE", 0)


def test_small_snapshots_are_compared_at_once_and_never_again(pair: tuple[Snapshot, Snapshot]) -> None:
    before, after = pair
    expected = differences_of(before, after)

    first = snapshots_compared(before, after)
    for name in before.manifest["files"]:
        default_storage.delete(f"{before.directory}/{name}")
    again = snapshots_compared(before, after)

    assert (first.status, again.pk) == (RunStatus.DONE, first.pk)
    assert again.result == differences_json(expected)
    assert differences_read(before, after, again.result) == expected


def test_a_missing_file_is_told_and_nothing_is_kept(pair: tuple[Snapshot, Snapshot]) -> None:
    before, after = pair
    default_storage.delete(f"{before.directory}/items.parquet")

    with pytest.raises(Unavailable, match="is missing in the storage"):
        snapshots_compared(before, after)

    assert not SnapshotComparison.objects.exists()


@pytest.mark.usefixtures("large")
def test_large_snapshots_are_compared_by_a_worker(project: Project, pair: tuple[Snapshot, Snapshot]) -> None:
    client = Client()
    client.force_login(make_member(project, Role.SCIENTIST))
    page = reverse("snapshots:differences", args=["pilot", 1, 2])
    file = reverse("snapshots:differences_file", args=["pilot", 1, 2])
    api = reverse("api:snapshot-differences", args=["pilot", 1, 2])

    assert "Comparing the snapshots" in client.get(page).content.decode()
    assert client.get(file).status_code == 409
    waiting = client.get(api)
    assert (waiting.status_code, waiting.json()["status"]) == (202, "pending")
    run = SnapshotComparison.objects.get()
    comparison_execute(run.pk)

    assert "1 items added" in client.get(page).content.decode()
    assert client.get(file).status_code == 200
    assert client.get(api).json()["added"] == 1


@pytest.mark.usefixtures("large")
def test_a_comparison_that_failed_says_why(pair: tuple[Snapshot, Snapshot]) -> None:
    default_storage.delete(f"{pair[0].directory}/items.parquet")
    run = snapshots_compared(*pair)

    comparison_execute(run.pk)

    failed = snapshots_compared(*pair)
    assert (failed.pk, failed.status) == (run.pk, RunStatus.FAILED)
    assert "is missing in the storage" in failed.error


@pytest.mark.usefixtures("large")
def test_the_overlap_of_an_ingest_counts_pages_and_sites(project: Project) -> None:
    (item,) = make_items(project, 1)
    site = item.registrable_domain
    ingest = taken_in(project, f"https://{site}/new", f"https://{site}/newer", "https://nowhere.example/")
    resolve(type(item).objects.get(url=f"https://{site}/new"), [GAMES])
    snapshot = take(project)

    run = overlap_counted(ingest, snapshot)
    assert run.result is None
    overlap_execute(run.pk)

    told = overlap_counted(ingest, snapshot).result
    assert told is not None
    assert (told["n_items"], told["n_held"], told["n_sites"]) == (3, 1, 1)
    assert [n for _, n in told["splits"]] == [2]
