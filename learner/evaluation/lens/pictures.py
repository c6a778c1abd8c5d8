"""The plots of one category, from what an evaluation keeps of it."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.safestring import SafeString

from annotator.plots import Axes, Spot, curve_plot, spots_plot
from learner.core.metrics.policy import Point
from learner.evaluation.lens.cells import percent

NEARLY = 0.99
FPR_ENDS = (0.01, 0.02, 0.04, 0.1, 0.2, 0.4)


def precision_plot(points: Sequence[Point], name: str, marks: Mapping[str, Point | None]) -> SafeString:
    """Precision against recall, with the interval of precision, and marked thresholds."""
    return curve_plot(
        [_of_precision(point) for point in points if _is_known(point)],
        f"Precision against recall of {name}",
        Axes("recall", "precision"),
        marks=[
            _of_precision(point, f"{mark}, ") for mark, point in marks.items() if point and _is_known(point)
        ],
    )


def roc_plot(points: Sequence[Point], name: str, marks: Mapping[str, Point | None]) -> SafeString:
    """Recall against the false-positive rate, with the interval of recall: the left end, where thresholds are."""
    known = [point for point in points if point.recall[0] is not None and point.fpr[0] is not None]
    used = [point.fpr[0] or 0.0 for point in known if (point.recall[0] or 0.0) < NEARLY]
    widest = next((end for end in FPR_ENDS if end >= max(used, default=0.0)), 1.0)
    inside = [point for point in known if (point.fpr[0] or 0.0) <= widest]
    return curve_plot(
        [_of_roc(point) for point in inside],
        f"Recall against the false-positive rate of {name}",
        Axes("false-positive rate", "recall", x=(0.0, widest)),
        marks=[
            _of_roc(point, f"{mark}, ")
            for mark, point in marks.items()
            if point is not None and point in inside
        ],
    )


def reliability_plot(bins: Sequence[Mapping[str, Any]], name: str) -> SafeString:
    """What was promised against what was found, bin by bin."""
    spots = [
        Spot(
            one["promised"],
            seen["value"],
            seen["low"],
            seen["high"],
            f"promised {percent(one['promised'])}, found {percent(seen['value'])} "
            f"({percent(seen['low'])} to {percent(seen['high'])}), n={seen['n']:,}",
        )
        for one in bins
        if (seen := one["observed"])["value"] is not None
    ]
    return spots_plot(spots, f"Reliability of {name}", Axes("probability", "share that has it"))


def _is_known(point: Point) -> bool:
    return point.precision[0] is not None and point.recall[0] is not None


def _of_precision(point: Point, before: str = "") -> Spot:
    value, low, high = point.precision
    words = f"{before}threshold {point.threshold:.3f}: recall {point.recall[0] or 0:.2f}, precision {value or 0:.2f}"
    return Spot(point.recall[0] or 0.0, value or 0.0, low, high, words)


def _of_roc(point: Point, before: str = "") -> Spot:
    value, low, high = point.recall
    false = point.fpr[0] or 0.0
    words = (
        f"{before}threshold {point.threshold:.3f}: {percent(false)} false positives, recall {value or 0:.2f}"
    )
    return Spot(false, value or 0.0, low, high, words)
