"""Reading projects, taxonomies, guidelines and the log."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import QuerySet

from annotator.accounts.models import User
from annotator.errors import NotFound
from annotator.projects.models import (
    Category,
    Clause,
    GuidelineVersion,
    LogEntry,
    Membership,
    Project,
    TaxonomyVersion,
)

GRAVE = 3
HARMFUL = 2


@dataclass(frozen=True)
class Taxonomy:
    """One taxonomy version with its categories in order."""

    version: TaxonomyVersion
    categories: tuple[Category, ...]

    @property
    def slugs(self) -> tuple[str, ...]:
        """The categories' slugs in order: the columns of every label array."""
        return tuple(category.slug for category in self.categories)

    @property
    def severe(self) -> frozenset[str]:
        """Slugs of the gravest categories (severity 3)."""
        return frozenset(category.slug for category in self.categories if category.severity == GRAVE)

    @property
    def harmful(self) -> frozenset[str]:
        """Slugs of the categories from severity 2 on: a miss harms a child."""
        return frozenset(category.slug for category in self.categories if category.severity >= HARMFUL)

    def severity_of(self, slugs: Iterable[str]) -> int:
        """The highest severity of these categories; 0 for none, and for those that this version does not have."""
        severities = {category.slug: category.severity for category in self.categories}
        return max((severities.get(slug, 0) for slug in slugs), default=0)

    def name_of(self, slug: str) -> str:
        """The category's name, or the slug itself when this version does not have it."""
        return next((category.name for category in self.categories if category.slug == slug), slug)


@dataclass(frozen=True)
class Guideline:
    """One guideline version with its clauses in order."""

    version: GuidelineVersion
    clauses: tuple[Clause, ...]

    def clause(self, number: str) -> Clause | None:
        """The clause of this number, or None."""
        return next((clause for clause in self.clauses if clause.number == number), None)


def projects_of(user: User) -> list[Membership]:
    """The memberships of `user` with their projects, by name. One query."""
    return list(Membership.objects.select_related("project").filter(user=user).order_by("project__name"))


def members_of(project: Project) -> QuerySet[Membership]:
    """The members of a project with their accounts. One query."""
    return (
        Membership.objects.select_related("user").filter(project=project).order_by("role", "user__username")
    )


def taxonomy_current(project: Project) -> Taxonomy:
    """The newest taxonomy of a project. One query: a version never changes, so its categories are kept in memory."""
    latest = (
        TaxonomyVersion.objects.filter(project=project).order_by("-number").values_list("pk", flat=True)[:1]
    )
    return _taxonomy(latest.get())


def taxonomy_version(pk: int) -> Taxonomy:
    """One taxonomy version; from memory after the first call."""
    return _taxonomy(pk)


def guideline_current(project: Project) -> Guideline:
    """The newest guideline of a project. One query, as for the taxonomy."""
    latest = (
        GuidelineVersion.objects.filter(project=project).order_by("-number").values_list("pk", flat=True)[:1]
    )
    return _guideline(latest.get())


def guideline_version(pk: int) -> Guideline:
    """One guideline version; from memory after the first call."""
    return _guideline(pk)


def guideline_numbered(project: Project, number: int) -> Guideline:
    """One guideline version by its number; raises NotFound. One query, as for the newest."""
    found = (
        GuidelineVersion.objects.filter(project=project, number=number).values_list("pk", flat=True).first()
    )
    if found is None:
        raise NotFound(f"This project has no guideline version {number}.")
    return _guideline(found)


def guideline_versions(project: Project, n: int) -> list[Guideline]:
    """The newest `n` guideline versions, newest first. One query, as for the newest."""
    newest = GuidelineVersion.objects.filter(project=project).order_by("-number").values_list("pk", flat=True)
    return [_guideline(pk) for pk in newest[:n]]


def log_of(project: Project) -> QuerySet[LogEntry]:
    """The log of a project, newest first. One query."""
    return LogEntry.objects.filter(project=project).order_by("-id")


@lru_cache(maxsize=256)
def _taxonomy(pk: int) -> Taxonomy:
    version = TaxonomyVersion.objects.get(pk=pk)
    return Taxonomy(version=version, categories=tuple(Category.objects.filter(taxonomy=version)))


@lru_cache(maxsize=256)
def _guideline(pk: int) -> Guideline:
    version = GuidelineVersion.objects.get(pk=pk)
    return Guideline(version=version, clauses=tuple(Clause.objects.filter(guideline=version)))
