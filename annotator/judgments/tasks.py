"""Celery's door to the judgments: those of files."""

from celery import shared_task

from annotator.judgments.imports.services import import_run

# A large file takes longer than a task may: its limit is the file's, and a second delivery finds it claimed.
SECONDS_MAX = 7 * 24 * 3600


@shared_task(name="judgments.import", time_limit=SECONDS_MAX, soft_time_limit=SECONDS_MAX - 60)
def judgments_import(run_id: int) -> None:
    """Read or write one import; does nothing when it waits for a lead, is done, gone, or held by a live worker."""
    import_run(run_id)
