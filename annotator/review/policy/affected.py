"""What a change of the taxonomy or the guideline touches: what was judged before it, and what that would cost again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from annotator.errors import BadInput
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgments_current
from annotator.projects.changes import Change, guideline_changes
from annotator.projects.mapping import Kind
from annotator.projects.models import Clause, Project
from annotator.projects.policy import taxonomy_changes
from annotator.projects.selectors import (
    Guideline,
    Taxonomy,
    carrying,
    guideline_numbered,
    taxonomy_numbered,
    taxonomy_versions,
)
from annotator.queue.models import BatchItem
from annotator.review.citing import Impact, impact_counted
from annotator.review.models import Resolution
from annotator.review.selectors import resolutions_current

KEYS_MAX: Final = 200


@dataclass(frozen=True)
class Rows:
    """What rests on a category or a clause as it was: judgments that count, and what is held true."""

    judgments: QuerySet[Judgment]
    resolutions: QuerySet[Resolution]

    def item_ids(self, limit: int) -> set[int]:
        """Their items, newest first, up to the limit of each kind. Two queries."""
        judged = self.judgments.order_by("-item").values_list("item", flat=True).distinct()[:limit]
        held = self.resolutions.order_by("-item").values_list("item", flat=True).distinct()[:limit]
        return {*judged, *held}


@dataclass(frozen=True)
class Group:
    """One change of a version, and what was judged before it that it touches. `key` names it in a form."""

    key: str
    words: str
    rows: Rows


def rows_naming(project: Project, slugs: Iterable[str], under: Taxonomy) -> Rows:
    """What names one of these categories of the version `under`, given under it or an earlier one.

    Unsure ones too. Withheld items are left out. Without categories: everything that gives labels.
    """
    versions = [row for row in taxonomy_versions(project) if row.version.number <= under.version.number]
    wanted = tuple(slugs)
    judged, held = (Q(), Q()) if not wanted else (Q(pk__in=[]), Q(pk__in=[]))
    for version in versions:
        way = carrying(version.version.pk, under.version.pk)
        own = sorted({source for slug in wanted for source in way.sources_of(slug)})
        if own:
            of_version = Q(taxonomy=version.version.pk)
            judged |= of_version & (Q(labels__overlap=own) | Q(unsure__overlap=own))
            held |= of_version & Q(labels__overlap=own)
    pks = [row.version.pk for row in versions]
    given = {"taxonomy__in": pks, "verdict": Verdict.LABELLED}
    return Rows(
        judgments_current(project).filter(judged, item__withheld=False, **given),
        resolutions_current(project).filter(held, **given),
    )


def rows_citing(project: Project, numbers: Sequence[str], *, before: int | None = None) -> Rows:
    """What cites a clause of these numbers, in any version, or in those `before` this one."""
    clauses = Clause.objects.filter(guideline__project=project, number__in=numbers)
    if before is not None:
        clauses = clauses.filter(guideline__number__lt=before)
    pks = list(clauses.values_list("pk", flat=True))
    judgments = Judgment.objects.filter(clause__in=pks, superseded_by__isnull=True, item__withheld=False)
    return Rows(
        judgments.exclude(verdict=Verdict.WITHDRAWN),
        resolutions_current(project).filter(clause__in=pks),
    )


def groups_of(project: Project, *, taxonomy: int | None, guideline: int | None) -> list[Group]:
    """What each change of these versions touches, without what was looked at again since. Raises NotFound.

    A change that touches nothing of what was judged before (a retired category, a new clause) is left out.
    """
    groups: list[Group] = []
    if taxonomy is not None:
        groups += _of_taxonomy(project, taxonomy)
    if guideline is not None:
        groups += _of_guideline(project, guideline)
    return groups


def items_of(groups: Sequence[Group], keys: Iterable[str], limit: int) -> set[int]:
    """The items of the chosen groups, up to the limit of each. Raises BadInput for none, or an unknown one."""
    chosen, by_key = list(dict.fromkeys(keys)), {group.key: group for group in groups}
    if not chosen:
        raise BadInput("Choose what is to be looked at again.")
    found: set[int] = set()
    for key in chosen[:KEYS_MAX]:
        if key not in by_key:
            raise BadInput(f'"{key[:60]}" is no change of these versions. Reload the page and choose again.')
        found |= by_key[key].rows.item_ids(limit)
    return found


def taxonomy_impact(project: Project, old: Taxonomy, slugs: Sequence[str]) -> Impact:
    """What names a category that a draft renames, merges, splits, retires or changes. Bounded, as `impact_of`."""
    if not slugs:
        return impact_counted((), Judgment.objects.none(), Resolution.objects.none())
    rows = rows_naming(project, slugs, old)
    return impact_counted(tuple(map(old.name_of, slugs)), rows.judgments, rows.resolutions)


def _of_taxonomy(project: Project, number: int) -> list[Group]:
    new = taxonomy_numbered(project, number)
    if number == 1:
        return []
    old = taxonomy_numbered(project, number - 1)
    again = _looked_at(taxonomy__number__gte=number)
    groups = []
    for change in taxonomy_changes(old, new):
        if change.kind == Kind.RETIRE:
            continue
        rows = rows_naming(project, change.sources, old)
        key = f"category/{'+'.join(change.sources or change.targets)}"
        groups.append(Group(key, change.words, _without(rows, again)))
    return groups


def _of_guideline(project: Project, number: int) -> list[Group]:
    new = guideline_numbered(project, number)
    old: Guideline | None = guideline_numbered(project, number - 1) if number > 1 else None
    if old is None:
        return []
    again = _looked_at(guideline__number__gte=number)
    return [
        Group(
            f"clause/{row.clause.number}",
            f"Clause {row.clause.number} {row.clause.title} {row.change}",
            _without(rows_citing(project, [row.clause.number], before=number), again),
        )
        for row in guideline_changes(old, new)
        if row.change != Change.ADDED
    ]


def _looked_at(**since: int) -> QuerySet[BatchItem]:
    """Items of a recheck under these versions that was not cancelled."""
    rows = BatchItem.objects.filter(
        item=OuterRef("item"), batch__recheck__isnull=False, batch__recheck__cancelled_at__isnull=True
    )
    return rows.filter(**{f"batch__recheck__{name}": number for name, number in since.items()})


def _without(rows: Rows, again: QuerySet[BatchItem]) -> Rows:
    return Rows(rows.judgments.filter(~Exists(again)), rows.resolutions.filter(~Exists(again)))
