"""Qualifying on the labelling page: the explanation after each answer, and to nobody before theirs."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from annotator.accounts.models import User
from annotator.judgments.models import Judgment
from annotator.pool.cases import case_open
from annotator.pool.models import Item
from annotator.projects.models import Clause, Membership, Project, Standing
from annotator.queue.models import Assignment, Purpose
from annotator.queue.personal import Draw, LessonDraft, PersonalChoice, places_personal_open
from tests.factories import GAMES, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db

WHY = "Chess is a game; &amp; nothing is bet."


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def nia(project: Project) -> User:
    """Somebody who qualifies, with two places of an attempt."""
    nia = make_member(project, username="nia")
    Membership.objects.filter(user=nia).update(standing=Standing.QUALIFYING)
    clause = Clause.objects.get(guideline__project=project)
    items = make_items(project, 2)
    make_batch(project, items)
    lesson = LessonDraft(attempt=1, explanation="Chess is a game; & nothing is bet.", clause_id=clause.pk)
    choices = [PersonalChoice(item.pk, frozenset({GAMES}), None, lesson) for item in items]
    draw = Draw("qualification", "a test", pool_size=2, seed=1)
    places_personal_open(project, nia, Purpose.QUALIFICATION, choices, draw=draw)
    return nia


@pytest.fixture
def browser(nia: User) -> Client:
    client = Client()
    client.force_login(nia)
    return client


def place_of(page: str) -> str:
    found = re.search(r'name="assignment" value="(\d+)"', page)
    assert found is not None
    return found[1]


def submit(browser: Client, assignment: str, *labels: str, **posted: str) -> str:
    body = {"assignment": assignment, "client_id": str(uuid4()), "labels": list(labels)} | posted
    response = browser.post("/projects/pilot/label/", body, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def test_nothing_of_the_lesson_is_sent_before_the_answer(browser: Client) -> None:
    page = browser.get("/projects/pilot/label/").content.decode()

    assert WHY not in page
    assert "explanation stack" not in page
    assert "0 of about 2" in page


def test_the_script_gets_the_explanation_before_the_next_place(browser: Client) -> None:
    first = place_of(browser.get("/projects/pilot/label/").content.decode())

    answer = submit(browser, first, "gambling", part="place")

    assert answer.index('<section class="explanation') < answer.index('class="place"')
    assert WHY in answer
    assert "Not quite" in answer
    assert "Gambling" in answer
    assert "1.1 Judge the page" in answer
    assert place_of(answer) != first
    judgment = Judgment.objects.get()
    assert (judgment.purpose, judgment.labels) == (Purpose.QUALIFICATION, ["gambling"])


def test_the_explanation_comes_alone_when_it_was_the_last_place(browser: Client, nia: User) -> None:
    for _ in range(2):
        last = submit(
            browser, place_of(browser.get("/projects/pilot/label/").content.decode()), GAMES, part="place"
        )

    assert WHY in last
    assert "Right" in last
    assert "2 of about 2" in last
    assert 'class="place"' not in last
    assert "You have been through them all" in browser.get("/projects/pilot/label/").content.decode()


def test_the_explanation_is_on_top_of_the_next_page_without_a_script(browser: Client) -> None:
    first = place_of(browser.get("/projects/pilot/label/").content.decode())

    page = submit(browser, first, GAMES)

    assert WHY in page
    assert "1 of about 2" in page
    assert place_of(page) != first


def test_nobody_elses_answer_is_explained(project: Project, browser: Client) -> None:
    submit(browser, place_of(browser.get("/projects/pilot/label/").content.decode()), GAMES)
    other = Client()
    other.force_login(make_member(project))
    judgment = Judgment.objects.get()

    for asked in (str(judgment.pk), "x", "9" * 30):
        page = other.get("/projects/pilot/label/", {"explain": asked}).content.decode()
        assert WHY not in page


def test_an_ordinary_answer_brings_no_explanation(project: Project) -> None:
    client = Client()
    client.force_login(make_member(project))
    make_batch(project, make_items(project, 2))
    place = place_of(client.get("/projects/pilot/label/").content.decode())

    answer = submit(client, place, GAMES, part="place")

    assert "explanation" not in answer


def test_a_qualification_place_counts_for_nothing_else(project: Project, browser: Client, nia: User) -> None:
    submit(browser, place_of(browser.get("/projects/pilot/label/").content.decode()), GAMES)

    judged = Item.objects.get(pk=Judgment.objects.get().item_id)
    free = Assignment.objects.filter(item=judged, purpose=Purpose.OVERLAP, state="free")
    assert free.count() == project.overlap


def test_the_explanation_is_gone_with_its_page_when_that_is_withheld(browser: Client, nia: User) -> None:
    address = "/projects/pilot/label/"
    submit(browser, place_of(browser.get(address).content.decode()), GAMES)
    judgment = Judgment.objects.get(annotator=nia)
    assert "nothing is bet" in browser.get(address, {"explain": judgment.pk}).content.decode()

    case_open(judgment.project, judgment.item_id, by=nia)

    page = browser.get(address, {"explain": judgment.pk}).content.decode()
    assert "nothing is bet" not in page
    assert "withheld:" in page
