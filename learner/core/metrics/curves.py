"""Precision, recall and false-positive rate of one category at every threshold worth a look.

Each point is the estimate of `audited` with its threshold as one of the cuts: the point at the threshold in use is the
one in the table. Recall and false positives can only fall as a threshold rises; where sampling says otherwise, values
and ends are put in order, which makes no band hold the truth less often (Chernozhukov, Fernández-Val and Galichon 2009,
doi:10.1093/biomet/asp030).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from learner.core.arrays import Floats
from learner.core.audited import Known, Ranked, strata_at
from learner.core.audited_scores import score_of
from learner.core.evaluation import Estimate
from learner.core.metrics.rates import rates_of
from learner.core.posterior import Judged, judged_of

POINTS: Final = 24
"""From the scores of labelled positives, and as many from shares of the population."""
_LEAST_SHARE: Final = 1e-4
_MOST_SHARE: Final = 0.5


@dataclass(frozen=True, slots=True)
class Curve:
    """Thresholds (logits) ascend; row i of the others is at threshold i. `flagged` is the share
    of all pages that reach it: no estimate, since all are scored."""

    thresholds: tuple[float, ...]
    precision: tuple[Estimate, ...]
    recall: tuple[Estimate, ...]
    fpr: tuple[Estimate, ...]
    flagged: tuple[float, ...]


def curve_of(
    column: Ranked, labelled: Known, used: Judged, threshold: float, *, rng: np.random.Generator
) -> Curve:
    """The curve of a category of which `used` is known at the threshold in use.

    Parameters
    ----------
    column : Ranked
    labelled : Known
    used : Judged
        The same, cut at `threshold`.
    threshold : float
        A logit; infinite where a category is not learned, and then no point of the curve.
    rng : np.random.Generator
    """
    thresholds = curve_thresholds(column, labelled, threshold)
    points = [
        used if at == threshold else judged_of(strata_at(column, labelled, at), rng=rng) for at in thresholds
    ]
    scores = [score_of(point) for point in points]
    return Curve(
        thresholds=tuple(thresholds),
        precision=tuple(score.precision for score in scores),
        recall=_falling([score.recall for score in scores]),
        fpr=_falling([rates_of(point, rng=rng).fpr for point in points]),
        flagged=tuple(_flagged(point) for point in points),
    )


def curve_thresholds(column: Ranked, labelled: Known, threshold: float) -> list[float]:
    """Where a curve has its points, ascending: at positives, at shares of the population, and at the threshold."""
    found = labelled.scores[labelled.truth >= 1 / 2]
    at = [threshold] if np.isfinite(threshold) else []
    if len(found):
        at += np.quantile(found, np.linspace(0, 1, POINTS), method="lower").tolist()
    if len(column.scores):
        shares = np.geomspace(_LEAST_SHARE, _MOST_SHARE, POINTS)
        at += np.quantile(column.scores, 1 - shares, method="higher").tolist()
    return [float(one) for one in np.unique(at)]


def _flagged(point: Judged) -> float:
    return float(point.strata.size[point.strata.predicted].sum()) / max(point.total, 1e-12)


def _falling(points: Sequence[Estimate]) -> tuple[Estimate, ...]:
    """The same values, lower and upper ends, each from the largest to the smallest."""
    if any(point.value is None for point in points):
        return tuple(points)
    columns: list[Floats] = [
        np.sort([getattr(point, part) for point in points])[::-1] for part in ("value", "low", "high")
    ]
    return tuple(
        Estimate(float(value), float(low), float(high), point.n, "")
        for point, value, low, high in zip(points, *columns, strict=True)
    )
