"""The judgments of a project as scripts list them: which ones, and under whose names."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache, partial
from typing import Any

from django.db.models import BooleanField, Exists, ExpressionWrapper, OuterRef, Q, QuerySet

from annotator.accounts.models import User
from annotator.errors import BadInput, Forbidden
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgments_current, judgments_own
from annotator.projects.access import ROLES_THAT_CAN, Access, Can
from annotator.projects.models import Project
from annotator.projects.pseudonyms import pseudonym
from annotator.queue.models import Purpose


@dataclass(frozen=True)
class JudgmentFilter:
    """Which judgments to list; what is empty does not narrow. Days are UTC, both included.

    `history` asks for all rows of the log: also those that were changed or undone later, and the withdrawals.
    """

    item: int | None = None
    label: str = ""
    verdict: str = ""
    since: date | None = None
    until: date | None = None
    annotator: str = ""
    stream: str = ""
    split: str = ""
    source: str | None = None
    history: bool = False

    @property
    def tells_why(self) -> str:
        """The first filter that would tell whoever labels why a page was served, or what others did; or empty."""
        narrows = {
            "annotator": bool(self.annotator),
            "stream": bool(self.stream),
            "split": bool(self.split),
            "source": self.source is not None,
            "history": self.history,
        }
        return next((name for name, does in narrows.items() if does), "")


def sees_names(access: Access) -> bool:
    """Whether this person may know who gave a judgment that is not their own."""
    return access.role in ROLES_THAT_CAN[Can.RESOLVE]


def names_for(access: Access) -> dict[str, Any]:
    """How a serializer is to call people: by name to whoever may know, and to oneself; else by pseudonym."""
    if access.role not in ROLES_THAT_CAN[Can.INSPECT] or sees_names(access):
        return {}
    return {"name": lru_cache(maxsize=None)(partial(pseudonym, access.project))}


def judgments_listed(access: Access, wanted: JudgmentFilter) -> QuerySet[Judgment]:
    """Everybody's judgments for whoever may inspect, one's own for the others; newest first. Two queries at most.

    Those on withheld pages are not listed: a note may quote its page. Checks of annotators are not, of others'
    judgments. Raises Forbidden for a filter that would tell an annotator why a page was served; BadInput for the name
    of nobody.
    """
    project = access.project
    if access.role in ROLES_THAT_CAN[Can.INSPECT]:
        rows = _logged(project) if wanted.history else judgments_current(project)
    elif wanted.tells_why:
        raise Forbidden(f"Your role here is {access.role.label}: it may not filter by {wanted.tells_why}.")
    else:
        rows = judgments_own(project, access.user)
    rows = _narrowed(rows.filter(item__withheld=False), wanted)
    if wanted.annotator:
        rows = rows.filter(annotator=_annotator_of(access, wanted.annotator))
    later = Judgment.objects.filter(supersedes=OuterRef("pk"))
    stands = ExpressionWrapper(~Q(verdict=Verdict.WITHDRAWN) & ~Exists(later), output_field=BooleanField())
    return rows.annotate(stands=stands).order_by("-pk")


def _logged(project: Project) -> QuerySet[Judgment]:
    return Judgment.objects.filter(project=project, purpose=Purpose.OVERLAP)


def _narrowed(rows: QuerySet[Judgment], wanted: JudgmentFilter) -> QuerySet[Judgment]:
    exact = {
        "item_id": wanted.item,
        "verdict": wanted.verdict or None,
        "assignment__batch_item__stream": wanted.stream or None,
        "item__split": wanted.split or None,
        "item__source": wanted.source,
        "labels__contains": [wanted.label] if wanted.label else None,
        "created_at__gte": midnight(wanted.since) if wanted.since else None,
        "created_at__lt": midnight(wanted.until) + timedelta(days=1) if wanted.until else None,
    }
    return rows.filter(**{name: value for name, value in exact.items() if value is not None})


def midnight(day: date) -> datetime:
    """The moment at which a day begins, in UTC."""
    return datetime.combine(day, time.min, UTC)


def _annotator_of(access: Access, name: str) -> int:
    """Who is called this: by user name for whoever may know it, else by pseudonym."""
    judged = Judgment.objects.filter(annotator=OuterRef("pk"), project=access.project)
    people = User.objects.filter(Exists(judged)).values_list("pk", "username")
    for pk, username in people:
        if name == (username if sees_names(access) else pseudonym(access.project, pk)):
            return pk
    raise BadInput(f'annotator: nobody called "{name}" has judged in this project.')
