"""The guideline beside the page: its clauses to search and to cite, and what changed since a person last looked."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.utils.safestring import SafeString

from annotator.accounts.models import User
from annotator.errors import BadInput
from annotator.judgments.models import Judgment, Seat
from annotator.projects.access import Access
from annotator.projects.changes import ClauseChange, guideline_changes
from annotator.projects.models import Category, Clause, Project
from annotator.projects.prose import prose
from annotator.projects.selectors import (
    Guideline,
    Taxonomy,
    guideline_current,
    guideline_numbered,
    taxonomy_current,
)


@dataclass(frozen=True)
class ClauseShown:
    """One clause as HTML."""

    clause: Clause
    body: SafeString


@dataclass(frozen=True)
class GuidelineShown:
    """The guideline beside the page: the general clauses, then each category with its own."""

    taxonomy: Taxonomy
    guideline: Guideline
    general: tuple[ClauseShown, ...]
    sections: tuple[tuple[Category, tuple[ClauseShown, ...]], ...]


@dataclass(frozen=True)
class News:
    """What changed from the version that a person saw last to the current one."""

    since: int
    now: int
    note: str
    changes: tuple[ClauseChange, ...]


def guideline_shown(project: Project) -> GuidelineShown:
    """The guideline in force, as HTML. Two queries; a version is rendered once."""
    return _guideline_shown(taxonomy_current(project), guideline_current(project))


@lru_cache(maxsize=64)
def _guideline_shown(taxonomy: Taxonomy, guideline: Guideline) -> GuidelineShown:
    clauses = [ClauseShown(clause, prose(clause.body)) for clause in guideline.clauses]
    return GuidelineShown(
        taxonomy=taxonomy,
        guideline=guideline,
        general=tuple(shown for shown in clauses if not shown.clause.category),
        sections=tuple((category, _about(category, clauses)) for category in taxonomy.categories),
    )


def _about(category: Category, clauses: Iterable[ClauseShown]) -> tuple[ClauseShown, ...]:
    return tuple(shown for shown in clauses if shown.clause.category == category.slug)


def guideline_news(access: Access, seat: Seat, guideline: Guideline) -> News | None:
    """What the caller has not been shown of `guideline` yet; None when there is nothing new, or they are new here.

    No query for whoever has seen the current version. Whoever has no version on record has seen the one that they
    judged under last: it is put on record, two queries, once; a newcomer has seen the current one.
    """
    now = guideline.version.number
    seen = seat.guideline_seen or _begin(access, now)
    if seen >= now:
        return None
    changes = guideline_changes(guideline_numbered(access.project, seen), guideline)
    return News(since=seen, now=now, note=guideline.version.note, changes=changes) if changes else None


def guideline_see(access: Access, number: int) -> None:
    """Keep that the caller was shown the guideline up to this version; never an earlier one than before.

    Raises BadInput for a version that does not exist.
    """
    newest = guideline_current(access.project).version.number
    if not 1 <= number <= newest:
        raise BadInput(f"There is no guideline version {number}; the newest is {newest}. Reload the page.")
    seat, _ = Seat.objects.get_or_create(project=access.project, annotator=access.user)
    Seat.objects.filter(pk=seat.pk).exclude(guideline_seen__gt=number).update(guideline_seen=number)


def _begin(access: Access, now: int) -> int:
    judged_under = _newest_version(access.project, access.user) or now
    guideline_see(access, judged_under)
    return judged_under


def _newest_version(project: Project, annotator: User) -> int | None:
    """The guideline version of a person's newest judgment, by the index judgment_of_annotator."""
    rows = Judgment.objects.filter(project=project, annotator=annotator).order_by("-pk")
    return rows.values_list("guideline__number", flat=True).first()
