"""Reading projects, taxonomies, guidelines and the log."""

from dataclasses import dataclass
from functools import lru_cache

from django.db.models import QuerySet

from annotator.accounts.models import User
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

    def name_of(self, slug: str) -> str:
        """The category's name, or the slug itself when this version does not have it."""
        return next((category.name for category in self.categories if category.slug == slug), slug)


@dataclass(frozen=True)
class Guideline:
    """One guideline version with its clauses in order."""

    version: GuidelineVersion
    clauses: tuple[Clause, ...]


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
