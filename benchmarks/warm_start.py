"""Refits that take something over from the version before, beside one that starts from nothing.

liblinear takes no start, so each part that could be taken over is measured by itself, on URLs alone:

- settings kept: each category has the setting of the version before; calibration and fits are made anew: the product;
- calibration kept: C, sigmoid and threshold are those of the version before, and one fit a category is left;
- L-BFGS: that one fit by L-BFGS on liblinear's own objective, from nothing and from the weights of the version before;
- SGD: that one fit by three passes of stochastic gradient descent from the weights of the version before.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize
from scipy.sparse import csr_matrix, diags_array
from sklearn.linear_model import SGDClassifier
from sklearn.svm import LinearSVC

from learner.core.arrays import Array, Floats, Integers
from learner.core.classifier import LinearClassifier

_STEPS: Final = 200
_CLOSE: Final = 1e-5
_PASSES: Final = 3


@dataclass(frozen=True, eq=False)
class Labels:
    """Features (n_items, n_features), truth (n_items, n_categories) and sites (n_items,) of the items to learn from."""

    features: csr_matrix
    truth: Array
    sites: Integers

    def first(self, n: int) -> "Labels":
        """The first n items."""
        return Labels(csr_matrix(self.features[:n]), self.truth[:n], self.sites[:n])


@dataclass(frozen=True, eq=False)
class Before:
    """The version before: packed, and its machines, (n_features + 1, n_categories), the intercepts last."""

    classifier: LinearClassifier
    machines: Floats

    @property
    def strengths(self) -> Floats:
        """The C of each category; 1 where none was chosen."""
        return _chosen(self.classifier)


@dataclass(frozen=True, eq=False)
class Refit:
    """Logits of what is asked, and thresholds (n_categories,)."""

    logits: Callable[[csr_matrix], Array]
    thresholds: Floats


Fit = Callable[[csr_matrix, Floats, float, Floats], Floats]
"""Weighted features, signs, C and where to begin; to the weights. The intercept is the last of both."""


def before_of(labels: Labels, categories: list[str], seed: int) -> Before:
    """The version that is fitted on these labels."""
    classifier = LinearClassifier(categories, seed=seed).fit(
        labels.features, labels.truth, groups=labels.sites
    )
    return Before(classifier, _machines(labels, C=_chosen(classifier), fit=_liblinear))


def from_nothing(labels: Labels, before: Before) -> Refit:
    """As the product does for a first version, and where labels are many more."""
    classifier = LinearClassifier(before.classifier.categories, seed=before.classifier.seed)
    classifier.fit(labels.features, labels.truth, groups=labels.sites)
    return Refit(classifier.decision, classifier.thresholds_)


def settings_kept(labels: Labels, before: Before) -> Refit:
    """As the product does while labels are hardly more: each category under the setting that it had."""
    classifier = LinearClassifier(before.classifier.categories, seed=before.classifier.seed)
    classifier.fit(labels.features, labels.truth, groups=labels.sites, kept=before.classifier.kept_settings)
    return Refit(classifier.decision, classifier.thresholds_)


def calibration_kept(labels: Labels, before: Before) -> Refit:
    """One fit of liblinear's a category."""
    return _calibrated(_machines(labels, C=before.strengths, fit=_liblinear), before)


def descent_from_nothing(labels: Labels, before: Before) -> Refit:
    """One fit by L-BFGS a category, from zero."""
    return _calibrated(_machines(labels, C=before.strengths, fit=_descended), before)


def descent_from_before(labels: Labels, before: Before) -> Refit:
    """One fit by L-BFGS a category, from the weights that it had."""
    return _calibrated(_machines(labels, C=before.strengths, fit=_descended, begin=before.machines), before)


def steps_from_before(labels: Labels, before: Before) -> Refit:
    """A few passes of stochastic gradient descent a category, from the weights that it had."""
    return _calibrated(_machines(labels, C=before.strengths, fit=_stepped, begin=before.machines), before)


WAYS: Final[dict[str, Callable[[Labels, Before], Refit]]] = {
    "from nothing": from_nothing,
    "settings kept (ours)": settings_kept,
    "calibration kept": calibration_kept,
    "L-BFGS from nothing": descent_from_nothing,
    "L-BFGS from before": descent_from_before,
    "SGD from before": steps_from_before,
}


def _chosen(classifier: LinearClassifier) -> Floats:
    return np.array([(status.setting or {"C": 1.0})["C"] for status in classifier.statuses_])


def _calibrated(machines: Floats, before: Before) -> Refit:
    """Machines under the sigmoids and thresholds of the version before."""
    old, packed = before.machines, before.classifier.weights_.astype(np.float64)
    squared = np.maximum((old[:-1] ** 2).sum(axis=0), 1e-12)
    slopes = (old[:-1] * packed).sum(axis=0) / squared  # packed = slope x machine, exactly
    offsets = before.classifier.bias_ - slopes * old[-1]
    return Refit(
        lambda asked: slopes * (asked @ machines[:-1] + machines[-1]) + offsets,
        before.classifier.thresholds_,
    )


def _machines(labels: Labels, *, C: Floats, fit: Fit, begin: Floats | None = None) -> Floats:
    """A machine a category on all items, no settings and no calibration; zero where too little is known."""
    n_features, n_categories = labels.features.shape[1], labels.truth.shape[1]
    found_in = np.bincount(labels.features.indices, minlength=n_features)
    columns = np.flatnonzero(found_in)
    importance = np.log((1 + labels.features.shape[0]) / (1 + found_in[columns])) + 1
    scale = np.append(importance / importance.max(), 1.0)
    weighted = csr_matrix(labels.features[:, columns].astype(np.float64) @ diags_array(scale[:-1]))
    places = np.append(columns, n_features)
    machines = np.zeros((n_features + 1, n_categories))
    for number in range(n_categories):
        sign = np.where(labels.truth[:, number] == 1, 1.0, -1.0)
        start = np.zeros(len(places)) if begin is None else begin[places, number] / scale
        machines[places, number] = fit(weighted, sign, float(C[number]), start) * scale
    return machines


def _liblinear(features: csr_matrix, sign: Floats, C: float, _begin: Floats) -> Floats:
    machine = LinearSVC(C=C, tol=0.1, random_state=0).fit(features, sign)
    return np.append(machine.coef_[0], machine.intercept_[0])


def _descended(features: csr_matrix, sign: Floats, C: float, begin: Floats) -> Floats:
    """The minimum of liblinear's objective: squared hinge and ridge, intercept and all."""
    flipped = features.T.tocsr()

    def loss(weights: Floats) -> tuple[float, Floats]:
        short = np.maximum(1 - sign * (features @ weights[:-1] + weights[-1]), 0)
        back = -2 * C * sign * short
        gradient = weights + np.append(flipped @ back, back.sum())
        return float(weights @ weights / 2 + C * (short @ short)), gradient

    found = minimize(
        loss,
        begin,
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": _STEPS, "ftol": _CLOSE, "maxcor": 5},
    )
    return np.asarray(found.x)


def _stepped(features: csr_matrix, sign: Floats, C: float, begin: Floats) -> Floats:
    machine = SGDClassifier(
        loss="squared_hinge",
        alpha=1 / (2 * C * len(sign)),
        learning_rate="invscaling",
        eta0=0.05,
        max_iter=_PASSES,
        tol=None,
        random_state=0,
    )
    machine.fit(features, sign, coef_init=begin[None, :-1], intercept_init=begin[-1:])
    return np.append(machine.coef_[0], machine.intercept_[0])
