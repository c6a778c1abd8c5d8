"""How much harm a team looks at: sums over at least `ENOUGH_PEOPLE`, never one person's."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncHour

from annotator.judgments.models import Judgment, Verdict
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from annotator.queue.exposure import HARMFUL, Spent, ration
from annotator.queue.models import Exposure
from annotator.queue.terms import limits_of

ENOUGH_PEOPLE: Final = 3
HOURS: Final = 24


@dataclass(frozen=True)
class TeamCare:
    """What the people who judged in the last 24 hours took together.

    `hours` are pages judged harmful in each of the last 24 clock hours, UTC; `lighter` counts the people who
    are given lighter pages now.
    """

    people: int
    lighter: int
    today: int
    hours: tuple[int, ...]


def team_care(project: Project, now: datetime) -> TeamCare | None:
    """The sums over the team, or None when fewer than `ENOUGH_PEOPLE` judged. Four queries, on a day's judgments.

    The people are those who judged, members or not any more: whoever takes somebody out of the project cannot
    read from the difference how that person is.
    """
    this_hour = now.replace(minute=0, second=0, microsecond=0)
    first = this_hour - timedelta(hours=HOURS - 1)
    judged = Judgment.objects.filter(project=project, imported=None, created_at__gte=first, supersedes=None)
    judged = judged.exclude(verdict=Verdict.WITHDRAWN)
    people = list(judged.order_by().values_list("annotator_id", flat=True).distinct())
    if len(people) < ENOUGH_PEOPLE:
        return None
    by_hour = _harmful_by_hour(project, judged)
    hours = tuple(by_hour.get(first + timedelta(hours=hour), 0) for hour in range(HOURS))
    return TeamCare(
        people=len(people),
        lighter=_lighter(project, people, now),
        today=sum(hours[HOURS - 1 - this_hour.hour :]),
        hours=hours,
    )


def _harmful_by_hour(project: Project, judged: QuerySet[Judgment]) -> dict[datetime, int]:
    harmful = [
        category.slug for category in taxonomy_current(project).categories if category.severity >= HARMFUL
    ]
    shown = judged.filter(labels__overlap=harmful).values_list(TruncHour("created_at"))
    return dict(shown.annotate(n=Count("pk")).order_by())


def _lighter(project: Project, people: list[int], now: datetime) -> int:
    """How many of these people are given lighter pages now."""
    limits = limits_of(project)
    spent: defaultdict[int, list[Spent]] = defaultdict(list)
    rows = Exposure.objects.filter(annotator__in=people, minute__gte=now - limits.history)
    for annotator, minute, points in rows.values_list("annotator_id", "minute", "points"):
        spent[annotator].append(Spent(minute, points))
    return sum(ration(taken, limits, now).benign_only for taken in spent.values())
