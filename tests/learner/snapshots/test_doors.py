"""Who gets a snapshot, by page, API and command line."""

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from annotator.projects.models import Project, Role
from learner.snapshots.files import TABLES
from learner.snapshots.models import Snapshot, SnapshotRun
from learner.snapshots.services import snapshot_run_execute
from tests.factories import GAMES, make_items, make_member, make_project
from tests.learner.snapshots.test_services import resolve, take

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project() -> Project:
    project = make_project("pilot")
    resolve(make_items(project, 1)[0], [GAMES])
    return project


def signed_in(project: Project, role: Role) -> Client:
    client = Client()
    client.force_login(make_member(project, role))
    return client


def test_a_scientist_takes_and_downloads_a_snapshot(project: Project) -> None:
    client = signed_in(project, Role.SCIENTIST)

    answer = client.post("/projects/pilot/snapshots/")
    snapshot_run_execute(SnapshotRun.objects.get().pk)

    assert answer.status_code == 302
    assert b"v1" in client.get("/projects/pilot/snapshots/").content
    assert b"Krippendorff" in client.get("/projects/pilot/snapshots/1/").content
    archive = client.get("/projects/pilot/snapshots/1/download/")
    assert archive["Content-Disposition"] == 'attachment; filename="pilot-v1.zip"'
    assert archive.getvalue()[:2] == b"PK"


def test_an_annotator_gets_no_snapshot(project: Project) -> None:
    take(project)
    client = signed_in(project, Role.ANNOTATOR)

    for address in ("snapshots/", "snapshots/1/", "snapshots/1/download/", "snapshots/1/files/items.parquet"):
        assert client.get(f"/projects/pilot/{address}").status_code == 403
    assert client.post("/projects/pilot/snapshots/").status_code == 403


def test_the_api_answers_with_a_run_to_poll(project: Project) -> None:
    client = signed_in(project, Role.LEAD)

    answer = client.post("/api/v1/projects/pilot/snapshots/", content_type="application/json")
    snapshot_run_execute(answer.json()["id"])

    assert answer.status_code == 202
    run = client.get(answer.json()["status_url"]).json()
    assert (run["status"], run["snapshot"]) == ("done", 1)
    listed = client.get("/api/v1/projects/pilot/snapshots/").json()["results"]
    assert [snapshot["number"] for snapshot in listed] == [1]
    assert client.get("/api/v1/projects/pilot/snapshots/7/").json()["error"]["code"] == "not_found"


def test_the_command_writes_the_files_once(project: Project, tmp_path: Path) -> None:
    out, again = tmp_path / "out", tmp_path / "again"

    call_command("snapshot", "pilot", out=out, stdout=StringIO())
    call_command("snapshot", "pilot", out=again, stdout=StringIO())

    names = sorted(path.name for path in out.iterdir())
    assert names == sorted(["README.md", "manifest.json", *(f"{name}.parquet" for name in TABLES)])
    assert all((out / name).read_bytes() == (again / name).read_bytes() for name in names)
    assert Snapshot.objects.count() == 1


def test_the_command_overwrites_nothing(project: Project, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")

    with pytest.raises(CommandError, match="is not an empty directory"):
        call_command("snapshot", "pilot", out=tmp_path)
    with pytest.raises(CommandError, match='There is no project "pilt"'):
        call_command("snapshot", "pilt", out=tmp_path / "new")

    assert not Snapshot.objects.exists()
