"""From decisions on unseen sites to probabilities and thresholds, for one category."""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from learner.core.arrays import Array, Floats, Integers

_MAX_STEPS = 100
_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True)
class Sigmoid:
    """probability = 1 / (1 + exp(-(slope * decision + offset)))."""

    slope: float
    offset: float


@dataclass(frozen=True, slots=True)
class Threshold:
    """Where "present" begins, as a logit, and the (optimistic) F1 on the items it was chosen on."""

    logit: float
    f1: float


def numbered(sites: Integers) -> Integers:
    """The same sites with numbers from 0 without gaps, in the same order; int64 (n_items,). No sorting.

    Examples
    --------
    >>> numbered(np.array([7, 2, 7])).tolist()
    [1, 0, 1]
    """
    there = np.bincount(sites) > 0
    places: Integers = np.cumsum(there) - 1
    return sites if there.all() else places[sites]


def site_folds(truth: Array, sites: Integers, n_folds: int, rng: np.random.Generator) -> Integers:
    """A fold for each item, so that no site is in two folds and positive sites are spread over all folds.

    Sites are dealt like cards: those with most positives first, the others in random order.

    Parameters
    ----------
    truth : (n_items,)
        1 where the category is present, else 0.
    sites : int64 (n_items,)
        Site numbers from 0, without gaps.
    n_folds : int
        At least 2.
    rng : np.random.Generator

    Returns
    -------
    int64 (n_items,)
        0 .. n_folds - 1. With two or more positive sites, at least two folds hold positives.
    """
    positives = np.bincount(sites, weights=truth)
    dealt = np.lexsort((rng.permutation(len(positives)), -positives))
    folds = np.empty(len(positives), dtype=np.int64)
    folds[dealt] = np.arange(len(positives)) % n_folds
    return folds[sites]


def platt_sigmoid(decisions: Floats, truth: Array, weights: Floats) -> Sigmoid:
    """The sigmoid that makes decisions probabilities, by maximum likelihood on smoothed targets.

    Newton's method with step halving on the two parameters of Platt (1999), "Probabilistic outputs for
    support vector machines", as in Lin, Lin and Weng (2007), doi:10.1007/s10994-007-5018-6.

    Parameters
    ----------
    decisions : float64 (n_items,)
        Out-of-fold decisions, finite.
    truth : (n_items,)
        0 or 1; both must occur.
    weights : float64 (n_items,)
        Positive.
    """
    n_positive, n_negative = weights[truth == 1].sum(), weights[truth == 0].sum()
    target = np.where(truth == 1, (n_positive + 1) / (n_positive + 2), 1 / (n_negative + 2))
    columns = np.column_stack([decisions, np.ones_like(decisions)])
    parameters = np.array([0.0, np.log((n_positive + 1) / (n_negative + 1))])
    loss = _loss(columns @ parameters, target, weights)
    for _ in range(_MAX_STEPS):
        probability = expit(columns @ parameters)
        gradient = columns.T @ (weights * (probability - target))
        curvature = weights * probability * (1 - probability)
        hessian = (columns * curvature[:, None]).T @ columns + 1e-12 * np.eye(2)
        step = np.linalg.solve(hessian, gradient)
        size = 1.0
        while (
            new_loss := _loss(columns @ (parameters - size * step), target, weights)
        ) > loss and size > _TOLERANCE:
            size /= 2
        parameters = parameters - size * step
        if loss - new_loss < _TOLERANCE * (1 + loss):
            break
        loss = new_loss
    return Sigmoid(float(parameters[0]), float(parameters[1]))


def best_f1_threshold(logits: Floats, truth: Array, weights: Floats) -> Threshold:
    """The threshold with the highest F1 on these items, halfway between the two logits that it parts.

    Parameters
    ----------
    logits : float64 (n_items,)
    truth : (n_items,)
        0 or 1; 1 must occur.
    weights : float64 (n_items,)
        Positive.

    Examples
    --------
    >>> best_f1_threshold(np.array([-1.0, 0.0, 2.0]), np.array([0, 1, 1]), np.ones(3))
    Threshold(logit=-0.5, f1=1.0)
    """
    order = np.argsort(-logits, kind="stable")
    logits, hits, weights = logits[order], truth[order] * weights[order], weights[order]
    f1 = 2 * np.cumsum(hits) / (np.cumsum(weights) + hits.sum())
    last_of_tie = np.append(logits[1:] < logits[:-1], True)
    best = int(np.argmax(np.where(last_of_tie, f1, -1.0)))
    below = logits[best + 1] if best + 1 < len(logits) else logits[best] - 2.0
    return Threshold(float((logits[best] + below) / 2), float(f1[best]))


def calibration_error(probabilities: Array, truth: Array, n_bins: int = 15) -> float:
    """The expected calibration error: how far, on average over items, a probability is from what it promises.

    Items are put into bins of equal width by their probability; each bin's distance between its mean probability
    and its share of positives counts by its items (Naeini, Cooper and Hauskrecht 2015, AAAI, equation 4).

    Parameters
    ----------
    probabilities : float (n_items,)
        0 to 1.
    truth : (n_items,)
        0 or 1.
    n_bins : int

    Returns
    -------
    float
        0 to 1; not a number where there are no items.

    Examples
    --------
    >>> round(calibration_error(np.array([0.1, 0.1, 0.9, 0.9]), np.array([0, 0, 1, 0])), 2)
    0.25
    """
    if not len(probabilities):
        return float("nan")
    bins = np.minimum((np.asarray(probabilities, dtype=np.float64) * n_bins).astype(np.int64), n_bins - 1)
    promised = np.bincount(bins, probabilities, n_bins)
    kept = np.bincount(bins, truth, n_bins)
    return float(np.abs(promised - kept).sum() / len(probabilities))


def cross_entropy(logits: Floats, truth: Array, weights: Floats) -> float:
    """Mean surprise, in nats, of the answers under these logits."""
    return _loss(logits, np.asarray(truth, dtype=np.float64), weights) / float(weights.sum())


def _loss(logits: Floats, target: Floats, weights: Floats) -> float:
    """Weighted cross-entropy of the sigmoid of logits, without overflow."""
    return float(weights @ (np.logaddexp(0.0, logits) - target * logits))
