"""Reading agreement taken apart: where, since when, between whom and on which clause people agree badly."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from annotator.agreement.bootstrap import Estimate
from annotator.agreement.periods import Period
from annotator.projects.models import Clause, GuidelineVersion, Project
from annotator.review.models import AgreementBreakdown
from annotator.review.selectors import Unsure

ENOUGH: Final = 10
"""Shared items from which a part of the judgments gets a number."""
OF_A_CATEGORY: Final = ("percent", "alpha", "fleiss", "ac1")
OF_SETS: Final = ("masi", "jaccard")


@dataclass(frozen=True)
class Coefficients:
    """The coefficients of one category, or those of whole label sets; the others are None."""

    percent: Estimate | None = None
    alpha: Estimate | None = None
    fleiss: Estimate | None = None
    ac1: Estimate | None = None
    masi: Estimate | None = None
    jaccard: Estimate | None = None

    def named(self, name: str) -> Estimate:
        """The coefficient of this name; of label sets always alpha with MASI distance."""
        found: Estimate | None = self.masi or getattr(self, name)
        assert found is not None
        return found


@dataclass(frozen=True)
class VersionPart:
    """Judgments on one category (empty: whole label sets) under one guideline version."""

    category: str
    guideline: int
    found: Coefficients


@dataclass(frozen=True)
class PeriodPart:
    """Judgments on items whose second judgment was given in one week or month."""

    period: Period
    found: Coefficients


@dataclass(frozen=True)
class PairPart:
    """Two annotators, by their ids, on the items that both judged."""

    first: int
    second: int
    kappa: Estimate


@dataclass(frozen=True)
class ClausePart:
    """Judgments on items of which a judgment or the resolution cites a clause.

    They are about the category of the clause; about whole label sets (empty) when it has none, or one that is gone.
    `clause` is its newest version.
    """

    clause: Clause
    category: str
    found: Coefficients


@dataclass(frozen=True)
class Breakdown:
    """Agreement taken apart. Periods and pairs are about one `category`, or about whole label sets without one."""

    taxonomy_id: int
    category: str
    versions: tuple[VersionPart, ...]
    periods: tuple[PeriodPart, ...]
    pairs: tuple[PairPart, ...]
    clauses: tuple[ClausePart, ...]


@dataclass(frozen=True)
class Publication:
    """A guideline version and when it was published."""

    number: int
    at: datetime


def breakdown_of(
    project: Project, *, category: str = "", unsure: Unsure = Unsure.MISSING
) -> Breakdown | None:
    """The newest report taken apart, or None before the first. Three queries, however much was judged.

    An estimate on fewer than `ENOUGH` items has no value, nor one whose interval could not be told because too few
    items differ: it says so instead. A category that the report does not have is read as whole label sets.
    """
    rows = {
        row.category: row
        for row in AgreementBreakdown.objects.filter(project=project, unsure=unsure)
        .select_related("report")
        .defer("periods", "pairs", "report__categories")
    }
    if not rows:
        return None
    chosen = AgreementBreakdown.objects.filter(pk=rows.get(category, rows[""]).pk).first()
    if chosen is None:  # a newer measurement replaced it just now
        return breakdown_of(project, category=category, unsure=unsure)
    clauses = _clauses(project)
    return Breakdown(
        taxonomy_id=rows[""].report.taxonomy_id,
        category=chosen.category,
        versions=tuple(
            VersionPart(slug, kept["guideline"], _coefficients(kept))
            for slug, row in rows.items()
            for kept in row.versions
        ),
        periods=tuple(_period_part(kept) for kept in chosen.periods),
        pairs=tuple(PairPart(kept["first"], kept["second"], _shown(kept["kappa"])) for kept in chosen.pairs),
        clauses=tuple(
            ClausePart(clauses[kept["number"]], slug, _coefficients(kept))
            for slug, row in rows.items()
            for kept in row.clauses
        ),
    )


def publications_of(project: Project) -> list[Publication]:
    """The guideline versions in order. One query."""
    rows = GuidelineVersion.objects.filter(project=project).order_by("number")
    return [Publication(number, at) for number, at in rows.values_list("number", "created_at")]


def _clauses(project: Project) -> dict[str, Clause]:
    """Each clause by its number, as the newest version has it that has it."""
    rows = Clause.objects.filter(guideline__project=project).order_by("guideline__number").defer("body")
    return {clause.number: clause for clause in rows}


def _period_part(kept: Mapping[str, Any]) -> PeriodPart:
    period = Period.parse(kept["period"])
    assert period is not None
    return PeriodPart(period, _coefficients(kept))


def _coefficients(kept: Mapping[str, Any]) -> Coefficients:
    return Coefficients(**{name: _shown(kept[name]) for name in OF_A_CATEGORY + OF_SETS if name in kept})


def _shown(kept: list[Any]) -> Estimate:
    found = Estimate(*kept)
    if 0 < found.n_items < ENOUGH:
        return _without_value(found, "too few items")
    if found.value is not None and found.value < 1 and found.low is None:
        return _without_value(found, found.why_undefined.removeprefix("no interval: "))
    return found


def _without_value(found: Estimate, why: str) -> Estimate:
    return replace(found, value=None, low=None, high=None, why_undefined=why)
