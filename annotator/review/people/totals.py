"""What a lead sees of the annotators, and each of them of themselves: numbers with their n, never a ranking."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from django.db.models import Count, Q, QuerySet

from annotator.accounts.models import User
from annotator.agreement.intervals import NO_ANSWERS, Interval, Tally, wilson
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.wording import AnswerWords, JudgmentRow, judgment_rows
from annotator.projects.models import Membership, Project, Role, Standing
from annotator.projects.selectors import Taxonomy, taxonomy_current
from annotator.review.checks.results import (
    GoldAnswer,
    by_person,
    fast_tallies,
    gold_answers,
    gold_by_item,
    is_hasty,
    is_same,
    retest_tallies,
    retests,
)
from annotator.review.models import Gold, StandingChange
from annotator.review.scoring import score_of

SHOWN: Final = 50


@dataclass(frozen=True)
class Measured:
    """A share with its interval, or why there is none."""

    tally: Tally
    nothing: str

    @property
    def value(self) -> float | None:
        """The share."""
        return self.tally.share

    @property
    def ends(self) -> Interval:
        """The 95 % interval."""
        return wilson(self.tally)

    @property
    def why(self) -> str:
        """Why there is no number."""
        return "" if self.tally.n else self.nothing


@dataclass(frozen=True)
class PersonRow:
    """One annotator among the others, who are in the order of their names."""

    membership: Membership
    change: StandingChange | None
    n_judgments: int
    gold: Measured
    retest: Measured
    fast: Tally
    is_hasty: bool

    @property
    def user(self) -> User:
        """The person."""
        return self.membership.user

    @property
    def is_trusted(self) -> bool:
        """Whether nothing is asked of them."""
        return self.membership.standing == Standing.QUALIFIED


@dataclass(frozen=True)
class Miss:
    """An answer on gold that is not the right one."""

    row: JudgmentRow
    right: AnswerWords
    gold: Gold


@dataclass(frozen=True)
class Changed:
    """A page that came again and was answered otherwise."""

    row: JudgmentRow
    before: AnswerWords


@dataclass(frozen=True)
class PersonPage:
    """One annotator: the answers behind their numbers, newest first."""

    row: PersonRow
    misses: tuple[Miss, ...]
    changed: tuple[Changed, ...]
    fast: tuple[JudgmentRow, ...]
    history: tuple[StandingChange, ...]


@dataclass(frozen=True)
class OwnChecks:
    """What a person sees of their own checks: totals only, for single ones would tell which pages are checks."""

    gold: Measured
    retest: Measured
    change: StandingChange | None


def people_of(project: Project) -> list[PersonRow]:
    """The annotators by name. Seven queries, two of which count judgments."""
    memberships = annotators_of(project)
    users = [membership.user_id for membership in memberships]
    changes = last_changes(project, users)
    answers = by_person(gold_answers(project, users))
    retested = retest_tallies(project, users)
    fast = fast_tallies(project)
    counts = _counts(project)
    return [
        PersonRow(
            membership=membership,
            change=changes.get(user),
            n_judgments=counts[user],
            gold=_gold(answers.get(user, ())),
            retest=_retest(retested.get(user, NO_ANSWERS)),
            fast=fast.get(user, NO_ANSWERS),
            is_hasty=is_hasty(fast.get(user, NO_ANSWERS)),
        )
        for membership in memberships
        for user in [membership.user_id]
    ]


def person_page(project: Project, row: PersonRow) -> PersonPage:
    """One annotator with the answers behind the numbers. About eight queries."""
    taxonomy = taxonomy_current(project)
    answers = gold_answers(project, [row.user.pk])
    return PersonPage(
        row=row,
        misses=_misses(project, [one for one in answers if one.checked.is_right is False][:SHOWN], taxonomy),
        changed=_changed(project, row.user, taxonomy),
        fast=_fast(project, row.user, taxonomy),
        history=tuple(_changes_of(project, row.user)),
    )


def person_of(project: Project, user_id: int) -> PersonRow | None:
    """One annotator as in the list, or None. Queries as for the list."""
    return next((row for row in people_of(project) if row.user.pk == user_id), None)


def own_checks(project: Project, annotator: User, now: datetime) -> OwnChecks:
    """A person's own checks in total, as they stood at midnight, UTC. Three queries.

    Totals that move with an answer, an undo or an edit would tell which pages are checks, and what is right on them.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    retested = retest_tallies(project, [annotator.pk], at=midnight)
    return OwnChecks(
        gold=_gold(gold_answers(project, [annotator.pk], at=midnight)),
        retest=_retest(retested.get(annotator.pk, NO_ANSWERS)),
        change=_changes_of(project, annotator).first(),
    )


def last_changes(project: Project, people: Iterable[int]) -> dict[int, StandingChange]:
    """The newest change of standing of each of these people who has had one. One query."""
    rows = StandingChange.objects.filter(project=project, annotator__in=list(people)).select_related("by")
    return {row.annotator_id: row for row in rows.order_by("annotator", "-pk").distinct("annotator")}


def annotators_of(project: Project) -> Sequence[Membership]:
    """The annotators of a project, by name. One query."""
    rows = Membership.objects.filter(project=project, role=Role.ANNOTATOR).select_related("user")
    return list(rows.order_by("user__username"))


def _counts(project: Project) -> Counter[int]:
    """Judgments that stand, by person: all, less the few that a later row supersedes. Two queries.

    The later rows are found by the index of `supersedes`; to look for one of each judgment reads the table twice.
    """
    given = Judgment.objects.filter(~Q(verdict=Verdict.WITHDRAWN), project=project, imported=None)
    later = Judgment.objects.filter(
        project=project, supersedes__isnull=False, supersedes__imported=None
    ).exclude(supersedes__verdict=Verdict.WITHDRAWN)
    counts = Counter(dict(given.values_list("annotator").annotate(n=Count("pk")).order_by()))
    counts.subtract(dict(later.values_list("supersedes__annotator").annotate(n=Count("pk")).order_by()))
    return counts


def _gold(answers: Iterable[GoldAnswer]) -> Measured:
    return Measured(score_of(answer.checked for answer in answers).exact, "no gold answered yet")


def _retest(tally: Tally) -> Measured:
    return Measured(tally, "no page has come again yet")


def _changes_of(project: Project, user: User) -> QuerySet[StandingChange]:
    return StandingChange.objects.filter(project=project, annotator=user).select_related("by").order_by("-pk")


def _misses(project: Project, answers: Sequence[GoldAnswer], taxonomy: Taxonomy) -> tuple[Miss, ...]:
    gold = gold_by_item(project, [answer.item_id for answer in answers])
    rows = _rows([answer.judgment_id for answer in answers], taxonomy)
    return tuple(
        Miss(row, _words(gold[row.judgment.item_id].labels, taxonomy), gold[row.judgment.item_id])
        for row in rows
        if row.judgment.item_id in gold
    )


def _changed(project: Project, user: User, taxonomy: Taxonomy) -> tuple[Changed, ...]:
    rows = [row for row in retests(project, [user.pk]).select_related("item") if not is_same(row)][:SHOWN]
    return tuple(
        Changed(shown, _before(row, taxonomy))
        for row, shown in zip(rows, judgment_rows(rows, taxonomy), strict=True)
    )


def _before(retest: Judgment, taxonomy: Taxonomy) -> AnswerWords:
    before = vars(retest)
    verdict = Verdict(before["verdict_before"])
    if verdict != Verdict.LABELLED:
        return AnswerWords((), (), str(verdict.label))
    unsure = tuple(map(taxonomy.name_of, before["unsure_before"]))
    words = _words(before["labels_before"], taxonomy)
    return AnswerWords(words.labels, unsure, "" if unsure else words.other)


def _fast(project: Project, user: User, taxonomy: Taxonomy) -> tuple[JudgmentRow, ...]:
    """By the index judgment_checks."""
    fast = Judgment.objects.filter(project=project, annotator=user, fast=True, superseded_by__isnull=True)
    rows = fast.exclude(verdict=Verdict.WITHDRAWN).select_related("item", "assignment").order_by("-pk")
    return tuple(judgment_rows(rows[:SHOWN], taxonomy))


def _rows(judgment_ids: Sequence[int], taxonomy: Taxonomy) -> list[JudgmentRow]:
    rows = Judgment.objects.filter(pk__in=judgment_ids).select_related("item").order_by("-pk")
    return judgment_rows(rows, taxonomy)


def _words(labels: Iterable[str], taxonomy: Taxonomy) -> AnswerWords:
    names = tuple(map(taxonomy.name_of, labels))
    return AnswerWords(labels=names, unsure=(), other="" if names else "None of these")
