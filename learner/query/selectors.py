"""Reading query runs and feature runs. Imports nothing heavy: pages read these."""

from annotator.projects.models import Project
from learner.query.models import FeatureRun, QueryRun


def query_latest(project: Project) -> QueryRun | None:
    """The newest query run of a project with its batch, or None. One query."""
    return QueryRun.objects.select_related("batch").filter(project=project).order_by("-pk").first()


def feature_run_latest(project: Project) -> FeatureRun | None:
    """The newest feature run of a project, or None. One query."""
    return FeatureRun.objects.filter(project=project).order_by("-pk").first()
