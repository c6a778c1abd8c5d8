"""Query strategies: what to label next, with modAL's signature, and in lanes that can be merged over shards.

To add one: write a function `(model, X, *, rng) -> Lanes` here, where each lane is one aim with its own
scores (higher = sooner), give it a name and one plain sentence in `learner.core.catalogue`, and name it in
`_LANES`. It then takes part in `tests/learner/core/test_strategies.py`, one battery over the
whole registry, and can be named in a project's settings. Use `rng` alone for anything random.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy.sparse import csr_matrix, vstack
from scipy.special import logit

from learner.core.arrays import Floats32, Integers
from learner.core.catalogue import COLD, USUAL, WORDS
from learner.core.classifier import LinearClassifier
from learner.core.definitions import Finds
from learner.core.lanes import Lanes, no_lanes, take_turns

ENOUGH = 50
"""Positives from which on a category is not hunted any more: its line teaches more than its sure finds."""
PLAUSIBLE = 0.05
"""The probability below which an item is no likely find: its place is better spent at random."""
_PLAUSIBLE_LOGIT = float(logit(PLAUSIBLE))
GIVEN_UP = 300
"""Labels without a positive from which on a definition leads nowhere: its places teach more elsewhere."""
_PATIENCE = 100  # labels without a positive that halve what a definition gets
_SHARED = 3  # items of a shard with a column, from which on what is learned of it is of use
_SHORTEST = 1e-6
_RANDOM_SHARE = 0.25


class Model(Protocol):
    """What a strategy may look at: the classifier, fitted or not, and the categories' definitions if any."""

    estimator: LinearClassifier
    definitions: csr_matrix | None
    finds: Mapping[int, Finds] | None
    shown: Collection[int]

    def decision(self, X: csr_matrix) -> Floats32:
        """Logits of a fitted classifier, float32 (n_items, n_categories)."""

    def rarity(self, X: csr_matrix) -> Floats32:
        """How rare each column is among the rows of X, float32 (n_features,): `column_rarity`."""


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
    names = tuple(classifier.categories[int(category)] for category in learned)
    reasons = tuple(f"close to the threshold of {name}" for name in names)
    return Lanes(scores, np.ones(len(learned)), reasons, categories=names)


def expected_change(model: Model, X: csr_matrix, *, rng: np.random.Generator) -> Lanes:
    """The lanes of `multilabel_uncertainty`, where of two items as close to a threshold the one with newer words leads.

    What one more answer changes in a linear classifier is the gradient at the item: how unsure it is, times how long
    the item is (expected gradient length: Settles, Craven and Ray 2008, "Multiple-instance active learning"). A step
    along a column that many labels have had is short, as in AdaGrad (Duchi, Hazan and Singer 2011): so columns count
    by `_newness`. The score is minus the distance plus twice the logarithm of that length. What the ledger keeps is
    minus the distance, as of `multilabel_uncertainty`.
    """
    close = multilabel_uncertainty(model, X, rng=rng)
    if not close.reasons:
        return close
    length = _squared(X) @ _newness(model, X)  # the square of the length, so its logarithm counts twice
    scores = close.scores + np.log(np.maximum(length, _SHORTEST)).astype(np.float32)
    return replace(close, scores=scores, recorded=close.scores)


def rare_category(model: Model, X: csr_matrix, *, rng: np.random.Generator) -> Lanes:  # noqa: ARG001
    """A lane for each category with fewer than `ENOUGH` positives, with the larger share the fewer it has.

    A learned category hunts by its logit (the likeliest positives first), among items with a probability of at least
    `PLAUSIBLE`; one with positives, but too few to be learned, by likeness to these; one without any by its
    definition, with a share that falls while labels are spent and bring none, until `GIVEN_UP`: then chance has to
    bring the first. Places that no lane wants go to query.
    """
    classifier = model.estimator
    few = (int(category) for category in np.flatnonzero(classifier.n_positives < ENOUGH))
    hunted = [category for category in few if not _leads_nowhere(model, category)]
    if not hunted:
        return no_lanes(X.shape[0])
    shares, reasons = zip(*(_few(model, category) for category in hunted), strict=True)
    names = tuple(classifier.categories[category] for category in hunted)
    return Lanes(_hunts(model, X, hunted), np.array(shares), reasons, categories=names)


def cold_start(model: Model, X: csr_matrix, *, rng: np.random.Generator) -> Lanes:
    """A lane for each category by similarity to its definition, and a quarter at random, to begin with."""
    similar = _similarities(model, X, range(len(model.estimator.categories)))
    chance = random_sampling(model, X, rng=rng)
    n_categories = len(similar)
    shares = np.append(np.full(n_categories, (1 - _RANDOM_SHARE) / max(n_categories, 1)), _RANDOM_SHARE)
    names = tuple(model.estimator.categories)
    reasons = tuple(f"resembles the definition of {category}" for category in names)
    scores = np.vstack([similar, chance.scores])
    return Lanes(scores, shares, (*reasons, *chance.reasons), categories=(*names, ""))


def _similarities(model: Model, X: csr_matrix, categories: Sequence[int]) -> Floats32:
    """Items times definitions, float32 (len(categories), n_items); -inf where they have nothing in common."""
    if model.definitions is None:
        return np.full((len(categories), X.shape[0]), -np.inf, dtype=np.float32)
    return _products(csr_matrix(model.definitions[categories]), X)


def _hunts(model: Model, X: csr_matrix, hunted: Sequence[int]) -> Floats32:
    """A row of scores for each hunted category, by what is known of it."""
    learned, finds = model.estimator.learned, model.finds or {}
    scores = np.empty((len(hunted), X.shape[0]), dtype=np.float32)
    known = [row for row, category in enumerate(hunted) if learned[category]]
    found = [row for row, category in enumerate(hunted) if not learned[category] and category in finds]
    defined = sorted(set(range(len(hunted))) - {*known, *found})
    if known:
        logits = model.decision(X)[:, [hunted[row] for row in known]].T
        scores[known] = np.where(logits >= _PLAUSIBLE_LOGIT, logits, -np.inf)
    if found:
        scores[found] = _by_finds(model, X, [finds[hunted[row]] for row in found])
    if defined:
        scores[defined] = _similarities(model, X, [hunted[row] for row in defined])
    return scores


def _newness(model: Model, X: csr_matrix) -> Floats32:
    """What the square of a value is worth in each column, float32 (n_features,).

    The square of its rarity over one more than the labelled items that have it; nothing where fewer than `_SHARED` rows
    of X have it, for what is learned of such a column is of use to nobody else.
    """
    shared = np.bincount(X.indices, minlength=X.shape[1]) >= _SHARED
    return np.asarray(shared * model.rarity(X) ** 2 / (1 + model.estimator.seen_), dtype=np.float32)


def _squared(X: csr_matrix) -> csr_matrix:
    return csr_matrix((X.data**2, X.indices, X.indptr), shape=X.shape)


def _by_finds(model: Model, X: csr_matrix, finds: Sequence[Finds]) -> Floats32:
    """Items times what was found of each category, rare columns counting more; as `_similarities`."""
    weight = model.rarity(X) ** 2
    toward = vstack([one.toward for one in finds], format="csr")
    toward.data = toward.data * weight[toward.indices]
    return _products(csr_matrix(toward), X)


def _products(rows: csr_matrix, X: csr_matrix) -> Floats32:
    products = (rows @ X.T).toarray().astype(np.float32)
    return np.where(products > 0, products, np.float32(-np.inf))


def _leads_nowhere(model: Model, category: int) -> bool:
    """Whether a category has nothing but the words of its definition, and `GIVEN_UP` labels brought no positive."""
    classifier = model.estimator
    shown = category in (model.finds or {}) or category in model.shown
    return not shown and not classifier.n_positives[category] and _spent(classifier, category) >= GIVEN_UP


def _few(model: Model, category: int) -> tuple[float, str]:
    """Share and reason of a category that is hunted."""
    classifier = model.estimator
    name, n_positive = classifier.categories[category], int(classifier.n_positives[category])
    if classifier.learned[category]:
        return _fewer(n_positive), f"likely {name}, which has {n_positive} positives so far"
    if finds := (model.finds or {}).get(category):
        return _fewer(finds.n), f"resembles the {finds.n} found of {name}, which is not learned yet"
    share = 1 / (1 + _spent(classifier, category) / _PATIENCE)
    return share, f"resembles the definition of {name}, which is not learned yet"


def _fewer(n_positive: int) -> float:
    return 1 / float(np.sqrt(n_positive + 1))


def _spent(classifier: LinearClassifier, category: int) -> int:
    """Labels whose answer for the category is known."""
    if not classifier.is_fitted:
        return 0
    status = classifier.statuses_[category]
    return status.n_positive + status.n_negative


_LANES: dict[str, LaneFunction] = {
    "expected_change": expected_change,
    "multilabel_uncertainty": multilabel_uncertainty,
    "rare_category": rare_category,
    "cold_start": cold_start,
    "random_sampling": random_sampling,
}
STRATEGIES: dict[str, Strategy] = {name: Strategy(name, words, _LANES[name]) for name, words in WORDS.items()}


def strategy_for(classifier: LinearClassifier, usual: str = USUAL) -> Strategy:
    """What fills the query stream: the definitions of the categories before anything is learned, `usual` after."""
    return STRATEGIES[usual if classifier.learned.any() else COLD]
