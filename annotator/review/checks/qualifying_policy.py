"""How somebody qualifies: which gold they get, and when they have passed. Rules that read no row and no clock."""

import random
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from annotator.agreement.intervals import LENIENT, wilson
from annotator.review.scoring import NONE, Score, shown_by

GOLD_A_CATEGORY: Final = 5
"""Gold items that a category needs, and "none of these", for an examination: with 4 of 5 one slip is made good."""
FIRST_ITEMS: Final = 2
"""Items of each category with which an attempt begins; the least that can pass."""
PASS: Final = 0.5
"""The lower bound of accuracy has to reach beyond it in each category: surely more often right than wrong."""
CLEAR: Final = 3
"""Answers in a category before it can be failed."""


@dataclass(frozen=True)
class GoldItem:
    """A gold item as the rules know it."""

    item_id: int
    labels: frozenset[str]


@dataclass(frozen=True)
class Coverage:
    """How much gold each category has; `missing` lack some, and nobody is examined in them."""

    counts: Mapping[str, int]
    missing: tuple[str, ...]

    @property
    def covered(self) -> frozenset[str]:
        """Categories (and "none") in which people can be examined."""
        return frozenset(self.counts) - frozenset(self.missing)

    @property
    def is_enough(self) -> bool:
        """Whether qualifying means something: "none of these" and at least half of the categories are covered."""
        return NONE in self.covered and 2 * len(self.covered - {NONE}) >= len(self.counts) - 1


@dataclass(frozen=True)
class Passed:
    """Every category is above the bar."""

    reason: str


@dataclass(frozen=True)
class Failed:
    """Some category is clearly below the bar, or cannot be decided with the gold there is."""

    reason: str


@dataclass(frozen=True)
class More:
    """These categories are undecided: they need more items."""

    categories: frozenset[str]


def coverage_of(gold: Iterable[GoldItem], categories: Sequence[str]) -> Coverage:
    """How much gold there is for each category of the taxonomy, and for "none of these"."""
    counts = Counter(category for item in gold for category in shown_by(item.labels))
    known = {category: counts[category] for category in (*categories, NONE)}
    return Coverage(known, tuple(slug for slug, n in known.items() if n < GOLD_A_CATEGORY))


def first_items(gold: Sequence[GoldItem], covered: Collection[str], rng: random.Random) -> list[GoldItem]:
    """The items of a new attempt in random order: `FIRST_ITEMS` of each covered category, as few as that takes."""
    return _draw(gold, Counter(dict.fromkeys(covered, FIRST_ITEMS)), rng)


def more_items(gold: Sequence[GoldItem], undecided: Collection[str], rng: random.Random) -> list[GoldItem]:
    """One more item of each undecided category, in random order; empty when the gold is used up."""
    return _draw(gold, Counter(dict.fromkeys(undecided, 1)), rng)


def verdict_of(score: Score, covered: Collection[str]) -> Passed | Failed | More:
    """Where an attempt stands after its answers.

    A category is passed when the lower bound (one-sided 90 %) of its accuracy is above `PASS`: 2 of 2, 4 of 5, 6 of 8.
    It is failed when the upper bound is below `PASS` with at least `CLEAR` answers: 0 of 3, 1 of 5, 2 of 8.
    Anything between goes on, so that one slip costs two more items and not the attempt.
    """
    failed = [category for category in sorted(covered) if _is_failed(score, category)]
    if failed:
        return Failed(", ".join(_words(score, category) for category in failed))
    undecided = frozenset(category for category in covered if not _is_passed(score, category))
    if undecided:
        return More(undecided)
    return Passed(f"passed in every category with {score.n_answers} answers")


def out_of_gold(score: Score, undecided: Collection[str]) -> Passed | Failed:
    """The end of an attempt that more gold would have decided: passed, where at least half is right in each category.

    That gold is short is not the person's fault; the checks that follow decide the rest. But a category in which they
    decided nothing (they skipped its pages, or marked each as unsure) is not passed: nothing is known of them there.
    """
    silent = [slug for slug in sorted(undecided) if not score.of(slug).n]
    short = [slug for slug in sorted(undecided) if 2 * score.of(slug).right < score.of(slug).n]
    if silent or short:
        words = [f"no decided answer about {slug}" for slug in silent] + [
            _words(score, slug) for slug in short
        ]
        return Failed(f"{', '.join(words)}, and no gold is left to try again")
    words = [_words(score, category) for category in sorted(undecided)]
    return Passed(
        f"passed with {score.n_answers} answers; not sure yet, for no gold is left: {', '.join(words)}"
    )


def _is_passed(score: Score, category: str) -> bool:
    return wilson(score.of(category), LENIENT).low > PASS


def _is_failed(score: Score, category: str) -> bool:
    tally = score.of(category)
    return tally.n >= CLEAR and wilson(tally, LENIENT).high < PASS


def _words(score: Score, category: str) -> str:
    tally = score.of(category)
    return f"{category} {tally.right} of {tally.n}"


def _draw(gold: Sequence[GoldItem], wanted: Counter[str], rng: random.Random) -> list[GoldItem]:
    """Items until nothing more is wanted that there is: each time a random one of those that serve the most."""
    left = sorted(gold, key=lambda item: item.item_id)
    rng.shuffle(left)
    drawn: list[GoldItem] = []
    while left and wanted:
        best = max(left, key=lambda item: sum(wanted[slug] > 0 for slug in shown_by(item.labels)))
        served = [slug for slug in shown_by(best.labels) if wanted[slug] > 0]
        if not served:
            break
        drawn.append(best)
        left.remove(best)
        wanted -= Counter(served)
    rng.shuffle(drawn)
    return drawn
