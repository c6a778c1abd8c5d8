"""Celery's door to the snapshots stage."""

from celery import shared_task

from learner.snapshots.services import snapshot_run_execute


@shared_task(name="snapshots.freeze")
def freeze(run_id: int) -> None:
    """Freeze the snapshot of one run."""
    snapshot_run_execute(run_id)
