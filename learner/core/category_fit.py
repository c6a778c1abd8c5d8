"""One category's linear model: fitted, checked on unseen sites, calibrated, or refused with a reason."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.sparse import csr_matrix
from scipy.special import expit, logit
from sklearn.svm import LinearSVC

from learner.core.arrays import Array, Booleans, Floats, Integers
from learner.core.calibration import best_f1_threshold, platt_sigmoid, site_folds

_STOP_AT = 0.1  # liblinear's own default; a tighter one costs 1.5 times the time and changes no third digit
_BOTH = 2


@dataclass(frozen=True, slots=True)
class CategoryStatus:
    """What the classifier knows of one category, and why it is not learned yet where it is not.

    `threshold` is the probability from which on the category counts as present; `f1` is what it reached on
    unseen sites, a little optimistic because the threshold was chosen there. Both are None while the category
    is not learned; `reason` is empty once it is.
    """

    category: str
    learned: bool
    reason: str
    n_positive: int
    n_negative: int
    n_sites: int
    threshold: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How to fit a category: the parameters of `LinearClassifier`, which explains them."""

    C: float
    n_folds: int
    min_positives: int
    min_sites: int
    seed: int


@dataclass(frozen=True, slots=True, eq=False)
class CategoryTask:
    """The items whose answer is known: features (n_items, n_columns), the rest (n_items,), truth 0 or 1."""

    features: csr_matrix
    truth: Array
    sites: Integers
    weights: Floats

    def part(self, rows: Booleans) -> "CategoryTask":
        """The items in `rows`."""
        return CategoryTask(self.features[rows], self.truth[rows], self.sites[rows], self.weights[rows])


@dataclass(frozen=True, slots=True, eq=False)
class CategoryFit:
    """One column of the packed matrix: logit = x @ weights + bias, present from `threshold` (a logit) on."""

    weights: Floats
    bias: float
    threshold: float
    status: CategoryStatus


def fit_category(
    task: CategoryTask, category: str, options: FitOptions, *, rng: np.random.Generator
) -> CategoryFit:
    """The fit of one category, or the smoothed prevalence with the reason why it is not learned yet.

    1. Refuse what has too few positives or negatives, or has them on too few sites.
    2. Decide each item by a machine that saw nothing of its site, and make these decisions probabilities.
    3. Choose the threshold with the best F1 on them.
    4. Fit the machine on everything and fold the sigmoid into its weights.
    """
    counts = _counts(task)
    if reason := _too_little(counts, options):
        return _not_learned(category, reason, counts, task)
    decisions = _decisions_on_unseen_sites(task, min(options.n_folds, counts.positive_sites), options, rng)
    seen = np.isfinite(decisions)
    decided, truth, weights = decisions[seen], task.truth[seen], task.weights[seen]
    if len(np.unique(truth)) < _BOTH:
        return _not_learned(category, "too few sites to check it on ones it had not seen", counts, task)
    sigmoid = platt_sigmoid(decided, truth, weights)
    if sigmoid.slope <= 0:
        return _not_learned(category, "no better than chance on sites it had not seen", counts, task)
    threshold = best_f1_threshold(sigmoid.slope * decided + sigmoid.offset, truth, weights)
    machine = _machine(task, options)
    return CategoryFit(
        weights=sigmoid.slope * machine.coef_[0],
        bias=sigmoid.slope * float(machine.intercept_[0]) + sigmoid.offset,
        threshold=threshold.logit,
        status=_status(category, counts, threshold=float(expit(threshold.logit)), f1=threshold.f1),
    )


@dataclass(frozen=True, slots=True)
class _Counts:
    positives: int
    negatives: int
    positive_sites: int
    negative_sites: int
    sites: int


def _counts(task: CategoryTask) -> _Counts:
    present = task.truth == 1
    return _Counts(
        positives=int(present.sum()),
        negatives=int((~present).sum()),
        positive_sites=len(np.unique(task.sites[present])),
        negative_sites=len(np.unique(task.sites[~present])),
        sites=len(np.unique(task.sites)),
    )


def _too_little(counts: _Counts, options: FitOptions) -> str:
    """Why a category cannot be learned, or nothing."""
    for found, needed, one, many in (
        (counts.positives, options.min_positives, "positive", "positives"),
        (counts.negatives, options.min_positives, "negative", "negatives"),
        (counts.positive_sites, options.min_sites, "site with positives", "sites with positives"),
        (counts.negative_sites, options.min_sites, "site with negatives", "sites with negatives"),
    ):
        if found < needed:
            return f"{found} {one if found == 1 else many}, {needed} needed"
    return ""


def _decisions_on_unseen_sites(
    task: CategoryTask, n_folds: int, options: FitOptions, rng: np.random.Generator
) -> Floats:
    """Each item's decision by a machine that saw nothing of its site; NaN where none could be fitted."""
    folds = site_folds(task.truth, np.unique(task.sites, return_inverse=True)[1], n_folds, rng)
    decisions = np.full(len(task.truth), np.nan)
    for fold in range(n_folds):
        rest = folds != fold
        if len(np.unique(task.truth[rest])) == _BOTH:
            decisions[~rest] = _machine(task.part(rest), options).decision_function(task.features[~rest])
    return decisions


def _machine(task: CategoryTask, options: FitOptions) -> Any:
    machine = LinearSVC(C=options.C, class_weight="balanced", tol=_STOP_AT, random_state=options.seed % 2**32)
    return machine.fit(task.features, task.truth, sample_weight=task.weights)


def _not_learned(category: str, reason: str, counts: _Counts, task: CategoryTask) -> CategoryFit:
    prevalence = (counts.positives + 1) / (counts.positives + counts.negatives + 2)
    return CategoryFit(
        weights=np.zeros(task.features.shape[1]),
        bias=float(logit(prevalence)),
        threshold=np.inf,
        status=_status(category, counts, reason=f"not learned yet: {reason}"),
    )


def _status(
    category: str,
    counts: _Counts,
    *,
    reason: str = "",
    threshold: float | None = None,
    f1: float | None = None,
) -> CategoryStatus:
    return CategoryStatus(
        category=category,
        learned=not reason,
        reason=reason,
        n_positive=counts.positives,
        n_negative=counts.negatives,
        n_sites=counts.sites,
        threshold=threshold,
        f1=f1,
    )
