"""The query model: modAL's active learner around our classifier and query strategies."""

from collections.abc import Collection, Mapping
from typing import Any, Self

import numpy as np
from modAL.models import ActiveLearner
from scipy.sparse import csr_matrix, vstack
from sklearn.utils import check_X_y

from learner.core.arrays import Array, Floats32
from learner.core.classifier import LinearClassifier
from learner.core.definitions import Finds, column_rarity
from learner.core.strategies import STRATEGIES, Strategy


class QueryModel(ActiveLearner):
    """modAL's `ActiveLearner`, working with scikit-learn 1.8 and later, over sparse multi-label data.

    modAL 0.4.2.1 hands scikit-learn an argument that 1.8 removed (modAL issue 196), in three methods; these
    are overridden, the rest is modAL's. The estimator may be fitted elsewhere, or not be fitted yet.

    Parameters
    ----------
    estimator : LinearClassifier
    query_strategy : Strategy
        What `query` and the query stream of a batch use.
    definitions : csr_matrix (n_categories, n_features), optional
        From `learner.core.definitions.featurise_definitions`, for strategies that work before any label.
    finds : mapping of category number to Finds, optional
        Of categories that have positives, but too few to be learned.
    shown : collection of category numbers
        Those whose definition has pages of the category: it is never given up.

    Examples
    --------
    >>> QueryModel(LinearClassifier(["games"]), STRATEGIES["cold_start"]).query_strategy.name
    'cold_start'
    """

    estimator: LinearClassifier
    query_strategy: Strategy
    definitions: csr_matrix | None
    finds: Mapping[int, Finds] | None
    shown: Collection[int]
    X_training: csr_matrix | None
    y_training: Array | None

    def __init__(
        self,
        estimator: LinearClassifier,
        query_strategy: Strategy = STRATEGIES["multilabel_uncertainty"],
        definitions: csr_matrix | None = None,
        finds: Mapping[int, Finds] | None = None,
        shown: Collection[int] = (),
    ) -> None:
        super().__init__(estimator=estimator, query_strategy=query_strategy)
        self.definitions = definitions
        self.finds = finds
        self.shown = shown
        self._scored: tuple[csr_matrix, Floats32, Floats32] | None = None
        self._rarity: tuple[csr_matrix, Floats32] | None = None

    def decision(self, X: csr_matrix) -> Floats32:
        """The classifier's logits, float32 (n_items, n_categories), once for all streams of a query."""
        weights = self.estimator.weights_
        if self._scored is None or self._scored[0] is not X or self._scored[1] is not weights:
            self._scored = (X, weights, self.estimator.decision(X))
        return self._scored[2]

    def rarity(self, X: csr_matrix) -> Floats32:
        """How rare each column is among the rows of X, float32 (n_features,), once for all streams of a query."""
        if self._rarity is None or self._rarity[0] is not X:
            self._rarity = (X, column_rarity(X))
        return self._rarity[1]

    def fit(self, X: csr_matrix, y: Array, bootstrap: bool = False, **fit_kwargs: Any) -> Self:  # noqa: FBT001
        """Fit the classifier and keep the data as what is known; `fit_kwargs` (groups) reach its fit."""
        self._check(X, y)
        self.X_training, self.y_training = X, y
        self._fit_to_known(bootstrap=bootstrap, **fit_kwargs)
        return self

    def teach(
        self,
        X: csr_matrix,
        y: Array,
        bootstrap: bool = False,  # noqa: FBT001
        only_new: bool = False,  # noqa: FBT001
        **fit_kwargs: Any,
    ) -> None:
        """Add X and y to what is known and fit again, or on them alone; `groups` cover all that is fitted."""
        if only_new:
            self._check(X, y)
            self._fit_on_new(X, y, bootstrap=bootstrap, **fit_kwargs)
            return
        self._add_training_data(X, y)
        self._fit_to_known(bootstrap=bootstrap, **fit_kwargs)

    def _add_training_data(self, X: csr_matrix, y: Array) -> None:
        self._check(X, y)
        if self.X_training is None or self.y_training is None:
            self.X_training, self.y_training = X, y
            return
        self.X_training = csr_matrix(vstack((self.X_training, X)))
        self.y_training = np.concatenate((self.y_training, y))

    def _check(self, X: csr_matrix, y: Array) -> None:
        check_X_y(
            X, y, accept_sparse=True, multi_output=True, dtype=None, ensure_all_finite=self.force_all_finite
        )
