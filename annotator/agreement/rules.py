"""A rule of a lead for items on which people differ in the same: what each becomes, or why the rule does not fit it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from annotator.agreement.decide import Answer
from annotator.agreement.patterns import LABELLED


class Why(StrEnum):
    """Why a rule does not fit an item."""

    SEVERE = "severe"  # somebody names a gravest category that would be absent
    EVEN = "even"  # people are evenly apart on a category that the rule leaves to them
    NO_LABELS = "no_labels"  # the rule is about labels, and nobody labelled it


@dataclass(frozen=True, slots=True)
class BulkRule:
    """Categories that become present and those that become absent; what it does not name goes by most of the answers.

    With another verdict than `labelled` it says nothing on categories.
    """

    present: frozenset[str] = frozenset()
    absent: frozenset[str] = frozenset()
    verdict: str = LABELLED


@dataclass(frozen=True, slots=True)
class Fits:
    """The labels that an item gets by the rule; none with another verdict than `labelled`."""

    labels: frozenset[str]


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why the rule does not fit, and the category that this is about, if one is."""

    why: Why
    category: str = ""


def ruled(answers: Sequence[Answer], rule: BulkRule, severe: frozenset[str]) -> Fits | Unfit:
    """What an item becomes by `rule`. The order of the answers makes no difference.

    Parameters
    ----------
    answers : sequence of Answer
        The effective judgments on the item, one per person.
    rule : BulkRule
        What the lead decided. A category that it names goes as it says, whatever people said.
    severe : frozenset of str
        Gravest categories. Where the rule does not name one and somebody does, it is present or the rule does not fit:
        no majority overrides that person.

    Examples
    --------
    >>> games = Answer(frozenset({"games"}), frozenset(), "labelled")
    >>> bets = Answer(frozenset({"gambling"}), frozenset(), "labelled")
    >>> ruled([games, bets], BulkRule(frozenset({"games"}), frozenset({"gambling"})), frozenset())
    Fits(labels=frozenset({'games'}))
    """
    left = frozenset[str]().union(*(answer.named for answer in answers)) - rule.present - rule.absent
    if rule.verdict != LABELLED:
        grave = sorted(left & severe)
        return Unfit(Why.SEVERE, grave[0]) if grave else Fits(frozenset())
    labelled = [answer for answer in answers if answer.verdict == LABELLED]
    if not labelled:
        return Unfit(Why.NO_LABELS)
    balance = {slug: _balance(slug, labelled) for slug in sorted(left)}
    for slug, most in balance.items():
        if slug in severe and most <= 0:
            return Unfit(Why.SEVERE, slug)
        if most == 0:
            return Unfit(Why.EVEN, slug)
    return Fits(rule.present | {slug for slug, most in balance.items() if most > 0})


def _balance(slug: str, answers: Sequence[Answer]) -> int:
    """How many more say present than absent; whoever is unsure says neither."""
    present = sum(slug in answer.labels for answer in answers)
    absent = sum(slug not in answer.named for answer in answers)
    return present - absent
