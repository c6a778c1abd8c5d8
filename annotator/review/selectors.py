"""Reading what is held true, what is disputed, and what the review knows of an item."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any, Final

from django.db.models import Count, F, Func, OuterRef, QuerySet, Subquery, TextChoices
from django.db.models.functions import Coalesce

from annotator.agreement.bootstrap import Estimate
from annotator.agreement.words import Word, alpha_word
from annotator.errors import NotFound, Withheld
from annotator.judgments.models import Flag, Judgment
from annotator.judgments.selectors import judgments_current
from annotator.pool.models import Item
from annotator.projects.models import Category, Project
from annotator.projects.selectors import taxonomy_version
from annotator.queue.models import Assignment, AssignmentState, BatchItem, Purpose, Stopping
from annotator.review.models import AgreementReport, Disagreement, Method, Resolution
from annotator.review.standing import Standing

WAITING: Final = (AssignmentState.FREE, AssignmentState.OFFERED)
COEFFICIENTS: Final = ("percent", "alpha", "fleiss", "ac1")


class Unsure(TextChoices):
    """What an answer "unsure" counts as when agreement is measured."""

    MISSING = "missing", "missing"
    VALUE = "value", "a value of its own"


@dataclass(frozen=True)
class Wanted:
    """What a list of disagreements is narrowed to: a category in dispute, the key of a pattern; empty for all.

    What is on hold is a list of its own.
    """

    category: str = ""
    pattern: str = ""
    held: bool = False


ALL: Final = Wanted()


@dataclass(frozen=True)
class ItemReview:
    """One item before a lead: its judgments, its resolutions (newest first), what is disputed."""

    item: Item
    judgments: tuple[Judgment, ...]
    resolutions: tuple[Resolution, ...]
    disagreement: Disagreement | None

    @property
    def newest(self) -> Resolution | None:
        """The resolution that the next one supersedes."""
        return self.resolutions[0] if self.resolutions else None

    @property
    def held(self) -> Resolution | None:
        """The resolution held true now."""
        return self.newest if self.newest is not None and self.newest.method != Method.REOPENED else None

    @property
    def undisputed(self) -> frozenset[str]:
        """Categories that every judgment marks present."""
        labels = [frozenset(judgment.labels) for judgment in self.judgments]
        return frozenset.intersection(*labels) if labels else frozenset()

    @property
    def disputed(self) -> frozenset[str]:
        """Categories that somebody names and not everybody marks present."""
        named = frozenset(
            chain.from_iterable((*judgment.labels, *judgment.unsure) for judgment in self.judgments)
        )
        return named - self.undisputed


@dataclass(frozen=True)
class CategoryAgreement:
    """How far people agree on one category; `n_unsure` counts unsure answers."""

    category: Category
    percent: Estimate
    alpha: Estimate
    fleiss: Estimate
    ac1: Estimate
    n_unsure: int

    @property
    def word(self) -> Word:
        """What the alpha allows, or why there is none."""
        return alpha_word(self.alpha)


@dataclass(frozen=True)
class Agreement:
    """The newest agreement report of a project, categories in the order of the taxonomy."""

    computed_at: datetime
    taxonomy: int
    n_items: int
    n_judgments: int
    n_others: int
    categories: tuple[CategoryAgreement, ...]

    @property
    def measured(self) -> list[CategoryAgreement]:
        """Categories with an alpha, the weakest first."""
        found = [row for row in self.categories if row.alpha.value is not None]
        return sorted(found, key=lambda row: row.alpha.value or 0.0)


def resolutions_current(project: Project) -> QuerySet[Resolution]:
    """What is held true now: one resolution per resolved item, withheld ones left out. One query."""
    current = Resolution.objects.filter(project=project, superseded_by__isnull=True, item__withheld=False)
    return current.exclude(method=Method.REOPENED)


def disagreements_open(project: Project, wanted: Wanted = ALL) -> QuerySet[Disagreement]:
    """Items that wait for a lead, oldest first, with `n_judgments`; narrowed as `wanted`. One query."""
    rows = _open(project, held=wanted.held)
    if wanted.category:
        rows = rows.filter(categories__contains=[wanted.category])
    if wanted.pattern:
        rows = rows.filter(pattern=wanted.pattern)
    counted = (
        judgments_current(project)
        .filter(item=OuterRef("item"))
        .order_by()
        .values("item")
        .annotate(n=Count("pk"))
        .values("n")
    )
    people = rows.select_related("item", "lease_by", "hold_by")
    return people.annotate(n_judgments=Coalesce(Subquery(counted), 0)).order_by("pk")


def disagreements_by_category(project: Project, *, held: bool = False) -> dict[str, int]:
    """How many open disagreements are about each category. One query."""
    slugs = _open(project, held=held).annotate(slug=Func(F("categories"), function="unnest"))
    return dict(slugs.values_list("slug").annotate(n=Count("pk")).order_by())


def disagreement_of(project: Project, disagreement_id: int) -> Disagreement:
    """One disagreement, open or closed; raises NotFound for another project's. One query."""
    rows = Disagreement.objects.select_related("item", "lease_by", "hold_by")
    row = rows.filter(project=project, pk=disagreement_id).first()
    if row is None:
        raise NotFound(f"There is no disagreement {disagreement_id} in this project.")
    return row


def disagreement_before(project: Project, disagreement_id: int, wanted: Wanted = ALL) -> Disagreement | None:
    """The open disagreement before this one in the list; None before the first. One query."""
    return disagreements_open(project, wanted).filter(pk__lt=disagreement_id).last()


def _open(project: Project, *, held: bool) -> QuerySet[Disagreement]:
    rows = Disagreement.objects.filter(project=project, closed_at__isnull=True, item__withheld=False)
    return rows.filter(hold_at__isnull=not held)


def flags_open(project: Project) -> QuerySet[Flag]:
    """Flags that nobody has closed, oldest first; a note may quote its page, so none of withheld ones. One query."""
    return (
        Flag.objects.filter(project=project, closed_at__isnull=True, item__withheld=False)
        .select_related("item", "annotator")
        .order_by("pk")
    )


def item_locked(project: Project, item_id: int) -> Item:
    """An item locked against the sweep and other leads, not against judgments; for services. One query.

    Raises NotFound for an item of another project, Withheld for a sealed one.
    """
    item = Item.objects.select_for_update(no_key=True).filter(project=project, pk=item_id).first()
    if item is None:
        raise NotFound(f"There is no item {item_id} in this project.")
    if item.withheld:
        raise Withheld
    return item


def item_review(project: Project, item_id: int) -> ItemReview:
    """One item before a lead. Four queries.

    Raises NotFound for an item of another project, Withheld for a sealed one: notes and reasons may quote it.
    """
    item = Item.objects.filter(project=project, pk=item_id).first()
    if item is None:
        raise NotFound(f"There is no item {item_id} in this project.")
    if item.withheld:
        raise Withheld
    judgments = judgments_current(project).filter(item=item)
    resolutions = Resolution.objects.filter(item=item).select_related("resolved_by", "clause").order_by("-pk")
    return ItemReview(
        item=item,
        judgments=tuple(
            judgments.select_related("annotator", "guideline", "taxonomy", "clause").order_by("pk")
        ),
        resolutions=tuple(resolutions),
        disagreement=Disagreement.objects.filter(item=item, closed_at__isnull=True).first(),
    )


def standings_of(project: Project, item_ids: Collection[int]) -> list[Standing]:
    """What the review knows of each item, in the order of their ids. Five queries, however many items."""
    judgments: dict[int, list[Judgment]] = defaultdict(list)
    for judgment in (
        judgments_current(project).filter(item__in=item_ids).select_related("annotator").order_by("pk")
    ):
        judgments[judgment.item_id].append(judgment)
    # A check of somebody settles nothing, so nothing waits for it.
    places = Assignment.objects.filter(item__in=item_ids, purpose=Purpose.OVERLAP)
    states = list(places.values_list("item_id", "state", "batch_item__stopping"))
    waiting = {item_id for item_id, state, _ in states if state in WAITING}
    stopping = {item_id: found for item_id, _, found in states}
    newest = Resolution.objects.filter(item__in=item_ids, superseded_by__isnull=True).select_related(
        "resolved_by"
    )
    resolutions = {resolution.item_id: resolution for resolution in newest}
    looked_at = BatchItem.objects.filter(item__in=item_ids, batch__recheck__cancelled_at__isnull=True)
    again = (
        looked_at.filter(batch__recheck__isnull=False).order_by("pk").values_list("item", "batch__opened_at")
    )
    rechecked = dict(again)
    disputed = _by_item(Disagreement.objects.filter(item__in=item_ids, closed_at__isnull=True))
    return [
        Standing(
            item_id=item_id,
            judgments=tuple(judgments[item_id]),
            waits=item_id in waiting,
            resolution=resolutions.get(item_id),
            disagreement=disputed.get(item_id),
            stopping=stopping.get(item_id, Stopping.FIXED),
            rechecked_at=rechecked.get(item_id),
        )
        for item_id in sorted(item_ids)
    ]


def _by_item(rows: Iterable[Disagreement]) -> dict[int, Disagreement]:
    return {row.item_id: row for row in rows}


def agreement_of(project: Project, *, unsure: Unsure = Unsure.MISSING) -> Agreement | None:
    """The newest measurement of agreement, or None before the first. One query, and one a taxonomy version.

    A report from before a coefficient was kept says so in its place; the next one has it.
    """
    report = agreement_report_latest(project)
    if report is None:
        return None
    taxonomy = taxonomy_version(report.taxonomy_id)
    categories = {category.slug: category for category in taxonomy.categories}
    return Agreement(
        computed_at=report.computed_at,
        taxonomy=taxonomy.version.number,
        n_items=report.n_items,
        n_judgments=report.n_judgments,
        n_others=report.n_others,
        categories=tuple(
            CategoryAgreement(
                category=categories[row["slug"]],
                **{name: _kept(_treated(row, unsure).get(name)) for name in COEFFICIENTS},
                n_unsure=row["n_unsure"],
            )
            for row in report.categories
        ),
    )


def _treated(row: dict[str, Any], unsure: Unsure) -> dict[str, Any]:
    found: dict[str, Any] = row if unsure == Unsure.MISSING else row.get("unsure_as_value", {})
    return found


def _kept(estimate: dict[str, Any] | None) -> Estimate:
    return Estimate(**estimate) if estimate else Estimate(None, None, None, 0, 0, "not measured yet")


def agreement_report_latest(project: Project) -> AgreementReport | None:
    """The newest agreement report as its row. One query."""
    return AgreementReport.objects.filter(project=project).order_by("-pk").first()
