"""Celery's door to the query stage. For workers only: it imports what computes."""

from celery import shared_task

from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.shadowing import shadow_run_execute


@shared_task(name="query.featurise")
def featurise(run_id: int) -> None:
    """Compute the features that are missing."""
    feature_run_execute(run_id)


@shared_task(name="query.choose")
def choose(run_id: int) -> None:
    """Choose the next batch and open it."""
    query_run_execute(run_id)


@shared_task(name="query.compare")
def compare(run_id: int) -> None:
    """Compare two ways to choose the next batch."""
    shadow_run_execute(run_id)
