"""Reading snapshots and the runs that make them."""

from django.db.models import QuerySet

from annotator.errors import NotFound
from annotator.pool.models import Case
from annotator.projects.models import Project
from learner.snapshots.models import Snapshot, SnapshotRun


def snapshots_of(project: Project) -> QuerySet[Snapshot]:
    """The snapshots of a project, newest first. One query."""
    return Snapshot.objects.filter(project=project).select_related("created_by").order_by("-number")


def snapshot_of(project: Project, number: int) -> Snapshot:
    """One snapshot by its number; raises NotFound. One query."""
    snapshot = snapshots_of(project).filter(number=number).first()
    if snapshot is None:
        raise NotFound(f"This project has no snapshot v{number}.")
    return snapshot


def addresses_withheld(project: Project) -> set[str]:
    """The sealed addresses of the pages that are withheld now: to keep them in, never to show. One query."""
    sealed = Case.objects.filter(project=project).exclude(outcome=Case.Outcome.RELEASED)
    return set(sealed.values_list("sealed__item__url", flat=True))


def snapshot_runs_of(project: Project) -> QuerySet[SnapshotRun]:
    """The runs of a project, newest first. One query."""
    return SnapshotRun.objects.filter(project=project).select_related("snapshot").order_by("-id")


def snapshot_run_of(project: Project, pk: int) -> SnapshotRun:
    """One run; raises NotFound. One query."""
    run = snapshot_runs_of(project).filter(pk=pk).first()
    if run is None:
        raise NotFound(f"This project has no snapshot run {pk}.")
    return run
