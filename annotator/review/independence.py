"""Judgments that were given after a lead's question: they count, but say nothing on how far people agree."""

from django.db.models import Exists, OuterRef, QuerySet

from annotator.judgments.models import Judgment
from annotator.projects.models import Project
from annotator.review.models import QuestionParticipant


def judgments_after_question(project: Project) -> QuerySet[Judgment]:
    """Judgments whose author a lead had asked about an earlier one of theirs on the item. One query.

    By the index question_of_judge, which holds few rows.
    """
    earlier = QuestionParticipant.objects.filter(
        item=OuterRef("item"), annotator=OuterRef("annotator"), judgment__lt=OuterRef("pk")
    )
    return Judgment.objects.filter(Exists(earlier), project=project)
