"""Taking agreement apart: by guideline version, by period, between two people, by clause; by a worker, kept as rows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from django.db import transaction
from django.db.models import Max
from numpy.typing import NDArray

from annotator.agreement.bootstrap import Estimate, agreement_by_category
from annotator.agreement.pairwise import PairAgreement, agreement_by_pair, agreement_by_pair_on_sets
from annotator.agreement.periods import Times, periods_of
from annotator.agreement.ratings import UNSURE, IntArray, Ratings, ratings_where, unsure_as_missing
from annotator.agreement.sets import agreement_on_sets
from annotator.projects.models import Clause, GuidelineVersion
from annotator.projects.selectors import taxonomy_version
from annotator.review.measured import Measured, resolutions_at
from annotator.review.models import AgreementBreakdown, AgreementReport, Resolution
from annotator.review.selectors import Unsure

VERSIONS_MAX: Final = 12
"""Guideline versions, the newest of those that somebody judged under."""
SETS: Final = ""
"""Stands for whole label sets where a category's slug is expected."""
DIGITS: Final = 4

Mask = NDArray[np.bool_]
Kept = dict[str, Any]


@dataclass(frozen=True)
class CitedClause:
    """A clause as its newest version has it, and the items whose judgments or resolution cite its number."""

    number: str
    category: str
    items: frozenset[int]


@dataclass(frozen=True, eq=False)
class Parts:
    """Which judgments belong to each guideline version, each period and each clause."""

    versions: Mapping[int, Mask]
    periods: Mapping[str, Mask]
    clauses: Mapping[CitedClause, Mask]


@transaction.atomic
def breakdowns_write(report: AgreementReport, measured: Measured) -> None:
    """The report taken apart, in place of the one before. Five queries.

    Each part is measured on its own judgments: under a guideline version an item counts when two people judged it
    under that version. An item belongs to the period in which its second judgment was given, with all of them.
    """
    last_resolution = _newest_resolution(report)
    parts = parts_of(measured, _guidelines(report), _cited(report, measured, last_resolution))
    slugs = taxonomy_version(report.taxonomy_id).slugs
    rows = [
        AgreementBreakdown(
            project_id=report.project_id,
            report=report,
            category=slug,
            unsure=unsure,
            last_resolution=last_resolution,
            **kept,
        )
        for unsure in Unsure
        for slug, kept in taken_apart(measured, parts, slugs, unsure, seed=report.seed).items()
    ]
    AgreementBreakdown.objects.filter(project=report.project_id).delete()
    AgreementBreakdown.objects.bulk_create(rows)


def parts_of(measured: Measured, guidelines: Mapping[int, int], cited: Iterable[CitedClause]) -> Parts:
    """The parts of the judgments. `guidelines` says the number of each version; the newest ones are kept."""
    judged = sorted((guidelines[pk], pk) for pk in np.unique(measured.guidelines).tolist())
    found = periods_of(second_times(measured.ratings.item, measured.times))
    index = found.index[measured.ratings.item]
    return Parts(
        versions={number: measured.guidelines == pk for number, pk in judged[-VERSIONS_MAX:]},
        periods={period.key: index == at for at, period in enumerate(found.periods)},
        clauses={clause: np.isin(measured.items, list(clause.items)) for clause in cited},
    )


def second_times(item: IntArray, times: Times) -> Times:
    """When each item got its second judgment (n_items,): from then on it says something on agreement; NaT before.

    >>> days = np.array(["2026-01-02", "2026-01-01", "2026-01-03"], dtype="M8[D]")
    >>> second_times(np.array([0, 0, 1]), days).astype(str).tolist()
    ['2026-01-02', 'NaT']
    """
    order = np.lexsort((times, item))
    ordered = item[order]
    begins = np.flatnonzero(np.diff(ordered, prepend=-1))
    shared = begins[np.diff(np.append(begins, ordered.size)) > 1]
    found = np.full(int(item.max(initial=-1)) + 1, "NaT", dtype=times.dtype)
    found[ordered[shared]] = times[order][shared + 1]
    return found


def taken_apart(
    measured: Measured, parts: Parts, slugs: tuple[str, ...], unsure: Unsure, *, seed: int
) -> dict[str, Kept]:
    """The columns of `AgreementBreakdown` for each category, and for whole label sets. No query."""
    ratings, n_values = measured.ratings, UNSURE + 1
    if unsure == Unsure.MISSING:
        ratings, n_values = unsure_as_missing(ratings), UNSURE
    rows: dict[str, Kept] = {
        slug: {"versions": [], "periods": [], "pairs": [], "clauses": []} for slug in (*slugs, SETS)
    }
    for number, mask in parts.versions.items():
        for slug, kept in _measured(ratings_where(ratings, mask), slugs, n_values, seed).items():
            rows[slug]["versions"].append({"guideline": number, **kept})
    for key, mask in parts.periods.items():
        for slug, kept in _measured(ratings_where(ratings, mask), slugs, n_values, seed).items():
            rows[slug]["periods"].append({"period": key, **kept})
    for clause, mask in parts.clauses.items():
        slug = clause.category if clause.category in slugs else SETS
        kept = _measured_on(ratings_where(ratings, mask), slugs, slug, n_values, seed)
        rows[slug]["clauses"].append({"number": clause.number, **kept})
    by_category = agreement_by_pair(ratings, seed=seed, n_values=n_values)
    for at, slug in enumerate(slugs):
        rows[slug]["pairs"] = _pairs(by_category, measured.people, at)
    rows[SETS]["pairs"] = _pairs(agreement_by_pair_on_sets(ratings, seed=seed), measured.people, 0)
    return rows


def _measured(ratings: Ratings, slugs: tuple[str, ...], n_values: int, seed: int) -> dict[str, Kept]:
    """The coefficients of each category and of whole label sets."""
    found = agreement_by_category(ratings, seed=seed, n_values=n_values)
    kept = {slug: _kept(row) for slug, row in zip(slugs, found, strict=True)}
    return kept | {SETS: _kept(agreement_on_sets(ratings, seed=seed))}


def _measured_on(ratings: Ratings, slugs: tuple[str, ...], slug: str, n_values: int, seed: int) -> Kept:
    """The coefficients of one category, or of whole label sets."""
    if slug == SETS:
        return _kept(agreement_on_sets(ratings, seed=seed))
    at = slugs.index(slug)
    column = Ratings(ratings.item, ratings.annotator, ratings.values[:, at : at + 1])
    return _kept(agreement_by_category(column, seed=seed, n_values=n_values)[0])


def _kept(found: Any) -> Kept:
    return {name: _listed(getattr(found, name)) for name in found.__slots__}


def _pairs(pairs: Iterable[PairAgreement], people: IntArray, at: int) -> list[Kept]:
    return [
        {
            "first": int(people[pair.first]),
            "second": int(people[pair.second]),
            "kappa": _listed(pair.kappas[at]),
        }
        for pair in pairs
        if pair.kappas[at].n_items
    ]


def _listed(estimate: Estimate) -> list[float | int | str | None]:
    ends = (
        None if end is None else round(end, DIGITS) for end in (estimate.value, estimate.low, estimate.high)
    )
    return [*ends, estimate.n_items, estimate.n_judgments, estimate.why_undefined]


def _guidelines(report: AgreementReport) -> dict[int, int]:
    return dict(GuidelineVersion.objects.filter(project=report.project_id).values_list("pk", "number"))


def _newest_resolution(report: AgreementReport) -> int:
    found = Resolution.objects.filter(project=report.project_id).aggregate(newest=Max("pk"))["newest"]
    return int(found or 0)


def _cited(report: AgreementReport, measured: Measured, last_resolution: int) -> list[CitedClause]:
    """The clauses that something cites, in the order of the guideline; what is gone from it comes first."""
    clauses = Clause.objects.filter(guideline__project=report.project_id)
    newest_last = clauses.order_by("guideline__number", "position").values_list("pk", "number", "category")
    number_of = {pk: number for pk, number, _ in newest_last}
    items: dict[str, set[int]] = defaultdict(set)
    cites = measured.clauses > 0
    for item, clause in zip(measured.items[cites].tolist(), measured.clauses[cites].tolist(), strict=True):
        items[number_of[clause]].add(item)
    held = resolutions_at(report.project, last_resolution).filter(clause__isnull=False)
    for item, clause in held.values_list("item_id", "clause_id"):
        items[number_of[clause]].add(item)
    category_of: dict[str, str] = {}
    for _, number, category in newest_last:
        category_of.pop(number, None)
        category_of[number] = category
    return [
        CitedClause(number, category, frozenset(items[number]))
        for number, category in category_of.items()
        if number in items
    ]
