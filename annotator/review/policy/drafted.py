"""Which clauses and categories the drafts touch."""

from dataclasses import dataclass

from annotator.projects.changes import Change, clauses_compared
from annotator.projects.drafts.guideline import guideline_drafting_of
from annotator.projects.drafts.taxonomy import taxonomy_drafting_of
from annotator.projects.mapping import Kind
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy


@dataclass(frozen=True)
class TaxonomyTouched:
    """The taxonomy that a draft begins from, and the categories of it that the draft changes."""

    base: Taxonomy
    slugs: tuple[str, ...]


def clauses_touched(project: Project) -> tuple[str, ...]:
    """The numbers of the clauses that the draft of the guideline changes or removes."""
    drafting = guideline_drafting_of(project)
    changes = clauses_compared(drafting.base.clauses, drafting.clauses)
    return tuple(row.clause.number for row in changes if row.change != Change.ADDED)


def taxonomy_touched(project: Project) -> TaxonomyTouched:
    """The categories that the draft of the taxonomy renames, merges, splits, retires or changes."""
    drafting = taxonomy_drafting_of(project)
    return TaxonomyTouched(
        drafting.base, tuple(link.source for link in drafting.links if link.kind != Kind.ADD)
    )
