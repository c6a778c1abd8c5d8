"""How an answer compares with what is known to be right: a rule that reads no row."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from annotator.agreement.intervals import NO_ANSWERS, Tally
from annotator.judgments.models import Verdict

NONE: Final = "none of these"
"""Stands beside the slugs where categories are counted; no slug has a space."""


@dataclass(frozen=True)
class Checked:
    """One answer beside the right one."""

    labels: frozenset[str]
    unsure: frozenset[str]
    verdict: str
    right: frozenset[str]

    @property
    def is_right(self) -> bool | None:
        """Whether the label set is exactly the right one; None when doubt was said, or no label was given at all.

        Honest doubt is no mistake, and a page that somebody could not open says nothing of them.
        """
        if self.verdict != Verdict.LABELLED or self.unsure:
            return None
        return self.labels == self.right

    @property
    def by_category(self) -> dict[str, bool]:
        """Right or wrong for each category that the page shows or that the answer names, but for those in doubt.

        A category that is rightly absent is left out: it would make everybody look right about rare ones.
        """
        if self.verdict != Verdict.LABELLED:
            return {}
        decided = (self.labels | self.right) - self.unsure
        found = {category: category in self.labels and category in self.right for category in decided}
        if not self.right and not self.unsure:
            found[NONE] = not self.labels
        return found


@dataclass(frozen=True)
class Score:
    """What many checked answers of one person add up to."""

    exact: Tally = NO_ANSWERS
    by_category: Mapping[str, Tally] = field(default_factory=dict)
    n_answers: int = 0

    def of(self, category: str) -> Tally:
        """The tally of one category, empty where it never came up."""
        return self.by_category.get(category, NO_ANSWERS)


def score_of(answers: Iterable[Checked]) -> Score:
    """Exact matches, and right answers by category."""
    exact, n = NO_ANSWERS, 0
    by_category: dict[str, Tally] = defaultdict(lambda: NO_ANSWERS)
    for answer in answers:
        n += 1
        if answer.is_right is not None:
            exact = exact.plus(right=answer.is_right)
        for category, is_right in answer.by_category.items():
            by_category[category] = by_category[category].plus(right=is_right)
    return Score(exact, dict(by_category), n)


def shown_by(labels: Iterable[str]) -> frozenset[str]:
    """The categories that an item with these labels stands for; "none" where it shows nothing."""
    return frozenset(labels) or frozenset({NONE})
