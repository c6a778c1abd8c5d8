"""Simulated annotators for the demo and for benchmarks: each with skills, a pace, and habits of doubt."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

LABELLED: Final = "labelled"
NOT_ENOUGH_EVIDENCE: Final = "not-enough-evidence"
SLOWER_WHEN_HARD: Final = 1.7
FASTEST: Final = 1.2
NOTES: Final = (
    "Could be {category}; the page also points to help.",
    "The words say {category}, the tone does not.",
    "Hard to tell from {category} with so little text.",
    "Read the clauses on {category} twice and could defend both.",
)
NOTED: Final = 0.5
"""Share of unsure answers that come with a note."""


@dataclass(frozen=True, slots=True)
class Skill:
    """How well somebody tells one category: the chance to see it when present, and not to when absent."""

    sensitivity: float
    specificity: float


@dataclass(frozen=True, slots=True)
class Person:
    """A simulated annotator.

    `skills` holds what differs from `usual`. `fooled` is the chance to mark a look-alike as what it looks like, and
    `unsure` the chance to say so, rather than to guess, where a category is difficult for them. `gives_up` is the
    chance to answer "not enough evidence".
    """

    name: str
    usual: Skill
    fooled: float
    unsure: float
    seconds_median: float
    gives_up: float = 0.01
    skills: Mapping[str, Skill] = field(default_factory=dict)

    def skill(self, category: str) -> Skill:
        """The skill in one category."""
        return self.skills.get(category, self.usual)


@dataclass(frozen=True, slots=True)
class SimulatedAnswer:
    """What a simulated annotator submits: labels and unsure are sorted slugs and never overlap."""

    labels: tuple[str, ...]
    unsure: tuple[str, ...]
    verdict: str
    seconds: float
    note: str


CAREFUL: Final = Person(
    name="annotator1",
    usual=Skill(0.95, 0.996),
    fooled=0.06,
    unsure=0.35,
    seconds_median=19.0,
    skills={"self-harm": Skill(0.97, 0.995), "malware-phishing": Skill(0.88, 0.995)},
)
FAST: Final = Person(
    name="annotator2",
    usual=Skill(0.89, 0.993),
    fooled=0.55,
    unsure=0.05,
    seconds_median=7.0,
    skills={"hate": Skill(0.65, 0.99), "self-harm": Skill(0.7, 0.99), "proxy-vpn": Skill(0.75, 0.99)},
)
OVER_CAUTIOUS: Final = Person(
    name="annotator3",
    usual=Skill(0.93, 0.985),
    fooled=0.35,
    unsure=0.5,
    seconds_median=26.0,
    gives_up=0.03,
    skills={"violence": Skill(0.96, 0.96), "adult-content": Skill(0.97, 0.97), "chat": Skill(0.9, 0.97)},
)
PEOPLE: Final = (CAREFUL, FAST, OVER_CAUTIOUS)


def answer(
    person: Person,
    page_labels: Sequence[str],
    *,
    categories: Sequence[str],
    rng: np.random.Generator,
    looks_like: str | None = None,
) -> SimulatedAnswer:
    """What this person says of a page with these true labels; every answer takes the same number of draws.

    Parameters
    ----------
    person : Person
    page_labels : sequence of str
        True categories of the page.
    categories : sequence of str
        All categories, in the order in which draws are made.
    rng : np.random.Generator
    looks_like : str, optional
        The category that a look-alike page is taken for.

    Returns
    -------
    SimulatedAnswer
        `seconds` is log-normal around the person's median, longer on look-alikes and for several labels.

    Examples
    --------
    >>> sure = Person("sure", Skill(1.0, 1.0), fooled=0.0, unsure=0.0, seconds_median=5.0, gives_up=0.0)
    >>> answer(sure, ["games"], categories=["chat", "games"], rng=np.random.default_rng(0)).labels
    ('games',)
    """
    seen, doubted = rng.random(len(categories)), rng.random(len(categories))
    gives_up, pace, noted, wording = (
        rng.random(),
        rng.standard_normal(),
        rng.random(),
        rng.integers(len(NOTES)),
    )
    said, unsure = [], []
    for category, draw, doubt in zip(categories, seen, doubted, strict=True):
        present, looks = category in page_labels, category == looks_like
        marked = draw < _chance_to_mark(person, category, present=present, looks=looks)
        if (marked != present or looks) and doubt < person.unsure:
            unsure.append(category)
        elif marked:
            said.append(category)
    seconds = _seconds(person, float(pace), hard=looks_like is not None or bool(unsure), n_labels=len(said))
    if gives_up < person.gives_up:
        return SimulatedAnswer((), (), NOT_ENOUGH_EVIDENCE, seconds, "")
    note = NOTES[int(wording)].format(category=unsure[0]) if unsure and noted < NOTED else ""
    return SimulatedAnswer(tuple(sorted(said)), tuple(sorted(unsure)), LABELLED, seconds, note)


def _chance_to_mark(person: Person, category: str, *, present: bool, looks: bool) -> float:
    if present:
        return person.skill(category).sensitivity
    return person.fooled if looks else 1 - person.skill(category).specificity


def _seconds(person: Person, pace: float, *, hard: bool, n_labels: int) -> float:
    """Time on the page in seconds, to a tenth."""
    median = person.seconds_median * (SLOWER_WHEN_HARD if hard else 1.0) * (1 + 0.15 * max(n_labels - 1, 0))
    return round(max(FASTEST, median * float(np.exp(0.45 * pace))), 1)
