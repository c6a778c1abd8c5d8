"""How sure a category is on one item, from what each person said of it and how well they are known to tell it."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import exp, log
from typing import Final

from annotator.agreement.dawid_skene import Fit
from annotator.agreement.ratings import ABSENT, PRESENT

SUREST: Final = 0.99
"""No single answer is taken for surer than this, nor for less than its complement: skills are estimates."""


@dataclass(frozen=True, slots=True)
class KnownSkill:
    """The chance that somebody names a category where it is, and leaves it out where it is not; 0 to 1."""

    sensitivity: float
    specificity: float


@dataclass(frozen=True, slots=True)
class Said:
    """One answer on the category, definite, and the skill of whoever gave it."""

    present: bool
    skill: KnownSkill


def present_given(answers: Iterable[Said], prevalence: float, *, surest: float = SUREST) -> float:
    """The chance that the category is present: the E-step of Dawid and Skene (1979, equation 2.5) with known skills.

    Parameters
    ----------
    answers : iterable of Said
        Independent given the truth; their order does not matter. None gives the prior back.
    prevalence : float
        The prior, 0 to 1: the share of items in which the category is.
    surest : float
        Skills and prevalence are held between its complement and this.

    Examples
    --------
    >>> good, poor = KnownSkill(0.9, 0.9), KnownSkill(0.6, 0.6)
    >>> round(present_given([Said(True, good), Said(False, poor)], prevalence=0.5), 3)
    0.857
    """
    prior = _held(prevalence, surest)
    odds = log(prior / (1 - prior))
    for answer in answers:
        seen, unseen = _held(answer.skill.sensitivity, surest), _held(answer.skill.specificity, surest)
        odds += log(seen / (1 - unseen)) if answer.present else log((1 - seen) / unseen)
    return 1 / (1 + exp(-odds)) if odds > 0 else exp(odds) / (1 + exp(odds))


def team_skill(fit: Fit) -> KnownSkill:
    """The mean of everybody in a fit, each answer counting once: what is expected of somebody who is not in it."""
    counts = fit.counts.sum(axis=0) + 1 / 2
    rates = counts / counts.sum(axis=1, keepdims=True)
    return KnownSkill(float(rates[PRESENT, PRESENT]), float(rates[ABSENT, ABSENT]))


def _held(share: float, surest: float) -> float:
    return min(max(share, 1 - surest), surest)
