"""What a lead might do for an annotator, and they for themselves, in words: a rule that reads no row and no clock."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from annotator.agreement.drift import Drift
from annotator.agreement.intervals import NO_ANSWERS, STRICT, Tally, chance_of_as_many, wilson

FEWEST: Final = 8
"""Answers before anything is suggested from them; as many as before anything follows from checks."""
OFTEN: Final = 0.1
"""Slips are pointed out when their share is very likely above it: see `RARE`."""
SAME: Final = 0.8
"""Retests are pointed out when the share of same answers is very likely under it."""
RARE: Final = 0.01
"""Chance that somebody who slips in `OFTEN` of their pages (or is the same in `SAME`) is pointed out by bad luck."""
MOST: Final = 3
"""Suggestions at a time: nobody works at ten things at once."""


class Kind(StrEnum):
    """What is suggested."""

    READ = "read"
    REWORD = "reword"
    RETEST = "retest"
    PACE = "pace"
    CHANGE = "change"


class Slip(StrEnum):
    """How an answer differs from gold, or from what is held true, in one category."""

    MISSED = "missed"
    WRONG = "named where it is not"


@dataclass(frozen=True)
class Slips:
    """One way to differ in one category: how often this person did, and all others together.

    A tally's `right` counts the slips; `n` the pages that show the category (missed), or on which it was named.
    """

    category: str
    severity: int
    slip: Slip
    own: Tally
    others: Tally
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Seen:
    """All that a suggestion may rest on. In `fast`, `right` counts judgments faster than skimming."""

    slips: Sequence[Slips] = ()
    retest: Tally = NO_ANSWERS
    fast: Tally = NO_ANSWERS
    is_hasty: bool = False
    changes: Sequence[Drift] = ()


@dataclass(frozen=True)
class Suggestion:
    """One thing to do: said to a lead about somebody, and to that person; empty where it is the lead's to do."""

    kind: Kind
    for_lead: str
    for_self: str
    category: str = ""
    clauses: tuple[str, ...] = field(default=())


def advice_of(name: str, seen: Seen) -> tuple[Suggestion, ...]:
    """At most `MOST` suggestions about the person called `name`, the gravest categories first; often none.

    - a category is missed, or named where it is not, very likely in more than `OFTEN` of at least `FEWEST` pages:
      read its clause. When the others do so too, as far as one can tell, the clause may be the reason: reword it.
    - fewer answers than `SAME` are the same on retests, very likely: go through some of them.
    - many judgments were faster than skimming, or the newest answers are clearly lower than before: ask how it goes.

    Examples
    --------
    >>> slips = Slips("Gambling", 1, Slip.MISSED, Tally(4, 9), Tally(2, 90), ("4.2",))
    >>> advice_of("ann", Seen(slips=[slips]))[0].for_lead
    'Ask ann to read clause 4.2: Gambling is missed in 4 of 9 pages that show it.'
    """
    found = [_about(name, slips) for slips in _weightiest(seen.slips)]
    if _is_frequent(Tally(seen.retest.n - seen.retest.right, seen.retest.n), 1 - SAME):
        found.append(_retest(name, seen.retest))
    found += [_change(name, drift) for drift in seen.changes if drift.verdict == "lower"][:1]
    if seen.is_hasty:
        found.append(_pace(name, seen.fast))
    return tuple(found[:MOST])


def _weightiest(slips: Iterable[Slips]) -> list[Slips]:
    """Those to point out: the gravest first, then those that are surely the most frequent."""
    frequent = [one for one in slips if _is_frequent(one.own, OFTEN)]
    return sorted(frequent, key=lambda one: (-one.severity, -_least(one.own), one.category, one.slip))


def _is_frequent(slips: Tally, line: float) -> bool:
    return slips.n >= FEWEST and chance_of_as_many(slips, line) < RARE


def _least(slips: Tally) -> float:
    return wilson(slips, STRICT).low


def _about(name: str, slips: Slips) -> Suggestion:
    if slips.others.n >= FEWEST and (slips.others.share or 0.0) >= _least(slips.own):
        return _reword(name, slips)
    where = _clauses(slips.clauses)
    lead = f"Ask {name} to read {where}" if where else f"Talk with {name} about {slips.category}"
    own = (
        f"Have another look at {where}"
        if where
        else f"Have another look at the guideline on {slips.category}"
    )
    says = _says(slips)
    return Suggestion(Kind.READ, f"{lead}: {says}.", f"{own}: {says}.", slips.category, slips.clauses)


def _reword(name: str, slips: Slips) -> Suggestion:
    where = _clauses(slips.clauses) or f"what the guideline says on {slips.category}"
    others = f"{slips.others.right:,} of {slips.others.n:,} by the others"
    text = f"Look at {where} with everybody: {_says(slips)} by {name}, and in {others}; the wording may be the reason."
    return Suggestion(Kind.REWORD, text, "", slips.category, slips.clauses)


def _says(slips: Slips) -> str:
    own = slips.own
    if slips.slip == Slip.MISSED:
        return f"{slips.category} is missed in {own.right:,} of {own.n:,} pages that show it"
    return f"{slips.category} is named on {own.n:,} pages, {own.right:,} of which do not show it"


def _retest(name: str, retest: Tally) -> Suggestion:
    same = f"{retest.right:,} of {retest.n:,} were answered the same"
    return Suggestion(
        Kind.RETEST,
        f"Go through some of the pages that came again with {name}: {same}.",
        f"Of pages that came again, {same}: which clause could have decided the others?",
    )


def _change(name: str, drift: Drift) -> Suggestion:
    assert drift.since is not None
    ends = wilson(drift.newest)
    newest = f"{drift.newest.share:.2f} [{ends.low:.2f}, {ends.high:.2f}]"
    what = (
        f"since {drift.since}, {newest} of the answers are as held true; before, {drift.older.share:.2f} were"
    )
    return Suggestion(
        Kind.CHANGE,
        f"Ask {name} how it goes, and whether something changed: {what}.",
        f"Something may have changed: {what}. A break, or a look at what is new in the guideline, may help.",
    )


def _pace(name: str, fast: Tally) -> Suggestion:
    what = f"{fast.right} of the last {fast.n} judgments took less time than skimming the page does"
    return Suggestion(
        Kind.PACE,
        f"Ask {name} how it goes: {what}. Many pages are clear at a glance.",
        f"{what[0].upper()}{what[1:]}. Take the time that a page needs.",
    )


def _clauses(numbers: Sequence[str]) -> str:
    """The clauses in words: "clause 4.2", "clauses 4.1 to 4.4"; empty of none."""
    if not numbers:
        return ""
    if len(numbers) == 1:
        return f"clause {numbers[0]}"
    return f"clauses {numbers[0]} {'and' if len(numbers) == len('ab') else 'to'} {numbers[-1]}"
