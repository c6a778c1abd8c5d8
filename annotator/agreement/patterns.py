"""What people disagree about on one item, as a pattern: items of one pattern are settled by one thought."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

from annotator.agreement.decide import Answer

PARTS_MAX: Final = 3
PAIR: Final = 2
KEY_MAX: Final = 160
LABELLED: Final = "labelled"

_KEY = re.compile(r"([a-z]+):([-A-Za-z0-9_]+(?:\.[-A-Za-z0-9_]+)*|)")


class Kind(StrEnum):
    """The shapes a disagreement can have; each item has the first that fits, in this order."""

    LEAD = "lead"  # later judgments question what a lead decided
    VERDICT = "verdict"  # some label the page, others say that it cannot be labelled
    EITHER = "either"  # two categories, and nobody names both
    ONE = "one"  # one category, present or absent
    SEVERAL = "several"  # more categories, each present or absent
    UNSURE = "unsure"  # nobody contradicts anybody, but somebody could not decide


@dataclass(frozen=True, slots=True)
class Pattern:
    """What people disagree about: `parts` are categories, or verdicts, in alphabetical order.

    Without parts there are more than `PARTS_MAX`: such items have little in common.
    """

    kind: Kind
    parts: tuple[str, ...]

    @property
    def key(self) -> str:
        """The pattern as one word, for a column and an address.

        >>> Pattern(Kind.EITHER, ("gambling", "games")).key
        'either:gambling.games'
        """
        return f"{self.kind}:{'.'.join(self.parts)}"

    @classmethod
    def parse(cls, key: str) -> Self | None:
        """The pattern of a key; None for a word that is none.

        >>> Pattern.parse("one:violence")
        Pattern(kind=<Kind.ONE: 'one'>, parts=('violence',))
        """
        found = _KEY.fullmatch(key) if len(key) <= KEY_MAX else None
        if found is None or found[1] not in _KINDS:
            return None
        return cls(Kind(found[1]), tuple(filter(None, found[2].split("."))))


_KINDS: Final = frozenset(kind.value for kind in Kind)


def pattern_of(answers: Sequence[Answer]) -> Pattern:
    """What the answers on one item differ in. Who gave which, and in which order, makes no difference.

    A category is *apart* when one answer names it and another leaves it out; an answer that is unsure of it does
    neither. Categories that somebody is only unsure of count when nothing is apart.
    """
    verdicts = {answer.verdict for answer in answers}
    if verdicts != {LABELLED}:
        return _pattern(Kind.VERDICT, verdicts)
    apart = {
        slug
        for slug in frozenset[str]().union(*(answer.labels for answer in answers))
        if any(slug not in answer.named for answer in answers)
    }
    if not apart:
        return _pattern(Kind.UNSURE, frozenset[str]().union(*(answer.unsure for answer in answers)))
    if len(apart) == 1:
        return _pattern(Kind.ONE, apart)
    if len(apart) == PAIR and not any(apart <= answer.named for answer in answers):
        return _pattern(Kind.EITHER, apart)
    return _pattern(Kind.SEVERAL, apart)


def pattern_against_lead(categories: Collection[str]) -> Pattern:
    """The pattern of an item whose decision by a lead is questioned in `categories`."""
    return _pattern(Kind.LEAD, categories)


def _pattern(kind: Kind, parts: Collection[str]) -> Pattern:
    return Pattern(kind, tuple(sorted(parts)) if len(parts) <= PARTS_MAX else ())
