"""Reasons that leads gave before in a category: what was decided once is said the same way again."""

from dataclasses import dataclass
from typing import Final

from annotator.judgments.models import Verdict
from annotator.projects.models import Project
from annotator.projects.selectors import Guideline, Taxonomy
from annotator.review.desk.item import answer_words
from annotator.review.models import Method
from annotator.review.selectors import resolutions_current

READ_MAX: Final = 200
SHOWN_MAX: Final = 6


@dataclass(frozen=True)
class UsedReason:
    """A reason with what it decided, given `n` times of late; `clause` is one of the guideline of now, or empty."""

    text: str
    answer: str
    clause: str
    n: int


def reasons_used(
    project: Project, slugs: frozenset[str], taxonomy: Taxonomy, guideline: Guideline
) -> list[UsedReason]:
    """Reasons of leads' decisions that hold one of these categories, most used first, then newest. One query.

    By the index resolution_labels. Reasons on withheld pages may quote them, and are left out.
    """
    rows = resolutions_current(project).filter(
        method=Method.ADJUDICATED, verdict=Verdict.LABELLED, labels__overlap=sorted(slugs)
    )
    numbers = {clause.number for clause in guideline.clauses}
    found: dict[str, UsedReason] = {}
    for row in rows.select_related("clause").order_by("-pk")[:READ_MAX]:
        newer = found.get(row.reason)
        number = row.clause.number if row.clause and row.clause.number in numbers else ""
        answer, clause = (newer.answer, newer.clause) if newer else (answer_words(row, taxonomy), number)
        found[row.reason] = UsedReason(row.reason, answer, clause, (newer.n if newer else 0) + 1)
    return sorted(found.values(), key=lambda reason: -reason.n)[:SHOWN_MAX]
