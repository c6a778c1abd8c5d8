"""What the labelling page shows: one place, the categories with what the guideline says of them, and the day."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID, uuid4

from django.utils.safestring import SafeString

from annotator.accounts.models import User
from annotator.judgments.forms import Filled
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgment_withdrawn
from annotator.pool.addresses import Address, UrlParts, parts_of
from annotator.pool.models import Item
from annotator.pool.selectors import ItemPage, item_page
from annotator.projects.models import Category, Clause, Project
from annotator.projects.prose import prose
from annotator.projects.selectors import Guideline, Taxonomy, guideline_current, taxonomy_current
from annotator.queue.models import Assignment


SHIELD_FROM = 2  # of 3: what is expected to be this severe starts covered


@dataclass(frozen=True)
class PlaceShown:
    """One place as its holder sees it: nothing of other people, of a model, or of why it is served."""

    assignment_id: int
    client_id: UUID
    lease_until: datetime | None
    page: ItemPage
    filled: Filled
    shielded: bool

    @property
    def draft_json(self) -> str:
        """The answer to start from, for the script of the page; empty when there is none."""
        if self.filled == Filled():
            return ""
        return json.dumps(
            {
                "labels": sorted(self.filled.labels),
                "unsure": sorted(self.filled.unsure),
                "none": self.filled.none,
                "note": self.filled.note,
            }
        )

    @property
    def verdict_before(self) -> str:
        """The verdict that was undone, in words, where it was one without labels."""
        words = dict(Verdict.choices) | {Verdict.LABELLED: ""}
        return str(words.get(self.filled.verdict, ""))


@dataclass(frozen=True)
class CategoryToggle:
    """One category to choose, with how it stands in the form."""

    category: Category
    present: bool
    unsure: bool


@dataclass(frozen=True)
class ClauseShown:
    """One clause as HTML."""

    clause: Clause
    body: SafeString


@dataclass(frozen=True)
class GuidelineShown:
    """The guideline beside the page: the general clauses, then each category with its own."""

    taxonomy: Taxonomy
    guideline: Guideline
    general: tuple[ClauseShown, ...]
    sections: tuple[tuple[Category, tuple[ClauseShown, ...]], ...]


@dataclass(frozen=True)
class JudgmentRow:
    """One judgment in words, with its page."""

    judgment: Judgment
    url: UrlParts
    labels: tuple[str, ...]
    unsure: tuple[str, ...]
    other: str


def place_shown(
    assignment: Assignment, *, filled: Filled | None = None, shield_always: bool = False
) -> PlaceShown:
    """A place to answer, empty or filled as given, its text covered if it may be harmful or always. Two queries."""
    item = Item.objects.get(pk=assignment.item_id)
    return PlaceShown(
        assignment_id=assignment.pk,
        client_id=uuid4(),
        lease_until=assignment.lease_until,
        page=item_page(item),
        filled=filled or Filled(),
        shielded=shield_always or assignment.severity >= SHIELD_FROM,
    )


def filled_before(project: Project, annotator: User, item_id: int) -> Filled:
    """The answer that this person gave on the item and undid, to start from; else an empty form. One query."""
    before = judgment_withdrawn(project, annotator, item_id)
    return Filled() if before is None else filled_of(before)


def filled_of(judgment: Judgment) -> Filled:
    """A judgment as the form that gave it."""
    labels, unsure = frozenset(judgment.labels), frozenset(judgment.unsure)
    is_none = judgment.verdict == Verdict.LABELLED and not labels | unsure
    return Filled(labels=labels, unsure=unsure, none=is_none, verdict=judgment.verdict, note=judgment.note)


def history_rows(judgments: Iterable[Judgment], taxonomy: Taxonomy) -> list[JudgmentRow]:
    """Judgments in words; their items have to be at hand."""
    return [_history_row(judgment, taxonomy) for judgment in judgments]


def _history_row(judgment: Judgment, taxonomy: Taxonomy) -> JudgmentRow:
    item = judgment.item
    other = Verdict(judgment.verdict).label if judgment.verdict != Verdict.LABELLED else ""
    if filled_of(judgment).none:
        other = "None of these"
    return JudgmentRow(
        judgment=judgment,
        url=parts_of(Address(item.url, item.host, item.registrable_domain)),
        labels=tuple(map(taxonomy.name_of, judgment.labels)),
        unsure=tuple(map(taxonomy.name_of, judgment.unsure)),
        other=str(other),
    )


def toggles_of(taxonomy: Taxonomy, filled: Filled) -> list[CategoryToggle]:
    """The categories in order, each as the form has it."""
    return [
        CategoryToggle(category, category.slug in filled.labels, category.slug in filled.unsure)
        for category in taxonomy.categories
    ]


def guideline_shown(project: Project) -> GuidelineShown:
    """The guideline in force, as HTML. Two queries; a version is rendered once."""
    return _guideline_shown(taxonomy_current(project), guideline_current(project))


@lru_cache(maxsize=64)
def _guideline_shown(taxonomy: Taxonomy, guideline: Guideline) -> GuidelineShown:
    clauses = [ClauseShown(clause, prose(clause.body)) for clause in guideline.clauses]
    return GuidelineShown(
        taxonomy=taxonomy,
        guideline=guideline,
        general=tuple(shown for shown in clauses if not shown.clause.category),
        sections=tuple(
            (category, tuple(shown for shown in clauses if shown.clause.category == category.slug))
            for category in taxonomy.categories
        ),
    )
