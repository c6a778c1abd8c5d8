"""What rests on a clause of the guideline, and what it would cost to look at it again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Count, QuerySet

from annotator.errors import BadInput
from annotator.judgments.models import Judgment, Verdict
from annotator.pool.models import Item
from annotator.projects.models import Clause, Project
from annotator.projects.selectors import guideline_current
from annotator.review.models import Resolution
from annotator.review.selectors import resolutions_current

COUNTED_MAX: Final = 250_000
"""Rows that are counted while a page waits: decision 120."""
SHOWN_MAX: Final = 200
SECONDS_AN_HOUR: Final = 3600
MINUTES_AN_HOUR: Final = 60
IN_MINUTES: Final = 1.5
IN_TENTHS: Final = 10
"""Hours below which they are said in minutes, and in tenths."""

# Whose judgments, and their own median seconds times how many; who was never timed adds nothing.
BY_PERSON: Final = """
SELECT COUNT(*), SUM(n)::bigint, SUM(timed)::bigint, SUM(middle * n)
FROM (
    SELECT COUNT(*) AS n, COUNT(seconds) AS timed, PERCENTILE_CONT(0.5) WITHIN GROUP (ORDER BY seconds) AS middle
    FROM ({}) AS counted GROUP BY annotator_id
) AS person
"""


@dataclass(frozen=True)
class Impact:
    """What rests on some clauses or categories: counted up to `COUNTED_MAX`, and then said to be more."""

    names: tuple[str, ...]
    n_judgments: int
    n_resolutions: int
    n_people: int
    n_timed: int
    hours: float | None

    @property
    def time(self) -> str:
        """The hours in words; empty where they are not known."""
        return "" if self.hours is None else time_words(self.hours)

    @property
    def judgments_capped(self) -> bool:
        """Whether there are more judgments than were counted; people and hours are of the counted ones then."""
        return self.n_judgments > COUNTED_MAX

    @property
    def resolutions_capped(self) -> bool:
        """Whether there are more resolutions than were counted."""
        return self.n_resolutions > COUNTED_MAX


@dataclass(frozen=True)
class CitingItem:
    """One item, how many judgments on it cite a clause, and whether what is held true does."""

    item: Item
    n_judgments: int
    is_resolved_by_it: bool


def clause_named(project: Project, number: str) -> Clause | None:
    """The clause of this number in the guideline of now; None without a number. Raises BadInput for another."""
    if not number:
        return None
    clause = guideline_current(project).clause(number)
    if clause is None:
        raise BadInput(f'The guideline has no clause "{number}".')
    return clause


def judgments_citing(project: Project, numbers: Collection[str]) -> QuerySet[Judgment]:
    """Judgments that hold and name a clause of these numbers, in any version; withheld items left out.

    By the index `judgment_citing`. One query for the clauses, one when it is read.
    """
    return Judgment.objects.filter(
        clause__in=_clauses(project, numbers), superseded_by__isnull=True, item__withheld=False
    ).exclude(verdict=Verdict.WITHDRAWN)


def resolutions_citing(project: Project, numbers: Collection[str]) -> QuerySet[Resolution]:
    """What is held true by a clause of these numbers, in any version. As `judgments_citing`."""
    return resolutions_current(project).filter(clause__in=_clauses(project, numbers))


def impact_of(project: Project, numbers: Sequence[str]) -> Impact:
    """What cites clauses of these numbers, whose it is, and the hours to judge it again. Four queries, bounded.

    The hours are each person's own median seconds over these judgments, times how many of them they gave; None when
    none was timed. Who was never timed adds nothing, so `n_timed` says how many judgments the hours are of.
    """
    return impact_counted(
        tuple(numbers), judgments_citing(project, numbers), resolutions_citing(project, numbers)
    )


def impact_counted(
    names: tuple[str, ...], judgments: QuerySet[Judgment], resolutions: QuerySet[Resolution]
) -> Impact:
    """As `impact_of`, for judgments and resolutions that rest on something of these names. Two queries.

    Each reads `COUNTED_MAX` rows at most, and the database adds them up.
    """
    n_people, n_judgments, n_timed, seconds = _by_person(judgments)
    return Impact(
        names=names,
        n_judgments=n_judgments,
        n_resolutions=resolutions.order_by()[: COUNTED_MAX + 1].count(),
        n_people=n_people,
        n_timed=n_timed,
        hours=seconds / SECONDS_AN_HOUR if n_timed else None,
    )


def _by_person(judgments: QuerySet[Judgment]) -> tuple[int, int, int, float]:
    """People, judgments, those with a time, and seconds to give them all again. One query."""
    rows = judgments.order_by().values("annotator_id", "seconds")[: COUNTED_MAX + 1]
    try:
        statement, parameters = rows.query.sql_with_params()
    except EmptyResultSet:  # asked for those of no clause
        return 0, 0, 0, 0.0
    with connection.cursor() as cursor:
        cursor.execute(BY_PERSON.format(statement), parameters)
        people, n, timed, seconds = cursor.fetchone()
    return people, n or 0, timed or 0, seconds or 0.0


def time_words(hours: float) -> str:
    """A time as people plan it: minutes for what is short, no tenths of what is long.

    >>> [time_words(hours) for hours in (0.004, 0.3, 2.25, 1234.5)]
    ['a minute', '18 minutes', '2.2 hours', '1,234 hours']
    """
    if hours < IN_MINUTES:
        minutes = max(1, round(hours * MINUTES_AN_HOUR))
        return "a minute" if minutes == 1 else f"{minutes} minutes"
    return f"{hours:.1f} hours" if hours < IN_TENTHS else f"{hours:,.0f} hours"


def items_citing(project: Project, number: str) -> list[CitingItem]:
    """Items with a judgment or a resolution that cites this clause, newest first. Eight queries, bounded.

    The items of the newest `SHOWN_MAX` judgments and resolutions; withheld items left out.
    """
    judgments, resolutions = judgments_citing(project, [number]), resolutions_citing(project, [number])
    clauses = _clauses(project, [number])
    shown = _newest_items(judgments, clauses) | _newest_items(resolutions, clauses)
    of_shown = judgments.filter(item__in=shown).order_by().values_list("item_id")
    judged = dict(of_shown.annotate(n=Count("pk")))
    held = set(resolutions.filter(item__in=shown).values_list("item_id", flat=True))
    items = Item.objects.filter(pk__in=shown).order_by("-pk")
    return [CitingItem(item, judged.get(item.pk, 0), item.pk in held) for item in items]


def _newest_items(rows: QuerySet[Judgment] | QuerySet[Resolution], clauses: Sequence[int]) -> set[int]:
    """The items of the newest rows; each clause is read backwards along its index, as far as needed."""
    newest = [
        rows.filter(clause=clause).order_by("-pk").values_list("pk", "item_id")[:SHOWN_MAX]
        for clause in clauses
    ]
    if not newest:
        return set()
    found = list(newest[0].union(*newest[1:], all=True)) if newest[1:] else list(newest[0])
    return {item for _, item in sorted(found, reverse=True)[:SHOWN_MAX]}


def _clauses(project: Project, numbers: Collection[str]) -> list[int]:
    of_project = Clause.objects.filter(guideline__project=project).values_list("pk", "number")
    return [pk for pk, number in of_project if number in numbers]
