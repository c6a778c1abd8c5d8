"""Celery's door to the evaluation stage. For workers only: it imports what computes."""

from celery import shared_task

from learner.evaluation.evaluating import evaluation_run_execute


@shared_task(name="evaluation.evaluate")
def evaluate(run_id: int) -> None:
    """Evaluate the newest classifier version."""
    evaluation_run_execute(run_id)
