"""Celery's door to the errors stage. For workers only: it imports what computes."""

from celery import shared_task

from learner.errors.finding import error_run_execute
from learner.errors.similar import similar_run_execute


@shared_task(name="errors.find")
def find(run_id: int) -> None:
    """Find the errors of an evaluated version."""
    error_run_execute(run_id)


@shared_task(name="errors.similar")
def similar(run_id: int) -> None:
    """Open a batch of pages like those that were got wrong."""
    similar_run_execute(run_id)
