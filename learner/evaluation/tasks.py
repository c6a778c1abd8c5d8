"""Celery's door to the evaluation stage. For workers only: it imports what computes."""

from celery import shared_task

from learner.evaluation.comparing import comparison_run_execute
from learner.evaluation.evaluating import evaluation_run_execute


@shared_task(name="evaluation.evaluate")
def evaluate(run_id: int) -> None:
    """Evaluate the newest classifier version."""
    evaluation_run_execute(run_id)


@shared_task(name="evaluation.compare")
def compare_versions(run_id: int) -> None:
    """Compare two classifier versions on the same audited items."""
    comparison_run_execute(run_id)
