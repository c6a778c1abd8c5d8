"""A lead resolves disagreements in a real browser: by keyboard alone, by mouse alone, and against another lead."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, expect

from annotator.accounts.models import User
from annotator.pool.models import Item
from annotator.projects.models import Project, Role
from annotator.review.models import Disagreement, Resolution
from annotator.review.services import review_sweep
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

SCREENSHOTS = Path(settings.BASE_DIR) / "test-results"


@pytest.fixture
def project() -> Project:
    project = make_project("pages")
    make_member(project, Role.LEAD, "lead")
    return project


@pytest.fixture
def disagreements(project: Project) -> list[Disagreement]:
    people = [make_member(project, username=f"annotator{number}") for number in (1, 2, 3)]
    items = make_items(project, 2, topic="poker night")
    make_batch(project, items)
    for item in items:
        disagree(project, item, people)
    return list(Disagreement.objects.order_by("pk"))


def disagree(project: Project, item: Item, people: list[User]) -> None:
    for person, labels in zip(people, ([GAMES], [GAMBLING], [GAMES, VIOLENCE]), strict=True):
        make_judgment(item, person, labels, note=f"{person.username} looked twice.")
        review_sweep(project)


def open_page(page: Page, server: str, disagreement: Disagreement) -> None:
    page.goto(f"{server}/projects/{disagreement.project.slug}/disagreements/{disagreement.pk}/")


def resolve_with_keys(page: Page, reason: str) -> None:
    page.keyboard.press("Enter")
    page.keyboard.type(reason)
    page.keyboard.press("Control+Enter")


def leave(page: Page) -> None:
    """Go while no poll is under way: the database is emptied next."""
    page.wait_for_load_state("networkidle")
    page.goto("about:blank")


def test_lead_resolves_one_by_keyboard_and_the_next_by_mouse(
    page: Page,
    live_server: Any,
    sign_in: Callable[[BrowserContext, str], None],
    disagreements: list[Disagreement],
) -> None:
    first, second = disagreements
    sign_in(page.context, "lead")
    open_page(page, live_server.url, first)
    page.screenshot(path=SCREENSHOTS / "disagreement.png")

    page.keyboard.press("2")
    expect(page.get_by_role("checkbox", name="Gambling")).to_be_checked()
    page.keyboard.press("0")
    expect(page.get_by_role("checkbox", name="Gambling")).not_to_be_checked()
    page.keyboard.press("Shift+Digit3")
    page.keyboard.press("Escape")
    page.keyboard.press("3")
    resolve_with_keys(page, "Played for points.")

    page.wait_for_url(f"**/disagreements/{second.pk}/")
    expect(page.get_by_text("Resolved: Games.")).to_be_visible()
    page.locator("label[for=c-gambling]").click()
    page.get_by_role("combobox", name="Clause").select_option("1.1")
    page.get_by_label("Why").fill("There are stakes.")
    page.get_by_role("button", name="Resolve").click()

    page.wait_for_url("**/disagreements/")
    expect(page.get_by_text("Nobody disagrees")).to_be_visible()
    held = Resolution.objects.order_by("pk").values_list("item", "labels", "reason", "clause__number")
    assert list(held) == [
        (first.item_id, [GAMES], "Played for points.", None),
        (second.item_id, [GAMBLING], "There are stakes.", "1.1"),
    ]


def test_second_lead_sees_what_changed_and_keeps_their_words(
    page: Page,
    page_errors: list[str],
    live_server: Any,
    sign_in: Callable[[BrowserContext, str], None],
    disagreements: list[Disagreement],
) -> None:
    disagreement = disagreements[0]
    make_member(disagreement.project, Role.LEAD, "second-lead")
    browser = page.context.browser
    assert browser is not None
    other = browser.new_page()
    watch(other, page_errors)
    sign_in(page.context, "lead")
    sign_in(other.context, "second-lead")
    open_page(page, live_server.url, disagreement)
    open_page(other, live_server.url, disagreement)
    expect(other.get_by_text("lead is looking at this since")).to_be_visible()
    expect(page.get_by_text("is looking at this since")).to_have_count(0)
    page.keyboard.press("1")
    resolve_with_keys(page, "It is a game.")
    page.wait_for_url(f"**/disagreements/{disagreements[1].pk}/")

    other.keyboard.press("2")
    resolve_with_keys(other, "There are stakes.")

    expect(other.get_by_role("alert")).to_contain_text(
        "lead wrote: decided by a lead, Games (“It is a game.”)"
    )
    expect(other.get_by_label("Why")).to_have_value("There are stakes.")
    expect(other.get_by_role("checkbox", name="Gambling")).to_be_checked()
    assert Resolution.objects.get(item=disagreement.item).labels == [GAMES]
    assert [error for error in page_errors if "409" not in error] == []
    page_errors.clear()
    other.close()


def test_two_leads_in_one_pattern_are_never_given_the_same_item(
    page: Page,
    page_errors: list[str],
    live_server: Any,
    sign_in: Callable[[BrowserContext, str], None],
    disagreements: list[Disagreement],
) -> None:
    first, second = disagreements
    make_member(first.project, Role.LEAD, "second-lead")
    browser = page.context.browser
    assert browser is not None
    other = browser.new_context().new_page()
    watch(other, page_errors)
    sign_in(page.context, "lead")
    sign_in(other.context, "second-lead")
    for window in (page, other):
        window.goto(f"{live_server.url}/projects/pages/disagreements/")
        window.get_by_role("link", name="Go through").click()
    page.wait_for_url(f"**/disagreements/{first.pk}/?pattern=*")
    other.wait_for_url(f"**/disagreements/{second.pk}/?pattern=*")

    page.keyboard.press("ArrowRight")
    page.wait_for_url("**/disagreements/?pattern=*")
    expect(page.get_by_text("What is left here is open before other leads: 1.")).to_be_visible()
    resolve_with_keys(other, "")  # refused by the browser itself: a reason is missing
    other.keyboard.press("Escape")
    other.keyboard.press("1")
    resolve_with_keys(other, "It is a game.")
    other.wait_for_url(f"**/disagreements/{first.pk}/?pattern=*")

    assert list(Resolution.objects.values_list("item", flat=True)) == [second.item_id]
    other.context.close()


def test_open_page_tells_what_another_lead_did_and_keeps_what_was_typed(
    page: Page,
    live_server: Any,
    sign_in: Callable[[BrowserContext, str], None],
    disagreements: list[Disagreement],
) -> None:
    sign_in(page.context, "lead")
    open_page(page, live_server.url, disagreements[0])
    page.get_by_label("Why").fill("There are stakes.")
    make_judgment(disagreements[0].item, make_member(disagreements[0].project, username="dan"), [VIOLENCE])

    with page.expect_response("**/lease/"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(page.get_by_text("dan judged it: Violence")).to_be_visible()
    expect(page.get_by_label("Why")).to_have_value("There are stakes.")


def test_lead_holds_releases_and_asks_by_keyboard_alone(
    page: Page,
    page_errors: list[str],
    live_server: Any,
    sign_in: Callable[[BrowserContext, str], None],
    disagreements: list[Disagreement],
) -> None:
    first, second = disagreements
    sign_in(page.context, "lead")
    open_page(page, live_server.url, first)

    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Shift+H")  # the dialog has the keyboard
    page.keyboard.press("Escape")
    page.mouse.click(5, 5)
    page.keyboard.press("Shift+H")  # refused by the browser itself: a reason is missing
    page.keyboard.type("Ask legal first.")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+H")
    page.wait_for_url(f"**/disagreements/{second.pk}/")
    expect(page.get_by_text("On hold: it waits")).to_be_visible()
    first.refresh_from_db()
    assert first.hold_reason == "Ask legal first."

    page.keyboard.press("1")
    page.keyboard.press("Shift+A")
    expect(page.get_by_role("alert")).to_contain_text("All 3 places on this item are taken")
    expect(page.get_by_role("checkbox", name="Games")).to_be_checked()

    page.goto(f"{live_server.url}/projects/pages/disagreements/?held=1")
    page.get_by_role("link", name="Open the first").click()
    page.wait_for_url(f"**/disagreements/{first.pk}/?held=1")
    page.keyboard.press("Shift+H")
    expect(page.get_by_text("Released: it is among the disagreements again.")).to_be_visible()
    first.refresh_from_db()
    assert first.hold_at is None
    assert [error for error in page_errors if "409" not in error] == []
    page_errors.clear()


def test_lead_cites_a_clause_and_takes_over_a_reason(
    page: Page,
    live_server: Any,
    sign_in: Callable[[BrowserContext, str], None],
    disagreements: list[Disagreement],
) -> None:
    first, second = disagreements
    sign_in(page.context, "lead")
    open_page(page, live_server.url, first)
    page.get_by_text("Clauses for every page").click()
    page.get_by_role("button", name="Cite 1.1").click()
    expect(page.get_by_role("combobox", name="Clause")).to_have_value("1.1")
    page.get_by_role("checkbox", name="Games").check(force=True)
    page.get_by_label("Why").fill("Played for points.")
    page.get_by_role("button", name="Resolve").click()
    page.wait_for_url(f"**/disagreements/{second.pk}/")

    page.get_by_text("Reasons given before (1)").click()
    page.get_by_role("button", name="Use this reason: Played for points.").click()

    expect(page.get_by_label("Why")).to_have_value("Played for points.")
    expect(page.get_by_role("combobox", name="Clause")).to_have_value("1.1")


@pytest.mark.parametrize("tail", ["", "disagreements/", "agreement/", "flags/"])
def test_pages_of_leads_are_accessible(
    page: Page,
    live_server: Any,
    sign_in: Callable[[BrowserContext, str], None],
    disagreements: list[Disagreement],
    tail: str,
) -> None:
    sign_in(page.context, "lead")
    page.goto(f"{live_server.url}/projects/pages/{tail}")

    assert Axe().run(page).response["violations"] == []
    leave(page)


def test_disagreement_page_is_accessible(
    page: Page,
    live_server: Any,
    sign_in: Callable[[BrowserContext, str], None],
    disagreements: list[Disagreement],
) -> None:
    sign_in(page.context, "lead")
    open_page(page, live_server.url, disagreements[0])

    assert Axe().run(page).response["violations"] == []


def test_overview_refreshes_itself(
    page: Page,
    live_server: Any,
    sign_in: Callable[[BrowserContext, str], None],
    disagreements: list[Disagreement],
) -> None:
    sign_in(page.context, "lead")
    page.goto(f"{live_server.url}/projects/pages/")
    expect(page.get_by_text("2 disagreements wait for a lead")).to_be_visible()

    Disagreement.objects.filter(pk=disagreements[0].pk).update(closed_at=disagreements[0].opened_at)

    expect(page.get_by_text("1 disagreement waits for a lead")).to_be_visible()
    leave(page)


def test_a_harmful_text_is_uncovered_and_covered_by_one_key(
    page: Page, live_server: Any, sign_in: Callable[..., None], disagreements: list[Disagreement]
) -> None:
    sign_in(page.context, "lead")
    open_page(page, live_server.url, disagreements[0])
    text = page.locator(".evidence-text").first
    expect(text).to_be_hidden()

    page.keyboard.press("b")
    expect(text).to_be_visible()
    page.keyboard.press("b")
    expect(text).to_be_hidden()
    page.locator("#id_reason, [name=reason]").first.click()
    page.keyboard.press("b")
    expect(text).to_be_hidden()
