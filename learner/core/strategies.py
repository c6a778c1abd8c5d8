"""Query strategies: what to label next, with modAL's signature, and in lanes that can be merged over shards.

To add one: write a function `(model, X, *, rng) -> Lanes` here, where each lane is one aim with its own
scores (higher = sooner), wrap it in a `Strategy` with a name and one plain sentence, and put it into
`STRATEGIES`. It then takes part in `tests/learner/core/test_strategies.py`, one battery over the
whole registry, and can be named in a project's settings. Use `rng` alone for anything random.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix

from learner.core.arrays import Floats32, Integers
from learner.core.classifier import LinearClassifier
from learner.core.lanes import Lanes, no_lanes, take_turns

_RANDOM_SHARE = 0.25


class Model(Protocol):
    """What a strategy may look at: the classifier, fitted or not, and the categories' definitions if any."""

    estimator: LinearClassifier
    definitions: csr_matrix | None

    def decision(self, X: csr_matrix) -> Floats32:
        """Logits of a fitted classifier, float32 (n_items, n_categories)."""


class LaneFunction(Protocol):
    """The scoring half of a strategy."""

    def __call__(self, model: Model, X: csr_matrix, *, rng: np.random.Generator) -> Lanes:
        """Lanes over the rows of X."""


@dataclass(frozen=True, slots=True)
class Strategy:
    """A query strategy. Call it as modAL does, or use `lanes` to merge the wishes of many shards."""

    name: str
    summary: str
    lanes: LaneFunction

    def __call__(
        self,
        learner: Model,
        X: csr_matrix,
        n_instances: int = 1,
        *,
        rng: np.random.Generator,
    ) -> tuple[Integers, Floats32]:
        """Rows of X to label next, and their scores, best first.

        Always a pair: modAL would call a strategy that returns bare indices twice, and unpack two bare
        indices as (indices, scores).

        Parameters
        ----------
        learner : Model
            For instance `learner.core.learner.QueryModel`.
        X : csr_matrix (n_items, n_features)
        n_instances : int
        rng : np.random.Generator

        Returns
        -------
        indices : int64 (at most n_instances,)
            Each once; fewer where the strategy has no opinion on more, none where it has none at all.
        scores : float32 (len(indices),)
            Descending.
        """
        lanes = self.lanes(learner, X, rng=rng)
        queues = [lanes.best(lane, n_instances) for lane in range(len(lanes.reasons))]
        picks = take_turns(queues, lanes.shares, n_instances, accept=lambda _: True, rng=rng)
        indices = np.array([pick.position for pick in picks], dtype=np.int64)
        scores = np.array([lanes.scores[pick.lane, pick.position] for pick in picks], dtype=np.float32)
        order = np.lexsort((indices, -scores))
        return indices[order], scores[order]


def random_sampling(model: Model, X: csr_matrix, *, rng: np.random.Generator) -> Lanes:  # noqa: ARG001
    """One lane of independent uniform scores."""
    scores = rng.random((1, X.shape[0]), dtype=np.float32)
    return Lanes(scores, np.ones(1), ("drawn at random",))


def multilabel_uncertainty(model: Model, X: csr_matrix, *, rng: np.random.Generator) -> Lanes:  # noqa: ARG001
    """A lane for each learned category: minus the distance, in logits, to the category's own threshold.

    The lanes have equal shares, because one score over all categories would be that of the commonest: plain
    multi-label uncertainty lost to random sampling on every set that we tried (decision 0012).
    """
    classifier = model.estimator
    learned = np.flatnonzero(classifier.learned)
    if not len(learned):
        return no_lanes(X.shape[0])
    distance = np.abs(model.decision(X)[:, learned] - classifier.thresholds_[learned])
    scores = np.ascontiguousarray(-distance.T, dtype=np.float32)
    reasons = tuple(
        f"close to the threshold of {classifier.categories[int(category)]}" for category in learned
    )
    return Lanes(scores, np.ones(len(learned)), reasons)


def rare_category(model: Model, X: csr_matrix, *, rng: np.random.Generator) -> Lanes:  # noqa: ARG001
    """A lane for each category, with the larger share the fewer positives it has so far.

    A learned category hunts by its logit (the likeliest positives first), one not learned yet by similarity
    to its definition. Shares are 1 / sqrt(positives + 1).
    """
    classifier = model.estimator
    scores = _similarities(model, X)
    if classifier.is_fitted:
        learned = classifier.learned
        scores[learned] = model.decision(X).T[learned]
    shares = 1 / np.sqrt(classifier.n_positives + 1.0)
    reasons = tuple(map(_hunting, classifier.categories, classifier.learned, classifier.n_positives))
    return Lanes(scores, shares, reasons)


def cold_start(model: Model, X: csr_matrix, *, rng: np.random.Generator) -> Lanes:
    """A lane for each category by similarity to its definition, and a quarter at random, to begin with."""
    similar = _similarities(model, X)
    chance = random_sampling(model, X, rng=rng)
    n_categories = len(similar)
    shares = np.append(np.full(n_categories, (1 - _RANDOM_SHARE) / max(n_categories, 1)), _RANDOM_SHARE)
    reasons = tuple(f"resembles the definition of {category}" for category in model.estimator.categories)
    return Lanes(np.vstack([similar, chance.scores]), shares, (*reasons, *chance.reasons))


def _similarities(model: Model, X: csr_matrix) -> Floats32:
    """Items times definitions, float32 (n_categories, n_items); -inf where they have nothing in common."""
    n_categories = len(model.estimator.categories)
    if model.definitions is None:
        return np.full((n_categories, X.shape[0]), -np.inf, dtype=np.float32)
    products = (model.definitions @ X.T).toarray().astype(np.float32)
    return np.where(products > 0, products, np.float32(-np.inf))


def _hunting(category: str, learned: bool, n_positives: int) -> str:  # noqa: FBT001
    if learned:
        return f"likely {category}, which has {n_positives} positives so far"
    return f"resembles the definition of {category}, which is not learned yet"


STRATEGIES: dict[str, Strategy] = {
    strategy.name: strategy
    for strategy in (
        Strategy("random_sampling", "Every item is equally likely.", random_sampling),
        Strategy(
            "multilabel_uncertainty",
            "Items closest to a category's threshold, each learned category in turn.",
            multilabel_uncertainty,
        ),
        Strategy(
            "rare_category",
            "Likely positives of each category, most for those with the fewest positives so far.",
            rare_category,
        ),
        Strategy(
            "cold_start",
            "Items that resemble a category's definition, each category in turn, and a quarter at random.",
            cold_start,
        ),
    )
}


def strategy_for(classifier: LinearClassifier) -> Strategy:
    """What fills the query stream: the definitions of the categories before anything is learned, its lines after."""
    return STRATEGIES["multilabel_uncertainty" if classifier.learned.any() else "cold_start"]
