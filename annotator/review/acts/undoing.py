"""What a lead did last at their desk and can take back with one key: a resolution, gold, or a question."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from annotator.projects.access import Access
from annotator.review.acts.reverting import entry_last
from annotator.review.checks.gold import gold_newest
from annotator.review.questions.asking import question_newest


@dataclass(frozen=True)
class Undo:
    """The caller's newest act: what it was (empty for a resolution), when, and the address that takes it back."""

    what: str
    at: datetime
    url: str


def undo_last(access: Access) -> Undo | None:
    """The newest of the caller's acts that can be taken back still; None without one. Three queries."""
    slug = access.project.slug
    found = []
    if (entry := entry_last(access)) is not None:
        found.append(Undo("", entry.at, reverse("review:revert", args=[slug, entry.pk])))
    if (gold := gold_newest(access)) is not None:
        found.append(Undo("gold", gold.added_at, reverse("review:gold_retire", args=[slug, gold.pk])))
    if (question := question_newest(access)) is not None:
        address = reverse("review:question_close", args=[slug, question.pk])
        found.append(Undo("question", question.asked_at, address))
    return max(found, key=lambda undo: undo.at, default=None)
