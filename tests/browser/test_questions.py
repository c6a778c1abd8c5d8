"""A lead asks, by keyboard alone; an annotator answers in a browser of their own; the lead is told, and resolves."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from annotator.judgments.models import Judgment
from annotator.projects.drafts.guideline import guideline_drafting_of
from annotator.projects.models import Project, Role
from annotator.review.models import Disagreement, Gold, Question, Resolution
from annotator.review.services import review_sweep
from learner.tick import tick_once
from tests.conftest import watch
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
)

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[BrowserContext, str], None]


@pytest.fixture
def project() -> Project:
    project = make_project("pages")
    make_member(project, Role.LEAD, "lead")
    people = [make_member(project, username=name) for name in ("ann", "bob", "cy")]
    items = make_items(project, 2, topic="poker night")
    make_batch(project, items)
    for item in items:
        for person, labels in zip(people, ([GAMES], [GAMBLING], [GAMES, VIOLENCE]), strict=True):
            make_judgment(item, person, labels, note=f"{person.username} looked twice.")
            review_sweep(project)
    return project


@pytest.fixture
def first(project: Project) -> Disagreement:
    return Disagreement.objects.earliest("pk")


def second_window(page: Page, errors: list[str], sign_in: SignIn, who: str) -> Page:
    browser = page.context.browser
    assert browser is not None
    other = browser.new_context().new_page()
    watch(other, errors)
    sign_in(other.context, who)
    return other


def open_desk(page: Page, server: str, row: Disagreement) -> None:
    page.goto(f"{server}/projects/pages/disagreements/{row.pk}/")


def by_tab(page: Page, name: str) -> None:
    """Go to the link of this name by Tab alone, and press Enter."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent.trim()").startswith(name):
            page.keyboard.press("Enter")
            return
    pytest.fail(f"Tab does not reach {name}")


def ask_ann(page: Page) -> None:
    """From the desk, by keyboard: the usual question is replaced, and of three people ann alone stays ticked."""
    page.keyboard.press("Shift+Q")
    page.wait_for_url("**/question/?disagreement=*")
    expect(page.get_by_label("Question", exact=True)).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Do they play for money?")
    for who in ("ann", "bob", "cy"):
        expect(page.get_by_role("checkbox", name=who)).to_be_checked()
    page.keyboard.press("Tab")  # ann
    for _ in ("bob", "cy"):
        page.keyboard.press("Tab")
        page.keyboard.press("Space")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/disagreements/*/")
    expect(page.get_by_text("Asked. You are told here")).to_be_visible()


def answer_as_ann(ann: Page, server: str) -> None:
    """From the labelling page, where a number stands beside the menu."""
    ann.goto(f"{server}/projects/pages/label/")
    menu = ann.get_by_role("button", name="Project menu")
    expect(menu).to_contain_text("1")
    menu.click()
    link = ann.get_by_role("link", name="Questions")
    expect(link).to_contain_text("1")
    link.click()
    ann.get_by_role("link", name="poker-night").click()
    expect(ann.get_by_text("Do they play for money?")).to_be_visible()
    expect(ann.locator("main")).not_to_contain_text("bob")
    expect(ann.locator("main")).not_to_contain_text("Violence")
    ann.get_by_label("What decided it for you").fill("Points only, clause 1.1.")
    ann.get_by_role("button", name="Stay with my answer").click()
    expect(ann.get_by_text("Sent to the lead alone.")).to_be_visible()
    expect(ann.get_by_role("link", name="Questions").first).not_to_contain_text("1")


def test_lead_asks_by_keyboard_an_annotator_answers_and_the_lead_is_told_and_resolves(
    page: Page, page_errors: list[str], live_server: Any, sign_in: SignIn, first: Disagreement
) -> None:
    ann = second_window(page, page_errors, sign_in, "ann")
    sign_in(page.context, "lead")
    open_desk(page, live_server.url, first)
    ask_ann(page)
    first.refresh_from_db()
    assert [one.annotator.username for one in Question.objects.get().participants.all()] == ["ann"]
    assert first.hold_at is not None

    answer_as_ann(ann, live_server.url)

    open_desk(page, live_server.url, Disagreement.objects.latest("pk"))
    expect(page.get_by_role("link", name="Questions")).to_contain_text("1")
    by_tab(page, "Questions")
    page.wait_for_url("**/questions/asked/")
    expect(page.get_by_text("1 of 1 answered")).to_be_visible()
    expect(page.get_by_text("new", exact=True)).to_be_visible()
    by_tab(page, "hxxps")
    page.wait_for_url("**/questions/*/")
    expect(page.get_by_text("Points only, clause 1.1.")).to_be_visible()
    by_tab(page, "Resolve")
    page.wait_for_url(f"**/disagreements/{first.pk}/")
    expect(page.get_by_text("1 of 1 answered")).to_be_visible()
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.keyboard.type("ann says that it is played for points.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Resolved: Games.")).to_be_visible()
    assert Resolution.objects.get().item_id == first.item_id
    ann.context.close()


def test_annotator_changes_their_answer_after_a_question(
    page: Page, page_errors: list[str], live_server: Any, sign_in: SignIn, first: Disagreement
) -> None:
    other = second_window(page, page_errors, sign_in, "cy")
    sign_in(page.context, "lead")
    open_desk(page, live_server.url, first)
    page.keyboard.press("Shift+Q")
    page.wait_for_url("**/question/*")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/disagreements/*/")

    other.goto(f"{live_server.url}/projects/pages/questions/{Question.objects.get().pk}/mine/")
    text = other.locator(".evidence-text").first
    expect(text).to_be_hidden()  # cy named a grave category: it starts covered
    other.keyboard.press("b")
    expect(text).to_be_visible()
    other.get_by_role("button", name="Change my answer").click()
    other.wait_for_url("**/judgments/*/?question=*")
    other.locator("label.toggle-present[for*=violence]").click()
    other.get_by_role("button", name="Change", exact=True).click()
    other.wait_for_url("**/mine/")
    expect(other.get_by_text("Is now")).to_be_visible()
    tick_once()

    open_desk(page, live_server.url, first)
    expect(page.get_by_text("changed after a question")).to_be_visible()
    expect(page.get_by_text("1 of 3 answered")).to_be_visible()
    assert Judgment.objects.latest("pk").labels == [GAMES]
    other.context.close()


def test_one_key_resolves_as_gold_and_another_takes_it_back(
    page: Page, live_server: Any, sign_in: SignIn, first: Disagreement
) -> None:
    sign_in(page.context, "lead")
    open_desk(page, live_server.url, first)
    page.keyboard.press("1")
    page.keyboard.press("Enter")
    page.keyboard.type("Played for points.")
    page.keyboard.press("Escape")

    page.keyboard.press("Shift+G")
    page.wait_for_url(f"**/items/{first.item_id}/gold/*")
    expect(page.get_by_label("Why this is right")).to_have_value("Played for points.")
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/disagreements/*/")
    assert Gold.objects.get().labels == [GAMES]

    expect(page.get_by_role("button", name="Undo my last gold")).to_be_visible()
    page.keyboard.press("Control+z")
    page.wait_for_url(f"**/disagreements/{first.pk}/")
    expect(page.get_by_text("Retired. It checks nobody any more.")).to_be_visible()
    assert Gold.objects.get().retired_at is not None
    expect(page.get_by_role("button", name="Undo my last", exact=False)).to_be_visible()


def test_one_key_begins_a_clause_and_what_was_entered_is_there_again(
    page: Page, project: Project, live_server: Any, sign_in: SignIn, first: Disagreement
) -> None:
    sign_in(page.context, "lead")
    open_desk(page, live_server.url, first)
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    page.keyboard.type("There are stakes.")
    page.keyboard.press("Escape")

    page.keyboard.press("Shift+C")
    page.wait_for_url("**/clause/*")
    expect(page.get_by_label("Title")).to_have_value("Violence or Gambling or Games")
    expect(page.get_by_label("Text")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.type("Points are no stakes.")
    page.keyboard.press("Control+Enter")

    page.wait_for_url(f"**/disagreements/{first.pk}/")
    expect(page.get_by_text("Added to the draft of the guideline.")).to_be_visible()
    expect(page.get_by_role("checkbox", name="Gambling")).to_be_checked()
    expect(page.get_by_label("Why")).to_have_value("There are stakes.")
    assert "Points are no stakes." in [clause.body for clause in guideline_drafting_of(project).clauses]
    page.keyboard.press("Shift+C")
    page.wait_for_url("**/clause/*")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.wait_for_url(f"**/disagreements/{first.pk}/")
