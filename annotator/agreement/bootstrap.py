"""Estimates: a coefficient with its n and interval, or the reason why there is none."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from annotator.agreement.coefficients import (
    FloatArray,
    expected_disagreement,
    fleiss_kappa,
    gwet_ac1,
    krippendorff_alpha,
    percent_agreement,
    value_shares,
)
from annotator.agreement.ratings import IntArray, Ratings, Tally, tally

RESAMPLES: Final = 1000
LEVEL: Final = 0.95
MIN_DEFINED: Final = 0.95
"""Share of resamples in which the coefficient must exist for their quantiles to mean anything."""

Coefficient = Callable[[Tally, IntArray | None], FloatArray]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A coefficient on `n_items` shared items; `why_undefined` says why `value`, or its interval, is None."""

    value: float | None
    low: float | None
    high: float | None
    n_items: int
    n_judgments: int
    why_undefined: str = ""


@dataclass(frozen=True, slots=True)
class CategoryAgreement:
    """Agreement on one category: as seen, and corrected for chance in three ways."""

    percent: Estimate
    alpha: Estimate
    fleiss: Estimate
    ac1: Estimate


def agreement_by_category(
    ratings: Ratings, *, seed: int, n_values: int = 2, resamples: int = RESAMPLES, level: float = LEVEL
) -> list[CategoryAgreement]:
    """The coefficients of each category, in the order of the columns; `n_values` is the size of the scale.

    The same seed gives the same intervals. A category's interval comes from its own random stream: adding a
    category changes no other number.
    """
    return [
        agreement_of(
            tally(ratings, category, n_values=n_values),
            np.random.default_rng([seed, category]),
            resamples=resamples,
            level=level,
        )
        for category in range(ratings.n_categories)
    ]


def agreement_of(
    answers: Tally, rng: np.random.Generator, *, resamples: int = RESAMPLES, level: float = LEVEL
) -> CategoryAgreement:
    """All coefficients of one tally, with percentile bootstrap intervals over items.

    Items, not judgments, are drawn with replacement, because the answers on one item belong together. A draw
    of items is a multinomial draw of patterns: `resamples` x 7 numbers rather than `resamples` x n_items.

    Where nobody disagreed every resample gives 1 and the bootstrap would claim certainty. The low end is then
    taken from the Clopper-Pearson bound on the share of disputed items,
    1 - ((1 - level) / 2) ** (1 / n_items), each of them counted as fully disputed.

    Raises
    ------
    ValueError
        `level` is not between 0 and 1, or `resamples` is not positive.
    """
    if not 0 < level < 1 or resamples < 1:
        msg = f"level must be between 0 and 1 and resamples positive, got {level} and {resamples}"
        raise ValueError(msg)
    if answers.n_items == 0:
        nothing = Estimate(None, None, None, 0, 0, "no item has two judgments")
        return CategoryAgreement(percent=nothing, alpha=nothing, fleiss=nothing, ac1=nothing)
    draws = rng.multinomial(answers.n_items, answers.items / answers.n_items, size=resamples)
    disagreeing = float(expected_disagreement(answers))
    shares = value_shares(answers)
    fleiss = 1 - float((shares**2).sum())
    ac1 = 1 - float((shares * (1 - shares)).sum()) / (shares.size - 1)

    def estimate(coefficient: Coefficient, chance: float) -> Estimate:
        cost = 1 / chance if chance else 0.0
        return _estimate(coefficient, answers, draws, level=level, disputed_costs=cost)

    return CategoryAgreement(
        percent=estimate(percent_agreement, 1.0),
        alpha=estimate(krippendorff_alpha, disagreeing),
        fleiss=estimate(fleiss_kappa, fleiss),
        ac1=estimate(gwet_ac1, ac1),
    )


def _estimate(
    coefficient: Coefficient, answers: Tally, draws: IntArray, *, level: float, disputed_costs: float
) -> Estimate:
    value = float(coefficient(answers, None))
    n_items, n_judgments = answers.n_items, answers.n_judgments
    if np.isnan(value):
        return Estimate(
            None, None, None, n_items, n_judgments, f"no variation: all {n_judgments} judgments say the same"
        )
    tail = (1 - level) / 2
    if value == 1:
        disputed = 1 - tail ** (1 / n_items)
        return Estimate(1.0, max(-1.0, 1 - disputed * disputed_costs), 1.0, n_items, n_judgments)
    resampled = coefficient(answers, draws)
    defined = resampled[~np.isnan(resampled)]
    if n_items == 1 or defined.size < MIN_DEFINED * resampled.size:
        return Estimate(value, None, None, n_items, n_judgments, "no interval: too few items that differ")
    low, high = np.quantile(defined, [tail, 1 - tail])
    return Estimate(value, float(low), float(high), n_items, n_judgments)
