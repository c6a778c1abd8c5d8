"""Truth inference per category: what the judgments say of each item, and each annotator's skill."""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from annotator.agreement.dawid_skene import Answers, Fit, FloatArray, dawid_skene, smoothed
from annotator.agreement.intervals import score_interval
from annotator.agreement.ratings import ABSENT, MISSING, PRESENT, SHARED, Codes, Ratings

Method = Literal["majority", "dawid-skene"]

SHRINKAGE: Final = 4.0
"""Answers that the team's mean is worth in the skill of one annotator: five items of their own hardly outweigh it."""
ENOUGH: Final = 10.0
"""Answers of their own from which the skill of an annotator is more than a guess."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A chance of a right answer, shrunk to the team's mean: 0 <= low <= value <= high <= 1.

    `n` is what the annotator's own answers are worth: see `Fit.sizes`. `why_uncertain` is empty from `ENOUGH` on. The
    interval takes the skills of the others as known: fair from three judgments an item, too narrow with two.
    """

    value: float
    low: float
    high: float
    n: float
    why_uncertain: str = ""


@dataclass(frozen=True, slots=True)
class Skill:
    """How one annotator does in one category: the chance to see it where it is, and to see none where it is not."""

    annotator: int
    sensitivity: Rate
    specificity: Rate


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """What is held true of each item in one category.

    Parameters
    ----------
    method : "majority" or "dawid-skene"
    probability : float array (n_items,)
        That the category is present: the share of judgments (majority) or the posterior. nan where nobody judged.
    present : int8 array (n_items,)
        1 present, 0 absent, -1 where nobody judged or the judgments tie. A tie is named, never drawn by lot.
    n_items, n_judgments : int
        Items with a judgment on the category, and those judgments; unsure is none.
    skills : tuple of Skill
        Of each annotator with a judgment on the category, in the order of their indices; empty for a majority.
    prevalence : float or None
        Share of the items in which the category is, by inference; None where it is undefined.
    fit : Fit or None
        How the estimation went: iterations, log-likelihood, whether it converged.
    why_undefined : str
        Why there are no posteriors and skills, or empty. `probability` and `present` then are the majority's.
    """

    method: Method
    probability: FloatArray
    present: Codes
    n_items: int
    n_judgments: int
    skills: tuple[Skill, ...] = ()
    prevalence: float | None = None
    fit: Fit | None = None
    why_undefined: str = ""


def majority(ratings: Ratings, category: int = 0) -> Truth:
    """What more than half of the judgments on each item say.

    Examples
    --------
    >>> majority(Ratings.from_table([[1, 1, 0], [1, 0, -1], [0, -1, -1]])).present.tolist()
    [1, -1, 0]
    """
    return _majority(_answers(ratings, category))


def inferred(ratings: Ratings, category: int = 0, *, strength: float = 0.0) -> Truth:
    """Dawid-Skene on one category; the majority, and the reason, where the judgments cannot tell skills apart.

    Deterministic, and the same in any order of judgments up to rounding. The posterior uses the estimates of the
    paper (`strength` 0); only the skills that are shown are shrunk: see `Rate`.

    Raises
    ------
    ValueError
        A value is neither 0, 1 nor -1, or `strength` is negative.

    Examples
    --------
    >>> truth = inferred(Ratings.from_table([[1, 1, 0], [0, 0, 0], [1, 1, 1], [0, 0, 1]]))
    >>> truth.present.tolist(), truth.why_undefined
    ([1, 0, 1, 0], '')
    >>> inferred(Ratings.from_table([[1], [0]])).why_undefined
    'one annotator only: nobody to compare them with'
    """
    answers = _answers(ratings, category)
    plain = _majority(answers)
    why = _why_undefined(answers)
    if why:
        return Truth(
            plain.method,
            plain.probability,
            plain.present,
            plain.n_items,
            plain.n_judgments,
            why_undefined=why,
        )
    fit = dawid_skene(answers, strength=strength)
    probability = fit.posterior[:, PRESENT]
    return Truth(
        method="dawid-skene",
        probability=probability,
        present=_decided(probability),
        n_items=plain.n_items,
        n_judgments=plain.n_judgments,
        skills=_skills(fit, answers),
        prevalence=float(fit.marginals[PRESENT]),
        fit=fit,
    )


def inferred_by_category(ratings: Ratings) -> list[Truth]:
    """`inferred` for each category, in the order of the columns; one says nothing on another."""
    return [inferred(ratings, category) for category in range(ratings.n_categories)]


def _answers(ratings: Ratings, category: int) -> Answers:
    column = ratings.values[:, category]
    given = column != MISSING
    return Answers(
        ratings.item[given],
        ratings.annotator[given],
        column[given],
        n_items=int(ratings.item.max(initial=-1)) + 1,
        n_annotators=int(ratings.annotator.max(initial=-1)) + 1,
    )


def _majority(answers: Answers) -> Truth:
    judged = np.bincount(answers.item, minlength=answers.n_items)
    seen = np.bincount(answers.item, answers.value, minlength=answers.n_items)
    share = np.full(answers.n_items, np.nan)
    np.divide(seen, judged, out=share, where=judged > 0)
    return Truth("majority", share, _decided(share), int((judged > 0).sum()), answers.n)


def _decided(probability: FloatArray) -> Codes:
    """Present above one half, absent below; -1 at one half and where there is none."""
    present = np.full(len(probability), MISSING, dtype=np.int8)
    present[probability > 1 / 2] = PRESENT
    present[probability < 1 / 2] = ABSENT
    return present


def _why_undefined(answers: Answers) -> str:
    if answers.n == 0:
        return "nobody judged this category"
    if np.unique(answers.annotator).size == 1:
        return "one annotator only: nobody to compare them with"
    if np.bincount(answers.item).max() < SHARED:
        return "no item has two judgments"
    if answers.value.min() == answers.value.max():
        return f"no variation: all {answers.n} judgments say the same"
    return ""


def _skills(fit: Fit, answers: Answers) -> tuple[Skill, ...]:
    shrunk = smoothed(fit.counts, SHRINKAGE)
    return tuple(
        Skill(
            int(who),
            _rate(shrunk[who, PRESENT, PRESENT], fit.sizes[who, PRESENT]),
            _rate(shrunk[who, ABSENT, ABSENT], fit.sizes[who, ABSENT]),
        )
        for who in np.unique(answers.annotator)
    )


def _rate(value: float, n: float) -> Rate:
    size = float(n) + SHRINKAGE
    ends = score_interval(float(value) * size, size)
    why = "" if n >= ENOUGH else f"worth {n:.1f} answers of their own: mostly the team's mean"
    return Rate(float(value), ends.low, ends.high, float(n), why)
