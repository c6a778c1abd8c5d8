"""Reading projects, taxonomies, guidelines and the log."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from django.db.models import QuerySet

from annotator.accounts.models import User
from annotator.errors import NotFound
from annotator.projects.mapping import (
    STRUCTURAL,
    Carried,
    Carrying,
    Kind,
    Link,
    carrying_backward,
    carrying_forward,
)
from annotator.projects.models import (
    Category,
    CategoryMapping,
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
        """The highest severity of these categories; 0 for none.

        One that this version does not have any more is as grave as it was, and 0 if there never was one.
        """
        severities = {category.slug: category.severity for category in self.categories}
        return max(
            (severities[slug] if slug in severities else self._severity_before(slug) for slug in slugs),
            default=0,
        )

    def name_of(self, slug: str) -> str:
        """The category's name, or its last name if this version does not have it; the slug itself if none ever did."""
        found = next((category.name for category in self.categories if category.slug == slug), None)
        if found is None:
            before = _category_before(self.version.project_id, self.version.number, slug)
            found = before.name if before else slug
        return found

    def _severity_before(self, slug: str) -> int:
        before = _category_before(self.version.project_id, self.version.number, slug)
        return before.severity if before else 0


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


def taxonomy_versions(project: Project) -> list[Taxonomy]:
    """Every taxonomy version of a project, newest first. One query, as for the newest."""
    newest = TaxonomyVersion.objects.filter(project=project).order_by("-number").values_list("pk", flat=True)
    return [_taxonomy(pk) for pk in newest]


def severe_ever(project: Project) -> frozenset[str]:
    """The gravest categories, those among them that are gone too, as grave as they were at last. One query."""
    versions = taxonomy_versions(project)
    severities: dict[str, int] = {}
    for taxonomy in reversed(versions):
        severities |= {category.slug: category.severity for category in taxonomy.categories}
    return frozenset(slug for slug, severity in severities.items() if severity == GRAVE)


def taxonomy_links(pk: int) -> tuple[Link, ...]:
    """What became of each category in this version, in order. From memory after the first call.

    A version that says nothing of it added what is new in it, and retired what is gone.
    """
    return _links(pk)


@lru_cache(maxsize=1024)
def carrying(judged_under: int, wanted: int) -> Carrying:
    """How an answer under one taxonomy version of a project reads in another, older or newer. From memory as a rule.

    Step by step through the versions between them, so that what the mapping of one of them loses stays lost.
    """
    if judged_under == wanted:
        return Carrying.identity(_taxonomy(wanted).slugs)
    versions = _versions_between(judged_under, wanted)
    found = Carrying.identity(_taxonomy(judged_under).slugs)
    for before, after in pairwise(versions):
        found = found.then(_step(before, after))
    return found


@lru_cache(maxsize=65_536)
def carried(labels: tuple[str, ...], unsure: tuple[str, ...], judged_under: int, wanted: int) -> Carried:
    """An answer under one taxonomy version in the words of another. From memory: there are few different ones."""
    return carrying(judged_under, wanted).carry(labels, unsure)


@lru_cache(maxsize=65_536)
def truth_carried(labels: tuple[str, ...], judged_under: int, wanted: int) -> tuple[int, ...]:
    """What a label set says of each category of another taxonomy version, in its order: 1, 0, or -1 for unknown."""
    found = carried(labels, (), judged_under, wanted)
    return tuple(
        1 if slug in found.labels else -1 if slug in found.unknown else 0 for slug in _taxonomy(wanted).slugs
    )


@lru_cache(maxsize=1024)
def slugs_akin(newest: int, slugs: tuple[str, ...]) -> frozenset[str]:
    """These short names, and those that the same thing had or was a part of, up to the taxonomy version `newest`.

    From memory as a rule.
    """
    version = _taxonomy(newest).version
    rows = TaxonomyVersion.objects.filter(project=version.project_id, number__lte=version.number)
    links = [link for pk in rows.order_by("number").values_list("pk", flat=True) for link in _links(pk)]
    moved = [link for link in links if link.kind in STRUCTURAL]
    later, earlier = frozenset(slugs), frozenset(slugs)
    for link in moved:
        if link.source in later:
            later |= frozenset(link.targets)
    for link in reversed(moved):
        if earlier & frozenset(link.targets):
            earlier |= {link.source}
    return later | earlier


def guideline_current(project: Project) -> Guideline:
    """The newest guideline of a project. One query, as for the taxonomy."""
    latest = (
        GuidelineVersion.objects.filter(project=project).order_by("-number").values_list("pk", flat=True)[:1]
    )
    return _guideline(latest.get())


def guideline_version(pk: int) -> Guideline:
    """One guideline version; from memory after the first call."""
    return _guideline(pk)


def taxonomy_numbered(project: Project, number: int) -> Taxonomy:
    """One taxonomy version by its number; raises NotFound. One query, as for the newest."""
    found = (
        TaxonomyVersion.objects.filter(project=project, number=number).values_list("pk", flat=True).first()
    )
    if found is None:
        raise NotFound(f"This project has no taxonomy version {number}.")
    return _taxonomy(found)


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


@lru_cache(maxsize=1024)
def _category_before(project_id: int, number: int, slug: str) -> Category | None:
    """A category as the newest version before this one had it."""
    earlier = Category.objects.filter(
        taxonomy__project=project_id, taxonomy__number__lt=number, slug=slug
    ).order_by("-taxonomy__number")
    return earlier.first()


@lru_cache(maxsize=256)
def _links(pk: int) -> tuple[Link, ...]:
    rows = CategoryMapping.objects.filter(taxonomy=pk).values_list("kind", "source", "targets")
    links = tuple(Link(Kind(kind), source, tuple(targets)) for kind, source, targets in rows)
    if links:
        return links
    version = _taxonomy(pk).version
    earlier = TaxonomyVersion.objects.filter(project=version.project_id, number=version.number - 1).first()
    if earlier is None:
        return ()
    before, after = _taxonomy(earlier.pk).slugs, _taxonomy(pk).slugs
    return (
        *(Link(Kind.RETIRE, slug, ()) for slug in before if slug not in after),
        *(Link(Kind.ADD, "", (slug,)) for slug in after if slug not in before),
    )


def _versions_between(first: int, last: int) -> list[int]:
    """The versions from one to the other, both included, in the order from the first to the last."""
    ends = _taxonomy(first).version, _taxonomy(last).version
    if ends[0].project_id != ends[1].project_id:
        raise ValueError(f"taxonomy versions {first} and {last} are of two projects")
    low, high = sorted(version.number for version in ends)
    found = TaxonomyVersion.objects.filter(project=ends[0].project_id, number__range=(low, high))
    pks = list(found.order_by("number").values_list("pk", flat=True))
    return pks if ends[0].number == low else pks[::-1]


def _step(before: int, after: int) -> Carrying:
    first, second = _taxonomy(before), _taxonomy(after)
    if first.version.number < second.version.number:
        return carrying_forward(first.slugs, second.slugs, _links(after))
    return carrying_backward(second.slugs, first.slugs, _links(before))


@lru_cache(maxsize=256)
def _guideline(pk: int) -> Guideline:
    version = GuidelineVersion.objects.get(pk=pk)
    return Guideline(version=version, clauses=tuple(Clause.objects.filter(guideline=version)))
