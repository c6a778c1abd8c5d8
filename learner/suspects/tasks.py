"""Celery's door to the suspects stage. For workers only: it imports what computes."""

from celery import shared_task

from learner.suspects.judging import suspect_run_execute


@shared_task(name="suspects.suspect")
def suspect(run_id: int) -> None:
    """Look for resolved labels that look wrong."""
    suspect_run_execute(run_id)
