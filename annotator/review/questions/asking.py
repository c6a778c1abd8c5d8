"""Sending an item back with a question: a lead asks the people who judged it, and each answers the lead alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from annotator.errors import BadInput, Conflict, Throttled
from annotator.judgments.selectors import judgments_current
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.review.citing import clause_named
from annotator.review.desk.holding import waiting_end, waiting_start
from annotator.review.independence import judgments_after_question
from annotator.review.models import Disagreement, Question, QuestionParticipant, QuestionReply
from annotator.review.questions.threads import Judge, able_to_answer, judges_of, own_question, question_of
from annotator.review.selectors import item_locked

TEXT_MAX: Final = 1000
REPLY_MAX: Final = 2000
WAIT: Final = timedelta(days=3)
"""How long a disagreement waits for answers before it goes back to the leads without them."""
A_DAY: Final = timedelta(days=1)
QUESTIONS_A_DAY: Final = 3
"""About one item: people are asked, not worn down."""

Status = Question.Status
Outcome = QuestionParticipant.Outcome
Decision = QuestionReply.Decision


@dataclass(frozen=True)
class QuestionDraft:
    """What a lead asks. `annotators` are usernames; None asks everybody who judged the item and can answer."""

    text: str
    annotators: frozenset[str] | None = None
    category: str = ""
    clause_number: str = ""


@transaction.atomic
def question_ask(access: Access, item_id: int, draft: QuestionDraft, *, client_id: UUID) -> Question:
    """The question, put to those who judged the item; its open disagreement waits for their answers, on hold.

    1. Lock the item against the sweep and other leads. A `client_id` that came before gives what it gave then.
    2. Refuse what cannot be asked, and what was asked just now.
    3. Write the question with its participants, each with the judgment that stands now.
    4. Put the open disagreement on hold, unless a lead has put it on hold already: that stays as it is.

    Raises NotFound for an item of another project, Withheld, BadInput for what cannot be asked or of whom,
    Conflict while another question on the item is open or another lead has it open, Throttled for too many.
    """
    text, clause = _text(draft.text, TEXT_MAX, "question"), clause_named(access.project, draft.clause_number)
    if draft.category and draft.category not in access.taxonomy.slugs:
        raise BadInput(f'The taxonomy has no category "{draft.category}".')
    item = item_locked(access.project, item_id)
    sent = Question.objects.filter(asked_by=access.user, client_id=client_id).first()
    if sent is not None:
        return _sent_before(sent, item, text)
    _refuse_again(item)
    asked = _asked(access, item, draft)
    disagreement = Disagreement.objects.filter(item=item, closed_at__isnull=True).first()
    now = timezone.now()
    question = Question.objects.create(
        project=access.project,
        item=item,
        disagreement=disagreement,
        asked_by=access.user,
        asked_at=now,
        text=text,
        category=draft.category,
        clause=clause,
        client_id=client_id,
        waits_until=now + WAIT,
    )
    QuestionParticipant.objects.bulk_create(
        QuestionParticipant(
            question=question, item=item, annotator_id=judge.judgment.annotator_id, judgment=judge.judgment
        )
        for judge in asked
    )
    if disagreement is not None:
        waiting_start(access, disagreement.pk, since=now)
    return question


@transaction.atomic
def question_answer(
    access: Access, question_id: int, *, text: str, decision: str = "", client_id: UUID
) -> QuestionParticipant:
    """The caller's answer to a question that was put to them. The same `client_id` again answers once.

    `stay` answers it. `change` says that they will change their judgment; it is answered once they have. Without
    either it is a further word of somebody who has answered. Raises NotFound for a question that was not put to
    them, Withheld, BadInput without words (but for `change`) or without a decision, Conflict when it is closed.
    """
    participant = own_question(access, question_id).exchange.participant
    question = _locked(access.project, question_id)
    sent = _reply_before(access, participant, text, client_id)
    if sent:
        return participant
    if question.status == Status.CLOSED:
        raise Conflict("This question was closed meanwhile: nobody waits for your answer any more.")
    participant = QuestionParticipant.objects.select_for_update().get(pk=participant.pk)
    text = _reply_text(text, participant, decision)
    now = timezone.now()
    _reply(access, participant, text, client_id, decision=decision)
    participant.seen_at = now
    if decision == Decision.STAY and participant.answered_at is None:
        participant.answered_at, participant.outcome = now, Outcome.STAYS
    participant.save(update_fields=["seen_at", "answered_at", "outcome"])
    Question.objects.filter(pk=question.pk).update(news_at=now)
    if not _waited_for(access.project, [question]):
        _settle(question, now)
    return participant


@transaction.atomic
def question_write(
    access: Access, question_id: int, annotator: str, *, text: str, client_id: UUID
) -> QuestionReply:
    """A lead's further word to one participant, who alone reads it. The same `client_id` again writes once.

    Raises NotFound, Withheld, BadInput for nobody who was asked or for no words, Conflict when it is closed or
    they have left.
    """
    question = _locked(access.project, question_id)
    participant = (
        QuestionParticipant.objects.select_for_update(of=("self",))
        .filter(question=question, annotator__username=annotator)
        .first()
    )
    if participant is None:
        raise BadInput(f'"{annotator}" was not asked this question.')
    sent = _reply_before(access, participant, text, client_id)
    if sent:
        return sent
    if question.status == Status.CLOSED:
        raise Conflict("This question is closed. Ask a new one.")
    if not able_to_answer(access.project, [participant.annotator_id]):
        raise Conflict(f"{annotator} has left the project, and can no longer answer.")
    reply = _reply(access, participant, _text(text, REPLY_MAX, "reply"), client_id)
    QuestionParticipant.objects.filter(pk=participant.pk).update(told_at=reply.at)
    return reply


@transaction.atomic
def question_close(access: Access, question_id: int) -> Question:
    """The question closed: nobody is asked any more, and its disagreement is no longer on hold for it.

    Closing twice closes once. Raises NotFound, Withheld.
    """
    question = _locked(access.project, question_id)
    if question.status != Status.CLOSED:
        _close(question, timezone.now(), by=access)
    return question


@transaction.atomic
def questions_sweep(project: Project, now: datetime) -> None:
    """Bring open questions up to date with what happened elsewhere. One query when none is open, else four or more.

    1. Take those that no other sweep and no answer holds.
    2. Somebody whose judgment is another one than when they were asked has answered.
    3. A question whose disagreement was settled is closed; one that all who still can have answered is answered;
       one that has waited long enough gives its disagreement back to the leads, once.
    """
    rows = Question.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        project=project, status=Status.OPEN, item__withheld=False
    )
    questions = list(rows.select_related("disagreement").order_by("pk"))
    if not questions:
        return
    _take_changed(project, questions, now)
    waited_for = _waited_for(project, questions)
    for question in questions:
        if question.disagreement is not None and question.disagreement.closed_at is not None:
            _close(question, now)
        elif question.pk not in waited_for:
            _settle(question, now)
        elif question.waits_until <= now:
            _end_waiting(question, now)


def question_newest(access: Access) -> Question | None:
    """The caller's newest question, if nobody has answered it yet and it is open: it can be taken back. One query."""
    said = QuestionReply.objects.filter(participant__question=OuterRef("pk"))
    rows = Question.objects.filter(project=access.project, asked_by=access.user, item__withheld=False)
    newest = rows.annotate(is_said=Exists(said)).order_by("-pk").first()
    if newest is None or newest.status != Status.OPEN or vars(newest)["is_said"]:
        return None
    return newest


def question_words(names: list[str]) -> str:
    """A neutral question about these categories."""
    about = f"does it show {' or '.join(names)}" if names else "what does it show"
    return f"Please look at this page once more: {about}? Say what decides it, and which clause says so."


def _text(text: str, most: int, what: str) -> str:
    text = text.strip()
    if not text:
        raise BadInput(f"The {what} is empty: write what you want to say.")
    if len(text) > most:
        raise BadInput(f"The {what} has {len(text)} characters; {most} are kept.")
    if "\x00" in text:
        raise BadInput(f"The {what} holds a NUL character, which cannot be stored. Remove it.")
    return text


def _reply_text(text: str, participant: QuestionParticipant, decision: str) -> str:
    if decision not in Decision.values:
        raise BadInput(f'"{decision}" is no decision. Use stay or change.')
    if not decision and participant.answered_at is None:
        raise BadInput("Say whether you stay with your answer or change it.")
    return "" if decision == Decision.CHANGE and not text.strip() else _text(text, REPLY_MAX, "answer")


def _sent_before(sent: Question, item: Item, text: str) -> Question:
    if (sent.item_id, sent.text) != (item.pk, text):
        raise Conflict(
            "This client_id came with another question already. Send a new one with each question."
        )
    return sent


def _reply_before(
    access: Access, participant: QuestionParticipant, text: str, client_id: UUID
) -> QuestionReply | None:
    """What the very same reply gave when it came before."""
    sent = QuestionReply.objects.filter(by=access.user, client_id=client_id).first()
    if sent is not None and (sent.participant_id, sent.text) != (participant.pk, text.strip()):
        raise Conflict("This client_id came with another reply already. Send a new one with each reply.")
    return sent


def _reply(
    access: Access, participant: QuestionParticipant, text: str, client_id: UUID, decision: str = ""
) -> QuestionReply:
    return QuestionReply.objects.create(
        participant=participant, by=access.user, text=text, client_id=client_id, decision=decision
    )


def _refuse_again(item: Item) -> None:
    asked = Question.objects.filter(item=item).select_related("asked_by")
    open_one = asked.filter(status=Status.OPEN).first()
    if open_one is not None:
        raise Conflict(
            f"{open_one.asked_by.username} has asked about this item already, and waits for answers. "
            "Write there, or close that question first.",
            details={"question": open_one.pk},
        )
    if asked.filter(asked_at__gt=timezone.now() - A_DAY).count() >= QUESTIONS_A_DAY:
        raise Throttled(
            f"This item was asked about {QUESTIONS_A_DAY} times within a day. Decide, or ask again tomorrow."
        )


def _asked(access: Access, item: Item, draft: QuestionDraft) -> list[Judge]:
    """Those who are asked; never the lead who asks."""
    judges = {judge.judgment.annotator.username: judge for judge in judges_of(access.project, item.pk)}
    judges.pop(access.user.username, None)
    able = {name: judge for name, judge in judges.items() if judge.can_answer}
    if not able:
        gone = (
            f" {', '.join(judges)} {'has' if len(judges) == 1 else 'have'} left the project."
            if judges
            else ""
        )
        raise BadInput(f"There is nobody to ask about item {item.pk}: nobody else judged it.{gone}")
    wanted = set(able) if draft.annotators is None else set(draft.annotators)
    if not wanted:
        raise BadInput("Choose at least one of the people who judged the item.")
    for name in sorted(wanted - set(able)):
        raise BadInput(
            f'"{name}" has left the project, and can no longer answer.'
            if name in judges
            else f'"{name}" has not judged this item.'
        )
    return [able[name] for name in sorted(wanted)]


def _locked(project: Project, question_id: int) -> Question:
    """The question, locked before its disagreement; raises as `question_of`."""
    question_of(project, question_id)
    return Question.objects.select_for_update().get(pk=question_id)


def _take_changed(project: Project, questions: Sequence[Question], now: datetime) -> None:
    """Whoever gave another judgment since they were asked has answered: leads want to read it."""
    changed = judgments_after_question(project).filter(
        item=OuterRef("item"), annotator=OuterRef("annotator"), pk__in=judgments_current(project).values("pk")
    )
    waiting = QuestionParticipant.objects.filter(question__in=questions, answered_at__isnull=True)
    found = waiting.filter(Exists(changed.filter(pk__gt=OuterRef("judgment"))))
    asked = set(found.values_list("question_id", flat=True))
    if asked:
        found.update(answered_at=now, outcome=Outcome.CHANGED)
        Question.objects.filter(pk__in=asked).update(news_at=now)


def _waited_for(project: Project, questions: Sequence[Question]) -> set[int]:
    """Those of these questions that somebody has not answered who still can. Two queries."""
    waiting = QuestionParticipant.objects.filter(question__in=questions, answered_at__isnull=True)
    people = list(waiting.values_list("question_id", "annotator_id"))
    able = able_to_answer(project, {annotator for _, annotator in people})
    return {question for question, annotator in people if annotator in able}


def _settle(question: Question, now: datetime) -> None:
    """Give the disagreement back to the leads: everybody who still can has answered."""
    open_one = Question.objects.filter(pk=question.pk, status=Status.OPEN)
    if open_one.update(status=Status.ANSWERED, news_at=now):
        waiting_end(question.disagreement_id, question.asked_by_id, since=question.asked_at)


def _end_waiting(question: Question, now: datetime) -> None:
    """Give the disagreement back once the time is over, and tell the leads; late answers still come."""
    if waiting_end(question.disagreement_id, question.asked_by_id, since=question.asked_at):
        Question.objects.filter(pk=question.pk).update(news_at=now)


def _close(question: Question, now: datetime, *, by: Access | None = None) -> None:
    question.status, question.closed_at = Status.CLOSED, now
    question.closed_by = by.user if by else None
    question.save(update_fields=["status", "closed_at", "closed_by"])
    waiting_end(question.disagreement_id, question.asked_by_id, since=question.asked_at)
