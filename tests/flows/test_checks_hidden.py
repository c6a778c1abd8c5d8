"""Gold and retests are like any other page to the person who is given them: the answers of the server are compared."""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from annotator.accounts.models import User
from annotator.judgments.models import Judgment
from annotator.pool.models import Item
from annotator.projects.models import Membership, Project
from annotator.queue.models import Assignment, AssignmentState, Purpose
from annotator.queue.personal import Draw, PersonalChoice, places_personal_open
from tests.factories import GAMES, make_batch, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db

CHECKS: Final = (Purpose.GOLD, Purpose.RETEST)


def world(purpose: Purpose) -> tuple[Project, User]:
    """Somebody who judged a page days ago, and whose next page is one of this purpose; an ordinary one follows."""
    project = make_project()
    user = make_member(project)
    judged, gold, *ordinary = make_items(project, 4)
    make_batch(project, [judged, gold])
    make_judgment(judged, user, [GAMES], created_at=timezone.now() - timedelta(days=9))
    for other in (make_member(project), make_member(project)):
        make_judgment(gold, other, [GAMES])
    make_batch(project, ordinary)
    item = {Purpose.GOLD: gold, Purpose.RETEST: judged}.get(purpose)
    if item is not None:
        choices = [PersonalChoice(item.pk, frozenset({GAMES}), 1.0)]
        places_personal_open(project, user, purpose, choices, draw=Draw("a test", "a test", 1, seed=1))
        Membership.objects.filter(user=user).update(check_share=1)
    return project, user


def plain(text: str, project: Project, user: User) -> str:
    """The text without what differs between any two pages: numbers, moments, names, words of their own."""
    for word in (project.slug, user.username):
        text = text.replace(word, "")
    text = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "<uuid>", text)
    text = re.sub(r'(name="csrfmiddlewaretoken" value=|"csrf[^"]*": )"[^"]*"', r"\1", text)
    text = re.sub(r"X-CSRFToken[^}]*", "", text)
    text = re.sub(r"\b[a-p]{8} [a-p]{8} [a-p]{8}\b", "<own words>", text)
    return re.sub(r"[\d.:+-]*\d", "#", text)


def shape(value: Any) -> Any:
    """The keys and types of JSON, without its values."""
    if isinstance(value, dict):
        return {key: shape(inner) for key, inner in value.items()}
    return [shape(inner) for inner in value] if isinstance(value, list) else type(value).__name__


def by_page(purpose: Purpose) -> Iterator[tuple[int, list[str], str]]:
    """Status, headers and text of what the labelling page gets, from the page to what is told of the answer."""
    project, user = world(purpose)
    client = Client()
    client.force_login(user)
    base = f"/projects/{project.slug}/label"
    page = client.get(f"{base}/")
    assignment = re.search(rb'name="assignment" value="(\d+)"', page.content)
    assert assignment is not None
    client_id = str(uuid4())
    answer = {
        "assignment": assignment[1].decode(),
        "client_id": client_id,
        "labels": [GAMES],
        "part": "place",
    }
    responses = [
        page,
        client.post(f"{base}/renew/", {"assignment": answer["assignment"]}),
        client.post(f"{base}/", answer),
        client.get(f"{base}/last/"),
        client.get(f"{base}/session/"),
        client.post(f"{base}/undo/", {"part": "place"}),
    ]
    assert Judgment.objects.filter(annotator=user, client_id=client_id).get().purpose == purpose
    for response in responses:
        yield response.status_code, sorted(response.headers), plain(response.content.decode(), project, user)


def by_api(purpose: Purpose) -> Iterator[tuple[int, list[str], Any]]:
    """Status, headers and shape of what a program gets."""
    project, user = world(purpose)
    client = Client()
    client.force_login(user)
    base = f"/api/v1/projects/{project.slug}"
    claimed = client.post(f"{base}/queue/claim/", {}, content_type="application/json")
    place = claimed.json()["assignment"]
    body = {"client_id": str(uuid4()), "labels": [GAMES], "next": True}
    submitted = client.post(f"{base}/assignments/{place}/judgment/", body, content_type="application/json")
    assert Judgment.objects.filter(annotator=user).latest("pk").purpose == purpose
    for response in (claimed, submitted):
        yield response.status_code, sorted(response.headers), shape(response.json())
    listed = client.get(f"{base}/judgments/").json()["results"]
    yield 200, [], shape(listed[0])


@pytest.mark.parametrize("purpose", CHECKS)
def test_the_page_says_the_same_of_a_check_as_of_any_other_page(purpose: Purpose) -> None:
    ordinary, check = list(by_page(Purpose.OVERLAP)), list(by_page(purpose))

    assert check == ordinary


@pytest.mark.parametrize("purpose", CHECKS)
def test_the_api_says_the_same_of_a_check_as_of_any_other_page(purpose: Purpose) -> None:
    ordinary, check = list(by_api(Purpose.OVERLAP)), list(by_api(purpose))

    assert check == ordinary


@pytest.mark.parametrize("purpose", CHECKS)
def test_no_word_for_a_check_is_on_the_page_that_is_one(purpose: Purpose) -> None:
    project, user = world(purpose)
    client = Client()
    client.force_login(user)

    page = client.get(f"/projects/{project.slug}/label/").content.decode().lower()

    assert Item.objects.filter(project=project).exists()
    assert not [word for word in ("gold", "retest", "purpose", "stream") if re.search(rf"\b{word}\b", page)]


@pytest.mark.parametrize("purpose", CHECKS)
def test_the_number_of_a_check_is_one_among_those_of_other_pages(purpose: Purpose) -> None:
    project = make_project(overlap=1)
    user = make_member(project)
    make_batch(project, make_items(project, 5))
    old = make_items(project, 12)
    make_batch(project, old)
    Assignment.objects.update(state=AssignmentState.WITHHELD)
    make_batch(project, make_items(project, 60))
    make_batch(project, make_items(project, 60))

    choices = [PersonalChoice(item.pk, frozenset({GAMES}), 1.0) for item in old]
    places_personal_open(project, user, purpose, choices, draw=Draw("a test", "a test", 1, seed=1))

    numbers = Assignment.objects.order_by("priority").values_list("pk", flat=True)
    served = list(numbers.filter(batch_item__batch__number=3))
    checks = set(numbers.filter(for_annotator=user))
    assert len(checks) == len(old)
    assert min(served) < min(checks)
    assert max(checks) < max(served)
    assert served != sorted(served)  # else a number out of turn would tell


def test_progress_does_not_stand_still_at_a_check_alone() -> None:
    project = make_project(overlap=1)
    items = make_items(project, 40)
    make_batch(project, items)
    user = make_member(project)
    client = Client()
    client.force_login(user)

    def progress() -> str:
        html = client.get(f"/projects/{project.slug}/label/session/").content.decode()
        return html[html.index("<dt>Batch") :]

    before = progress()
    for item in items[:3]:
        make_judgment(item, user, [GAMES])

    assert progress() == before
    assert "about 0 of 40" in before
