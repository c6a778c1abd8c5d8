"""Reading snapshots and the runs that make them."""

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from annotator.errors import BadInput, NotFound
from annotator.pool.models import Case
from annotator.projects.models import Project
from learner.snapshots.content import Choice
from learner.snapshots.frozen import Totals, parameters_of, totals_read, versions_then
from learner.snapshots.models import Snapshot, SnapshotRun


def snapshots_of(project: Project) -> QuerySet[Snapshot]:
    """The snapshots of a project with their notes, newest first. Two queries."""
    rows = Snapshot.objects.filter(project=project).select_related("created_by")
    return rows.prefetch_related("notes__by").order_by("-number")


def snapshot_with_content(project: Project, content_sha256: str) -> Snapshot | None:
    """The snapshot that holds just this, or None. One query."""
    return Snapshot.objects.filter(project=project, content_sha256=content_sha256).order_by("number").first()


def choice_preview(project: Project, choice: Choice) -> Totals:
    """How much a snapshot of this choice would hold. Three queries, one more when categories are chosen.

    Raises BadInput for a moment that is still to come or before the first taxonomy and guideline, and for a category
    that the taxonomy of the moment lacks.
    """
    if choice.as_of is not None and choice.as_of > timezone.now():
        raise BadInput("As of: that moment is still to come. Leave it empty for the present.")
    connection.ensure_connection()
    state = connection.connection
    versions = versions_then(state, project, choice.as_of)
    if versions is None:
        raise BadInput("As of: the project had no taxonomy or no guideline yet. Name a later moment.")
    unknown = sorted(set(choice.content.categories) - set(versions.taxonomy.slugs))
    if unknown:
        raise BadInput(
            f"Taxonomy version {versions.taxonomy.version.number} has no category {', '.join(unknown)}. "
            f"It has {', '.join(versions.taxonomy.slugs)}."
        )
    values = parameters_of(state, project, choice.content, choice.as_of, versions.taxonomy)
    return totals_read(state, values)


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
