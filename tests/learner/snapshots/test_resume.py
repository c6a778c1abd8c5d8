"""A worker is killed -9 in the middle of a freeze: the next one keeps what was whole, and nothing half done is seen."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotator.projects.models import LogEntry, Project
from annotator.runs import RunStatus
from annotator.runtime.embedded import REPOSITORY
from learner.snapshots.content import Choice
from learner.snapshots.files import TABLES, zip_stream
from learner.snapshots.freezing import tables_freeze
from learner.snapshots.models import Snapshot, SnapshotPart, SnapshotRun
from learner.snapshots.parts import Parts
from learner.snapshots.services import (
    snapshot_leftovers_sweep,
    snapshot_run_cancel,
    snapshot_run_execute,
    snapshot_run_start,
)
from tests.factories import GAMES, make_items, make_resolution
from tests.learner.snapshots.shelf import make_shelf

pytestmark = pytest.mark.django_db(transaction=True)

START = """
import os, signal, sys
import django
django.setup()
from learner.snapshots import files, lanes, parts, services
def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)
"""
AFTER_ONE = """
keep = parts.Parts.keep
def keep_and_die(self, *told):
    keep(self, *told)
    die()
parts.Parts.keep = keep_and_die
"""
IN_JUDGMENTS = """
write = lanes.judgments_write
lanes.judgments_write = lambda reading, path, progress, names: write(reading, path, die, names)
"""
WHILE_STORING = """
save = parts.default_storage.save
def save_half(name, content):
    save(name, parts.File(__import__("io").BytesIO(content.read()[:100])))
    die()
parts.default_storage.save = save_half
"""
BEFORE_PUBLISHING = """
store = files.files_store
def store_and_die(folder, directory):
    store(folder, directory)
    die()
files.files_store = store_and_die
"""
IN_THE_TRANSACTION = "services._sites_write = die"
GO = "services.snapshot_run_execute(int(sys.argv[1]))"


def killed(run: SnapshotRun, how: str) -> None:
    """Let a worker of its own process take the run, and die of `kill -9` in its middle."""
    url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{connection.settings_dict['NAME']}"
    ended = subprocess.run(
        [sys.executable, "-c", f"{START}{how}\n{GO}", str(run.pk)],
        cwd=REPOSITORY, env={**os.environ, "DATABASE_URL": url}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    SnapshotRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now() - timedelta(minutes=1))
    assert SnapshotRun.objects.get(pk=run.pk).status == RunStatus.RUNNING
    assert not Snapshot.objects.exists()


def never(*_: object, **__: object) -> None:
    raise AssertionError("a table was written again")


def stored(project: Project) -> dict[str, list[str]]:
    """The folders of the project in the storage, and what is in them."""
    above = f"snapshots/{project.slug}"
    try:
        return {
            name: default_storage.listdir(f"{above}/{name}")[1] for name in default_storage.listdir(above)[0]
        }
    except FileNotFoundError:
        return {}


@pytest.mark.parametrize(
    ("how", "n_kept"),
    [
        (AFTER_ONE, range(2)),  # the items are whole with their cuts
        (IN_JUDGMENTS, range(4)),  # other tables may have been faster
        (WHILE_STORING, range(1)),
        (BEFORE_PUBLISHING, range(6, 7)),
        (IN_THE_TRANSACTION, range(6, 7)),
    ],
    ids=["after one table", "in judgments", "while storing", "before publishing", "while publishing"],
)
def test_the_next_worker_goes_on_from_what_was_whole(how: str, n_kept: range, tmp_path: Path) -> None:
    project = make_shelf()
    expected = tables_freeze(project, Choice(), tmp_path, lambda *_: None).manifest["content_sha256"]
    run = snapshot_run_start(project, by=None)

    killed(run, how)
    make_resolution(make_items(project, 1)[0], [GAMES])  # labelling goes on
    snapshot_run_execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.attempt, run.error) == (RunStatus.DONE, 2, "")
    assert len(run.kept) in n_kept
    snapshot = Snapshot.objects.get()
    assert snapshot.content_sha256 == expected
    assert b"".join(zip_stream(snapshot))  # each file has the hash of the manifest
    assert list(stored(project)) == [f"v1-{run.pk}"]
    assert not SnapshotPart.objects.exists()
    said = LogEntry.objects.filter(text__startswith="Snapshot resumed").count()
    assert said == bool(run.kept)


def test_tables_that_were_kept_are_not_written_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = snapshot_run_start(make_shelf(), by=None)
    killed(run, BEFORE_PUBLISHING)
    for name in TABLES:
        monkeypatch.setattr(f"learner.snapshots.lanes.{name}_write", never)

    snapshot_run_execute(run.pk)

    run.refresh_from_db()
    assert (run.status, set(run.kept)) == (RunStatus.DONE, set(TABLES))


def test_a_kept_table_of_another_state_or_with_other_bytes_is_written_again() -> None:
    project = make_shelf()
    run = snapshot_run_start(project, by=None)
    killed(run, BEFORE_PUBLISHING)
    assert {"items.parquet", "items-train.parquet"} <= {part.name for part in SnapshotPart.objects.all()}
    SnapshotPart.objects.filter(name="items-train.parquet").update(state="other")
    part = SnapshotPart.objects.get(name="batches.parquet")
    Path(default_storage.path(part.stored)).write_bytes(b"half")
    SnapshotPart.objects.filter(name="clauses.parquet").update(state="other")
    moved = SnapshotPart.objects.get(name="resolutions.parquet")
    SnapshotPart.objects.filter(pk=moved.pk).update(state=moved.state[:-24] + "0" * 24)  # in another order

    snapshot_run_execute(run.pk)

    run.refresh_from_db()
    assert (run.status, set(run.kept)) == (RunStatus.DONE, {"judgments", "categories"})
    assert b"".join(zip_stream(Snapshot.objects.get()))


@pytest.mark.parametrize("door", ["page", "api"])
def test_a_run_cancelled_while_it_works_leaves_nothing(
    door: str, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = make_shelf()
    run = snapshot_run_start(project, by=None)
    client.force_login(project.created_by)
    name = "snapshots:cancel" if door == "page" else "api:snapshot-run-cancel"
    keep = Parts.keep

    def keep_and_cancel(self: Parts, *told: Any) -> None:
        keep(self, *told)
        if SnapshotPart.objects.count() == 1:
            assert client.post(reverse(name, args=[project.slug, run.pk])).status_code in {200, 302}

    monkeypatch.setattr(Parts, "keep", keep_and_cancel)
    snapshot_run_execute(run.pk)

    run.refresh_from_db()
    assert (run.status, run.snapshot) == (RunStatus.FAILED, None)
    assert run.error.startswith("Cancelled by")
    assert not Snapshot.objects.exists()
    assert not SnapshotPart.objects.exists()
    assert stored(project) == {}


@pytest.mark.parametrize("how", [AFTER_ONE, WHILE_STORING, BEFORE_PUBLISHING])
def test_what_a_dead_worker_left_of_a_cancelled_run_is_swept(how: str) -> None:
    project = make_shelf()
    run = snapshot_run_start(project, by=None)
    killed(run, how)
    assert stored(project)
    snapshot_run_cancel(project, run.pk, by=project.created_by)

    snapshot_leftovers_sweep()
    assert stored(project)  # its worker may be alive still
    SnapshotRun.objects.filter(pk=run.pk).update(finished_at=timezone.now() - timedelta(minutes=1))
    snapshot_leftovers_sweep()

    assert stored(project) == {}
    assert not SnapshotPart.objects.exists()
