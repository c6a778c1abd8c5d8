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


def test_the_card_as_a_page_is_handed_out_in_a_sandbox_and_never_shown_in_our_name(project: Project) -> None:
    take(project)

    answer = signed_in(project, Role.LEAD).get("/projects/pilot/snapshots/1/files/card.html")

    assert answer["Content-Disposition"] == 'attachment; filename="card.html"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert b"<script" not in answer.getvalue()


def test_an_earlier_snapshot_without_plots_is_shown_as_it_was(project: Project) -> None:
    frozen = take(project)
    manifest = frozen.manifest | {
        "files": {
            name: facts
            for name, facts in frozen.manifest["files"].items()
            if name not in ("card.json", "card.html")
        }
    }
    Snapshot.objects.create(
        project=project, number=2, content_sha256="0" * 64, directory=frozen.directory, manifest=manifest, n_items=1,
        n_judgments=0, size=1,
    )  # fmt: skip

    page = signed_in(project, Role.LEAD).get("/projects/pilot/snapshots/2/").content.decode()

    assert "Krippendorff" in page
    assert "<figure" not in page
    assert "Card as a page" not in page


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
    written = [
        "README.md",
        "card.html",
        "card.json",
        "croissant.json",
        "items-train.parquet",
        "manifest.json",
    ]
    assert names == sorted([*written, *(f"{name}.parquet" for name in TABLES)])
    assert all((out / name).read_bytes() == (again / name).read_bytes() for name in names)
    assert Snapshot.objects.count() == 1


def test_the_command_overwrites_nothing(project: Project, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("precious")

    with pytest.raises(CommandError, match="is not an empty directory"):
        call_command("snapshot", "pilot", out=tmp_path)
    with pytest.raises(CommandError, match='There is no project "pilt"'):
        call_command("snapshot", "pilt", out=tmp_path / "new")

    assert not Snapshot.objects.exists()


def test_the_page_counts_a_choice_and_takes_it(project: Project) -> None:
    client = signed_in(project, Role.SCIENTIST)

    counted = client.get("/projects/pilot/snapshots/new/", {"min_judgments": "2"})
    refused = client.post("/projects/pilot/snapshots/new/", {"min_judgments": "2"})
    wrong = client.post(
        "/projects/pilot/snapshots/new/", {"methods": "guessed", "resolved_from": "1000-01-01"}
    )
    taken = client.post("/projects/pilot/snapshots/new/", {"methods": "unanimous", "formats": "csv"})

    assert b"<strong>0</strong> items" in counted.content
    assert (refused.status_code, wrong.status_code, taken.status_code) == (422, 422, 302)
    assert b"No resolved item fits this choice" in refused.content
    assert b"Select a valid choice" in wrong.content
    run = SnapshotRun.objects.get()
    assert (run.content, run.formats) == ({"methods": ["unanimous"]}, ["csv"])


def test_the_page_counts_everything_before_anything_is_chosen(project: Project) -> None:
    page = signed_in(project, Role.LEAD).get("/projects/pilot/snapshots/new/")

    assert b"<strong>1</strong> item" in page.content


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({"methods": ["guessed"]}, "guessed"),
        ({"methods": []}, "methods"),
        ({"min_judgments": -1}, "min_judgments"),
        ({"categories": ["chess"]}, "chess"),
        ({"resolved_from": "2024-02-01", "resolved_until": "2024-01-01"}, "is before"),
        ({"resolved_from": "9999-12-31"}, "Name days from"),
        ({"as_of": "2999-01-01T00:00:00Z"}, "still to come"),
        ({"as_of": "0001-01-01T00:00:00Z"}, "name a moment"),
        ({"sources": ["a\u0000b"]}, "sources"),
        ({"formats": ["xls"]}, "xls"),
        ([1], "Invalid data"),
    ],
)
def test_the_api_says_what_is_wrong_with_a_choice(project: Project, sent: Any, named: str) -> None:
    client = signed_in(project, Role.SCIENTIST)

    for address in ("snapshots/", "snapshots/preview/"):
        answer = client.post(f"/api/v1/projects/pilot/{address}", sent, content_type="application/json")
        assert answer.status_code == 400, answer.content
        assert named in answer.content.decode()
    assert not SnapshotRun.objects.exists()


def test_the_api_previews_cancels_notes_and_compares(project: Project) -> None:
    client = signed_in(project, Role.SCIENTIST)
    base, json = "/api/v1/projects/pilot", "application/json"

    def post(address: str, sent: Any = None) -> Any:
        return client.post(f"{base}/{address}", sent or {}, content_type=json)

    preview = post("snapshots/preview/", {"categories": [GAMES]}).json()
    run = post("snapshots/", {"categories": [GAMES], "pseudonyms": "snapshot"}).json()
    other = post("snapshots/")
    cancelled = post(f"snapshot-runs/{run['id']}/cancel/").json()
    again = post(f"snapshot-runs/{run['id']}/cancel/")
    runs = client.get(f"{base}/snapshot-runs/").json()["results"]
    take(project)
    note = post("snapshots/1/notes/", {"kind": "deprecated", "text": "Do not use."})
    listed = client.get(f"{base}/snapshots/").json()["results"][0]
    compared = client.get(f"{base}/snapshots/1/differences/1/").json()

    assert (preview["n_items"], run["content"]) == (1, {"categories": [GAMES]})
    assert (other.status_code, again.status_code, note.status_code) == (409, 409, 201)
    assert cancelled["status"] == "failed"
    assert cancelled["error"].startswith("Cancelled by ")
    assert [(row["id"], row["error"]) for row in runs] == [(run["id"], cancelled["error"])]
    assert (listed["semantic"], listed["deprecated"]) == ("1.0.0", "Do not use.")
    assert (compared["same"], compared["relabelled"]) == (1, 0)
    assert client.get("/api/v1/signing-key/").json() == {"public_key": ""}
    assert client.get(f"{base}/snapshots/1/differences/9/").status_code == 404


def test_pages_show_notes_deprecation_and_differences(project: Project) -> None:
    client = signed_in(project, Role.LEAD)
    take(project)
    (item,) = make_items(project, 1)
    resolve(item, [])
    take(project)

    client.post("/projects/pilot/snapshots/1/notes/", {"kind": "deprecated", "text": "Too few pages."})
    client.post("/projects/pilot/snapshots/1/notes/", {"kind": "name", "text": "First light"})

    for address in ("snapshots/", "snapshots/1/"):
        page = client.get(f"/projects/pilot/{address}").content.decode()
        assert "Too few pages." in page
        assert "First light" in page
    page = client.get("/projects/pilot/snapshots/1/differences/2/").content.decode()
    assert "1 items added" in page
    told = client.get("/projects/pilot/snapshots/1/differences/2/differences.md")
    assert "1 items added" in told.content.decode()
    assert client.post("/projects/pilot/snapshots/1/notes/", {"kind": "note"}).status_code == 400


def test_cancel_on_the_page_ends_the_run(project: Project) -> None:
    client = signed_in(project, Role.SCIENTIST)
    client.post("/projects/pilot/snapshots/")
    run = SnapshotRun.objects.get()
    assert b"Cancel" in client.get("/projects/pilot/snapshots/").content

    answer = client.post(f"/projects/pilot/snapshots/runs/{run.pk}/cancel/")
    snapshot_run_execute(run.pk)

    assert answer.status_code == 302
    run.refresh_from_db()
    assert (run.status, run.snapshot) == ("failed", None)
    assert not Snapshot.objects.exists()
