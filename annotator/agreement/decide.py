"""Decide what the answers on one item amount to: resolved, another place, or the lead's list."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final, Literal

MAJORITY: Final = (2, 3)
"""At least two thirds, as a fraction, so that 2 of 3 is compared exactly."""

Method = Literal["single", "unanimous", "majority", "inferred"]


@dataclass(frozen=True, slots=True)
class Answer:
    """What one annotator said: categories present, categories they could not decide, and the verdict.

    Any verdict counts: two people who found the page unreachable agree, as two who found Games do.
    """

    labels: frozenset[str]
    unsure: frozenset[str]
    verdict: str

    @property
    def definite(self) -> bool:
        """Nothing was left undecided."""
        return not self.unsure

    @property
    def named(self) -> frozenset[str]:
        """Categories mentioned at all."""
        return self.labels | self.unsure


@dataclass(frozen=True, slots=True)
class Resolved:
    """The label set held true, and how it came about."""

    labels: frozenset[str]
    verdict: str
    method: Method
    reason: str


@dataclass(frozen=True, slots=True)
class NeedsAnother:
    """Another person should look; `categories` are in dispute (none when only the verdicts differ)."""

    reason: str
    categories: frozenset[str]


@dataclass(frozen=True, slots=True)
class Split:
    """A lead must decide; `categories` are in dispute (none when only the verdicts differ)."""

    reason: str
    categories: frozenset[str]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Places that were opened are not answered yet."""

    reason: str


Decision = Resolved | NeedsAnother | Split | Waiting


def decide(answers: Sequence[Answer], *, overlap: int, overlap_max: int, severe: frozenset[str]) -> Decision:
    """What the answers on an item amount to; their order does not matter.

    Parameters
    ----------
    answers : sequence of Answer
        The effective judgments, one per person. More than `overlap_max` (a late submit) is fine: all count.
    overlap, overlap_max : int
        Places opened at first, and at most; 1 <= overlap <= overlap_max.
    severe : frozenset of str
        Severity-3 categories. A majority never overrides somebody who names one of them, present or unsure.

    Returns
    -------
    Resolved, NeedsAnother, Split or Waiting
        Each with a reason in words that a lead can read.

    Raises
    ------
    ValueError
        `overlap` and `overlap_max` are out of order.

    Examples
    --------
    >>> games = Answer(frozenset({"games"}), frozenset(), "labelled")
    >>> decide([games, games], overlap=2, overlap_max=3, severe=frozenset()).method
    'unanimous'
    """
    if not 1 <= overlap <= overlap_max:
        msg = f"want 1 <= overlap <= overlap_max, got {overlap} and {overlap_max}"
        raise ValueError(msg)
    n = len(answers)
    if n < overlap:
        return Waiting(f"{n} of {overlap} judgments are in")
    if len(set(answers)) == 1 and answers[0].definite:
        return _agreed(answers)
    disputed = _disputed(answers)
    why = _why(answers, disputed)
    if n < overlap_max:
        return NeedsAnother(why, disputed)
    return _majority(answers, severe) or Split(why, disputed)


def _agreed(answers: Sequence[Answer]) -> Resolved:
    first, n = answers[0], len(answers)
    if n == 1:
        return Resolved(first.labels, first.verdict, "single", "one judgment was asked for")
    return Resolved(first.labels, first.verdict, "unanimous", f"all {n} judgments are the same")


def _majority(answers: Sequence[Answer], severe: frozenset[str]) -> Resolved | None:
    """The definite answer of two thirds, unless somebody else names a severe category that it lacks."""
    n = len(answers)
    tally = Counter(answer for answer in answers if answer.definite)
    if not tally:
        return None
    held, count = tally.most_common(1)[0]
    numerator, denominator = MAJORITY
    if count * denominator < n * numerator:
        return None
    overruled = frozenset(chain.from_iterable(answer.named for answer in answers if answer != held))
    if (overruled - held.labels) & severe:
        return None
    return Resolved(held.labels, held.verdict, "majority", f"{count} of {n} judgments are the same")


def _disputed(answers: Sequence[Answer]) -> frozenset[str]:
    """Categories that somebody named and not everybody marked present."""
    named = frozenset(chain.from_iterable(answer.named for answer in answers))
    by_all = frozenset.intersection(*(answer.labels for answer in answers))
    undecided = frozenset(chain.from_iterable(answer.unsure for answer in answers))
    return (named - by_all) | undecided


def _why(answers: Sequence[Answer], disputed: frozenset[str]) -> str:
    verdicts = sorted({answer.verdict for answer in answers})
    if len(verdicts) > 1:
        return f"verdicts differ: {', '.join(verdicts)}"
    if len(set(answers)) == 1:
        return f"unsure about {', '.join(sorted(disputed))}"
    return f"no agreement on {', '.join(sorted(disputed))}"
