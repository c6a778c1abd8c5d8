"""Reading queries, what they chose, and how they choose. Imports nothing heavy: pages read these."""

from itertools import takewhile

from django.db.models import Q, QuerySet

from annotator.errors import NotFound
from annotator.projects.models import Project
from annotator.runs import ACTIVE, Run, RunStatus
from learner.core.due import Attempts
from learner.query.models import FeatureRun, LookRun, QueryRun, ShadowRun, SteeringVersion
from learner.query.steering import Steering

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


def queries_of(project: Project) -> QuerySet[QueryRun]:
    """The queries of a project with their batches and settings, newest first. One query."""
    return QueryRun.objects.select_related("batch", "steering").filter(project=project).order_by("-pk")


def query_of(project: Project, pk: int) -> QueryRun:
    """One query of a project; raises NotFound. One query."""
    run = queries_of(project).filter(pk=pk).first()
    if run is None:
        raise NotFound("This project has no such query.")
    return run


def steering_latest(project: Project) -> SteeringVersion | None:
    """The settings that somebody set last, or None: as the project was made. One query."""
    return steering_versions(project).first()


def steering_versions(project: Project) -> QuerySet[SteeringVersion]:
    """All settings that anybody set, newest first. One query."""
    return SteeringVersion.objects.filter(project=project).select_related("set_by").order_by("-number")


def steering_of(project: Project, version: SteeringVersion | None = None) -> Steering:
    """The settings in use, or those of a version. One query without a version."""
    version = version or steering_latest(project)
    if version is None:
        return Steering(
            shares=project.shares,
            batch_size=project.batch_size,
            low_water=project.low_water,
            retrain_after=project.retrain_after,
        )
    return Steering(
        strategy=version.strategy,
        shares=version.shares,
        batch_size=version.batch_size,
        low_water=version.low_water,
        retrain_after=version.retrain_after,
        weights=version.weights,
        examples=version.examples,
    )


def shadow_of(project: Project, pk: int) -> ShadowRun:
    """One comparison of a project; raises NotFound. One query."""
    run = ShadowRun.objects.select_related("asked_by").filter(project=project, pk=pk).first()
    if run is None:
        raise NotFound("This project has no such comparison.")
    return run


def shadows_of(project: Project) -> QuerySet[ShadowRun]:
    """The comparisons of a project, newest first. One query."""
    return ShadowRun.objects.select_related("asked_by").filter(project=project).order_by("-pk")


def look_latest(project: Project, item_id: int) -> LookRun | None:
    """The newest look at an item, or None. One query."""
    return LookRun.objects.filter(project=project, item=item_id).order_by("-pk").first()
