"""What is said of how well a classifier does: each number with n and an interval, or the reason why it has none."""

from dataclasses import dataclass

import numpy as np
from scipy.stats import norm

CONFIDENCE = 0.95
_Z = float(norm.ppf((1 + CONFIDENCE) / 2))


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number from 0 to 1, its 95 % interval and the items behind it; or None, and why it is undefined."""

    value: float | None
    low: float | None
    high: float | None
    n: int
    why_undefined: str


@dataclass(frozen=True, slots=True)
class CategoryScore:
    """One category: items, positives, the four counts (sums of weights, if weighted), and the scores."""

    n: int
    n_positive: int
    tp: float
    fp: float
    fn: float
    tn: float
    precision: Estimate
    recall: Estimate
    f1: Estimate


@dataclass(frozen=True, slots=True)
class OverallScore:
    """Macro-F1, the mean over the `n_categories` whose F1 is defined, and micro-F1, of the summed counts."""

    macro_f1: Estimate
    micro_f1: Estimate
    n_categories: int


def wilson_interval(share: float, n: float) -> tuple[float, float]:
    """The 95 % score interval of a share of n items (n > 0, also effective and not whole).

    Examples
    --------
    >>> [round(end, 4) for end in wilson_interval(0.5, 10)]
    [0.2366, 0.7634]
    """
    shrunk = (share + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z / (1 + _Z**2 / n) * np.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    return max(0.0, float(shrunk - half)), min(1.0, float(shrunk + half))
