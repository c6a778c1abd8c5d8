"""Somebody who qualifies: each answer is explained over the next page, until it was read."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from annotator.judgments.models import Judgment
from annotator.projects.models import Clause, Membership, Project, Standing
from annotator.queue.models import Assignment, AssignmentState, Purpose
from annotator.queue.personal import Draw, LessonDraft, PersonalChoice, places_personal_open
from tests.browser.conftest import SignIn
from tests.browser.labelling import LABEL
from tests.connections import eventually
from tests.factories import GAMES, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)

WHY = "Chess is a game, and nothing is bet."


@pytest.fixture
def project() -> Project:
    """Two places for nia, who qualifies."""
    project = make_project("pilot")
    nia = make_member(project, username="nia")
    Membership.objects.filter(user=nia).update(standing=Standing.QUALIFYING)
    clause = Clause.objects.get(guideline__project=project)
    items = make_items(project, 2)
    make_batch(project, items)
    lesson = LessonDraft(attempt=1, explanation=WHY, clause_id=clause.pk)
    choices = [PersonalChoice(item.pk, frozenset({GAMES}), None, lesson) for item in items]
    draw = Draw("qualification", "a test", pool_size=2, seed=1)
    places_personal_open(project, nia, Purpose.QUALIFICATION, choices, draw=draw)
    return project


@pytest.fixture
def nias(page: Page, live_server: Any, sign_in: SignIn, project: Project, quiet: None) -> Page:
    """The labelling page of nia."""
    sign_in(page.context, "nia")
    page.goto(live_server.url + LABEL)
    expect(page.locator("#answer")).to_have_attribute("data-status", "working")
    return page


def test_an_answer_is_explained_over_the_next_page_until_enter(nias: Page) -> None:
    first = nias.locator(".evidence-title").inner_text()
    assert WHY not in nias.content()
    assert Assignment.objects.filter(state=AssignmentState.OFFERED).count() == 1

    nias.keyboard.press("2")
    nias.keyboard.press("Enter")

    told = nias.get_by_role("dialog", name="About your answer")
    expect(told).to_contain_text(WHY)
    expect(told).to_contain_text("Not quite")
    expect(nias.locator("#progress")).to_contain_text("1 of about 2")
    expect(nias.locator(".place")).to_be_hidden()
    assert Axe().run(nias).response["violations"] == []
    nias.keyboard.press("1")
    nias.keyboard.press("Enter")
    expect(told).to_be_hidden()
    expect(nias.locator(".evidence-title")).to_be_visible()
    assert nias.locator(".evidence-title").inner_text() != first
    expect(nias.get_by_role("checkbox", name="Games", exact=True)).not_to_be_checked()
    nias.keyboard.press("1")
    nias.keyboard.press("Enter")

    expect(told).to_contain_text("Right")
    nias.keyboard.press("Enter")
    expect(nias.locator("[data-nothing]")).to_be_visible()
    eventually(lambda: Judgment.objects.filter(purpose=Purpose.QUALIFICATION).count() == 2)
