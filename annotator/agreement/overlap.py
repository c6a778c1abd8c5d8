"""Adaptive overlap: whether an item needs another judgment, category by category, given people's skills."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from annotator.agreement.decide import Answer
from annotator.agreement.posterior import KnownSkill, Said, present_given

SUREST: Final = 1 - 1e-6
"""Skills are held within this and its complement: nobody is infallible. The certainty that is wanted does the rest."""
CARE: Final = 10
"""How many times as surely as other categories a harmful one has to be absent: a miss harms a child."""
TWO_EYES: Final = 2
"""People of whom one who names a harmful category is not overruled: a third looks."""
LABELLED: Final = "labelled"
"""The verdict under which an absent label says something."""


@dataclass(frozen=True, slots=True)
class CategorySkills:
    """Estimates for one category: prevalence, each person's reliability, and the team's for anybody else.

    `is_known` is False of bounds instead of estimates, for a category too rare to estimate: they may show that it is
    absent where nobody names it, and settle nothing where somebody does.
    """

    prevalence: float
    team: KnownSkill
    people: Mapping[int, KnownSkill] = field(default_factory=dict)
    is_known: bool = True


@dataclass(frozen=True, slots=True)
class OverlapPolicy:
    """Judgments at least and at most, and the certainty from which more are not worth their price.

    Raises
    ------
    ValueError
        The bounds are out of order, or `certainty` is not above one half and below 1.
    """

    certainty: float
    least: int
    most: int

    def __post_init__(self) -> None:
        if not (1 / 2 < self.certainty < 1 and 1 <= self.least <= self.most):
            msg = (
                "want 0.5 < certainty < 1 and 1 <= least <= most, "
                f"got {self.certainty}, {self.least} and {self.most}"
            )
            raise ValueError(msg)


@dataclass(frozen=True, slots=True)
class Enough:
    """Every category is certain: the labels, the chance of the least certain one, and the reason."""

    labels: frozenset[str]
    probability: float
    reason: str


@dataclass(frozen=True, slots=True)
class OneMore:
    """Another place should open; `categories` are not certain yet (none when only the verdicts differ)."""

    reason: str
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ForLead:
    """The most judgments are in, or no count of them may settle it; `categories` are open."""

    reason: str
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class NoSkills:
    """The policy cannot say: fixed overlap holds, for the reason given."""

    reason: str


Advice = Enough | OneMore | ForLead | NoSkills


def advise(
    answers: Mapping[int, Answer],
    skills: Mapping[str, CategorySkills],
    policy: OverlapPolicy,
    *,
    severe: frozenset[str],
    harmful: frozenset[str] = frozenset(),
) -> Advice:
    """Whether the judgments on an item, by annotator, suffice; their order does not matter.

    Parameters
    ----------
    answers : mapping of annotator to Answer
        One effective judgment each. More than `policy.most` (a late submit) is fine: all count.
    skills : mapping of category to CategorySkills
        Of every category that is asked for; without one of them the policy has no advice.
    policy : OverlapPolicy
    severe : frozenset of str
        Severity-3 categories. Where one person names one and another does not, no probability settles it.
    harmful : frozenset of str
        Categories that one person's word does not settle: named by one, a second person looks; named by one of two, a
        third. Where nobody names one it has to be absent `CARE` times as surely as the policy asks of others.

    Examples
    --------
    >>> games = Answer(frozenset({"games"}), frozenset(), "labelled")
    >>> skills = {"games": CategorySkills(0.1, KnownSkill(0.9, 0.99))}
    >>> advise({1: games, 2: games}, skills, OverlapPolicy(0.95, 1, 5), severe=frozenset()).probability > 0.99
    True
    >>> advise({1: games}, skills, OverlapPolicy(0.95, 1, 5), severe=frozenset()).reason
    'games is 91 % likely; 95 % is wanted'
    """
    n = len(answers)
    if n < policy.least:
        return OneMore(f"{n} of at least {policy.least} judgments are in")
    verdicts = sorted({answer.verdict for answer in answers.values()})
    if len(verdicts) > 1:
        return _more(n, policy, f"verdicts differ: {', '.join(verdicts)}", frozenset())
    if verdicts != [LABELLED]:
        return NoSkills(f"skills say nothing on the verdict {verdicts[0]}")
    named = frozenset().union(*(answer.named for answer in answers.values()))
    unknown = sorted(named - {slug for slug, found in skills.items() if found.is_known})
    if unknown or not skills:
        return NoSkills(f"no skills are estimated for {', '.join(unknown) or 'any category'}")
    unsettled = _unsettled(answers, policy, named & severe, named & harmful)
    if unsettled is not None:
        return unsettled
    return _by_probability(answers, skills, policy, harmful)


def _unsettled(
    answers: Mapping[int, Answer], policy: OverlapPolicy, severe: frozenset[str], harmful: frozenset[str]
) -> OneMore | ForLead | None:
    """What no probability settles, of the categories that somebody named; None when nothing stands in the way."""
    n = len(answers)
    contested = severe - _by_all(answers)
    if contested:
        reason = f"severe and not seen by everybody: {', '.join(sorted(contested))}"
        return _more(n, policy, reason, contested)
    undecided = _undecided(answers, policy)
    if undecided:
        return _more(n, policy, f"unsure about {', '.join(sorted(undecided))}", undecided)
    alone = harmful - (_by_all(answers) if n > 1 else frozenset())
    if alone and n <= TWO_EYES:
        reason = f"harmful and named by one person: {', '.join(sorted(alone))}"
        return _more(n, policy, reason, alone)
    return None


def probability_present(answers: Mapping[int, Answer], category: str, skills: CategorySkills) -> float:
    """The chance that the category is present, by Bayes' rule; who is unsure about it says nothing on it."""
    said = [
        Said(category in answer.labels, skills.people.get(who, skills.team))
        for who, answer in answers.items()
        if category not in answer.unsure
    ]
    return present_given(said, skills.prevalence, surest=SUREST)


def _undecided(answers: Mapping[int, Answer], policy: OverlapPolicy) -> frozenset[str]:
    """Categories on which doubt leaves fewer people than the least: the prior must not decide in their place."""
    doubted = frozenset().union(*(answer.unsure for answer in answers.values()))
    return frozenset(
        slug
        for slug in doubted
        if sum(slug not in answer.unsure for answer in answers.values()) < policy.least
    )


def _by_probability(
    answers: Mapping[int, Answer],
    skills: Mapping[str, CategorySkills],
    policy: OverlapPolicy,
    harmful: frozenset[str],
) -> Advice:
    chances = {slug: probability_present(answers, slug, skills[slug]) for slug in sorted(skills)}
    sure = {slug: max(chance, 1 - chance) for slug, chance in chances.items()}
    wanted = {
        slug: 1 - (1 - policy.certainty) / (CARE if slug in harmful and chance < 1 / 2 else 1)
        for slug, chance in chances.items()
    }
    doubtful = frozenset(slug for slug in sure if sure[slug] < wanted[slug])
    if doubtful:
        worst = max(sorted(doubtful), key=lambda slug: (1 - sure[slug]) / (1 - wanted[slug]))
        reason = _doubt(worst, chances[worst], wanted[worst], policy)
        return _more(len(answers), policy, reason, doubtful)
    worst = min(sure, key=sure.__getitem__)
    reason = f"all categories are certain, the least ({worst}) to {sure[worst]:.1%}".replace("%", " %")
    labels = frozenset(slug for slug, chance in chances.items() if chance > 1 / 2)
    return Enough(labels, sure[worst], reason)


def _doubt(slug: str, chance: float, wanted: float, policy: OverlapPolicy) -> str:
    if wanted > policy.certainty:
        return f"{slug} is {chance:.1%} likely; less than {1 - wanted:.1%} is wanted".replace("%", " %")
    return f"{slug} is {chance:.0%} likely; {policy.certainty:.0%} is wanted".replace("%", " %")


def _more(n: int, policy: OverlapPolicy, reason: str, categories: frozenset[str]) -> OneMore | ForLead:
    return OneMore(reason, categories) if n < policy.most else ForLead(reason, categories)


def _by_all(answers: Mapping[int, Answer]) -> frozenset[str]:
    return frozenset.intersection(*(answer.labels for answer in answers.values()))
