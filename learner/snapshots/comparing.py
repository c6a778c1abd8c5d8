"""What is found out about snapshots once and kept: small ones at once, large ones by a worker."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final, TypeVar

from django.utils import timezone

from annotator.pool.models import Ingest
from annotator.projects.models import LogEntry
from annotator.projects.services import log_write
from annotator.runs import RunStatus, run_claim, run_done, run_held, run_progress
from learner.snapshots.differences import differences_json, differences_of
from learner.snapshots.models import IngestOverlap, Snapshot, SnapshotComparison
from learner.snapshots.overlap import overlap_json, overlap_of

AT_ONCE: Final = 50_000
"""Items of both sides that a request reads itself: half a second."""
AGAIN_AFTER: Final = timedelta(minutes=1)
"""A failure is shown for so long before the next who asks has it tried again."""

Kept = TypeVar("Kept", SnapshotComparison, IngestOverlap)


def snapshots_compared(before: Snapshot, after: Snapshot) -> SnapshotComparison:
    """The comparison of two snapshots: with its result when they are small or it was made before, else under way.

    The next tick wakes a worker. Raises Unavailable when a file of a small one was changed or is missing.
    """
    key = {"project": before.project, "before": before, "after": after}
    n_items = before.n_items + after.n_items
    return _kept(SnapshotComparison, key, n_items, lambda: differences_json(differences_of(before, after)))


def overlap_counted(ingest: Ingest, snapshot: Snapshot) -> IngestOverlap:
    """How much of an ingest the snapshot holds, in the same way."""
    key = {"project": snapshot.project, "ingest": ingest, "snapshot": snapshot}
    n_items = snapshot.n_items + ingest.rows_added
    return _kept(IngestOverlap, key, n_items, lambda: overlap_json(overlap_of(ingest, snapshot)))


def comparison_execute(run_id: int) -> None:
    """Do the work of a comparison that waits. Idempotent: neither snapshot changes."""
    run = run_claim(SnapshotComparison, run_id)
    if run is not None:
        _execute(run, "comparing", lambda: differences_json(differences_of(run.before, run.after)))


def overlap_execute(run_id: int) -> None:
    """Do the work of an overlap that waits."""
    run = run_claim(IngestOverlap, run_id)
    if run is not None:
        _execute(run, "comparing", lambda: overlap_json(overlap_of(run.ingest, run.snapshot)))


def _kept(model: type[Kept], key: dict[str, Any], n_items: int, find: Callable[[], dict[str, Any]]) -> Kept:
    rows = model._default_manager
    known = rows.filter(**key).first()
    if known is not None and known.result is not None:
        return known
    if n_items <= AT_ONCE:
        now = timezone.now()
        found = {"result": find(), "status": RunStatus.DONE, "finished_at": now, "error": ""}
        return rows.update_or_create(**key, defaults=found)[0]
    kept, _ = rows.get_or_create(**key)
    stale = rows.filter(pk=kept.pk, status=RunStatus.FAILED, finished_at__lt=timezone.now() - AGAIN_AFTER)
    if stale.update(status=RunStatus.PENDING, attempt=0, error="", heartbeat_at=None, finished_at=None):
        kept.refresh_from_db()
    return kept


def _execute(run: Kept, stage: str, find: Callable[[], dict[str, Any]]) -> None:
    def failed(sentence: str) -> None:
        log_write(run.project, "snapshots", f"Not compared: {sentence}"[:1000], level=LogEntry.Level.ERROR)

    with run_held(run, failed):
        run_progress(run, stage, 0)
        run_done(run, stage="done", result=find())
