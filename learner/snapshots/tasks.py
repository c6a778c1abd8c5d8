"""Celery's door to the snapshots stage."""

from celery import shared_task

from learner.snapshots.comparing import comparison_execute, overlap_execute
from learner.snapshots.log_copying import logs_copy_all
from learner.snapshots.services import snapshot_run_execute


@shared_task(name="snapshots.freeze")
def freeze(run_id: int) -> None:
    """Freeze the snapshot of one run."""
    snapshot_run_execute(run_id)


@shared_task(name="snapshots.copy_logs")
def copy_logs() -> None:
    """Copy what is new in the logs of every project, so that the next snapshot reads it sooner."""
    logs_copy_all()


@shared_task(name="snapshots.compare")
def compare(run_id: int) -> None:
    """Find what differs between two snapshots."""
    comparison_execute(run_id)


@shared_task(name="snapshots.overlap")
def overlap(run_id: int) -> None:
    """Find how much of an ingest a snapshot holds."""
    overlap_execute(run_id)
