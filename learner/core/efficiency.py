"""Label efficiency: how good a classifier is on pages it never saw, and how many labels that took."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t

from learner.core.arrays import Array, Booleans, Floats, Integers
from learner.core.calibration import best_f1_threshold
from learner.core.drawing import uniform_keys

CONFIDENCE = 0.95
MEASURES = ("macro_ap", "macro_f1", "macro_f1_own", "rare_ap", "rare_recall")
_HALF_SEED = 5


@dataclass(frozen=True, slots=True)
class Scores:
    """How well a classifier does on the test pages, each 0 to 1, a mean over the categories that occur there.

    Attributes
    ----------
    macro_ap, rare_ap : float
        Average precision of all categories, of the rare ones.
    macro_f1 : float
        F1 at thresholds tuned on the other half of the test sites, so that it says what the ranking is worth; 0 for
        a category that is not learned.
    macro_f1_own : float
        F1 at the classifier's own thresholds, tuned on the labels that a strategy chose.
    rare_recall : float
        Recall of the rare categories, at the thresholds of `macro_f1`.
    """

    macro_ap: float
    macro_f1: float
    macro_f1_own: float
    rare_ap: float
    rare_recall: float


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean over `n` seeds with its 95 % interval; None without a value, and without an interval for one seed."""

    mean: float | None
    low: float | None
    high: float | None
    n: int


def scores_of(
    truth: Array, decisions: Array, thresholds: Floats, *, rare: Booleans, sites: Integers
) -> Scores:
    """The scores of decisions on test pages.

    Parameters
    ----------
    truth : int8 (n_items, n_categories)
        1 present, 0 absent, -1 not known: left out for that category.
    decisions : float (n_items, n_categories)
        Higher is likelier.
    thresholds : float (n_categories,)
        The classifier's own; infinite where a category is never predicted.
    rare : bool (n_categories,)
    sites : int64 (n_items,)
    """
    half = uniform_keys(sites, _HALF_SEED) < 0.5  # noqa: PLR2004
    occurs = (truth == 1).any(axis=0)
    ap, f1, own, recall = (np.full(len(occurs), np.nan) for _ in range(4))
    for number in np.flatnonzero(occurs):
        known = truth[:, number] >= 0
        present, decided = truth[known, number] == 1, decisions[known, number].astype(np.float64)
        learned = np.isfinite(
            thresholds[number]
        )  # equal decisions for all: the best threshold would take everything
        predicted = _above_tuned(present, decided, half[known]) if learned else np.zeros_like(present)
        ap[number] = average_precision(present, decided)
        f1[number], recall[number] = _f1(present, predicted), predicted[present].mean()
        own[number] = _f1(present, decided >= thresholds[number])
    return Scores(
        macro_ap=_mean(ap),
        macro_f1=_mean(f1),
        macro_f1_own=_mean(own),
        rare_ap=_mean(ap[rare]),
        rare_recall=_mean(recall[rare]),
    )


def average_precision(present: Booleans, decisions: Floats) -> float:
    """The mean precision at each positive, from the top; of equal decisions all count at once.

    Examples
    --------
    >>> average_precision(np.array([True, False, True]), np.array([3.0, 2.0, 1.0]))
    0.8333333333333333
    """
    order = np.argsort(-decisions, kind="stable")
    decisions, hits = decisions[order], np.cumsum(present[order])
    last_of_tie = np.append(decisions[1:] < decisions[:-1], True)
    hits, seen = hits[last_of_tie], np.flatnonzero(last_of_tie) + 1
    return float((np.diff(hits, prepend=0) * (hits / seen)).sum() / hits[-1])


def over_seeds(values: Array) -> Measured:
    """The mean of one value a seed, with Student's interval; values that are not a number are left out.

    Examples
    --------
    >>> over_seeds(np.array([0.5]))
    Measured(mean=0.5, low=None, high=None, n=1)
    """
    values = values[np.isfinite(values)]
    n = len(values)
    if not n:
        return Measured(None, None, None, 0)
    mean = float(values.mean())
    if n == 1:
        return Measured(mean, None, None, 1)
    half = float(t.ppf((1 + CONFIDENCE) / 2, n - 1) * values.std(ddof=1) / np.sqrt(n))
    return Measured(mean, mean - half, mean + half, n)


def labels_to_reach(labels: Array, curve: Array, target: float) -> float:
    """Labels at which a curve first reaches `target`, between two steps by a straight line; NaN if it never does.

    Parameters
    ----------
    labels : (n_steps,)
        Ascending.
    curve : float (n_steps,)

    Examples
    --------
    >>> labels_to_reach(np.array([100, 200]), np.array([0.2, 0.4]), 0.3)
    150.0
    """
    reached = np.flatnonzero(curve >= target)
    if not len(reached):
        return float("nan")
    step = int(reached[0])
    if step == 0:
        return float(labels[0])
    return float(np.interp(target, curve[step - 1 : step + 1], labels[step - 1 : step + 1]))


def area_under(labels: Array, curve: Array) -> float:
    """The mean height of a curve over the labels from its first step to its last.

    Examples
    --------
    >>> area_under(np.array([100, 200, 300]), np.array([0.2, 0.4, 0.6]))
    0.4
    """
    if len(labels) == 1:
        return float(curve[0])
    return float(np.trapezoid(curve, labels) / (labels[-1] - labels[0]))


def _above_tuned(present: Booleans, decided: Floats, half: Booleans) -> Booleans:
    """Whether each item is above the threshold that is best on the half of the sites it is not in."""
    predicted = np.zeros(len(present), dtype=np.bool_)
    for tuned_on in (half, ~half):
        if present[tuned_on].any():
            chosen = best_f1_threshold(
                decided[tuned_on], present[tuned_on].astype(np.int8), np.ones(int(tuned_on.sum()))
            )
            predicted[~tuned_on] = decided[~tuned_on] >= chosen.logit
    return predicted


def _f1(present: Booleans, predicted: Booleans) -> float:
    return float(2 * (present & predicted).sum() / (present.sum() + predicted.sum()))


def _mean(values: Sequence[float] | Floats) -> float:
    defined = np.asarray(values)[np.isfinite(values)]
    return float(defined.mean()) if len(defined) else float("nan")
