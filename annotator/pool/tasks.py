"""Celery's door to the pool."""

from celery import shared_task

from annotator.pool.reporting import report_run
from annotator.pool.services import ingest_run

# A large file takes longer than a task may: its limit is the file's, and a second delivery finds it claimed.
SECONDS_MAX = 7 * 24 * 3600


@shared_task(name="pool.ingest", time_limit=SECONDS_MAX, soft_time_limit=SECONDS_MAX - 60)
def ingest(ingest_id: int) -> None:
    """Take in one file; does nothing when it is done, gone, or held by a live worker."""
    ingest_run(ingest_id)


@shared_task(name="pool.report", time_limit=SECONDS_MAX, soft_time_limit=SECONDS_MAX - 60)
def report(report_id: int) -> None:
    """Measure what an ingest brought; does nothing when it is done, gone, or held by a live worker."""
    report_run(report_id)
