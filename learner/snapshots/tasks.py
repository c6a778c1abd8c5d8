"""Celery's door to the snapshots stage."""

from celery import shared_task

from annotator.projects.models import Project
from learner.snapshots.comparing import comparison_execute, overlap_execute
from learner.snapshots.services import snapshot_run_execute
from learner.snapshots.stretches import logs_copy


@shared_task(name="snapshots.freeze")
def freeze(run_id: int) -> None:
    """Freeze the snapshot of one run."""
    snapshot_run_execute(run_id)


@shared_task(name="snapshots.copy_logs")
def copy_logs() -> None:
    """Copy what is new in the logs of every project, so that the next snapshot reads it sooner."""
    for project in Project.objects.order_by("pk"):
        logs_copy(project)


@shared_task(name="snapshots.compare")
def compare(run_id: int) -> None:
    """Find what differs between two snapshots."""
    comparison_execute(run_id)


@shared_task(name="snapshots.overlap")
def overlap(run_id: int) -> None:
    """Find how much of an ingest a snapshot holds."""
    overlap_execute(run_id)
