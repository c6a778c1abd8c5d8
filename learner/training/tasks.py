"""Celery's door to the training stage. For workers only: it imports what computes."""

from celery import shared_task

from learner.training.explaining import driving_run_execute
from learner.training.fitting import training_run_execute


@shared_task(name="training.train")
def train(run_id: int) -> None:
    """Train the next classifier version."""
    training_run_execute(run_id)


@shared_task(name="training.drive")
def drive(run_id: int) -> None:
    """Find the words that drive each category of a version."""
    driving_run_execute(run_id)
