"""Celery's door to the query stage."""

from celery import shared_task

from learner.query.services import feature_run_execute


@shared_task(name="query.featurise", queue="bulk")
def featurise(run_id: int) -> None:
    """Compute the features that are missing."""
    feature_run_execute(run_id)
