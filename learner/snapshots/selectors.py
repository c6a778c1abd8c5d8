"""Reading snapshots and the runs that make them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from annotator.errors import NotFound
from annotator.pool.models import Case
from annotator.projects.models import Project
from learner.core.cards.sections import BY_SLUG, SECTIONS, Section
from learner.snapshots.models import CardSection, Snapshot, SnapshotRun


@dataclass(frozen=True, slots=True)
class Written:
    """One section of the data card with what people wrote last, if anything."""

    section: Section
    newest: CardSection | None

    @property
    def text(self) -> str:
        """The text, or empty."""
        return self.newest.text if self.newest else ""

    @property
    def number(self) -> int:
        """The version of the text; 0 before the first."""
        return self.newest.number if self.newest else 0

    @property
    def is_missing(self) -> bool:
        """Whether a snapshot waits for it."""
        return self.section.required and not self.text


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


def section_of(slug: str) -> Section:
    """A section by its short name; raises NotFound. No query."""
    if slug not in BY_SLUG:
        raise NotFound(f'A data card has no section "{slug}". It has {", ".join(BY_SLUG)}.')
    return BY_SLUG[slug]


def card_written(project: Project, *, as_of: datetime | None = None) -> list[Written]:
    """Every section in the order of the page, with its newest text, or that of the moment `as_of`. One query."""
    rows = CardSection.objects.filter(project=project).select_related("created_by")
    if as_of is not None:
        rows = rows.filter(created_at__lte=as_of)
    newest = {row.section: row for row in rows.order_by("section", "-number").distinct("section")}
    return [Written(section, newest.get(section.slug)) for section in SECTIONS]


def card_missing(written: Iterable[Written]) -> list[Section]:
    """The required sections that nobody wrote, or whose text was taken back. No query."""
    return [row.section for row in written if row.is_missing]


def card_history(project: Project, section: Section) -> QuerySet[CardSection]:
    """Every version of a section, newest first. One query."""
    rows = CardSection.objects.filter(project=project, section=section.slug)
    return rows.select_related("created_by").order_by("-number")
