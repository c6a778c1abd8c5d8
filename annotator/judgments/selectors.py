"""Reading judgments: those that stand, and a person's own."""

from datetime import datetime

from django.db.models import QuerySet

from annotator.accounts.models import User
from annotator.errors import NotFound
from annotator.judgments.models import Judgment, Verdict
from annotator.projects.models import Project
from annotator.queue.models import Purpose


def judgments_current(project: Project) -> QuerySet[Judgment]:
    """The judgments that stand and count: neither superseded nor withdrawn, nor a check of the annotator. One query."""
    return _standing(project).filter(purpose=Purpose.OVERLAP)


def judgments_own(project: Project, annotator: User) -> QuerySet[Judgment]:
    """The judgments of one person that stand, checks among them, newest first, with their items. One query."""
    return _standing(project).filter(annotator=annotator).select_related("item").order_by("-pk")


def judgment_own(project: Project, annotator: User, judgment_id: int) -> Judgment:
    """One judgment of one's own that stands; raises NotFound for any other. One query."""
    judgment = judgments_own(project, annotator).filter(pk=judgment_id).first()
    if judgment is None:
        raise NotFound(
            f"You have no judgment {judgment_id} that stands: it was changed, undone, or is not yours."
        )
    return judgment


def judgment_newest(project: Project, annotator: User, item_id: int) -> Judgment | None:
    """The last row of one person's history on an item, withdrawn or not. One query."""
    mine = Judgment.objects.select_related("supersedes").filter(
        project=project, item_id=item_id, annotator=annotator
    )
    return mine.filter(superseded_by__isnull=True).first()


def judgment_withdrawn(project: Project, annotator: User, item_id: int) -> Judgment | None:
    """The answer that this person undid on an item and has not given again, to start from. One query."""
    newest = judgment_newest(project, annotator, item_id)
    return newest.supersedes if newest is not None and newest.verdict == Verdict.WITHDRAWN else None


def judgments_today(project: Project, annotator: User, since: datetime) -> int:
    """How many items one person has judged since `since`, counting each once. One query."""
    return judgments_own(project, annotator).filter(created_at__gte=since).count()


def _standing(project: Project) -> QuerySet[Judgment]:
    return Judgment.objects.filter(project=project, superseded_by__isnull=True).exclude(
        verdict=Verdict.WITHDRAWN
    )
