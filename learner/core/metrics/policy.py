"""From a curve to a threshold: what is wanted of a category, and which threshold serves it best.

Curves are read as evaluations keep them (`curve_facts`): thresholds are probabilities, ascending.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

BETA: Final = 2.0
"""In F-beta a page that is missed counts beta squared times what one flagged by mistake does."""
Triple = Sequence[float | None]
PER: Final = 1_000_000
"""Pages that a cost is told for where nobody knows how many a day there are."""


class Action(StrEnum):
    """What a school does with a page of a category."""

    BLOCK = "block"
    WARN = "warn"
    ALLOW = "allow"


class Objective(StrEnum):
    """How a threshold is chosen."""

    OWN = "own"
    F_BETA = "f_beta"
    RECALL = "recall"
    COST = "cost"
    FIXED = "fixed"

    @property
    def words(self) -> str:
        """What it means."""
        return {
            "own": "The classifier's own threshold",
            "f_beta": f"The best F{BETA:g}: recall counts more than precision",
            "recall": "Recall of at least the floor, surely; then the best precision",
            "cost": "The least cost of misses and of mistaken blocks",
            "fixed": "A probability set by hand",
        }[self.value]

    @property
    def short(self) -> str:
        """In a word or two."""
        return {
            "own": "Classifier's own",
            "f_beta": f"Best F{BETA:g}",
            "recall": "Recall floor",
            "cost": "Least cost",
            "fixed": "By hand",
        }[self.value]


@dataclass(frozen=True, slots=True)
class Point:
    """One place of a curve: a probability, and value, low and high of each rate; None where undefined."""

    threshold: float
    precision: Triple
    recall: Triple
    fpr: Triple
    flagged: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted of a category. Costs are of one page missed and of one blocked by mistake."""

    objective: Objective
    threshold: float | None = None
    recall_floor: float | None = None
    cost_miss: float = 1.0
    cost_block: float = 1.0


@dataclass(frozen=True, slots=True)
class Choice:
    """A threshold, or None where none serves; `why` says how it was found, or why there is none."""

    threshold: float | None
    why: str


def points_of(curve: Mapping[str, Any] | None) -> list[Point]:
    """The places of a stored curve; none where there is no curve."""
    if not curve:
        return []
    flagged = curve.get("flagged") or [0.0] * len(curve["thresholds"])
    rows = zip(curve["thresholds"], curve["precision"], curve["recall"], curve["fpr"], flagged, strict=True)
    return [Point(*row) for row in rows]


def point_at(points: Sequence[Point], threshold: float) -> Point | None:
    """The place with the lowest threshold that is as high: it flags no page that the threshold does not."""
    above = [point for point in points if point.threshold >= threshold - 1e-9]
    return above[0] if above else None


def chosen(points: Sequence[Point], own: float | None, prevalence: float | None, wanted: Wanted) -> Choice:
    """The threshold for what is wanted; the classifier's `own` where the curve cannot say.

    A recall floor holds for every objective that chooses among the places of the curve; of the classifier's own
    threshold and of one set by hand `why` says where it is not shown to hold.
    """
    if own is None:
        return Choice(None, "the category is not learned yet")
    if wanted.objective == Objective.FIXED:
        return Choice(wanted.threshold, "set by hand" + _short_of(points, wanted.threshold, wanted))
    defined = [point for point in points if point.recall[0] is not None and point.precision[0] is not None]
    if wanted.objective == Objective.OWN:
        return Choice(own, "the classifier's own" + _short_of(points, own, wanted))
    if not defined:
        return Choice(own, "the classifier's own: too little is audited to choose another")
    floor = wanted.recall_floor or 0.0
    safe = [point for point in defined if (point.recall[1] or 0.0) >= floor]
    if wanted.objective == Objective.RECALL or not safe:
        return _surely(defined, safe, floor)
    if wanted.objective == Objective.F_BETA:
        best = max(safe, key=lambda point: f_beta(point.precision[0], point.recall[0]))
        return Choice(best.threshold, f"the best F{BETA:g} of its curve")
    if prevalence is None:
        return Choice(own, "the classifier's own: its prevalence is not known")
    best = min(safe, key=lambda point: cost_of(point, prevalence, wanted))
    return Choice(best.threshold, "the least cost on its curve")


def f_beta(precision: float | None, recall: float | None, beta: float = BETA) -> float:
    """F-beta of the two, 0 where either is 0 or undefined."""
    if not precision or not recall:
        return 0.0
    return (1 + beta**2) * precision * recall / (beta**2 * precision + recall)


def cost_of(point: Point, prevalence: float, wanted: Wanted) -> float:
    """The expected cost of a page: of those missed, and of those blocked by mistake."""
    missed = prevalence * (1 - (point.recall[0] or 0.0))
    return missed * wanted.cost_miss + (1 - prevalence) * (point.fpr[0] or 0.0) * wanted.cost_block


def overblocked(point: Point, prevalence: float | None, pages: float = PER) -> Triple:
    """Pages that are flagged by mistake of so many, with the interval of the false-positive rate."""
    if prevalence is None or point.fpr[0] is None:
        return (None, None, None)
    return tuple(None if end is None else end * (1 - prevalence) * pages for end in point.fpr)


def _short_of(points: Sequence[Point], threshold: float | None, wanted: Wanted) -> str:
    """That the floor is not shown to hold at this threshold, or nothing."""
    if wanted.recall_floor is None or threshold is None:
        return ""
    there = point_at(points, threshold)
    shown = (there.recall[1] or 0.0) if there else 0.0
    return "" if shown >= wanted.recall_floor else f"; a recall of {wanted.recall_floor:g} is not shown there"


def _surely(points: Sequence[Point], safe: Sequence[Point], floor: float) -> Choice:
    """The best precision among the safe: thresholds whose recall is at least the floor at its lower end."""
    if not safe:
        most = max(points, key=lambda point: point.recall[1] or 0.0)
        return Choice(
            most.threshold,
            f"no threshold shows a recall of {floor:g}: this one shows {most.recall[1] or 0.0:.2f}, the most; "
            "more audited pages may show more",
        )
    best = max(safe, key=lambda point: (point.precision[0] or 0.0, point.threshold))
    return Choice(best.threshold, f"the best precision with a recall of {floor:g} or more, surely")
