"""Which classifier version answers for a project. Imports nothing heavy: every scoring request asks."""

from django.db.models import QuerySet

from annotator.projects.models import Project
from learner.evaluation.models import Promotion
from learner.training.models import ClassifierVersion


def promotions_of(project: Project) -> QuerySet[Promotion]:
    """Every promotion of a project, newest first, with its version, gate and who made it. One query."""
    rows = Promotion.objects.filter(project=project)
    return rows.select_related("classifier", "gate", "created_by", "again").order_by("-number")


def promotion_current(project: Project) -> Promotion | None:
    """The promotion in force, or None before the first. One query."""
    return promotions_of(project).first()


def version_serving(project: Project) -> ClassifierVersion | None:
    """The classifier version that answers for the project; None before the first promotion. One query.

    Query and suspects use the newest version, whether it serves or not: they help people, and decide nothing alone.
    """
    current = promotion_current(project)
    return current.classifier if current else None


def exceptions_of(version: ClassifierVersion) -> QuerySet[Promotion]:
    """The promotions of a version that somebody signed for, oldest first. One query."""
    signed = Promotion.objects.filter(classifier=version).exclude(exception="")
    return signed.select_related("created_by", "gate").order_by("number")
