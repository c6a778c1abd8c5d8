"""What the agreement page shows of agreement taken apart: a heat map, a trend, a matrix of people, a line a clause."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from itertools import pairwise
from typing import Final
from urllib.parse import urlencode

from django.utils.safestring import SafeString

from annotator import charts
from annotator.agreement.bootstrap import Estimate
from annotator.agreement.periods import Period, Unit
from annotator.agreement.words import RELIABLE, TENTATIVE
from annotator.projects.models import Clause
from annotator.projects.selectors import Taxonomy
from annotator.review.agreement.breakdowns import Breakdown, ClausePart, PeriodPart, Publication
from annotator.review.agreement.items import CellWanted
from annotator.review.agreement.lines import SCALE_LOW, Choice
from annotator.review.selectors import Unsure

SETS_NAME: Final = "Whole label sets"
MATRIX_MAX: Final = 40
"""People whose pairs are shown at once."""
ALPHA_STEPS: Final = (0.2, 0.4, TENTATIVE, RELIABLE)
KAPPA_STEPS: Final = (0.2, 0.4, 0.6, 0.8)
STEPS: Final = {"alpha": ALPHA_STEPS, "percent": (0.6, 0.7, 0.8, 0.9)}
NEVER_DIFFERED: Final = 1.0


@dataclass(frozen=True)
class Cell:
    """One number with its n and interval, or why there is none; `step` is its colour from 1 (bad) to 5, 0 for none.

    `query` is the end of the address of its items; empty where no item counts.
    """

    estimate: Estimate
    step: int
    query: str


@dataclass(frozen=True)
class HeatRow:
    """One category, or whole label sets, under each guideline version; None where nobody judged."""

    name: str
    cells: tuple[Cell | None, ...]


@dataclass(frozen=True)
class HeatMap:
    """Categories by guideline versions."""

    versions: tuple[Publication, ...]
    rows: tuple[HeatRow, ...]


@dataclass(frozen=True)
class Band:
    """One colour of a legend: from which value to which."""

    step: int
    words: str


@dataclass(frozen=True)
class TrendLine:
    """One week or month."""

    name: str
    cell: Cell


@dataclass(frozen=True)
class Trend:
    """Agreement over time: a chart, the same in numbers, and the guideline versions published meanwhile."""

    unit: Unit
    chart: SafeString | None
    lines: tuple[TrendLine, ...]
    published: tuple[Publication, ...]


@dataclass(frozen=True)
class MatrixRow:
    """One person with each of those before them in the alphabet; None where they share no item."""

    name: str
    cells: tuple[Cell | None, ...]
    n_after: int


@dataclass(frozen=True)
class PersonCell:
    """The chosen person with another one."""

    name: str
    cell: Cell


@dataclass(frozen=True)
class Matrix:
    """Who shares items with whom, by name. Of more than `MATRIX_MAX` people one has to be chosen."""

    names: tuple[tuple[int, str], ...]
    chosen: int | None
    columns: tuple[str, ...]
    rows: tuple[MatrixRow, ...]
    beside: tuple[PersonCell, ...]


@dataclass(frozen=True)
class ClauseLine:
    """One clause: what its number is about, and the number."""

    clause: Clause
    about: str
    cell: Cell


def heat_map(
    found: Breakdown, taxonomy: Taxonomy, published: Iterable[Publication], shown: Choice, unsure: Unsure
) -> HeatMap:
    """Whole label sets and then the categories, in the order of the taxonomy."""
    parts = {(part.category, part.guideline): part for part in found.versions}
    judged = {part.guideline for part in found.versions}
    versions = tuple(row for row in published if row.number in judged)
    rows = []
    for slug, name in (("", SETS_NAME), *((row.slug, row.name) for row in taxonomy.categories)):
        cells = (
            _cell(part.found.named(shown.key), _steps(shown, slug), unsure, slug, guideline=version.number)
            if (part := parts.get((slug, version.number)))
            else None
            for version in versions
        )
        rows.append(HeatRow(name, tuple(cells)))
    return HeatMap(versions, tuple(rows))


def legend(steps: Sequence[float]) -> list[Band]:
    """What each colour means."""
    ends = [f"{end:.2f}" for end in steps]
    words = [f"under {ends[0]}", *(f"{low} to {high}" for low, high in pairwise(ends))]
    return [Band(step, text) for step, text in enumerate([*words, f"{ends[-1]} and over"], start=1)]


def steps_of(shown: Choice) -> tuple[float, ...]:
    """The values at which the colour of a category's number changes."""
    return STEPS.get(shown.key, KAPPA_STEPS)


def trend(found: Breakdown, published: Iterable[Publication], shown: Choice, unsure: Unsure) -> Trend | None:
    """How agreement went; None before anybody shared an item."""
    if not found.periods:
        return None
    first, last = found.periods[0].period, found.periods[-1].period
    during = tuple(row for row in published if _midnight(first) <= row.at < _midnight(last, end=True))
    lines = tuple(
        TrendLine(
            period_words(part.period),
            _cell(
                part.found.named(shown.key),
                _steps(shown, found.category),
                unsure,
                found.category,
                period=part.period.key,
            ),
        )
        for part in found.periods
    )
    target = shown.target if found.category else RELIABLE
    return Trend(first.unit, _trend_chart(found.periods, lines, during, target), lines, during)


def matrix_of(found: Breakdown, names: dict[int, str], unsure: Unsure, chosen: int | None) -> Matrix:
    """The pairs as a matrix by name, or those of one person; never in the order of their numbers."""
    people = sorted(names.items(), key=lambda row: (row[1].casefold(), row[1]))
    cells = {
        frozenset((part.first, part.second)): _cell(
            part.kappa, KAPPA_STEPS, unsure, found.category, pair=f"{part.first}-{part.second}"
        )
        for part in found.pairs
    }
    if chosen in names:
        others = ((name, cells.get(frozenset((chosen, pk)))) for pk, name in people if pk != chosen)
        beside = tuple(PersonCell(name, cell) for name, cell in others if cell)
        return Matrix(tuple(people), chosen, (), (), beside)
    if len(people) > MATRIX_MAX:
        return Matrix(tuple(people), None, (), (), ())
    rows = tuple(
        MatrixRow(
            name,
            tuple(cells.get(frozenset((pk, other))) for other, _ in people[:at]),
            len(people) - 1 - at,
        )
        for at, (pk, name) in enumerate(people)
        if at
    )
    return Matrix(tuple(people), None, tuple(name for _, name in people[:-1]), rows, ())


def clause_lines(found: Breakdown, taxonomy: Taxonomy, shown: Choice, unsure: Unsure) -> list[ClauseLine]:
    """A line a clause that something cites: the weakest first, those without a value last."""
    lines = [_clause_line(part, taxonomy, shown, unsure) for part in found.clauses]
    return sorted(
        lines,
        key=lambda line: (line.cell.estimate.value is None, line.cell.estimate.value, line.clause.number),
    )


def period_words(period: Period) -> str:
    """A period as people say it."""
    if period.unit == Unit.MONTH:
        return f"{period.start:%b %Y}"
    return f"{period.start.day} {period.start:%b %Y}"


def cell_query(unsure: Unsure, category: str, **narrowed: object) -> str:
    """The end of the address of a number's items."""
    kept = {"category": category, "unsure": unsure.value, **narrowed}
    return f"?{urlencode({name: value for name, value in kept.items() if value})}"


def cell_words(wanted: CellWanted, taxonomy: Taxonomy, names: dict[int, str]) -> list[str]:
    """What a number is about, in words."""
    words = [taxonomy.name_of(wanted.category) if wanted.category else SETS_NAME]
    if wanted.guideline is not None:
        words.append(f"judged under guideline v{wanted.guideline}")
    if wanted.pair:
        words.append("judged by " + " and ".join(sorted(names.values(), key=str.casefold)))
    if wanted.period:
        kind = "the week of " if wanted.period.unit == Unit.WEEK else ""
        words.append(f"second judgment in {kind}{period_words(wanted.period)}")
    if wanted.clause:
        words.append(f"citing clause {wanted.clause}")
    return [*words, f"unsure counts as {wanted.unsure.label}"]


def _clause_line(part: ClausePart, taxonomy: Taxonomy, shown: Choice, unsure: Unsure) -> ClauseLine:
    about = taxonomy.name_of(part.category) if part.category else SETS_NAME
    cell = _cell(
        part.found.named(shown.key),
        _steps(shown, part.category),
        unsure,
        part.category,
        clause=part.clause.number,
    )
    return ClauseLine(part.clause, about, cell)


def _cell(
    estimate: Estimate, steps: Sequence[float], unsure: Unsure, category: str, **narrowed: object
) -> Cell:
    query = cell_query(unsure, category, **narrowed) if estimate.n_items else ""
    if estimate.value is None or (estimate.value == NEVER_DIFFERED and estimate.low is None):
        return Cell(estimate, 0, query)
    return Cell(estimate, 1 + sum(estimate.value >= end for end in steps), query)


def _steps(shown: Choice, category: str) -> tuple[float, ...]:
    return steps_of(shown) if category else ALPHA_STEPS


def _trend_chart(
    parts: Sequence[PeriodPart],
    lines: Sequence[TrendLine],
    during: Iterable[Publication],
    target: float | None,
) -> SafeString | None:
    points = [_point(part.period, line.cell.estimate) for part, line in zip(parts, lines, strict=True)]
    lows = [end for point in points for end in (point.value, point.low) if end is not None]
    if not lows:
        return None
    scale = (next(end for end in SCALE_LOW if end <= max(min(lows), -1.0)), 1.0)
    marks = [charts.Mark(f"v{row.number}", _along(parts, row.at)) for row in during]
    title = f"Agreement by {parts[0].period.unit}, with its interval"
    return charts.band_chart(points, title, marks=marks, scale=scale, target=target)


def _point(period: Period, found: Estimate) -> charts.Estimate:
    start = period.start
    name = f"{start:%Y-%m}" if period.unit == Unit.MONTH else f"{start.day} {start:%b}"
    return charts.Estimate(name, found.value, found.low, found.high, found.n_items, found.why_undefined)


def _along(parts: Sequence[PeriodPart], at: datetime) -> float:
    """Where a moment stands among the places of a chart: a point is in the middle of its period."""
    for place, part in enumerate(parts):
        begin, end = _midnight(part.period), _midnight(part.period, end=True)
        if begin <= at < end:
            return place + (at - begin) / (end - begin) - 0.5
    return 0.0


def _midnight(period: Period, *, end: bool = False) -> datetime:
    return datetime.combine(period.end if end else period.start, time(), UTC)
