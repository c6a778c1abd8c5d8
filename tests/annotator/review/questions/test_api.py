"""Questions through the API: for leads the whole, for whoever was asked their own."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from annotator.accounts.models import User
from annotator.projects.access import Access
from annotator.projects.models import Project, Role
from annotator.review.models import Disagreement, Question, QuestionReply
from tests.factories import GAMES, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def row(dispute: Callable[[], Disagreement]) -> Disagreement:
    return dispute()


@pytest.fixture
def asked(lead: Access, row: Disagreement) -> Question:
    body = {"item": row.item_id, "text": "Is it played for money?", "client_id": str(uuid4())}
    answer = send(lead.user, lead.project, "questions/", body)
    assert answer.status_code == 201, answer.json()
    return Question.objects.get(pk=answer.json()["id"])


def send(person: User, project: Project, path: str, body: Mapping[str, object] | None = None) -> Any:
    client = Client()
    client.force_login(person)
    address = f"/api/v1/projects/{project.slug}/{path}"
    if body is None:
        return client.get(address)
    return client.post(address, body, content_type="application/json")


def test_lead_asks_lists_reads_writes_and_closes(
    project: Project, people: list[User], lead: Access, row: Disagreement
) -> None:
    body: dict[str, object] = {
        "item": row.item_id,
        "text": "Is it played for money?",
        "annotators": [people[0].username, people[1].username],
        "category": GAMES,
        "clause": "1.1",
        "client_id": str(uuid4()),
    }
    made = send(lead.user, project, "questions/", body)
    assert send(lead.user, project, "questions/", body).json()["id"] == made.json()["id"]
    pk = made.json()["id"]
    assert (made.status_code, made.json()["clause"], made.json()["n_asked"]) == (201, "1.1", 2)

    word = {"annotator": people[0].username, "text": "And the bonus?", "client_id": str(uuid4())}
    assert send(lead.user, project, f"questions/{pk}/write/", word).status_code == 201
    answer = {"text": "No stakes.", "decision": "stay", "client_id": str(uuid4())}
    assert send(people[0], project, f"questions/{pk}/answer/", answer).status_code == 201
    listed = send(lead.user, project, "questions/?status=open").json()["results"]
    thread = send(lead.user, project, f"questions/{pk}/").json()
    closed = send(lead.user, project, f"questions/{pk}/close/", {})

    assert [(one["id"], one["n_answered"], one["disagreement"]) for one in listed] == [(pk, 1, row.pk)]
    found = {one["annotator"]: one for one in thread["exchanges"]}
    assert [reply["text"] for reply in found[people[0].username]["replies"]] == [
        "And the bonus?",
        "No stakes.",
    ]
    assert found[people[0].username]["outcome"] == "stays"
    assert found[people[1].username]["replies"] == []
    assert closed.status_code == 204
    assert send(people[1], project, f"questions/{pk}/answer/", answer).status_code == 409


def test_who_was_asked_reads_their_own_exchange_alone(
    project: Project, people: list[User], asked: Question
) -> None:
    answer = {"text": "No stakes.", "decision": "stay", "client_id": str(uuid4())}
    send(people[0], project, f"questions/{asked.pk}/answer/", answer)

    first, second, outsider = (
        send(person, project, "questions/me/") for person in (people[0], people[1], people[3])
    )

    (mine,) = first.json()["questions"]
    assert (mine["waits"], [reply["text"] for reply in mine["replies"]]) == (False, ["No stakes."])
    assert mine["asked_about"]["labels"] == [GAMES]
    (theirs,) = second.json()["questions"]
    assert (theirs["waits"], theirs["replies"]) == (True, [])
    for text in (first.content.decode(), second.content.decode()):
        assert people[2].username not in text
    assert "No stakes." not in second.content.decode()
    assert outsider.json()["questions"] == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"annotators": []}, 400),
        ({"annotators": ["nobody"]}, 400),
        ({"text": ""}, 400),
        ({"text": "x" * 1001}, 400),
        ({"text": "a\x00b"}, 400),
        ({"category": "cats"}, 400),
        ({"clause": "9.9"}, 400),
        ({"client_id": "no uuid"}, 400),
        ({"item": 10**17}, 404),
        ({"item": "x"}, 400),
    ],
)
def test_what_cannot_be_asked_is_refused(
    project: Project, lead: Access, row: Disagreement, body: dict[str, object], status: int
) -> None:
    sent = {"item": row.item_id, "text": "Why?", "client_id": str(uuid4())} | body

    answer = send(lead.user, project, "questions/", sent)

    assert answer.status_code == status
    assert answer.json()["error"]["message"]
    assert not Question.objects.exists()


def test_an_item_is_asked_about_once_at_a_time_and_three_times_a_day(
    project: Project, lead: Access, row: Disagreement, asked: Question
) -> None:
    def again() -> int:
        body = {"item": row.item_id, "text": "Why?", "client_id": str(uuid4())}
        return int(send(lead.user, project, "questions/", body).status_code)

    assert again() == 409
    for status in (201, 201, 429):
        send(lead.user, project, f"questions/{Question.objects.latest('pk').pk}/close/", {})
        assert again() == status


def test_only_leads_ask_and_only_who_was_asked_answers(
    project: Project, people: list[User], row: Disagreement, asked: Question
) -> None:
    answer: dict[str, object] = {"text": "Hm.", "decision": "stay", "client_id": str(uuid4())}
    scientist, foreign = make_member(project, Role.SCIENTIST), make_member(make_project(), Role.ADMIN)
    path = f"questions/{asked.pk}/"

    assert [send(one, project, path).status_code for one in (people[0], scientist, foreign)] == [
        403,
        403,
        404,
    ]
    statuses = [
        send(one, project, f"{path}answer/", answer).status_code for one in (people[3], scientist, foreign)
    ]
    assert statuses == [404, 403, 404]
    assert send(people[0], project, "questions/", {"item": row.item_id}).status_code == 403
    assert send(people[0], project, "questions/999999/answer/", answer).status_code == 404
    assert not QuestionReply.objects.exists()


def test_an_unknown_status_is_named(project: Project, lead: Access) -> None:
    answer = send(lead.user, project, "questions/?status=lost")

    assert answer.status_code == 400
    assert "open, answered, closed" in answer.json()["error"]["message"]


def test_a_withheld_page_is_refused(
    project: Project, people: list[User], lead: Access, row: Disagreement, asked: Question
) -> None:
    row.item.withheld = True
    row.item.save()

    assert send(lead.user, project, f"questions/{asked.pk}/").status_code == 409
    assert send(lead.user, project, "questions/").json()["results"] == []
    assert send(people[0], project, "questions/me/").json() == {"questions": []}
