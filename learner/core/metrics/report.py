"""Everything that is measured in one evaluation, as an evaluation keeps it: one pass over each category."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import numpy as np
from scipy.special import expit

from learner.core.arrays import Floats
from learner.core.audited import Drawn, Population, known_of, n_labelled, ranked_of, strata_at
from learner.core.audited_scores import scores_of
from learner.core.evaluation import Estimate
from learner.core.metrics.confusion import Confusion, confusion_of
from learner.core.metrics.curves import Curve, curve_of
from learner.core.metrics.names import NONE
from learner.core.metrics.policy import BETA
from learner.core.metrics.ranking import ranking_of
from learner.core.metrics.rates import rates_of
from learner.core.metrics.reliability import Calibration, calibration_of
from learner.core.metrics.slices import Slice, slices_of
from learner.core.metrics.together import together_of
from learner.core.posterior import Judged, judged_of

DIGITS: Final = 6
THRESHOLD_DIGITS: Final = 9

Facts = dict[str, Any]
"""JSON: numbers, texts, lists and mappings."""


def measured(
    population: Population,
    drawn: Drawn,
    thresholds: Floats,
    kinds: Mapping[str, Sequence[str]],
    *,
    categories: Sequence[str] = (),
    rng: np.random.Generator,
) -> Facts:
    """All facts of an evaluation. Its size depends on the categories, and not on the items or labels.

    Parameters
    ----------
    population : Population
    drawn : Drawn
    thresholds : float (n_categories,)
    kinds : kind of slice -> names (n_drawn,)
        As in `slices_of`.
    categories : sequence of str, optional
        Their slugs, in order; numbers without it.
    rng : np.random.Generator
    """
    slugs = list(categories) or [str(place) for place in range(len(thresholds))]
    every, more = _each(population, drawn, thresholds, rng)
    scores, overall = scores_of(every, n_labelled(drawn))
    together = together_of(population, drawn, thresholds, every, rng=rng)
    confusion = confusion_of(population, drawn, thresholds, every, rng=rng)
    return {
        **asdict(overall),
        **asdict(together),
        "n_population": len(population.logits),
        "categories": [
            {"category": slug, **asdict(score), **facts}
            for slug, score, facts in zip(slugs, scores, more, strict=True)
        ],
        "confusion": confusion_facts(slugs, confusion),
        "slices": [
            slice_facts(one, slugs) for one in slices_of(population, drawn, thresholds, dict(kinds), rng=rng)
        ],
    }


def _each(
    population: Population, drawn: Drawn, thresholds: Floats, rng: np.random.Generator
) -> tuple[list[Judged], list[Facts]]:
    """Each category in strata, and what is said of it beside its scores. The strata are drawn first, in order."""
    columns = [ranked_of(population, place) for place in range(len(thresholds))]
    labels = [known_of(population, drawn, place) for place in range(len(thresholds))]
    every = [
        judged_of(strata_at(column, labelled, float(threshold)), rng=rng)
        for column, labelled, threshold in zip(columns, labels, thresholds, strict=True)
    ]
    return every, [
        {
            **asdict(rates_of(judged, rng=rng)),
            "beta": BETA,
            **asdict(ranking_of(column, labelled, judged, rng=rng)),
            "calibration": calibration_facts(calibration_of(column, labelled, judged, rng=rng)),
            "curve": curve_facts(curve_of(column, labelled, judged, float(threshold), rng=rng)),
        }
        for column, labelled, judged, threshold in zip(columns, labels, every, thresholds, strict=True)
    ]


def curve_facts(curve: Curve) -> Facts:
    """Thresholds as probabilities; each point as value, low and high."""
    return {
        "thresholds": [round(float(expit(one)), THRESHOLD_DIGITS) for one in curve.thresholds],
        **{name: _triples(getattr(curve, name)) for name in ("precision", "recall", "fpr")},
        "flagged": [round(one, DIGITS) for one in curve.flagged],
    }


def calibration_facts(calibration: Calibration) -> Facts:
    """The two sums, and the bins that hold pages."""
    return {
        "ece": asdict(calibration.ece),
        "brier": asdict(calibration.brier),
        "bins": [
            {
                "low": one.low,
                "high": one.high,
                "promised": round(one.promised, DIGITS),
                "share": round(one.share, DIGITS),
                "observed": asdict(one.observed),
            }
            for one in calibration.bins
        ],
    }


def confusion_facts(slugs: Sequence[str], confusion: Confusion) -> Facts:
    """Rows are what is true, columns what is predicted, the last of either is none: shares of a row, and their ends."""
    parts = {
        name: [[_rounded(getattr(cell, part)) for cell in row] for row in confusion.cells]
        for name, part in (("cells", "value"), ("low", "low"), ("high", "high"))
    }
    return {
        "categories": [*slugs, NONE],
        **parts,
        "n": [[cell.n for cell in row] for row in confusion.cells],
    }


def slice_facts(one: Slice, slugs: Sequence[str]) -> Facts:
    """A slice with each category of which something is known there."""
    return {
        "kind": one.kind,
        "name": one.name,
        "n": one.n,
        "categories": [
            {"category": slug, **{name: _short(fact) for name, fact in asdict(score).items()}}
            for slug, score in zip(slugs, one.categories, strict=True)
        ],
    }


def _triples(points: Iterable[Estimate]) -> list[list[float | None]]:
    return [[_rounded(point.value), _rounded(point.low), _rounded(point.high)] for point in points]


def _short(fact: Facts) -> Facts:
    return {name: _rounded(value) if isinstance(value, float) else value for name, value in fact.items()}


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, DIGITS)
