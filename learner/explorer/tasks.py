"""Celery's door to the explorer stage. For workers only: it imports what computes."""

from celery import shared_task

from annotator.projects.models import Project
from learner.explorer.refreshing import explorer_refresh


@shared_task(name="explorer.refresh")
def refresh(project_id: int) -> None:
    """Bring the columns of a project up to date; nothing when another worker does."""
    project = Project.objects.filter(pk=project_id).first()
    if project is not None:
        explorer_refresh(project)
