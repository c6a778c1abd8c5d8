"""Reading questions of leads: the whole thread for leads, each participant's own exchange for them alone."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet

from annotator.accounts.models import User
from annotator.errors import NotFound, Withheld
from annotator.judgments.models import Judgment
from annotator.judgments.selectors import judgments_current
from annotator.judgments.wording import AnswerWords, answer_words
from annotator.pool.addresses import UrlParts
from annotator.projects.access import ROLES_THAT_CAN, Access, Can
from annotator.projects.models import Membership, Project
from annotator.projects.selectors import Taxonomy, taxonomy_current
from annotator.review.desk.item import url_parts
from annotator.review.models import Question, QuestionParticipant, QuestionReply, QuestionSeen

Outcome = QuestionParticipant.Outcome
Decision = QuestionReply.Decision
UNANSWERED: Final = Q(answered_at__isnull=True)
UNREAD: Final = Q(told_at__isnull=False) & (Q(seen_at__isnull=True) | Q(seen_at__lt=F("told_at")))


@dataclass(frozen=True)
class Judge:
    """Somebody who judged an item, with their judgment; `can_answer` is false once they have left."""

    judgment: Judgment
    words: AnswerWords
    can_answer: bool


@dataclass(frozen=True)
class Exchange:
    """One participant's part of a thread; `now` is None where they took their answer back."""

    participant: QuestionParticipant
    before: AnswerWords
    now: AnswerWords | None
    judgment: Judgment | None
    replies: tuple[QuestionReply, ...]
    can_answer: bool

    @property
    def is_changed(self) -> bool:
        """Whether another answer stands than when they were asked."""
        return self.judgment is None or self.judgment.pk != self.participant.judgment_id

    @property
    def wants_to_change(self) -> bool:
        """Whether they said that they change their answer, and have not yet."""
        decisions = [reply.decision for reply in self.replies if reply.decision]
        return decisions[-1:] == [Decision.CHANGE] and not self.is_changed

    @property
    def state(self) -> str:
        """Where they are, in words."""
        if self.is_changed:
            return "changed their answer" if self.judgment else "took their answer back"
        if self.participant.answered_at is not None:
            return "stays with their answer"
        if not self.can_answer:
            return "can no longer answer"
        return (
            "wants to change their answer, and has not yet"
            if self.wants_to_change
            else "has not answered yet"
        )


@dataclass(frozen=True)
class Thread:
    """One question with every exchange: for leads."""

    question: Question
    url: UrlParts
    category: str
    exchanges: tuple[Exchange, ...]

    @property
    def n_answered(self) -> int:
        """How many have answered."""
        return sum(exchange.participant.answered_at is not None for exchange in self.exchanges)

    @property
    def gone(self) -> tuple[str, ...]:
        """Who can no longer answer."""
        return tuple(
            exchange.participant.annotator.username
            for exchange in self.exchanges
            if not exchange.can_answer and exchange.participant.answered_at is None
        )


@dataclass(frozen=True)
class OwnQuestion:
    """One question as one participant sees it: nothing of the others."""

    question: Question
    url: UrlParts
    category: str
    exchange: Exchange
    waits: bool


def questions_of(project: Project, status: str = "") -> QuerySet[Question]:
    """The questions of a project with `n_asked` and `n_answered`, newest first; none on a withheld item. One query."""
    rows = Question.objects.filter(project=project, item__withheld=False)
    if status:
        rows = rows.filter(status=status)
    counted = rows.annotate(
        n_asked=Count("participants"), n_answered=Count("participants", filter=~Q(participants__outcome=""))
    )
    return counted.select_related("item", "asked_by", "clause", "closed_by").order_by("-pk")


def questions_with_news(access: Access) -> QuerySet[Question]:
    """Questions on which something happened that this lead has not read. One query."""
    read = QuestionSeen.objects.filter(
        question=OuterRef("pk"), lead=access.user, seen_at__gte=OuterRef("news_at")
    )
    rows = Question.objects.filter(~Exists(read), project=access.project, news_at__isnull=False)
    return rows.filter(item__withheld=False).exclude(status=Question.Status.CLOSED)


def question_of(project: Project, question_id: int) -> Question:
    """One question; raises NotFound for another project's, Withheld when its page is sealed. One query."""
    rows = Question.objects.select_related("item", "asked_by", "clause", "closed_by", "disagreement")
    row = rows.filter(project=project, pk=question_id).first()
    if row is None:
        raise NotFound(f"There is no question {question_id} in this project.")
    if row.item.withheld:
        raise Withheld
    return row


def thread_of(project: Project, question_id: int) -> Thread:
    """One question with every exchange. Five queries. Raises as `question_of`."""
    return _threads(project, [question_of(project, question_id)])[0]


def threads_of_item(project: Project, item_id: int) -> list[Thread]:
    """The questions on one item, newest first; the item is not withheld. Five queries, one when there are none."""
    rows = Question.objects.filter(project=project, item=item_id)
    related = rows.select_related("item", "asked_by", "clause", "closed_by", "disagreement")
    return _threads(project, list(related.order_by("-pk")))


def answered_by_disagreement(disagreements: Collection[int]) -> dict[int, tuple[int, int]]:
    """Disagreement -> answered and asked, of the newest question on it that is not closed. One query."""
    rows = (
        Question.objects.filter(disagreement__in=disagreements)
        .exclude(status=Question.Status.CLOSED)
        .annotate(n_asked=Count("participants"), n=Count("participants", filter=~Q(participants__outcome="")))
    )
    return {row.disagreement_id: (vars(row)["n"], vars(row)["n_asked"]) for row in rows.order_by("pk")}  # type: ignore[misc]


def judges_of(project: Project, item_id: int) -> list[Judge]:
    """Who judged an item, in the order of their judgments. Two queries."""
    rows = list(judgments_current(project).filter(item=item_id).select_related("annotator").order_by("pk"))
    able, taxonomy = able_to_answer(project, [row.annotator_id for row in rows]), taxonomy_current(project)
    return [Judge(row, answer_words(row, taxonomy), row.annotator_id in able) for row in rows]


def able_to_answer(project: Project, people: Iterable[int]) -> set[int]:
    """Those of these people who are still here to answer. One query."""
    members = Membership.objects.filter(
        project=project, user__in=list(people), user__is_active=True, role__in=ROLES_THAT_CAN[Can.LABEL]
    )
    return set(members.values_list("user_id", flat=True))


def own_questions(access: Access) -> list[OwnQuestion]:
    """What this person was asked, what waits for them first, then the newest. Five queries."""
    rows = _own(access).exclude(question__status=Question.Status.CLOSED)
    found = [_own_question(access, row) for row in _filled(access.project, list(rows))]
    return sorted(found, key=lambda own: not own.waits)


def own_question(access: Access, question_id: int) -> OwnQuestion:
    """One question to this person, open or closed. Five queries.

    Raises NotFound for a question that was not put to them, Withheld when its page is sealed.
    """
    row = _own(access, withheld=True).filter(question=question_id).first()
    if row is None:
        raise NotFound(f"You were not asked a question {question_id}.")
    if row.question.item.withheld:
        raise Withheld
    return _own_question(access, _filled(access.project, [row])[0])


def n_to_answer(access: Access) -> int:
    """How many questions wait for this person: unanswered, or with a word of the lead that they have not read."""
    rows = _own(access).exclude(question__status=Question.Status.CLOSED)
    return rows.filter(UNANSWERED | UNREAD).count()


def _own(access: Access, *, withheld: bool = False) -> QuerySet[QuestionParticipant]:
    rows = QuestionParticipant.objects.filter(annotator=access.user, question__project=access.project)
    if not withheld:
        rows = rows.filter(item__withheld=False)
    related = ("question__item", "question__asked_by", "question__clause", "annotator", "judgment")
    return rows.select_related(*related).order_by("-question")


def _own_question(access: Access, exchange: Exchange) -> OwnQuestion:
    participant, question = exchange.participant, exchange.participant.question
    unread = participant.told_at is not None and (
        participant.seen_at is None or participant.seen_at < participant.told_at
    )
    return OwnQuestion(
        question=question,
        url=url_parts(question.item),
        category=access.taxonomy.name_of(question.category) if question.category else "",
        exchange=exchange,
        waits=question.status != Question.Status.CLOSED and (participant.answered_at is None or unread),
    )


def _threads(project: Project, questions: list[Question]) -> list[Thread]:
    if not questions:
        return []
    rows = QuestionParticipant.objects.filter(question__in=questions).select_related("annotator", "judgment")
    exchanges: dict[int, list[Exchange]] = defaultdict(list)
    for exchange in _filled(project, list(rows.order_by("annotator__username"))):
        exchanges[exchange.participant.question_id].append(exchange)
    taxonomy = taxonomy_current(project)
    return [
        Thread(
            question=row,
            url=url_parts(row.item),
            category=taxonomy.name_of(row.category) if row.category else "",
            exchanges=tuple(exchanges[row.pk]),
        )
        for row in questions
    ]


def _filled(project: Project, participants: list[QuestionParticipant]) -> list[Exchange]:
    """The exchanges of these participants. Three queries."""
    taxonomy = taxonomy_current(project)
    replies: dict[int, list[QuestionReply]] = defaultdict(list)
    for reply in (
        QuestionReply.objects.filter(participant__in=participants).select_related("by").order_by("pk")
    ):
        replies[reply.participant_id].append(reply)
    people = {row.annotator_id for row in participants}
    able = able_to_answer(project, people)
    standing = judgments_current(project).filter(
        item__in={row.item_id for row in participants}, annotator__in=people
    )
    now = {(row.item_id, row.annotator_id): row for row in standing}
    return [
        _exchange(row, now.get((row.item_id, row.annotator_id)), replies[row.pk], able, taxonomy)
        for row in participants
    ]


def _exchange(
    participant: QuestionParticipant,
    standing: Judgment | None,
    replies: list[QuestionReply],
    able: Collection[int],
    taxonomy: Taxonomy,
) -> Exchange:
    return Exchange(
        participant=participant,
        before=answer_words(participant.judgment, taxonomy),
        now=answer_words(standing, taxonomy) if standing else None,
        judgment=standing,
        replies=tuple(replies),
        can_answer=participant.annotator_id in able,
    )


def participant_seen(participant: QuestionParticipant) -> None:
    """Say that somebody has read what the lead wrote to them, up to what this row shows. One statement at most."""
    if participant.told_at is not None:
        rows = QuestionParticipant.objects.filter(pk=participant.pk)
        rows.filter(Q(seen_at__isnull=True) | Q(seen_at__lt=participant.told_at)).update(
            seen_at=participant.told_at
        )


def news_seen(question: Question, lead: User) -> None:
    """Say that a lead has read what this question row shows. One statement; harmless when they had."""
    if question.news_at is None:
        return
    QuestionSeen.objects.update_or_create(
        question=question, lead=lead, defaults={"seen_at": question.news_at}
    )
