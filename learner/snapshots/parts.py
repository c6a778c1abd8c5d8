"""Tables that a run has written, stored one by one: when its worker dies, the next goes on from there. Decision 152."""

from datetime import datetime
from pathlib import Path
from typing import Final

from django.core.files import File
from django.core.files.storage import default_storage

from annotator.runs import ACTIVE, STALE_AFTER
from learner.snapshots.files import file_fetch
from learner.snapshots.models import Snapshot, SnapshotPart, SnapshotRun

Facts = dict[str, int | str]
FOLDER: Final = "snapshots"


class Parts:
    """The tables of one run in the storage, under names that say what is in them: two workers never mix theirs."""

    def __init__(self, run: SnapshotRun) -> None:
        self.run = run
        self.state = ""
        self.orders: dict[str, str] = {}
        """Of each table that was fetched, the order of its rows; empty where it has none of items."""

    def fetched(self, state: str, folder: Path) -> dict[str, Facts]:
        """Copy what was written from the same state into `folder`, with size and hash; what was not is let go.

        A file that is missing or has other bytes counts as never written.
        """
        self.state = state
        found = {}
        for part in SnapshotPart.objects.filter(run=self.run).order_by("pk"):
            is_of_it = bool(part.state) and part.state[: len(state)] == state
            facts = file_fetch(part.stored, part.sha256, folder / part.name) if is_of_it else None
            if facts is None:
                (folder / part.name).unlink(missing_ok=True)
                default_storage.delete(part.stored)
                part.delete()
            else:
                found[part.name] = facts
                self.orders[part.name] = part.state[len(state) :]
        return found

    def keep(self, path: Path, facts: Facts, order: str) -> None:
        """Store a table that is whole, whose rows go in this order.

        1. A row says that there may be a file. 2. The file is stored. 3. The row says from which state, and with that
        that it is whole. A worker that dies between leaves a row by which the sweep finds the file.
        """
        stored = f"{_folder(self.run)}/{str(facts['sha256'])[:16]}-{path.name}"
        part, _ = SnapshotPart.objects.update_or_create(
            run=self.run,
            name=path.name,
            defaults={"state": "", "stored": stored, "sha256": facts["sha256"], "size": facts["bytes"]},
        )
        default_storage.delete(stored)  # half of it, when a worker died here
        with path.open("rb") as stream:
            default_storage.save(stored, File(stream))
        SnapshotPart.objects.filter(pk=part.pk).update(state=self.state + order)


def snapshot_folder(run: SnapshotRun, number: int) -> str:
    """Where the files of the snapshot go that `run` publishes: a folder that no other run writes to."""
    return f"{FOLDER}/{run.project.slug}/v{number}-{run.pk}"


def leftovers_delete(run: SnapshotRun) -> None:
    """Delete what an ended run has in the storage that no snapshot holds: tables, and files never published."""
    if SnapshotRun.objects.filter(pk=run.pk, status__in=ACTIVE).exists():
        return
    above = f"{FOLDER}/{run.project.slug}"
    published = set(Snapshot.objects.filter(project=run.project).values_list("directory", flat=True))
    for name in _listed(above)[0]:
        if f"{above}/{name}" not in published and name.rpartition("-")[2] == str(run.pk):
            _folder_delete(f"{above}/{name}")
    SnapshotPart.objects.filter(run=run).delete()


def runs_with_leftovers(now: datetime) -> list[SnapshotRun]:
    """Runs that ended a while ago, with nobody left who would have cleaned up. One query."""
    left = SnapshotPart.objects.exclude(run__status__in=ACTIVE).filter(run__finished_at__lt=now - STALE_AFTER)
    return list(SnapshotRun.objects.filter(pk__in=left.values("run")).select_related("project"))


def _folder(run: SnapshotRun) -> str:
    return f"{FOLDER}/{run.project.slug}/run-{run.pk}"


def _listed(folder: str) -> tuple[list[str], list[str]]:
    try:
        return default_storage.listdir(folder)
    except FileNotFoundError:
        return [], []


def _folder_delete(folder: str) -> None:
    for name in _listed(folder)[1]:
        default_storage.delete(f"{folder}/{name}")
    default_storage.delete(folder)  # empty now; in a bucket there are no folders
