"""What the labelling page shows: one place to answer, and the categories to choose from."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from annotator.accounts.models import User
from annotator.judgments.forms import Filled
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgment_withdrawn
from annotator.judgments.wording import is_none
from annotator.pool.pane import SHIELD_FROM, Pane, item_pane
from annotator.projects.models import Category, Project
from annotator.projects.selectors import Taxonomy
from annotator.queue.models import Assignment, Purpose


@dataclass(frozen=True)
class PlaceShown:
    """One place as its holder sees it: nothing of other people, of a model, or of why it is served.

    `ahead` is whether more places may be fetched beside it: not while answers are explained one by one.
    """

    assignment_id: int
    client_id: UUID
    lease_until: datetime | None
    page: Pane
    filled: Filled
    shielded: bool
    ahead: bool

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
                "clause": self.filled.clause,
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
    key: str
    present: bool
    unsure: bool


def place_shown(
    assignment: Assignment, taxonomy: Taxonomy, *, filled: Filled | None = None, shield_always: bool = False
) -> PlaceShown:
    """A place to answer, empty or filled as given, its text covered if it may be harmful or always. Three queries."""
    return PlaceShown(
        assignment_id=assignment.pk,
        client_id=uuid4(),
        lease_until=assignment.lease_until,
        page=item_pane(assignment.item, taxonomy),
        filled=filled or Filled(),
        shielded=shield_always or is_covered(assignment, taxonomy),
        ahead=assignment.purpose != Purpose.QUALIFICATION,
    )


def is_covered(assignment: Assignment, taxonomy: Taxonomy) -> bool:
    """Whether the text starts covered: by what is expected of the page, as it was rated then or is rated now."""
    return max(assignment.severity, taxonomy.severity_of(assignment.expected)) >= SHIELD_FROM


def was_harmful(judgment: Judgment, taxonomy: Taxonomy) -> bool:
    """Whether the text of a page that this person judged starts covered: by their answer, or by what was expected."""
    said = taxonomy.severity_of([*judgment.labels, *judgment.unsure])
    return said >= SHIELD_FROM or (
        judgment.assignment is not None and is_covered(judgment.assignment, taxonomy)
    )


def filled_before(project: Project, annotator: User, assignment: Assignment) -> Filled:
    """The answer that this person gave in this place and undid, to start from; else an empty form. One query."""
    is_retest = assignment.purpose == Purpose.RETEST
    before = judgment_withdrawn(project, annotator, assignment.item_id, retest=is_retest)
    return Filled() if before is None else filled_of(before)


def filled_of(judgment: Judgment) -> Filled:
    """A judgment as the form that gave it."""
    return Filled(
        labels=frozenset(judgment.labels),
        unsure=frozenset(judgment.unsure),
        none=is_none(judgment),
        verdict=judgment.verdict,
        note=judgment.note,
        clause=judgment.clause.number if judgment.clause else "",
    )


def toggles_of(
    taxonomy: Taxonomy, filled: Filled, *, keys: Mapping[str, str] | None = None
) -> list[CategoryToggle]:
    """The categories in order, each as the form has it, with its key in `keys` (the usual one without)."""
    return [
        CategoryToggle(
            category=category,
            key=category.key if keys is None else keys[category.slug],
            present=category.slug in filled.labels,
            unsure=category.slug in filled.unsure,
        )
        for category in taxonomy.categories
    ]
