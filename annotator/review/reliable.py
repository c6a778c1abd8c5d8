"""Who tells a category best: whom a further place waits for first, and whom a lead may ask by name."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from annotator.agreement.truth import ENOUGH
from annotator.judgments.models import Judgment
from annotator.projects.models import Category, Membership, Project, Role, Standing
from annotator.queue.models import Assignment, AssignmentState, Purpose, Skip
from annotator.queue.reserving import places_reserve
from annotator.review.models import CategoryInference, Skill

ACTIVE: Final = timedelta(minutes=15)
"""Whoever judged within it may be at work now: a place does not wait for somebody who has gone home."""
WAITS: Final = timedelta(minutes=10)
"""How long a place waits for the one person, before anybody may take it."""
AT_ONCE: Final = 3
"""Places that wait for one person: the best must not get all of the hardest pages."""
NAMED: Final = 3
"""People shown for each category."""


@dataclass(frozen=True)
class Best:
    """A person who is known to tell a category well, in per cent: how much of it they see, of how many finds."""

    user_id: int
    username: str
    category: Category
    percent: int
    low: int
    high: int
    n: int
    right_without: int  # per cent of other pages on which they do not name it

    @property
    def words(self) -> str:
        """The same in a line."""
        return f"{self.username}: sees {self.percent} % ({self.low}–{self.high}), n {self.n}"


def reliable_ask(project: Project, doubted: Mapping[int, Collection[str]]) -> int:
    """How many free places of these items wait for somebody reliable in what is doubted. At most seven queries.

    Of those at work now who have nothing to do with the item, whoever tells the categories best; nobody more than
    `AT_ONCE`. Without such a person the place is anybody's at once. What people opted out of, or have had enough of,
    is not asked here: the claim sees to it, and then the time runs out.
    """
    if not doubted:
        return 0
    now = timezone.now()
    people = _at_work(project, now)
    slugs = {slug for categories in doubted.values() for slug in categories}
    scores = _scores(project, people, slugs)
    if not scores:
        return 0
    busy = _reserved(project)
    known = _known(people, doubted)
    chosen: dict[int, int] = {}
    for item_id, categories in sorted(doubted.items()):
        best = _best(
            scores, categories, {who for who in people if busy[who] >= AT_ONCE or item_id in known[who]}
        )
        if best is not None:
            chosen[item_id] = best
            busy[best] += 1
    return len(places_reserve(chosen, until=now + WAITS))


def best_in(project: Project, item_id: int, categories: Iterable[Category]) -> tuple[Best, ...]:
    """Up to `NAMED` people for each category who have not judged the item, the best first. Three queries.

    Who rests, who opted out and who skipped the item are among them: that is nobody's business but theirs.
    """
    wanted = {category.slug: category for category in categories}
    judged = Judgment.objects.filter(item=item_id).values("annotator")
    rows = (
        _known_skills(project, wanted)
        .filter(annotator__in=people_trusted(project).values("user"))
        .exclude(annotator__in=judged)
        .select_related("annotator")
    )
    ranked = sorted(rows, key=lambda row: (-_told(row), row.annotator_id))
    found = []
    for slug, category in wanted.items():
        found += [_as_best(row, category) for row in ranked if row.category == slug][:NAMED]
    return tuple(found)


def _as_best(row: Skill, category: Category) -> Best:
    low, high, right = row.sensitivity_low or 0.0, row.sensitivity_high or 1.0, row.specificity or 0.0
    return Best(
        user_id=row.annotator_id,
        username=row.annotator.username,
        category=category,
        percent=round(100 * (row.sensitivity or 0.0)),
        low=round(100 * low),
        high=round(100 * high),
        n=round(row.positives_worth),
        right_without=round(100 * right),
    )


def people_trusted(project: Project) -> QuerySet[Membership]:
    """Active annotators whose answers count now. One query."""
    members = Membership.objects.filter(project=project, role=Role.ANNOTATOR, user__is_active=True)
    return members.filter(standing=Standing.QUALIFIED)


def _at_work(project: Project, now: datetime) -> set[int]:
    """Trusted annotators who judged within `ACTIVE`. One query, on the index of newest judgments."""
    newest = Judgment.objects.filter(project=project, imported=None, created_at__gte=now - ACTIVE)
    trusted = people_trusted(project).filter(user__in=newest.values("annotator"))
    return set(trusted.values_list("user_id", flat=True))


def _known_skills(project: Project, slugs: Iterable[str]) -> QuerySet[Skill]:
    return Skill.objects.filter(
        project=project,
        category__in=list(slugs),
        positives_worth__gte=ENOUGH,
        sensitivity__isnull=False,
        specificity__isnull=False,
    )


def _scores(
    project: Project, people: Collection[int], slugs: Collection[str]
) -> dict[tuple[int, str], float]:
    """How well people tell each category, of those who tell it no worse than the team. Two queries."""
    if not people:
        return {}
    team = {
        row.category: row.sensitivity + row.specificity
        for row in CategoryInference.objects.filter(project=project, category__in=slugs)
        if row.sensitivity is not None and row.specificity is not None
    }
    rows = _known_skills(project, slugs).filter(annotator__in=people)
    scores = {(row.annotator_id, row.category): _told(row) for row in rows}
    return {key: score for key, score in scores.items() if key[1] in team and score >= team[key[1]]}


def _told(row: Skill) -> float:
    """Sensitivity and specificity together: 1 is a guess, 2 never errs."""
    return (row.sensitivity or 0.0) + (row.specificity or 0.0)


def _reserved(project: Project) -> Counter[int]:
    waiting = Assignment.objects.filter(
        project=project, state=AssignmentState.FREE, purpose=Purpose.OVERLAP, reserved_until__isnull=False
    )
    counted = waiting.values_list("for_annotator").annotate(n=Count("pk")).order_by()
    return Counter({who: n for who, n in counted if who is not None})


def _known(people: Collection[int], items: Collection[int]) -> dict[int, set[int]]:
    """The items that each of these people was given already, or declined. Two queries."""
    found: dict[int, set[int]] = {who: set() for who in people}
    given = Assignment.objects.filter(
        Q(annotator__in=people) | Q(for_annotator__in=people, purpose=Purpose.OVERLAP), item__in=list(items)
    )
    for item_id, annotator, waits_for in given.values_list("item", "annotator", "for_annotator"):
        for who in {annotator, waits_for} & found.keys():
            found[who].add(item_id)
    declined = Skip.objects.filter(item__in=list(items), annotator__in=people)
    for item_id, who in declined.values_list("item", "annotator"):
        found[who].add(item_id)
    return found


def _best(
    scores: Mapping[tuple[int, str], float], categories: Collection[str], unfit: Collection[int]
) -> int | None:
    """Whoever tells one of the categories best; the first by number of several."""
    best: dict[int, float] = {}
    for (who, slug), score in scores.items():
        if slug in categories and who not in unfit:
            best[who] = max(score, best.get(who, 0.0))
    return min(best, key=lambda who: (-best[who], who), default=None)
