"""How far to trust each of the people on one item, in each category that it is about."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from annotator.agreement.intervals import Interval, Tally, wilson
from annotator.judgments.models import Verdict
from annotator.judgments.selectors import judgments_current
from annotator.projects.models import Category, Project
from annotator.review.checks.results import by_person, gold_answers
from annotator.review.independence import after_question
from annotator.review.models import Method
from annotator.review.scoring import Checked, Score, score_of
from annotator.review.selectors import resolutions_current
from annotator.review.versions import checked_under

FEWEST: Final = 5
"""With fewer answers nothing is said of anybody."""
DECISIONS_MAX: Final = 1_000
"""The newest decisions of leads that people are compared with."""


@dataclass(frozen=True)
class Share:
    """How many of `n` answers of one person were right, or that they are too few to say."""

    tally: Tally

    @property
    def is_enough(self) -> bool:
        """Whether there is anything to say."""
        return self.tally.n >= FEWEST

    @property
    def percent(self) -> int:
        """The share, in per cent."""
        return round(100 * (self.tally.share or 0.0))

    @property
    def ends(self) -> Interval:
        """The 95 % interval, in per cent."""
        ends = wilson(self.tally)
        return Interval(round(100 * ends.low), round(100 * ends.high))


@dataclass(frozen=True)
class Reliability:
    """One person in one category: right on gold, and the same as leads decided."""

    category: Category
    gold: Share
    leads: Share

    @property
    def is_enough(self) -> bool:
        """Whether there is anything to say."""
        return self.gold.is_enough or self.leads.is_enough

    @property
    def n(self) -> int:
        """Answers of both kinds."""
        return self.gold.tally.n + self.leads.tally.n


def reliability_of(
    project: Project, people: Collection[int], categories: Collection[Category], *, but: int
) -> Mapping[int, tuple[Reliability, ...]]:
    """Each person in each of these categories, in their order; the item `but` is left out. Three queries.

    Only what a page shows or an answer names counts, as everywhere: a category that is rightly absent says nothing.
    What leads decided were disputed pages, so it is harder than gold.
    """
    answers = by_person(row for row in gold_answers(project, people) if row.item_id != but)
    gold = {person: score_of(row.checked for row in rows) for person, rows in answers.items()}
    leads = _against_leads(project, people, but)
    empty = Score()
    return {
        person: tuple(
            Reliability(
                category,
                Share(gold.get(person, empty).of(category.slug)),
                Share(leads.get(person, empty).of(category.slug)),
            )
            for category in categories
        )
        for person in people
    }


def _against_leads(project: Project, people: Collection[int], but: int) -> dict[int, Score]:
    """The judgments of these people, none after a question, beside what leads decided of the items. Two queries."""
    decided = resolutions_current(project).filter(method=Method.ADJUDICATED, verdict=Verdict.LABELLED)
    newest = (
        decided.exclude(item=but).order_by("-pk").values_list("item", "labels", "taxonomy")[:DECISIONS_MAX]
    )
    right = {item: (labels, version) for item, labels, version in newest}
    given = judgments_current(project).filter(annotator__in=people, item__in=list(right))
    rows = given.filter(~after_question())
    checked: dict[int, list[Checked]] = defaultdict(list)
    for row in rows.only("annotator_id", "item_id", "labels", "unsure", "verdict", "taxonomy_id"):
        checked[row.annotator_id].append(checked_under(row, *right[row.item_id]))
    return {person: score_of(answers) for person, answers in checked.items()}
