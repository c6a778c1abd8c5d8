"""Reading how people did on their checks: gold, qualification, and pages of their own that came again."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import F, OuterRef, Q, QuerySet, Subquery

from annotator.accounts.models import User
from annotator.agreement.intervals import NO_ANSWERS, Tally
from annotator.judgments.models import Judgment, Verdict
from annotator.projects.models import Project, Role, TaxonomyVersion
from annotator.projects.selectors import carried
from annotator.queue.models import Purpose
from annotator.review.checks.gold import gold_of
from annotator.review.models import Gold, Resolution
from annotator.review.scoring import Checked
from annotator.review.versions import checked_under

FAST_WINDOW = 50
FAST_SHARE = 0.3
FAST_FEWEST = 20

FAST = f"""
SELECT member.user_id, COUNT(*) FILTER (WHERE newest.fast), COUNT(newest.fast)
FROM membership member CROSS JOIN LATERAL (
    SELECT fast FROM judgment j
    WHERE j.annotator_id = member.user_id AND j.project_id = member.project_id AND j.verdict <> 'withdrawn'
    ORDER BY j.id DESC LIMIT {FAST_WINDOW}) newest
WHERE member.project_id = %s AND member.role = '{Role.ANNOTATOR.value}'
GROUP BY member.user_id
"""  # noqa: S608 - our own constants only


@dataclass(frozen=True)
class GoldAnswer:
    """One judgment on gold, beside the right answer."""

    judgment_id: int
    annotator_id: int
    item_id: int
    at: datetime
    checked: Checked


@dataclass(frozen=True)
class Lessoned:
    """One first answer in a qualification place."""

    judgment_id: int
    attempt: int
    checked: Checked


def gold_answers(
    project: Project, people: Collection[int], *, at: datetime | None = None
) -> list[GoldAnswer]:
    """What these people answered on gold that is in use, newest first; what stands, or stood `at`, counts. One query.

    By the index judgment_checks: checks are few beside judgments.
    """
    right = gold_of(project).filter(item=OuterRef("item")).values("labels")[:1]
    held = Resolution.objects.filter(item=OuterRef("item"), superseded_by__isnull=True)
    rows = (
        _standing(project, at)
        .filter(purpose=Purpose.GOLD, annotator__in=people)
        .annotate(right=Subquery(right), right_under=Subquery(held.values("taxonomy")[:1]))
        .filter(right__isnull=False)
        .order_by("-pk")
    )
    return [
        GoldAnswer(
            judgment_id=row.pk,
            annotator_id=row.annotator_id,
            item_id=row.item_id,
            at=row.created_at,
            checked=checked_under(row, vars(row)["right"], vars(row)["right_under"]),
        )
        for row in rows
    ]


def by_person(answers: Iterable[GoldAnswer]) -> Mapping[int, list[GoldAnswer]]:
    """The answers of each person, in their order."""
    found: dict[int, list[GoldAnswer]] = defaultdict(list)
    for answer in answers:
        found[answer.annotator_id].append(answer)
    return found


def qualification_answers(project: Project, annotator: User) -> list[Lessoned]:
    """The first answers of one person in qualification places, in order. One query.

    The first: after it the right one was shown.
    """
    rows = Judgment.objects.filter(
        project=project, annotator=annotator, purpose=Purpose.QUALIFICATION, supersedes__isnull=True
    )
    then = TaxonomyVersion.objects.filter(
        project=project, created_at__lte=OuterRef("assignment__batch_item__batch__opened_at")
    )
    rows = rows.annotate(
        right=F("assignment__lesson__labels"),
        attempt=F("assignment__lesson__attempt"),
        right_under=Subquery(then.order_by("-number").values("pk")[:1]),
    )
    return [
        Lessoned(
            row.pk, vars(row)["attempt"], checked_under(row, vars(row)["right"], vars(row)["right_under"])
        )
        for row in rows.order_by("pk")
    ]


def retest_tallies(
    project: Project, people: Collection[int], *, at: datetime | None = None
) -> dict[int, Tally]:
    """How often each of these people gave the same answer to the same page days later, now or `at`. One query."""
    tallies: dict[int, Tally] = defaultdict(lambda: NO_ANSWERS)
    for row in retests(project, people, at=at):
        tallies[row.annotator_id] = tallies[row.annotator_id].plus(right=is_same(row))
    return dict(tallies)


def retests(project: Project, people: Collection[int], *, at: datetime | None = None) -> QuerySet[Judgment]:
    """Answers of these people to pages that came again, newest first, each with the answer before it. One query."""
    first = (
        _standing(project, at)
        .filter(item=OuterRef("item"), annotator=OuterRef("annotator"))
        .exclude(purpose=Purpose.RETEST)
    )
    return (
        _standing(project, at)
        .filter(purpose=Purpose.RETEST, annotator__in=people)
        .annotate(
            labels_before=Subquery(first.values("labels")[:1]),
            unsure_before=Subquery(first.values("unsure")[:1]),
            verdict_before=Subquery(first.values("verdict")[:1]),
            taxonomy_before=Subquery(first.values("taxonomy")[:1]),
        )
        .filter(verdict_before__isnull=False)
        .order_by("-pk")
    )


def is_same(retest: Judgment) -> bool:
    """Whether a retest says what was said before, as far as that tells under the taxonomy of the retest."""
    before = vars(retest)
    labels, unsure = tuple(before["labels_before"]), tuple(before["unsure_before"])
    said = carried(labels, unsure, before["taxonomy_before"], retest.taxonomy_id)
    is_verdict = retest.verdict == before["verdict_before"]
    again = frozenset(retest.labels) - said.unknown, frozenset(retest.unsure) - said.unknown
    return is_verdict and again == (said.labels, said.unsure)


def fast_tallies(project: Project) -> dict[int, Tally]:
    """Of each annotator's newest `FAST_WINDOW` judgments, how many were faster than reading. One query.

    Here `right` counts the fast ones. An index range for each person.
    """
    with connection.cursor() as cursor:
        cursor.execute(FAST, [project.pk])
        return {user_id: Tally(fast, n) for user_id, fast, n in cursor.fetchall()}


def is_hasty(tally: Tally) -> bool:
    """Whether so many judgments were fast that a lead should look."""
    return tally.n >= FAST_FEWEST and (tally.share or 0.0) > FAST_SHARE


def gold_by_item(project: Project, item_ids: Collection[int]) -> dict[int, Gold]:
    """The gold in use of these items, with its clause. One query."""
    rows = gold_of(project).filter(item__in=item_ids).select_related("clause")
    return {row.item_id: row for row in rows}


def _standing(project: Project, at: datetime | None = None) -> QuerySet[Judgment]:
    """Judgments that stand, or stood `at`, whatever they are for."""
    rows = Judgment.objects.filter(project=project).exclude(verdict=Verdict.WITHDRAWN)
    if at is None:
        return rows.filter(superseded_by__isnull=True)
    stood = Q(superseded_by__isnull=True) | Q(superseded_by__created_at__gte=at)
    return rows.filter(stood, created_at__lt=at)
