"""Pages of questions, of gold and of clauses from the desk, as a client without JavaScript sees them."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotator.accounts.models import User
from annotator.judgments.models import Judgment
from annotator.projects.access import Access, Can, project_for
from annotator.projects.drafts.guideline import guideline_drafting_of
from annotator.projects.models import Membership, Project, Role
from annotator.review.models import Disagreement, Gold, Question, QuestionReply, Resolution
from annotator.review.questions.asking import QuestionDraft, question_answer, question_ask, questions_sweep
from annotator.review.services import review_sweep
from tests.annotator.review.visiting import page
from tests.factories import GAMBLING, GAMES, make_items, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(dispute: Callable[[], Disagreement]) -> Disagreement:
    return dispute()


@pytest.fixture
def asked(lead: Access, row: Disagreement) -> Question:
    return question_ask(lead, row.item_id, QuestionDraft("Is it played for money?"), client_id=uuid4())


def of(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def hidden(text: str, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', text) or re.search(
        rf'value="([^"]+)" name="{name}"', text
    )
    assert found is not None
    return found[1]


# Asking ----------------------------------------------------------------------------------------------------------


def test_lead_asks_from_the_desk_and_goes_on_to_the_next(
    pages: Client,
    project: Project,
    people: list[User],
    row: Disagreement,
    dispute: Callable[[], Disagreement],
) -> None:
    other = dispute()
    desk = pages.get(page(project, "disagreement", row.pk)).content.decode()
    address = f"{page(project, 'item_question', row.item_id)}?disagreement={row.pk}"
    assert f'href="{address}"' in desk

    form = pages.get(address).context["form"]
    assert (
        form["text"].value().startswith("Please look at this page once more: does it show Gambling or Games?")
    )
    names = [person.username for person in people[:3]]
    assert form["annotators"].value() == names
    sent = {"text": "Which clause?", "annotators": names[:2], "client_id": str(uuid4())}
    answer = pages.post(address, sent)

    assert answer.headers["Location"] == page(project, "disagreement", other.pk)
    question = Question.objects.get()
    assert [one.annotator.username for one in question.participants.order_by("pk")] == names[:2]
    held = pages.get(page(project, "disagreements") + "?held=1").content.decode()
    assert "0 of 2 answered" in held
    assert "Waits for answers to a question." in held


def test_refused_question_keeps_what_was_typed(
    pages: Client, project: Project, people: list[User], row: Disagreement, asked: Question
) -> None:
    address = page(project, "item_question", row.item_id)
    sent = {"text": "And the bonus?", "annotators": [people[0].username], "client_id": str(uuid4())}

    again = pages.post(address, sent)
    empty = pages.post(address, sent | {"annotators": []})
    long = pages.post(address, sent | {"text": "x" * 1001})
    nul = pages.post(address, sent | {"text": "a\x00b"})
    nobody = pages.post(address, sent | {"annotators": ["nobody"]})
    nothing = pages.post(address, {})

    assert again.status_code == 409
    assert "has asked about this item already" in again.content.decode()
    assert "And the bonus?" in again.content.decode()
    assert [refused.status_code for refused in (empty, long, nul, nobody, nothing)] == [
        409,
        422,
        422,
        422,
        422,
    ]
    assert Question.objects.count() == 1


def test_who_has_left_cannot_be_ticked(
    pages: Client, project: Project, people: list[User], row: Disagreement
) -> None:
    Membership.objects.filter(user=people[0]).delete()

    text = pages.get(page(project, "item_question", row.item_id)).content.decode()

    assert "has left, and can no longer answer" in text
    assert f'value="{people[0].username}" disabled' in text


def test_lead_asks_from_a_resolved_item(
    pages: Client, project: Project, people: list[User], row: Disagreement
) -> None:
    Disagreement.objects.update(closed_at=timezone.now())
    address = page(project, "item_question", row.item_id)
    assert address in pages.get(page(project, "item_review", row.item_id)).content.decode()

    sent = {"text": "Why?", "annotators": [people[0].username], "client_id": str(uuid4())}
    answer = pages.post(address, sent)

    assert answer.headers["Location"] == page(project, "item_review", row.item_id)
    assert Question.objects.get().disagreement is None
    shown = pages.get(page(project, "item_review", row.item_id)).content.decode()
    assert "0 of 1 answered" in shown


# Answering -------------------------------------------------------------------------------------------------------


def test_annotator_sees_the_count_the_page_and_their_own_answer_and_nothing_of_others(
    project: Project, people: list[User], asked: Question
) -> None:
    ann = of(people[0])
    assert "1 to answer" in ann.get(page(project, "questions_count")).content.decode()
    listed = ann.get(page(project, "questions")).content.decode()
    assert "Is it played for money?" in listed

    text = ann.get(page(project, "question_own", asked.pk)).content.decode()

    assert "Is it played for money?" in text
    assert "chess" in text  # the page to look at
    assert "Games" in text
    for other in people[1:3]:
        assert other.username not in text
    assert "None of these" not in text


def test_annotator_stays_with_their_answer_once_and_is_asked_no_more(
    project: Project, people: list[User], asked: Question
) -> None:
    ann, address = of(people[0]), page(project, "question_own", asked.pk)
    form = {
        "text": "No stakes.",
        "decision": "stay",
        "client_id": hidden(ann.get(address).content.decode(), "client_id"),
    }

    first, second = ann.post(address, form), ann.post(address, form)

    assert first.status_code == second.status_code == 302
    assert QuestionReply.objects.count() == 1
    assert "chip" not in ann.get(page(project, "questions_count")).content.decode()


def test_annotator_changes_their_answer_and_comes_back_to_the_question(
    project: Project, people: list[User], lead: Access, asked: Question
) -> None:
    ann, address = of(people[2]), page(project, "question_own", asked.pk)

    answer = ann.post(address, {"text": "", "decision": "change", "client_id": str(uuid4())})
    edit = answer.headers["Location"]
    judgment = Judgment.objects.get(annotator=people[2])
    assert edit == f"{reverse('judgments:edit', args=[project.slug, judgment.pk])}?question={asked.pk}"
    assert "Change it now" in ann.get(address).content.decode()
    changed = ann.post(edit, {"labels": [GAMBLING], "client_id": str(uuid4()), "verdict": "labelled"})

    assert changed.headers["Location"] == address
    text = ann.get(address).content.decode()
    assert "Is now" in text
    questions_sweep(project, timezone.now())
    desk = of(lead.user).get(page(project, "disagreement", asked.disagreement_id)).content.decode()
    assert "changed after a question" in desk
    assert "1 of 3 answered" in desk


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"decision": "stay", "text": ""}, "The answer is empty"),
        ({"decision": "stay", "text": "x" * 2001}, "at most 2000 characters"),
        ({"decision": "stay", "text": "a\x00b"}, "Null characters are not allowed"),
        ({"decision": "perhaps", "text": "Hm."}, "is not one of the available choices"),
        ({"text": "Hm."}, "Say whether you stay"),
        ({"decision": "stay", "text": "Hm.", "client_id": "no uuid"}, "valid UUID"),
    ],
)
def test_answer_that_cannot_be_says_why_and_keeps_the_words(
    project: Project, people: list[User], asked: Question, form: dict[str, str], message: str
) -> None:
    sent = {"client_id": str(uuid4())} | form

    answer = of(people[0]).post(page(project, "question_own", asked.pk), sent)

    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not QuestionReply.objects.exists()


def test_only_who_was_asked_gets_to_a_question(
    project: Project, people: list[User], lead: Access, asked: Question
) -> None:
    own, whole = page(project, "question_own", asked.pk), page(project, "question", asked.pk)
    outsider, scientist = make_member(project), make_member(project, Role.SCIENTIST)
    foreign = make_member(make_project(), Role.ADMIN)
    send: dict[str, Any] = {"text": "Hm.", "decision": "stay", "client_id": str(uuid4())}

    for person, statuses in (
        (outsider, (404, 403)),
        (people[3], (404, 403)),
        (scientist, (403, 403)),
        (foreign, (404, 404)),
        (people[0], (200, 403)),
        (lead.user, (404, 200)),
    ):
        client = of(person)
        assert (client.get(own).status_code, client.get(whole).status_code) == statuses
    assert of(outsider).post(own, send).status_code == 404
    assert of(people[0]).get(page(project, "question_own", 999_999)).status_code == 404
    assert not QuestionReply.objects.exists()


# What leads read -------------------------------------------------------------------------------------------------


def test_answers_are_new_until_the_lead_has_looked(
    pages: Client, project: Project, people: list[User], asked: Question
) -> None:
    ann = project_for(people[0], project.slug, Can.LABEL)
    question_answer(ann, asked.pk, text="No stakes.", decision="stay", client_id=uuid4())
    assert "with new answers" in pages.get(page(project, "questions_count")).content.decode()
    assert ">new<" in pages.get(page(project, "questions_asked")).content.decode()

    text = pages.get(page(project, "question", asked.pk)).content.decode()

    assert "No stakes." in text
    assert "stays with their answer" in text
    assert "chip" not in pages.get(page(project, "questions_count")).content.decode()
    assert ">new<" not in pages.get(page(project, "questions_asked")).content.decode()


def test_lead_writes_to_one_participant_alone_and_closes(
    pages: Client, project: Project, people: list[User], row: Disagreement, asked: Question
) -> None:
    address = page(project, "question", asked.pk)
    sent = {"annotator": people[0].username, "text": "And the bonus?", "client_id": str(uuid4())}

    assert pages.post(address, sent).headers["Location"] == address
    refused = pages.post(address, sent | {"annotator": "nobody", "client_id": str(uuid4())})

    assert refused.status_code == 422
    assert "And the bonus?" in of(people[0]).get(page(project, "question_own", asked.pk)).content.decode()
    assert "And the bonus?" not in of(people[1]).get(page(project, "question_own", asked.pk)).content.decode()
    pages.post(page(project, "question_close", asked.pk))
    row.refresh_from_db()
    assert row.hold_by is None
    listed = pages.get(page(project, "questions_asked") + "?status=closed").content.decode()
    assert "closed by" in listed


def test_undo_takes_a_question_back_that_nobody_has_answered(
    pages: Client, project: Project, row: Disagreement, asked: Question
) -> None:
    desk = pages.get(page(project, "disagreement", row.pk)).content.decode()
    assert "Undo my last question" in desk
    undo = re.search(r'<form method="post" action="([^"]+)" data-undo', desk)
    assert undo is not None

    answer = pages.post(undo[1], {"desk": "1", "client_id": str(uuid4())})

    assert answer.headers["Location"] == page(project, "disagreement", row.pk)
    asked.refresh_from_db()
    row.refresh_from_db()
    assert (asked.status, row.hold_by) == ("closed", None)


# Gold from the desk ----------------------------------------------------------------------------------------------


def filled(pages: Client, address: str, **answer: object) -> dict[str, object]:
    context = pages.get(address).context
    seen = {"judgments": context["shown_judgments"], "resolution": context["shown_resolution"]}
    return {"labels": [GAMES], "verdict": "labelled", "reason": "There are no stakes."} | seen | answer


def test_one_key_resolves_and_begins_gold_with_the_reason_and_undo_ends_it(
    pages: Client, project: Project, row: Disagreement, dispute: Callable[[], Disagreement]
) -> None:
    other, desk = dispute(), page(project, "disagreement", row.pk)
    gold_page = f"{page(project, 'item_gold', row.item_id)}?disagreement={row.pk}"

    resolved = pages.post(desk, filled(pages, desk, action="gold", clause="1.1"))
    assert resolved.headers["Location"] == gold_page
    shown = pages.get(gold_page)
    assert (shown.context["form"]["explanation"].value(), shown.context["form"]["clause"].value()) == (
        "There are no stakes.",
        "1.1",
    )
    assert "0 gold items so far; 5 let people be examined in it" in shown.content.decode()
    made = pages.post(gold_page, {"item": row.item_id, "explanation": "Played for points.", "clause": "1.1"})

    assert made.headers["Location"] == page(project, "disagreement", other.pk)
    gold = Gold.objects.get()
    assert (gold.labels, gold.explanation) == ([GAMES], "Played for points.")
    desk_now = pages.get(page(project, "disagreement", other.pk)).content.decode()
    assert "Undo my last gold" in desk_now
    undone = pages.post(page(project, "gold_retire", gold.pk), {"desk": "1"})
    assert undone.headers["Location"] == desk
    gold.refresh_from_db()
    assert gold.retired_at is not None
    assert Resolution.objects.get().labels == [GAMES]


def test_gold_says_what_it_lacks(pages: Client, project: Project, row: Disagreement) -> None:
    address, desk = page(project, "item_gold", row.item_id), page(project, "disagreement", row.pk)
    assert "Nothing is held of this item yet. Resolve it first." in pages.get(address).content.decode()
    refused = pages.post(address, {"item": row.item_id, "explanation": "Because."})
    assert refused.status_code == 422

    pages.post(desk, filled(pages, desk, labels=[], verdict="unreachable"))

    assert "“Page not reachable” is held, and only labels can be gold." in pages.get(address).content.decode()
    assert not Gold.objects.exists()


# A clause from the desk ------------------------------------------------------------------------------------------


def test_a_clause_begins_with_the_case_and_the_lead_comes_back_to_the_desk(
    pages: Client, project: Project, people: list[User], row: Disagreement
) -> None:
    address = f"{page(project, 'item_clause', row.item_id)}?disagreement={row.pk}"

    form = pages.get(address).context["form"]

    body = form["body"].value()
    assert (form["category"].value(), form["title"].value()) == (GAMBLING, "Gambling or Games")
    assert "The case: `hxxps://www[.]chess" in body
    assert "- 1 of 3 said: None of these" in body
    assert not [person for person in people if person.username in body]
    sent = {"category": GAMES, "title": "Points are no stakes", "body": "Points cannot be cashed."}
    answer = pages.post(address, sent)
    assert answer.headers["Location"] == page(project, "disagreement", row.pk)
    added = [
        clause for clause in guideline_drafting_of(project).clauses if clause.title == "Points are no stakes"
    ]
    assert [(clause.category, clause.body) for clause in added] == [(GAMES, "Points cannot be cashed.")]
    assert "Added to the draft" in pages.get(answer.headers["Location"]).content.decode()


def test_a_clause_that_cannot_be_comes_back_with_what_was_typed(
    pages: Client, project: Project, row: Disagreement
) -> None:
    address = page(project, "item_clause", row.item_id)

    empty = pages.post(address, {"category": GAMES, "title": "", "body": "Points cannot be cashed."})
    unknown = pages.post(address, {"category": "cats", "title": "Cats", "body": "Cats."})

    assert (empty.status_code, unknown.status_code) == (422, 422)
    assert "Points cannot be cashed." in empty.content.decode()
    assert guideline_drafting_of(project).draft is None


@pytest.mark.parametrize("name", ["item_question", "item_gold", "item_clause"])
def test_pages_about_an_item_refuse_a_foreign_and_a_withheld_one(
    pages: Client, project: Project, row: Disagreement, name: str
) -> None:
    (foreign,) = make_items(make_project(), 1)
    address = page(project, name, row.item_id)
    assert pages.get(page(project, name, foreign.pk)).status_code == 404
    assert pages.get(f"{address}?disagreement=x&pattern=%00&category=%00").status_code == 200

    row.item.withheld = True
    row.item.save()

    assert pages.get(address).status_code == 409
    assert pages.post(address, {}).status_code == 409


def test_answers_settle_by_themselves_when_people_come_to_agree(
    project: Project, people: list[User], asked: Question
) -> None:
    client = of(people[2])
    judgment = Judgment.objects.get(annotator=people[2])
    edit = reverse("judgments:edit", args=[project.slug, judgment.pk])
    client.post(edit, {"labels": [GAMES], "client_id": str(uuid4()), "verdict": "labelled"})

    review_sweep(project)
    questions_sweep(project, timezone.now())

    asked.refresh_from_db()
    assert asked.status == "closed"
    assert Resolution.objects.get().labels == [GAMES]
