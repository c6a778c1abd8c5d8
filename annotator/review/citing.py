"""What rests on a clause of the guideline, and what it would cost to look at it again."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from django.db.models import Count, QuerySet

from annotator.judgments.models import Judgment, Verdict
from annotator.pool.models import Item
from annotator.projects.models import Clause, Project
from annotator.review.models import Resolution
from annotator.review.selectors import resolutions_current

COUNTED_MAX: Final = 10_000
SHOWN_MAX: Final = 200
SECONDS_AN_HOUR: Final = 3600


@dataclass(frozen=True)
class Impact:
    """What cites some clauses: counted up to `COUNTED_MAX`, and then said to be more."""

    numbers: tuple[str, ...]
    n_judgments: int
    n_resolutions: int
    n_people: int
    n_timed: int
    hours: float | None

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
    rows = judgments_citing(project, numbers).values_list("annotator_id", "seconds")[: COUNTED_MAX + 1]
    by_person: dict[int, list[float | None]] = defaultdict(list)
    for annotator, seconds in rows:
        by_person[annotator].append(seconds)
    timed = {who: [s for s in all_ if s is not None] for who, all_ in by_person.items()}
    total = sum(median(timed[who]) * len(all_) for who, all_ in by_person.items() if timed[who])
    n_timed = sum(map(len, timed.values()))
    return Impact(
        numbers=tuple(numbers),
        n_judgments=sum(map(len, by_person.values())),
        n_resolutions=len(resolutions_citing(project, numbers).values_list("pk")[: COUNTED_MAX + 1]),
        n_people=len(by_person),
        n_timed=n_timed,
        hours=total / SECONDS_AN_HOUR if n_timed else None,
    )


def items_citing(project: Project, number: str) -> list[CitingItem]:
    """Items with a judgment or a resolution that cites this clause, newest first. Five queries.

    The newest `SHOWN_MAX` of each; withheld items left out.
    """
    judged = dict(
        judgments_citing(project, [number])
        .values_list("item_id")
        .annotate(n=Count("pk"))
        .order_by("-item_id")[:SHOWN_MAX]
    )
    held = set(
        resolutions_citing(project, [number])
        .order_by("-item_id")
        .values_list("item_id", flat=True)[:SHOWN_MAX]
    )
    items = Item.objects.filter(pk__in=held | set(judged)).order_by("-pk")
    return [CitingItem(item, judged.get(item.pk, 0), item.pk in held) for item in items]


def _clauses(project: Project, numbers: Collection[str]) -> list[int]:
    of_project = Clause.objects.filter(guideline__project=project).values_list("pk", "number")
    return [pk for pk, number in of_project if number in numbers]
