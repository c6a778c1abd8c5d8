"""The items behind a number on the agreement page: exactly those that it counts, from the same judgments."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Concat

from annotator.accounts.models import User
from annotator.agreement.periods import Period
from annotator.agreement.ratings import ABSENT, PRESENT, SHARED, UNSURE
from annotator.judgments.models import Judgment
from annotator.pool.models import Item
from annotator.projects.models import Clause, Project, TaxonomyVersion
from annotator.projects.selectors import taxonomy_version
from annotator.review.measured import labelled_at, resolutions_at
from annotator.review.models import AgreementBreakdown
from annotator.review.selectors import Unsure


@dataclass(frozen=True)
class CellWanted:
    """What a number is about: each field that is given narrows the judgments; no category is whole label sets."""

    category: str = ""
    guideline: int | None = None
    pair: tuple[int, int] | None = None
    period: Period | None = None
    clause: str = ""
    unsure: Unsure = Unsure.MISSING


@dataclass(frozen=True)
class CellCounts:
    """How many items a number counts, on how many people differ, and how many are withheld, so never listed."""

    n_items: int = 0
    n_differ: int = 0
    n_withheld: int = 0

    @property
    def n_listed(self) -> int:
        """Items that may be shown."""
        return self.n_items - self.n_withheld


@dataclass(frozen=True)
class SharedItem:
    """An item that counts: its answers by kind, and whether they differ. Of whole label sets the kinds are 0."""

    item: Item
    n_answers: int
    n_present: int
    n_absent: int
    n_unsure: int
    differs: bool


def measurement_of(project: Project, unsure: Unsure) -> AgreementBreakdown | None:
    """The newest measurement that was taken apart, with its report; None before the first. One query."""
    rows = AgreementBreakdown.objects.filter(project=project, unsure=unsure, category="")
    unread = ("versions", "periods", "pairs", "clauses", "report__categories")
    return rows.select_related("report").defer(*unread).first()


def cell_counts(measured: AgreementBreakdown, wanted: CellWanted) -> CellCounts:
    """What a number counts. Three queries, one of them over the judgments that it is about."""
    found = _by_item(measured, wanted).aggregate(
        n_items=Count("item"),
        n_differ=Count("item", filter=Q(lowest__lt=F("highest"))),
        n_withheld=Count("item", filter=Q(item__withheld=True)),
    )
    return CellCounts(**found)


def cell_items(measured: AgreementBreakdown, wanted: CellWanted, places: slice) -> list[SharedItem]:
    """The items that a number counts: those on which people differ first, then the oldest. Four queries.

    Withheld ones are left out.
    """
    differs = Case(When(lowest__lt=F("highest"), then=1), default=0, output_field=IntegerField())
    shown = _by_item(measured, wanted).filter(item__withheld=False).annotate(differs=differs)
    rows = list(shown.order_by("-differs", "item")[places])
    items = Item.objects.in_bulk([row["item"] for row in rows])
    return [
        SharedItem(
            item=items[row["item"]],
            n_answers=row["n_answers"],
            n_present=row["n_present"],
            n_absent=row["n_absent"],
            n_unsure=row["n_unsure"],
            differs=bool(row["differs"]),
        )
        for row in rows
    ]


def judges_named(project: Project, people: Collection[int]) -> dict[int, str]:
    """The names of those people who judged in this project, by id. One query."""
    judged = Judgment.objects.filter(project=project, annotator=OuterRef("pk"))
    return dict(User.objects.filter(Exists(judged), pk__in=people).values_list("pk", "username"))


def _by_item(measured: AgreementBreakdown, wanted: CellWanted) -> "QuerySet[Judgment, Any]":
    """A row for each item on which two answers count, with the lowest and the highest of them."""
    rows = _narrowed(_answered(measured, wanted), measured, wanted)
    kinds = {"n_absent": ABSENT, "n_present": PRESENT, "n_unsure": UNSURE} if wanted.category else {}
    counts = {
        name: Count("pk", filter=Q(answer=kinds[name])) if name in kinds else Value(0)
        for name in ("n_absent", "n_present", "n_unsure")
    }
    grouped = rows.order_by().values("item", "item__withheld")
    found = grouped.annotate(n_answers=Count("pk"), lowest=Min("answer"), highest=Max("answer"), **counts)
    return found.filter(n_answers__gte=SHARED)


def _answered(measured: AgreementBreakdown, wanted: CellWanted) -> QuerySet[Judgment]:
    """The judgments that say something, with their `answer`: what the coefficients compare."""
    slugs = taxonomy_version(measured.report.taxonomy_id).slugs
    needed = {wanted.category} if wanted.category else set(slugs)
    versions = list(TaxonomyVersion.objects.filter(project=measured.project_id).values_list("pk", flat=True))
    asked = [pk for pk in versions if needed <= set(taxonomy_version(pk).slugs)]
    gone = sorted({slug for pk in versions for slug in taxonomy_version(pk).slugs} - set(slugs))
    rows = labelled_at(measured.project, measured.report.last_judgment).filter(taxonomy__in=asked)
    if wanted.category:
        if wanted.unsure == Unsure.MISSING:
            rows = rows.exclude(unsure__contains=[wanted.category])
        return rows.annotate(answer=_answer_on(wanted.category))
    if wanted.unsure == Unsure.MISSING:
        rows = rows.filter(unsure__contained_by=gone)
    return rows.annotate(
        answer=Concat(_set("labels", gone), Value("|"), _set("unsure", gone), output_field=TextField())
    )


def _answer_on(category: str) -> Case:
    return Case(
        When(unsure__contains=[category], then=UNSURE),
        When(labels__contains=[category], then=PRESENT),
        default=ABSENT,
        output_field=IntegerField(),
    )


def _set(column: str, gone: Sequence[str]) -> Combinable:
    """The set in `column` as a text, without the categories that are `gone`. Stored sets are sorted."""
    found: Combinable = F(column)
    for slug in gone:
        found = Func(found, Value(slug), function="array_remove")
    return Func(found, Value(","), function="array_to_string", output_field=TextField())


def _narrowed(
    rows: QuerySet[Judgment], measured: AgreementBreakdown, wanted: CellWanted
) -> QuerySet[Judgment]:
    """The judgments that the number is about."""
    if wanted.guideline is not None:
        rows = rows.filter(guideline__project=measured.project_id, guideline__number=wanted.guideline)
    if wanted.pair:
        rows = rows.filter(annotator__in=wanted.pair)
    if wanted.period:
        rows = rows.filter(item__in=_items_of_period(measured, wanted.period))
    if wanted.clause:
        rows = rows.filter(_cites(measured, wanted.clause))
    return rows


def _items_of_period(measured: AgreementBreakdown, period: Period) -> "QuerySet[Judgment, Any]":
    """Items whose second judgment was given in the period: fewer than two before it, and two before its end."""
    begin, end = _midnight(period.start), _midnight(period.end)
    then = Judgment.objects.filter(project=measured.project_id, created_at__gte=begin, created_at__lt=end)
    rows = labelled_at(measured.project, measured.report.last_judgment).filter(
        item__in=then.values("item"), created_at__lt=end
    )
    counted = (
        rows.order_by()
        .values("item")
        .annotate(n=Count("pk"), n_before=Count("pk", filter=Q(created_at__lt=begin)))
    )
    return counted.filter(n__gte=SHARED, n_before__lt=SHARED).values("item")


def _cites(measured: AgreementBreakdown, number: str) -> Q:
    """On items of which a judgment or the resolution cites this clause, in any version."""
    clauses = Clause.objects.filter(guideline__project=measured.project_id, number=number).values("pk")
    judged = labelled_at(measured.project, measured.report.last_judgment).filter(clause__in=clauses)
    held = resolutions_at(measured.project, measured.last_resolution).filter(clause__in=clauses)
    return Q(item__in=judged.values("item")) | Q(item__in=held.values("item"))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
