"""What speaks for each cause of an error, in numbers. A suggestion with its reasons; the person decides."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SUGGESTED_FROM: Final = 0.5
AHEAD_BY: Final = 0.1
"""Of two causes that are nearly as likely, neither is suggested."""
FACTS_LEAST: Final = 2
"""Kinds of facts that have to be known: one alone has nothing that could speak against it."""
RULE: Final = (
    f"Suggested is a cause whose strongest fact counts {SUGGESTED_FROM:.0%} or more, and {100 * AHEAD_BY:.0f} points "
    f"more than that of any other cause. None is suggested where fewer than {FACTS_LEAST} of these are known: what two "
    "people judged, three similar training pages, the words of the page."
)
NEIGHBOURS_LEAST: Final = 3
JUDGES_LEAST: Final = 2
FEW_WORDS: Final = 20
WEAK_PULL: Final = 0.5


class Cause(StrEnum):
    """Why a classifier went wrong on a page."""

    LABEL = "label"
    GUIDELINE = "guideline"
    FEATURES = "features"
    DRIFT = "drift"
    OTHER = "other"

    @property
    def words(self) -> str:
        """For people."""
        return WORDS[self]


WORDS: Final = {
    Cause.LABEL: "Label error",
    Cause.GUIDELINE: "Guideline gap",
    Cause.FEATURES: "Missing features",
    Cause.DRIFT: "Drift",
    Cause.OTHER: "Other",
}
LOOKS_LIKE: Final = {
    Cause.LABEL: "What is held true may be wrong: people, near pages or a search for suspects say otherwise.",
    Cause.GUIDELINE: "The guideline may leave it open: people disagree, and no clause decides.",
    Cause.FEATURES: "The classifier may see too little of the page: few words, or words without weight.",
    Cause.DRIFT: "The page, or pages like it, may have changed since the training.",
}


@dataclass(frozen=True, slots=True)
class CauseFacts:
    """What is known of one error.

    Attributes
    ----------
    doubt : float or None
        Of the open suspect on this label; None where there is none.
    agree, oppose, unsure : int
        People whose judgment says what is held, says the opposite, or is unsure of the category.
    near, near_oppose : int
        Similar training pages whose label is known, and those of them that hold the opposite.
    clauses : int
        Clauses of the guideline on the category.
    cited : int
        Judgments and resolutions of the page that cite a clause.
    words : int or None
        Different words; None where nobody looked at them.
    unseen : int
        Those that no training page had.
    pull : float
        Logits of all words together, whichever way they push.
    has_text : bool
    changed : bool
        The page came again with other content after it was judged.
    newer : bool
        It was taken in after the classifier was trained.
    """

    doubt: float | None = None
    agree: int = 0
    oppose: int = 0
    unsure: int = 0
    near: int = 0
    near_oppose: int = 0
    clauses: int = 0
    cited: int = 0
    words: int | None = None
    unseen: int = 0
    pull: float = 0.0
    has_text: bool = True
    changed: bool = False
    newer: bool = False


@dataclass(frozen=True, slots=True)
class CauseView:
    """How strongly the facts speak for one cause, from 0 to 1, and which facts do: for it, then against."""

    cause: Cause
    strength: float
    reasons: tuple[str, ...]

    @property
    def percent(self) -> int:
        """The strength, for a bar."""
        return round(100 * self.strength)

    @property
    def looks_like(self) -> str:
        """What such an error looks like."""
        return LOOKS_LIKE[self.cause]


def cause_views(facts: CauseFacts) -> tuple[CauseView, ...]:
    """The four causes in their order, each with what the facts say of it.

    Examples
    --------
    >>> bare = CauseFacts(has_text=False, words=0, clauses=1, agree=2)
    >>> suggested(bare, cause_views(bare))
    <Cause.FEATURES: 'features'>
    """
    kinds = (
        (Cause.LABEL, _label(facts)),
        (Cause.GUIDELINE, _guideline(facts)),
        (Cause.FEATURES, _features(facts)),
        (Cause.DRIFT, _drift(facts)),
    )
    return tuple(_view(cause, list(told)) for cause, told in kinds)


def suggested(facts: CauseFacts, views: tuple[CauseView, ...]) -> Cause | None:
    """The cause that the facts speak for clearly, or None; `RULE` says it in words."""
    if facts_known(facts) < FACTS_LEAST:
        return None
    first, second = sorted(views, key=lambda view: -view.strength)[:2]
    is_clear = first.strength >= SUGGESTED_FROM and first.strength - second.strength >= AHEAD_BY
    return first.cause if is_clear else None


def facts_known(facts: CauseFacts) -> int:
    """Of the three kinds of facts that causes rest on, how many are known of the error."""
    people = facts.agree + facts.oppose + facts.unsure
    return sum((people >= JUDGES_LEAST, facts.near >= NEIGHBOURS_LEAST, facts.words is not None))


def _view(cause: Cause, told: list[tuple[float, str]]) -> CauseView:
    told.sort(key=lambda one: -one[0])
    strength = max((strength for strength, _ in told), default=0.0)
    return CauseView(cause, round(strength, 3), tuple(reason for _, reason in told))


def _label(facts: CauseFacts) -> Iterator[tuple[float, str]]:
    if facts.doubt is not None:
        yield facts.doubt, f"It is among the suspects, with a doubt of {facts.doubt:.2f}."
    people = facts.agree + facts.oppose + facts.unsure
    if people >= JUDGES_LEAST:
        yield facts.oppose / people, f"{facts.oppose} of {people} people judged otherwise than is held."
    elif people:
        yield 0.0, "One person judged it."
    else:
        yield 0.0, "Nobody judged it here."
    if facts.near >= NEIGHBOURS_LEAST:
        share = facts.near_oppose / facts.near
        yield 0.9 * share, f"{facts.near_oppose} of {facts.near} similar training pages hold the opposite."


def _guideline(facts: CauseFacts) -> Iterator[tuple[float, str]]:
    people = facts.agree + facts.oppose + facts.unsure
    if people >= JUDGES_LEAST:
        # Even halves are 1, all alike is 0; a clause that somebody cited halves it.
        split = 2 * min(facts.agree, people - facts.agree) / people
        told = f"{people - facts.agree} of {people} people were unsure or judged otherwise"
        cited = "a clause is cited" if facts.cited else "no clause is cited"
        yield split * (0.5 if facts.cited else 1.0), f"{told}, and {cited}."
    if not facts.clauses:
        yield 0.55, "The guideline has no clause on the category."
    else:
        yield (
            0.0,
            f"The guideline has {facts.clauses} clause{'' if facts.clauses == 1 else 's'} on the category.",
        )


def _features(facts: CauseFacts) -> Iterator[tuple[float, str]]:
    if not facts.has_text:
        yield 0.9, "Nothing but the address is known of the page."
    if facts.words is None:
        yield 0.0, "Its words were not looked at."
        return
    if facts.has_text and facts.words < FEW_WORDS:
        yield 0.6, f"It has {facts.words} different words."
    if facts.words and facts.pull < WEAK_PULL:
        yield 0.6, f"All its words together move the category by {facts.pull:.2f} logits."
    else:
        yield 0.0, f"Its {facts.words} words move the category by {facts.pull:.2f} logits in all."


def _drift(facts: CauseFacts) -> Iterator[tuple[float, str]]:
    if facts.changed:
        yield 0.9, "The page came again with other content after it was judged."
    if facts.newer:
        yield 0.4, "It was taken in after this version was trained."
    if facts.words:
        share = facts.unseen / facts.words
        yield (
            0.9 * share if share > 1 / 3 else 0.0,
            f"{facts.unseen} of its {facts.words} words were on no training page.",
        )
