"""Reading query runs and feature runs. Imports nothing heavy: pages read these."""

from itertools import takewhile

from django.db.models import Q

from annotator.projects.models import Project
from annotator.runs import ACTIVE, Run, RunStatus
from learner.core.due import Attempts
from learner.query.models import FeatureRun, QueryRun

RUNS_LOOKED_AT = 12  # after so many failures in a row, waiting has long been as long as it gets


def attempts_of(model: type[Run], project: Project) -> Attempts:
    """How the runs of one kind went lately. One query."""
    runs = model._default_manager.filter(Q(project=project)).order_by("-pk")
    latest = list(runs.values_list("status", "finished_at")[:RUNS_LOOKED_AT])
    ended = [run for run in latest if run[0] not in ACTIVE]
    failed = list(takewhile(lambda run: run[0] == RunStatus.FAILED, ended))
    return Attempts(
        running=len(ended) < len(latest),
        failures=len(failed),
        last_failed_at=failed[0][1] if failed else None,
    )


def query_latest(project: Project) -> QueryRun | None:
    """The newest query run of a project with its batch, or None. One query."""
    return QueryRun.objects.select_related("batch").filter(project=project).order_by("-pk").first()


def feature_run_latest(project: Project) -> FeatureRun | None:
    """The newest feature run of a project, or None. One query."""
    return FeatureRun.objects.filter(project=project).order_by("-pk").first()
