"""The classifier: one linear model per category, calibrated, packed into one matrix."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self

import numpy as np
from scipy.sparse import csr_matrix, diags_array
from scipy.special import expit
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from learner.core.arrays import Array, Booleans, Floats, Floats32, Integers
from learner.core.category_fit import (
    SETTINGS,
    CategoryFit,
    CategoryStatus,
    CategoryTask,
    FitOptions,
    KeptSetting,
    Setting,
    fit_category,
)
from learner.core.features import N_URL

_UNKNOWN = -1
_ANSWERS = (_UNKNOWN, 0, 1)


class LinearClassifier(BaseEstimator):
    """One-vs-rest linear support vector machines, calibrated by Platt's sigmoid on sites they had not seen.

    Each category is fitted by itself, so one with too little to learn from cannot disturb another. Column
    weights ln((1 + n) / (1 + items with the column)) + 1, learned from the training rows, and the sigmoid are
    folded into the packed weights, so that scoring is one sparse product.

    Parameters
    ----------
    categories : sequence of str
        Slugs, in the order of the columns of Y.
    C : float, optional
        Inverse strength of regularisation of the support vector machines. Without it, it is chosen for each
        category among `SETTINGS`, with the weight of the URL, by what decisions about unseen sites tell.
    n_folds : int
        Groups of sites for the out-of-fold decisions.
    min_positives, min_sites : int
        A category with fewer positives, fewer negatives, or either on fewer sites is "not learned yet".
    seed : int
        Not negative. Same data, parameters and seed give the same bytes.

    Attributes
    ----------
    weights_ : float32 (n_features, n_categories), C-order
    bias_ : float32 (n_categories,)
        Of a category not learned yet: the logit of its smoothed prevalence (positives + 1) / (items + 2).
    thresholds_ : float64 (n_categories,)
        Logits; infinite where not learned, so that it is never predicted.
    statuses_ : tuple of CategoryStatus
    seen_ : int32 (n_features,)
        Training items that have the column.
    """

    def __init__(
        self,
        categories: Sequence[str] = (),
        *,
        C: float | None = None,
        n_folds: int = 3,
        min_positives: int = 5,
        min_sites: int = 2,
        seed: int = 0,
    ) -> None:
        self.categories = categories
        self.C = C
        self.n_folds = n_folds
        self.min_positives = min_positives
        self.min_sites = min_sites
        self.seed = seed

    def fit(
        self,
        X: csr_matrix,
        Y: Array,
        groups: Array | None = None,
        sample_weight: Array | None = None,
        kept: Mapping[str, KeptSetting] | None = None,
    ) -> Self:
        """Learn each category from the items whose answer is known.

        Parameters
        ----------
        X : csr_matrix (n_items, n_features)
        Y : integers (n_items, n_categories)
            1 present, 0 absent, -1 not known: such an item is left out for that category only.
        groups : (n_items,), optional
            Site of each item, for instance its `domain_key`. Without it every item is its own site.
        sample_weight : (n_items,), optional
            Positive: how much each label counts, in the machines as in settings, calibration and thresholds. Of each
            category they are scaled to a mean of 1 over its known answers, so that C means the same.
        kept : mapping of category to KeptSetting, optional
            Settings that an earlier fit chose, from `kept_settings`: taken over where there are hardly more labels now,
            which gives the bytes that choosing the same anew would give.

        Raises
        ------
        ValueError
            If lengths differ, a label is not -1, 0 or 1, a weight is not positive, or a feature is not finite.
        """
        n_items = X.shape[0]
        sites = (
            np.arange(n_items) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
        )
        weights = np.ones(n_items) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        self._check_training(X, Y, sites, weights)
        columns, used = _used_columns(csr_matrix(X))
        importance = _column_importance(used)
        n_url = int(np.searchsorted(columns, N_URL))
        whole = CategoryTask(csr_matrix(used @ diags_array(importance)), n_url, Y, sites, weights)
        options = FitOptions(
            settings=self._settings(has_both=0 < n_url < len(columns)),
            n_folds=self.n_folds,
            min_positives=self.min_positives,
            min_sites=self.min_sites,
            seed=self.seed,
        )
        before = kept or {}
        fits = [
            self._fit_one(whole, number, replace(options, kept=before.get(slug)))
            for number, slug in enumerate(self.categories)
        ]
        self.weights_ = np.zeros((X.shape[1], len(fits)), dtype=np.float32)
        for number, fit in enumerate(fits):
            self.weights_[columns, number] = fit.weights * importance
        self.bias_ = np.array([fit.bias for fit in fits], dtype=np.float32)
        self.thresholds_ = np.array([fit.threshold for fit in fits], dtype=np.float64)
        self.statuses_ = tuple(fit.status for fit in fits)
        self.seen_ = np.bincount(X.indices, minlength=X.shape[1]).astype(np.int32)
        return self

    @classmethod
    def restored(
        cls,
        statuses: Sequence[CategoryStatus],
        *,
        weights: Floats32,
        bias: Floats32,
        thresholds: Floats,
        seen: Array | None = None,
    ) -> Self:
        """A fitted classifier from its parts, as an artifact keeps them.

        Artifacts of before do not know `seen`: each column with a weight counts as seen once.
        """
        classifier = cls([status.category for status in statuses])
        classifier.weights_, classifier.bias_, classifier.thresholds_ = weights, bias, thresholds
        classifier.statuses_ = tuple(statuses)
        classifier.seen_ = np.asarray(weights.any(axis=1) if seen is None else seen, dtype=np.int32)
        return classifier

    @property
    def is_fitted(self) -> bool:
        """Whether there is anything to predict with."""
        return hasattr(self, "weights_")

    @property
    def learned(self) -> Booleans:
        """True where a category is learned, (n_categories,); all False before the first fit."""
        if not self.is_fitted:
            return np.zeros(len(self.categories), dtype=np.bool_)
        return np.array([status.learned for status in self.statuses_], dtype=np.bool_)

    @property
    def n_positives(self) -> Integers:
        """Positives so far, (n_categories,); all 0 before the first fit."""
        if not self.is_fitted:
            return np.zeros(len(self.categories), dtype=np.int64)
        return np.array([status.n_positive for status in self.statuses_], dtype=np.int64)

    @property
    def kept_settings(self) -> dict[str, KeptSetting]:
        """The setting of each learned category, for the next fit to take over; none before the first."""
        statuses = self.statuses_ if self.is_fitted else ()
        return {status.category: status.kept for status in statuses if status.kept}

    def decision(self, X: csr_matrix) -> Floats32:
        """Logits of the probabilities, float32 (n_items, n_categories): one sparse product.

        Many rows are multiplied column by column: the sums are the same to the last bit, but the weights are then read
        in their order instead of all over the memory, which with the turning of the matrix takes half the time.
        """
        check_is_fitted(self, "weights_")
        turned = X.tocsc() if X.nnz > X.shape[1] else X
        logits = np.asarray(turned @ self.weights_, dtype=np.float32)
        logits += self.bias_
        return logits

    def predict_proba(self, X: csr_matrix) -> Floats32:
        """Calibrated probabilities, float32 (n_items, n_categories); a row need not sum to 1."""
        return np.asarray(expit(self.decision(X)), dtype=np.float32)

    def predict(self, X: csr_matrix) -> Array:
        """1 where the logit reaches the category's threshold, else 0; uint8 (n_items, n_categories)."""
        return (self.decision(X) >= self.thresholds_).astype(np.uint8)

    def _check_training(self, X: csr_matrix, Y: Array, sites: Integers, weights: Floats) -> None:
        n_items, n_categories = X.shape[0], len(self.categories)
        if Y.shape != (n_items, n_categories):
            raise ValueError(f"Y is {Y.shape}; {n_items} items in {n_categories} categories were given")
        if sites.shape != (n_items,) or weights.shape != (n_items,):
            raise ValueError(f"groups {sites.shape} and sample_weight {weights.shape} need ({n_items},)")
        if not np.isin(Y, _ANSWERS).all():
            raise ValueError(
                f"Y holds {np.setdiff1d(Y, _ANSWERS)[:5]}; 1, 0 and -1 (not known) mean something"
            )
        if not np.isfinite(X.data).all():
            raise ValueError("X holds a value that is no finite number; featurise its pages again")
        if weights.size and not weights.min() > 0:
            raise ValueError(f"sample_weight has {weights.min()}; leave out items that should not count")

    def _settings(self, *, has_both: bool) -> list[Setting]:
        """What is tried: the weight of the URL only where there is a URL and something else."""
        if self.C is not None:
            return [Setting(self.C, 1.0)]
        return [setting for setting in SETTINGS if has_both or setting.url_weight == 1]

    def _fit_one(self, whole: CategoryTask, number: int, options: FitOptions) -> CategoryFit:
        truth = whole.truth[:, number]
        known = replace(whole, truth=truth).part(truth != _UNKNOWN)
        if len(known.weights):
            known = replace(known, weights=known.weights / known.weights.mean())
        return fit_category(
            known, self.categories[number], options, rng=np.random.default_rng((self.seed, number))
        )


def _used_columns(features: csr_matrix) -> tuple[Array, csr_matrix]:
    """The columns that occur, and the matrix of these alone, float64: liblinear keeps a weight for each."""
    there = np.bincount(features.indices, minlength=features.shape[1]) > 0
    columns, places = np.flatnonzero(there), (np.cumsum(there, dtype=np.int32) - 1)[features.indices]
    shape = (features.shape[0], len(columns))
    return columns, csr_matrix((features.data.astype(np.float64), places, features.indptr), shape=shape)


def _column_importance(features: csr_matrix) -> Floats:
    """ln((1 + n) / (1 + items with the column)) + 1, scaled so that the rarest column has 1; (n_columns,)."""
    n_items, n_columns = features.shape
    found_in = np.bincount(features.indices, minlength=n_columns)
    importance = np.log((1 + n_items) / (1 + found_in)) + 1
    return np.asarray(importance / importance.max(initial=1.0), dtype=np.float64)
