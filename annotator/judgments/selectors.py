"""Reading judgments: those that stand, and a person's own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from annotator.accounts.models import User
from annotator.errors import NotFound
from annotator.judgments.models import Judgment, Verdict
from annotator.projects.models import Project
from annotator.queue.models import Purpose

BREAK = timedelta(minutes=5)  # so long without a judgment ends a run


@dataclass(frozen=True)
class Day:
    """What one person did since midnight: judgments, their longest run without a break, and the run at its end."""

    judgments: int = 0
    longest_run: int = 0
    run: int = 0


def judgments_current(project: Project) -> QuerySet[Judgment]:
    """The judgments that stand and count: neither superseded nor withdrawn, nor a check of the annotator. One query."""
    return _standing(project).filter(purpose=Purpose.OVERLAP)


def judgments_own(project: Project, annotator: User) -> QuerySet[Judgment]:
    """The judgments that one person gave here and that stand, checks too, newest first, with their items. One query.

    What was imported in their name is not theirs to change, and no work that they did here.
    """
    own = _standing(project).filter(annotator=annotator, imported=None)
    return own.select_related("item").order_by("-pk")


def judgment_own(project: Project, annotator: User, judgment_id: int) -> Judgment:
    """One judgment of one's own that stands; raises NotFound for any other. One query."""
    judgment = judgments_own(project, annotator).filter(pk=judgment_id).first()
    if judgment is None:
        raise NotFound(
            f"You have no judgment {judgment_id} that stands: it was changed, undone, or is not yours."
        )
    return judgment


def judgment_newest(
    project: Project, annotator: User, item_id: int, *, retest: bool = False
) -> Judgment | None:
    """The last row of one person's history on an item, withdrawn or not; of its retest, if asked. One query."""
    mine = Judgment.objects.select_related("supersedes").filter(
        project=project, item_id=item_id, annotator=annotator, superseded_by__isnull=True
    )
    return (mine.filter if retest else mine.exclude)(purpose=Purpose.RETEST).first()


def judgment_withdrawn(
    project: Project, annotator: User, item_id: int, *, retest: bool = False
) -> Judgment | None:
    """The answer that this person undid on an item and has not given again, to start from. One query."""
    newest = judgment_newest(project, annotator, item_id, retest=retest)
    return newest.supersedes if newest is not None and newest.verdict == Verdict.WITHDRAWN else None


def judgments_today(project: Project, annotator: User, since: datetime) -> int:
    """How many items one person has judged since `since`, counting each once. One query."""
    return judgments_own(project, annotator).filter(created_at__gte=since).count()


def day_of(project: Project, annotator: User, since: datetime, *, now: datetime) -> Day:
    """One person's judgments since `since`, as they see them themselves. One query."""
    times = judgments_own(project, annotator).filter(created_at__gte=since).order_by("created_at")
    return day_counted(times.values_list("created_at", flat=True), now=now)


def day_counted(times: Iterable[datetime], *, now: datetime) -> Day:
    """The day of judgments given at these times, in order: those closer than a break make one run."""
    n = longest = run = 0
    before: datetime | None = None
    for time in times:
        run = run + 1 if before is not None and time - before < BREAK else 1
        n, longest, before = n + 1, max(longest, run), time
    goes_on = before is not None and now - before < BREAK
    return Day(judgments=n, longest_run=longest, run=run if goes_on else 0)


def _standing(project: Project) -> QuerySet[Judgment]:
    return Judgment.objects.filter(project=project, superseded_by__isnull=True).exclude(
        verdict=Verdict.WITHDRAWN
    )
