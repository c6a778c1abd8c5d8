"""Reading what people wrote on the data card."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from annotator.errors import NotFound
from annotator.projects.models import Project
from learner.core.cards.sections import BY_SLUG, SECTIONS, Section
from learner.snapshots.models import CardSection


@dataclass(frozen=True, slots=True)
class WrittenSection:
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


def section_of(slug: str) -> Section:
    """A section by its short name; raises NotFound. No query."""
    if slug not in BY_SLUG:
        raise NotFound(f'A data card has no section "{slug}". It has {", ".join(BY_SLUG)}.')
    return BY_SLUG[slug]


def card_written(project: Project, *, as_of: datetime | None = None) -> list[WrittenSection]:
    """Every section in the order of the page, with its newest text, or that of the moment `as_of`. One query."""
    return written_in(project, SECTIONS, as_of=as_of)


def written_in(
    project: Project, sections: Sequence[Section], *, as_of: datetime | None = None
) -> list[WrittenSection]:
    """As `card_written`, for the sections of any card. One query."""
    rows = CardSection.objects.filter(project=project).select_related("created_by")
    if as_of is not None:
        rows = rows.filter(created_at__lte=as_of)
    newest = {row.section: row for row in rows.order_by("section", "-number").distinct("section")}
    return [WrittenSection(section, newest.get(section.slug)) for section in sections]


def card_missing(written: Iterable[WrittenSection]) -> list[Section]:
    """The required sections that nobody wrote, or whose text was taken back. No query."""
    return [row.section for row in written if row.is_missing]


def card_history(project: Project, section: Section) -> QuerySet[CardSection]:
    """Every version of a section, newest first. One query."""
    rows = CardSection.objects.filter(project=project, section=section.slug)
    return rows.select_related("created_by").order_by("-number")
