"""Questions of leads to the people who judged an item: asked once, answered to the lead alone, waited for on hold."""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, NotFound, Throttled, Withheld
from annotator.judgments.answers import Answer
from annotator.judgments.models import Judgment
from annotator.judgments.selectors import judgments_current
from annotator.judgments.services import judgment_edit
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Membership, Project, Role
from annotator.projects.selectors import taxonomy_current
from annotator.review.checks.gold import gold_suggestions
from annotator.review.desk.holding import WAITS_FOR_ANSWERS, disagreement_hold
from annotator.review.desk.leases import lease_take
from annotator.review.desk.reliability import reliability_of
from annotator.review.measured import labelled_at
from annotator.review.models import Disagreement, Question, QuestionParticipant, QuestionReply, Resolution
from annotator.review.people.compared import compared
from annotator.review.questions.asking import (
    QuestionDraft,
    question_answer,
    question_ask,
    question_close,
    question_newest,
    question_write,
    questions_sweep,
)
from annotator.review.questions.threads import (
    answered_by_disagreement,
    n_to_answer,
    news_seen,
    own_question,
    own_questions,
    questions_of,
    questions_with_news,
    thread_of,
)
from annotator.review.selectors import Wanted, disagreements_open
from annotator.review.services import review_sweep
from tests.factories import GAMBLING, GAMES, make_items, make_member, make_project, make_resolution

pytestmark = pytest.mark.django_db

WHY = QuestionDraft("Which clause decides it?", category=GAMES)


@pytest.fixture
def row(dispute: Callable[[], Disagreement]) -> Disagreement:
    return dispute()


def ask(lead: Access, item: Item, draft: QuestionDraft = WHY) -> Question:
    return question_ask(lead, item.pk, draft, client_id=uuid4())


def as_annotator(project: Project, person: User) -> Access:
    return project_for(person, project.slug, Can.LABEL)


def stay(project: Project, person: User, question: Question, text: str = "Clause 1.1.") -> None:
    question_answer(as_annotator(project, person), question.pk, text=text, decision="stay", client_id=uuid4())


def change(project: Project, person: User, item: Item, *labels: str) -> Judgment:
    standing = judgments_current(project).get(item=item, annotator=person)
    answer = Answer(client_id=uuid4(), labels=labels)
    return judgment_edit(as_annotator(project, person), standing.pk, answer).judgment


def test_asking_puts_the_disagreement_on_hold_until_all_have_answered(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    question = ask(lead, row.item)

    row.refresh_from_db()
    assert (row.hold_by, row.hold_reason, row.lease_by) == (lead.user, WAITS_FOR_ANSWERS, None)
    assert list(disagreements_open(project, Wanted(held=True))) == [row]
    for n, person in enumerate(people[:3]):
        assert answered_by_disagreement([row.pk]) == {row.pk: (n, 3)}
        stay(project, person, question)
    row.refresh_from_db()
    question.refresh_from_db()
    assert (row.hold_by, question.status) == (None, "answered")
    assert list(disagreements_open(project)) == [row]


def test_only_those_who_were_ticked_are_asked(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    chosen = frozenset({people[1].username})

    question = ask(lead, row.item, QuestionDraft("Why gambling?", chosen))

    assert [one.annotator for one in QuestionParticipant.objects.all()] == [people[1]]
    assert [n_to_answer(as_annotator(project, person)) for person in people[:3]] == [0, 1, 0]
    with pytest.raises(NotFound, match="You were not asked"):
        own_question(as_annotator(project, people[0]), question.pk)


@pytest.mark.parametrize(
    ("draft", "error", "message"),
    [
        (QuestionDraft(" "), BadInput, "The question is empty"),
        (QuestionDraft("x" * 1001), BadInput, "1001 characters; 1000 are kept"),
        (QuestionDraft("a\x00b"), BadInput, "NUL"),
        (QuestionDraft("Why?", frozenset()), BadInput, "Choose at least one"),
        (QuestionDraft("Why?", frozenset({"nobody"})), BadInput, '"nobody" has not judged this item'),
        (QuestionDraft("Why?", category="cats"), BadInput, 'no category "cats"'),
        (QuestionDraft("Why?", clause_number="9.9"), BadInput, 'no clause "9.9"'),
    ],
)
def test_what_cannot_be_asked_is_refused(
    lead: Access, row: Disagreement, draft: QuestionDraft, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ask(lead, row.item, draft)

    row.refresh_from_db()
    assert (Question.objects.count(), row.hold_by) == (0, None)


def test_an_item_that_nobody_judged_or_of_another_project_or_withheld_is_not_asked_about(
    project: Project, lead: Access, row: Disagreement
) -> None:
    (empty,) = make_items(project, 1)
    (foreign,) = make_items(make_project(), 1)

    with pytest.raises(BadInput, match="nobody else judged it"):
        ask(lead, empty)
    with pytest.raises(NotFound):
        ask(lead, foreign)
    Item.objects.filter(pk=row.item_id).update(withheld=True)
    with pytest.raises(Withheld):
        ask(lead, row.item)


def test_the_same_click_twice_asks_once_and_an_item_is_asked_about_once_at_a_time(
    lead: Access, row: Disagreement
) -> None:
    click = uuid4()
    first = question_ask(lead, row.item_id, WHY, client_id=click)

    assert question_ask(lead, row.item_id, WHY, client_id=click) == first
    with pytest.raises(Conflict, match="came with another question"):
        question_ask(lead, row.item_id, QuestionDraft("Another?"), client_id=click)
    with pytest.raises(Conflict, match=f"{lead.user.username} has asked about this item already"):
        ask(lead, row.item)
    for _ in range(2):
        question_close(lead, Question.objects.latest("pk").pk)
        ask(lead, row.item)
    question_close(lead, Question.objects.latest("pk").pk)
    with pytest.raises(Throttled, match="3 times within a day"):
        ask(lead, row.item)
    assert QuestionParticipant.objects.filter(question=first).count() == 3


def test_a_hold_of_the_leads_own_stays_when_all_have_answered(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    disagreement_hold(lead, row.pk, reason="Ask legal first.")

    question = ask(lead, row.item)
    for person in people[:3]:
        stay(project, person, question)

    row.refresh_from_db()
    assert row.hold_reason == "Ask legal first."


def test_another_lead_who_has_it_open_is_named(project: Project, lead: Access, row: Disagreement) -> None:
    ada = project_for(make_member(project, Role.LEAD, "ada"), project.slug, Can.RESOLVE)
    lease_take(ada, row.pk)

    with pytest.raises(Conflict, match="ada is looking at this since"):
        ask(lead, row.item)

    assert not Question.objects.exists()


def test_somebody_who_left_can_neither_be_asked_nor_waited_for(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    question = ask(lead, row.item)
    Membership.objects.filter(user=people[2]).delete()
    stay(project, people[0], question)
    stay(project, people[1], question)

    question.refresh_from_db()
    assert question.status == "answered"
    thread = thread_of(project, question.pk)
    assert (thread.n_answered, thread.gone) == (2, (people[2].username,))
    assert "can no longer answer" in [exchange.state for exchange in thread.exchanges]
    with pytest.raises(Conflict, match="has left the project"):
        question_write(lead, question.pk, people[2].username, text="Still there?", client_id=uuid4())
    with pytest.raises(BadInput, match="has left the project, and can no longer answer"):
        ask(lead, row.item, QuestionDraft("Why?", frozenset({people[2].username})))


def test_the_last_who_leaves_ends_the_wait_at_the_next_tick(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    question = ask(lead, row.item, QuestionDraft("Why?", frozenset({people[0].username})))
    Membership.objects.filter(user=people[0]).update(role=Role.SCIENTIST)

    questions_sweep(project, timezone.now())

    question.refresh_from_db()
    row.refresh_from_db()
    assert (question.status, row.hold_by) == ("answered", None)


def test_what_has_waited_long_enough_goes_back_once_and_late_answers_still_come(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    question = ask(lead, row.item)
    questions_sweep(project, question.waits_until - timedelta(seconds=1))
    row.refresh_from_db()
    assert row.hold_by is not None

    questions_sweep(project, question.waits_until)

    question.refresh_from_db()
    assert (Disagreement.objects.get(pk=row.pk).hold_by, question.status) == (None, "open")
    assert list(questions_with_news(lead)) == [question]
    disagreement_hold(lead, row.pk, reason="Ask legal first.")
    questions_sweep(project, question.waits_until + timedelta(hours=1))
    row.refresh_from_db()
    assert row.hold_reason == "Ask legal first."
    stay(project, people[0], question)
    assert thread_of(project, question.pk).n_answered == 1


def test_who_changes_their_judgment_has_answered_and_who_only_says_so_has_not(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    question = ask(lead, row.item)
    access = as_annotator(project, people[2])
    question_answer(access, question.pk, text="", decision="change", client_id=uuid4())
    questions_sweep(project, timezone.now())
    assert own_question(access, question.pk).exchange.wants_to_change
    assert thread_of(project, question.pk).n_answered == 0

    change(project, people[2], row.item, GAMES)
    questions_sweep(project, timezone.now())

    exchange = own_question(access, question.pk).exchange
    assert (exchange.state, exchange.participant.outcome) == ("changed their answer", "changed")
    assert exchange.before.other == "None of these"
    assert exchange.now is not None
    assert exchange.now.labels == ("Games",)
    assert thread_of(project, question.pk).n_answered == 1


def test_a_question_closes_when_its_disagreement_is_settled(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    question = ask(lead, row.item)
    change(project, people[2], row.item, GAMES)

    review_sweep(project)
    questions_sweep(project, timezone.now())

    question.refresh_from_db()
    assert (question.status, question.closed_by) == ("closed", None)
    assert Resolution.objects.get(item=row.item).labels == [GAMES]
    with pytest.raises(Conflict, match="closed meanwhile"):
        stay(project, people[0], question)


def test_each_participant_sees_their_own_exchange_alone(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    question = ask(lead, row.item)
    stay(project, people[0], question, "There are no stakes.")
    question_write(lead, question.pk, people[1].username, text="And the bonus?", client_id=uuid4())

    first, second = (own_question(as_annotator(project, person), question.pk) for person in people[:2])

    assert [reply.text for reply in first.exchange.replies] == ["There are no stakes."]
    assert [reply.text for reply in second.exchange.replies] == ["And the bonus?"]
    assert [own.waits for own in (first, second)] == [False, True]


def test_answers_are_news_to_each_lead_until_they_have_read_them(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    ada = project_for(make_member(project, Role.LEAD, "ada"), project.slug, Can.RESOLVE)
    question = ask(lead, row.item)
    assert not questions_with_news(lead).exists()

    stay(project, people[0], question)
    shown = thread_of(project, question.pk).question
    stay(project, people[1], question)
    news_seen(shown, lead.user)

    assert questions_with_news(lead).exists()  # the second answer came after what they saw
    news_seen(thread_of(project, question.pk).question, lead.user)
    assert not questions_with_news(lead).exists()
    assert questions_with_news(ada).exists()


def test_a_further_word_of_the_lead_waits_until_it_is_read_or_answered(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    question = ask(lead, row.item)
    stay(project, people[0], question)
    access = as_annotator(project, people[0])
    assert n_to_answer(access) == 0

    question_write(lead, question.pk, people[0].username, text="Thank you. And 1.2?", client_id=uuid4())
    assert n_to_answer(access) == 1
    question_answer(access, question.pk, text="Not here.", client_id=uuid4())

    assert n_to_answer(access) == 0
    assert QuestionReply.objects.count() == 3


@pytest.mark.parametrize(
    ("text", "decision", "message"),
    [
        (" ", "stay", "The answer is empty"),
        ("x" * 2001, "stay", "2001 characters; 2000 are kept"),
        ("a\x00b", "change", "NUL"),
        ("Because.", "", "Say whether you stay"),
        ("Because.", "perhaps", '"perhaps" is no decision'),
    ],
)
def test_an_answer_that_cannot_be_is_refused(
    lead: Access, row: Disagreement, text: str, decision: str, message: str
) -> None:
    question = ask(lead, row.item)
    asked = QuestionParticipant.objects.earliest("pk").annotator

    with pytest.raises(BadInput, match=message):
        question_answer(
            as_annotator(lead.project, asked), question.pk, text=text, decision=decision, client_id=uuid4()
        )

    assert not QuestionReply.objects.exists()


def test_the_same_reply_twice_is_one(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    question, click = ask(lead, row.item), uuid4()
    access = as_annotator(project, people[0])
    for _ in range(2):
        question_answer(access, question.pk, text="Clause 1.1.", decision="stay", client_id=click)
        question_write(lead, question.pk, people[0].username, text="Thank you.", client_id=click)

    assert QuestionReply.objects.count() == 2
    with pytest.raises(Conflict, match="came with another reply"):
        question_answer(access, question.pk, text="Other.", decision="stay", client_id=click)


def test_closing_ends_the_hold_and_asks_nobody_any_more(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    question = ask(lead, row.item)
    assert question_newest(lead) == question

    question_close(lead, question.pk)
    question_close(lead, question.pk)

    row.refresh_from_db()
    assert row.hold_by is None
    assert question_newest(lead) is None
    assert n_to_answer(as_annotator(project, people[0])) == 0
    with pytest.raises(Conflict, match="Ask a new one"):
        question_write(lead, question.pk, people[0].username, text="Well?", client_id=uuid4())


def test_nothing_of_a_withheld_page_is_listed(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    question = ask(lead, row.item)
    stay(project, people[0], question)
    access = as_annotator(project, people[1])

    Item.objects.filter(pk=row.item_id).update(withheld=True)

    assert not questions_of(project).exists()
    assert not questions_with_news(lead).exists()
    assert own_questions(access) == []
    assert n_to_answer(access) == 0
    for look in (lambda: thread_of(project, question.pk), lambda: own_question(access, question.pk)):
        with pytest.raises(Withheld):
            look()


def test_the_database_keeps_what_was_asked_and_said(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    question = ask(lead, row.item)
    stay(project, people[0], question)

    for change_it in (
        lambda: Question.objects.update(text="Something else?"),
        lambda: Question.objects.all().delete(),
        lambda: QuestionParticipant.objects.update(judgment=Judgment.objects.latest("pk").pk),
        lambda: QuestionReply.objects.update(text="Never said."),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change_it()
    with pytest.raises(IntegrityError), transaction.atomic():
        Question.objects.update(status="closed")


def test_a_judgment_changed_after_a_question_does_not_count_for_agreement(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    change(project, people[1], row.item, GAMES)  # before anybody asked: it counts
    before = set(labelled_at(project, Judgment.objects.latest("pk").pk))
    ask(lead, row.item)

    change(project, people[2], row.item, GAMES)
    again = change(project, people[2], row.item, GAMBLING)

    now = labelled_at(project, Judgment.objects.latest("pk").pk)
    assert set(now) == before
    assert len(before) == 3
    assert again in set(judgments_current(project))


def test_a_judgment_changed_after_a_question_is_not_compared_with_what_is_held(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    ask(lead, row.item)
    change(project, people[2], row.item, GAMES)
    review_sweep(project)
    assert Resolution.objects.get(item=row.item).method == "majority"

    checked = {group.annotator_id: group.checked is not None for group in compared(project)}
    assert checked == {people[0].pk: True, people[1].pk: True, people[2].pk: False}

    make_resolution(
        row.item,
        [GAMES],
        method="adjudicated",
        resolved_by=lead.user,
        supersedes=Resolution.objects.get(item=row.item),
    )
    games = [category for category in taxonomy_current(project).categories if category.slug == GAMES]
    trust = reliability_of(project, {person.pk for person in people[:3]}, games, but=0)
    assert [trust[person.pk][0].leads.tally.n for person in people[:3]] == [1, 1, 0]


def test_what_people_agree_on_after_a_question_is_not_suggested_as_gold(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    change(project, people[1], row.item, GAMES)
    ask(lead, row.item)
    change(project, people[2], row.item, GAMES)
    review_sweep(project)

    assert Resolution.objects.get(item=row.item).method == "unanimous"
    assert not gold_suggestions(project).exists()


def test_the_sweep_costs_few_queries_however_many_questions_wait(
    project: Project,
    lead: Access,
    dispute: Callable[[], Disagreement],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(4):
        ask(lead, dispute().item)

    with django_assert_max_num_queries(6):  # with the savepoint
        questions_sweep(project, timezone.now())

    assert Question.objects.filter(status="open").count() == 4
