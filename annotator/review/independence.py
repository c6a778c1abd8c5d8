"""Judgments that were given after a lead's question: they count, but say nothing on how far people agree."""

from django.db.models import Exists, OuterRef, QuerySet

from annotator.judgments.models import Judgment
from annotator.projects.models import Project
from annotator.review.models import QuestionParticipant


def after_question() -> Exists:
    """Whether its author had been asked about an earlier one of theirs on the item: to filter judgments by.

    By the index question_of_judge, which holds few rows. Not a list of ids to leave out: where the planner takes that
    for too long to hold in memory, it reads the whole list for every judgment.
    """
    asked = QuestionParticipant.objects.filter(
        item=OuterRef("item"), annotator=OuterRef("annotator"), judgment__lt=OuterRef("pk")
    )
    return Exists(asked)


def judgments_after_question(project: Project) -> QuerySet[Judgment]:
    """Judgments whose author a lead had asked about an earlier one of theirs on the item. One query."""
    return Judgment.objects.filter(after_question(), project=project)
