"""How much of an ingest is on sites of the newest snapshot."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from annotator.pool.models import Ingest, Item
from annotator.pool.services import Upload, ingest_create, ingest_run
from annotator.projects.models import Project, Role
from learner.snapshots.overlap import overlap_of
from tests.factories import GAMES, make_items, make_member, make_project
from tests.learner.snapshots.test_services import resolve, take

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


def taken_in(project: Project, *addresses: str) -> Ingest:
    upload = Upload("rows.csv", io.BytesIO("\n".join(["url", *addresses]).encode()))
    ingest = ingest_run(ingest_create(project, upload, by=None).pk)
    assert ingest is not None
    return ingest


def test_new_pages_on_sites_of_the_snapshot_are_counted_by_its_split(project: Project) -> None:
    (item,) = make_items(project, 1)
    resolve(item, [GAMES])
    snapshot = take(project)
    site = item.registrable_domain

    ingest = taken_in(project, f"https://{site}/new", f"https://{site}/newer", "https://nowhere.example/")

    overlap = overlap_of(ingest, snapshot)
    assert (overlap.n_items, overlap.n_shared, overlap.n_sites) == (3, 2, 1)
    assert overlap.splits == ((Item.objects.get(pk=item.pk).split, 2),)


def test_the_part_says_what_there_is(project: Project) -> None:
    ingest = taken_in(project, "https://nowhere.example/")
    client = Client()
    client.force_login(make_member(project, Role.SCIENTIST))
    address = f"/projects/pilot/ingests/{ingest.pk}/overlap/"

    assert "There is no snapshot yet" in client.get(address).content.decode()
    (item,) = make_items(project, 1)
    resolve(item, [GAMES])
    take(project)

    assert "No new page is on a site of" in client.get(address).content.decode()
    assert client.get(f"/projects/pilot/ingests/{ingest.pk + 1}/overlap/").status_code == 404


def test_the_api_tells_the_same_and_when_there_is_nothing_to_tell(project: Project) -> None:
    client = Client()
    client.force_login(make_member(project, Role.SCIENTIST))
    (item,) = make_items(project, 1)
    ingest = taken_in(project, f"https://{item.registrable_domain}/new", "https://nowhere.example/")
    address = f"/api/v1/projects/pilot/ingests/{ingest.pk}/overlap/"
    before = client.get(address)
    resolve(item, [GAMES])
    take(project)

    told = client.get(address)

    assert (before.status_code, "no snapshot" in before.json()["error"]["message"]) == (404, True)
    split = Item.objects.get(pk=item.pk).split
    assert told.json() == {
        "snapshot": 1, "n_items": 2, "n_held": 0, "n_sites": 1, "n_shared": 1, "splits": {split: 1},
    }  # fmt: skip
