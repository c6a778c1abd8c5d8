"""Dawid-Skene: what is true of each item and how each annotator errs, found together from their answers."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annotator.agreement.ratings import Codes, IntArray

FloatArray = NDArray[np.float64]

TINY: Final = 1e-10
"""Added to each probability before its logarithm: an error never seen is unlikely, not impossible."""
TOLERANCE: Final = 1e-7
"""Converged when an iteration raises the objective by less than this for each answer."""
ITERATIONS: Final = 200


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """Answers to one question in long form; the same person may answer an item more than once.

    Parameters
    ----------
    item, annotator : int array (n_answers,)
        Indices >= 0.
    value : int array (n_answers,)
        Nominal codes, 0 <= value < n_values: nothing is missing here.
    n_items, n_annotators, n_values : int
        Sizes; an index without an answer is allowed.

    Raises
    ------
    ValueError
        Lengths differ, or an index or code is out of its range.
    """

    item: IntArray
    annotator: IntArray
    value: IntArray | Codes
    n_items: int
    n_annotators: int
    n_values: int = 2

    def __post_init__(self) -> None:
        if not len(self.item) == len(self.annotator) == len(self.value):
            msg = f"lengths differ: {len(self.item)}, {len(self.annotator)} and {len(self.value)}"
            raise ValueError(msg)
        for name, codes, size in (
            ("item", self.item, self.n_items),
            ("annotator", self.annotator, self.n_annotators),
            ("value", self.value, self.n_values),
        ):
            if codes.size and not (codes.min() >= 0 and codes.max() < size):
                msg = f"want 0 <= {name} < {size}, got {codes.min()} to {codes.max()}"
                raise ValueError(msg)

    @property
    def n(self) -> int:
        """Answers in all."""
        return len(self.item)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """What the answers amount to, and how the estimation ended.

    Parameters
    ----------
    posterior : float array (n_items, n_values)
        Chance of each value; rows sum to 1. The row of an item that nobody answered is nan.
    marginals : float array (n_values,)
        Share of each value among the items that were answered.
    counts : float array (n_annotators, n_values, n_values)
        Expected answers of each annotator: [annotator, true value, value given].
    sizes : float array (n_annotators, n_values)
        Answers that each row of a confusion is worth: each answer counts with the square of its posterior, because one
        on an item that may be something else says less (the diagonal of the observed information, Louis 1982, 3.2).
    confusion : float array (n_annotators, n_values, n_values)
        Chance of each answer given the true value; rows sum to 1. With `strength` 0 an annotator who never met a
        value has the team's row there.
    log_likelihood : float
        Of the answers, without the prior and without a multinomial constant.
    iterations : int
        Updates that were made.
    converged : bool
        The last update changed nothing that matters; otherwise the limit was reached first.
    """

    posterior: FloatArray
    marginals: FloatArray
    counts: FloatArray
    sizes: FloatArray
    confusion: FloatArray
    log_likelihood: float
    iterations: int
    converged: bool


def dawid_skene(answers: Answers, *, strength: float = 0.0, max_iterations: int = ITERATIONS) -> Fit:
    """The posterior of each item and the confusion of each annotator, by EM from the shares of answers.

    Deterministic. O(n_answers x n_values) time for each iteration; no table of items x annotators exists.

    Parameters
    ----------
    answers : Answers
    strength : float
        Answers that each row of a confusion is worth before its annotator gave any: they are given to the team's mean
        row. 0 is the estimate of the paper; more is its Bayesian variant (a Dirichlet prior with an empirical mean).
    max_iterations : int
        At least 1.

    Raises
    ------
    ValueError
        There is no answer, `strength` is negative, or `max_iterations` is not positive.

    References
    ----------
    Dawid and Skene (1979), Applied Statistics 28(1), 20-28, equations 2.3 to 2.5, start by 3.1.
    https://doi.org/10.2307/2346806
    Louis (1982), Journal of the Royal Statistical Society B 44(2), 226-233.

    Examples
    --------
    >>> who = np.array([0, 1, 2])
    >>> answers = Answers(np.repeat([0, 1], 3), np.tile(who, 2), np.array([1, 1, 0, 0, 0, 0]), 2, 3)
    >>> dawid_skene(answers, strength=1).posterior.round().tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    if answers.n == 0 or strength < 0 or max_iterations < 1:
        msg = f"want an answer, strength >= 0 and max_iterations >= 1, got {answers.n}, {strength}, {max_iterations}"
        raise ValueError(msg)
    rows = _Rows.of(answers)
    posterior = rows.shares()
    before, converged, iteration = -np.inf, False, 0
    while not converged and iteration < max_iterations:
        iteration += 1
        marginals, counts = posterior.mean(axis=0), rows.count(posterior)
        confusion = smoothed(counts, strength)
        posterior, log_likelihood = rows.infer(marginals, confusion)
        converged = abs(log_likelihood - before) < TOLERANCE * answers.n
        before = log_likelihood
    everything = np.full((answers.n_items, answers.n_values), np.nan)
    everything[rows.answered] = posterior
    sizes = rows.count(posterior**2).sum(axis=2)
    return Fit(everything, marginals, counts, sizes, confusion, before, iteration, converged)


def posterior_given(answers: Answers, marginals: FloatArray, confusion: FloatArray) -> FloatArray:
    """The posterior of each item (n_items, n_values) under skills that are known already; nan where nobody answered."""
    everything = np.full((answers.n_items, answers.n_values), np.nan)
    if answers.n:
        rows = _Rows.of(answers)
        everything[rows.answered], _ = rows.infer(marginals, confusion)
    return everything


def smoothed(counts: FloatArray, strength: float) -> FloatArray:
    """Confusion of each annotator: their counts, and `strength` answers more that follow the team's mean row.

    Parameters
    ----------
    counts : float array (n_annotators, n_values, n_values)
    strength : float
        At least 0.
    """
    n_values = counts.shape[1]
    total = counts.sum(axis=0)
    team = (total + 1 / n_values) / (total.sum(axis=1, keepdims=True) + 1)
    size = counts.sum(axis=2, keepdims=True) + strength
    with np.errstate(divide="ignore", invalid="ignore"):
        own = (counts + strength * team) / size
    rows: FloatArray = np.where(size > TINY, own, team)
    return rows


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Answers in the order of their items, so that sums over an item are sums over a slice."""

    answered: IntArray
    starts: IntArray
    row: IntArray
    cell: IntArray
    shape: tuple[int, int]

    @classmethod
    def of(cls, answers: Answers) -> "_Rows":
        item = answers.item
        order = slice(None) if bool((item[1:] >= item[:-1]).all()) else np.argsort(item, kind="stable")
        item, cell = item[order], (answers.annotator * answers.n_values + answers.value)[order]
        new = np.concatenate([[True], item[1:] != item[:-1]])
        starts = np.flatnonzero(new)
        return cls(item[starts], starts, np.cumsum(new) - 1, cell, (answers.n_annotators, answers.n_values))

    def shares(self) -> FloatArray:
        """Share of each value among the answers on each item that has some."""
        values = np.arange(self.shape[1])[:, np.newaxis]
        sums = np.add.reduceat((self.cell % self.shape[1] == values).astype(np.float64), self.starts, axis=1)
        return np.ascontiguousarray((sums / sums.sum(axis=0)).T)

    def count(self, posterior: FloatArray) -> FloatArray:
        """M-step: expected answers [annotator, true value, value given]."""
        n_annotators, n_values = self.shape
        size = n_annotators * n_values
        by_truth = [
            np.bincount(self.cell, np.ascontiguousarray(column)[self.row], size) for column in posterior.T
        ]
        return (
            np.array(by_truth, dtype=np.float64).reshape(n_values, n_annotators, n_values).transpose(1, 0, 2)
        )

    def infer(self, marginals: FloatArray, confusion: FloatArray) -> tuple[FloatArray, float]:
        """E-step: posterior of each answered item, and the log-likelihood of all answers."""
        by_truth = np.log(confusion + TINY).transpose(1, 0, 2).reshape(self.shape[1], -1)
        joint = np.stack([np.add.reduceat(truth[self.cell], self.starts) for truth in by_truth], axis=1)
        joint += np.log(marginals + TINY)
        peak = joint.max(axis=1, keepdims=True)
        joint = np.exp(joint - peak)
        total = joint.sum(axis=1, keepdims=True)
        return joint / total, float(np.log(total).sum() + peak.sum())
