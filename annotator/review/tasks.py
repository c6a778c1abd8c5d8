"""Work of the review that is too slow for the tick."""

from celery import shared_task

from annotator.projects.models import Project
from annotator.review.agreement.reports import agreement_measure


@shared_task(name="review.measure_agreement")
def measure_agreement(project_id: int) -> None:
    """Keep the agreement report of a project, and everybody's skills, fresh; does nothing when none is due."""
    project = Project.objects.filter(pk=project_id).first()
    if project is not None:
        agreement_measure(project)
