"""The items behind a number on the agreement page: exactly those that it counts, from the same judgments."""

from collections.abc import Collection, Mapping, Sequence
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
from annotator.agreement.ratings import ABSENT, MISSING, PRESENT, SHARED, UNSURE
from annotator.judgments.models import Judgment
from annotator.pool.models import Item
from annotator.projects.mapping import Carrying, Origin
from annotator.projects.models import Clause, Project, TaxonomyVersion
from annotator.projects.selectors import carrying, taxonomy_version
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
    versions = TaxonomyVersion.objects.filter(project=measured.project_id)
    ways = {pk: carrying(pk, measured.report.taxonomy_id) for pk in versions.values_list("pk", flat=True)}
    rows = labelled_at(measured.project, measured.report.last_judgment)
    if not wanted.category:
        return _whole_sets(rows, ways, wanted, measured.report.taxonomy_id)
    origins = {pk: way.origins[wanted.category] for pk, way in ways.items()}
    says_nothing = [MISSING, UNSURE] if wanted.unsure == Unsure.MISSING else [MISSING]
    return rows.annotate(answer=_answer_on(wanted.category, origins)).exclude(answer__in=says_nothing)


def _answer_on(category: str, origins: Mapping[int, Origin]) -> Case:
    """The answer on one category, by the taxonomy version that it was given under: as `Carrying.carry` has it."""
    usual = [pk for pk, origin in origins.items() if origin == Origin(frozenset({category}), asked=True)]
    whens = [
        When(taxonomy__in=usual, unsure__contains=[category], then=UNSURE),
        When(taxonomy__in=usual, labels__contains=[category], then=PRESENT),
        When(taxonomy__in=usual, then=ABSENT),
    ]
    for pk, origin in origins.items():
        if pk in usual:
            continue
        under, whole, part = Q(taxonomy=pk), sorted(origin.whole), sorted(origin.part)
        of_part = Q(labels__overlap=part) | Q(unsure__overlap=part)
        whens += [When(under & Q(labels__overlap=whole), then=PRESENT)] if whole else []
        whens += [When(under & of_part, then=MISSING)] if part else []
        whens += [When(under & Q(unsure__overlap=whole), then=UNSURE)] if whole and origin.asked else []
        whens += [When(under, then=ABSENT)] if origin.asked else []
    return Case(*whens, default=MISSING, output_field=IntegerField())


def _whole_sets(
    rows: QuerySet[Judgment], ways: Mapping[int, Carrying], wanted: CellWanted, taxonomy_id: int
) -> QuerySet[Judgment]:
    """The judgments that say something on every category, with their label sets as `answer`."""
    slugs = taxonomy_version(taxonomy_id).slugs
    usual = [
        pk for pk, way in ways.items() if way.origins.items() <= Carrying.identity(slugs).origins.items()
    ]
    gone = sorted({slug for pk in usual for slug in taxonomy_version(pk).slugs} - set(slugs))
    stored = Concat(_set("labels", gone), Value("|"), _set("unsure", gone), output_field=TextField())
    whens = [When(taxonomy__in=usual, then=stored)]
    others = (
        rows.exclude(taxonomy__in=usual).order_by().values_list("taxonomy", "labels", "unsure").distinct()
    )
    for pk, labels, unsure in others:
        said = ways[pk].carry(labels, unsure)
        if not said.unknown and not (said.unsure and wanted.unsure == Unsure.MISSING):
            text = f"{','.join(sorted(said.labels))}|{','.join(sorted(said.unsure))}"
            whens.append(When(taxonomy=pk, labels=labels, unsure=unsure, then=Value(text)))
    if wanted.unsure == Unsure.MISSING:
        rows = rows.filter(Q(unsure__contained_by=gone) | ~Q(taxonomy__in=usual))
    answered = Case(*whens, default=None, output_field=TextField())
    return rows.annotate(answer=answered).filter(answer__isnull=False)


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
        rows = rows.filter(item__in=_items_citing(measured, wanted.clause))
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


def _items_citing(measured: AgreementBreakdown, number: str) -> "QuerySet[Judgment, Any]":
    """Items of which a judgment or the resolution cites this clause, in any version.

    One list of both, and not this or that: then the judgments on them are found by the index of items.
    """
    clauses = Clause.objects.filter(guideline__project=measured.project_id, number=number).values("pk")
    judged = labelled_at(measured.project, measured.report.last_judgment).filter(clause__in=clauses)
    held = resolutions_at(measured.project, measured.last_resolution).filter(clause__in=clauses)
    return judged.order_by().values("item").union(held.order_by().values("item"))


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
