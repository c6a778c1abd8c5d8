"""The labelling page in a real Chromium: by keyboard, by mouse, without JavaScript, offline."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, Route, expect

from annotator.accounts.models import User
from annotator.judgments.models import Flag, Judgment, Verdict
from annotator.pool.models import Case
from annotator.projects.models import Project
from annotator.queue.models import Skip
from tests.browser.conftest import SignIn
from tests.browser.labelling import LABEL, answers, saved, title
from tests.connections import eventually
from tests.factories import GAMBLING, GAMES

pytestmark = pytest.mark.django_db(transaction=True)


def test_labelling_by_keyboard_alone(desk: Page) -> None:
    first = title(desk)

    desk.keyboard.press("1")
    desk.keyboard.press("Shift+2")
    expect(desk.get_by_role("checkbox", name="Games", exact=True)).to_be_checked()
    desk.keyboard.press("Enter")
    expect(desk.locator(".evidence-title")).not_to_have_text(first)
    expect(desk.get_by_role("checkbox", name="Games", exact=True)).not_to_be_checked()
    desk.keyboard.press("0")
    desk.keyboard.press("Enter")

    saved(2)
    assert answers() == [([GAMES], [GAMBLING], "labelled"), ([], [], "labelled")]
    expect(desk.locator("#today")).to_have_text("2")


def test_labelling_by_mouse_alone(desk: Page) -> None:
    first = title(desk)

    desk.locator("label[for=c-games]").click()
    desk.locator("label[for=u-gambling]").click()
    desk.get_by_role("button", name="Submit").click()
    expect(desk.locator(".evidence-title")).not_to_have_text(first)
    desk.get_by_role("button", name="Not reachable").click()

    saved(2)
    assert answers() == [([GAMES], [GAMBLING], "labelled"), ([], [], "unreachable")]


def test_the_next_page_is_on_screen_before_the_server_has_answered(desk: Page) -> None:
    first = title(desk)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    desk.route("**/label/", hold)

    desk.keyboard.press("1")
    with desk.expect_request("**/label/"):
        desk.keyboard.press("Enter")

    expect(desk.locator(".evidence-title")).not_to_have_text(first)
    assert answers() == []
    held[0].continue_()
    saved(1)


def test_undo_brings_the_page_back_as_it_was_answered(desk: Page) -> None:
    first = title(desk)
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    expect(desk.locator(".evidence-title")).not_to_have_text(first)
    second = title(desk)
    desk.keyboard.press("2")

    desk.keyboard.press("Backspace")
    expect(desk.locator(".evidence-title")).to_have_text(first)
    expect(desk.get_by_role("checkbox", name="Games", exact=True)).to_be_checked()
    desk.keyboard.press("3")
    desk.keyboard.press("Enter")

    expect(desk.locator(".evidence-title")).to_have_text(second)
    expect(desk.get_by_role("checkbox", name="Gambling", exact=True)).to_be_checked()
    saved(1)
    assert answers() == [([GAMES, "violence"], [], "labelled")]
    assert Judgment.objects.filter(verdict=Verdict.WITHDRAWN).count() == 1


def test_skipping_with_a_reason_by_keyboard(desk: Page) -> None:
    first = title(desk)

    desk.keyboard.press("Space")
    expect(desk.get_by_role("dialog", name="Skip this page")).to_be_visible()
    desk.keyboard.press("2")

    expect(desk.locator(".evidence-title")).not_to_have_text(first)
    eventually(lambda: Skip.objects.count() == 1)
    assert Skip.objects.get().reason == Skip.Reason.LANGUAGE


def test_flagging_keeps_the_page(desk: Page) -> None:
    first = title(desk)

    desk.keyboard.press("f")
    desk.get_by_label("What should the lead look at?").fill("A home address")
    desk.get_by_role("button", name="Flag", exact=True).click()

    expect(desk.get_by_text("Flagged for the lead.")).to_be_visible()
    assert Flag.objects.get().note == "A home address"
    expect(desk.locator(".evidence-title")).to_have_text(first)


def test_keys_rest_while_typing_and_the_guideline_opens_beside_the_page(desk: Page) -> None:
    desk.locator("#note").fill("")
    desk.locator("#note").type("1 g f")
    expect(desk.get_by_role("checkbox", name="Games", exact=True)).not_to_be_checked()
    desk.keyboard.press("Escape")

    desk.keyboard.press("g")
    expect(desk.get_by_role("complementary", name="Guideline")).to_contain_text("Judge the page")
    desk.keyboard.press("1")
    expect(desk.get_by_role("checkbox", name="Games", exact=True)).to_be_checked()
    desk.keyboard.press("g")
    expect(desk.get_by_role("complementary", name="Guideline")).to_be_hidden()


def test_nothing_is_sent_when_nothing_is_chosen(desk: Page) -> None:
    first = title(desk)

    desk.keyboard.press("Enter")

    expect(desk.get_by_role("alert")).to_contain_text("Nothing is chosen")
    assert title(desk) == first
    assert answers() == []


def test_the_page_says_so_and_looks_again_when_the_queue_is_empty(
    page: Page, live_server: Any, sign_in: SignIn, ann: User, quiet: None
) -> None:
    Project.objects.update(paused=True)
    sign_in(page.context, "ann")
    page.goto(live_server.url + LABEL)
    expect(page.get_by_role("heading", name="The project is paused")).to_be_visible()

    Project.objects.update(paused=False)

    expect(page.locator(".evidence-title")).to_be_visible(timeout=10_000)


def test_labelling_without_javascript(browser: Browser, live_server: Any, sign_in: SignIn, ann: User) -> None:
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, "ann")
    page = context.new_page()
    page.goto(live_server.url + LABEL)
    first = title(page)

    page.get_by_role("button", name="Submit").click()
    expect(page.get_by_role("alert")).to_contain_text("Nothing is chosen")
    page.locator("label[for=c-games]").click()
    page.get_by_role("button", name="Submit").click()
    expect(page.locator(".evidence-title")).not_to_have_text(first)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".evidence-title")).to_have_text(first)
    expect(page.get_by_role("checkbox", name="Games", exact=True)).to_be_checked()
    page.get_by_role("button", name="Submit").click()
    page.get_by_role("button", name="Skip").click()
    page.get_by_role("button", name="Not in a language I read").click()
    page.get_by_role("button", name="Flag").first.click()
    page.get_by_label("What should the lead look at?").fill("look")
    page.locator("#flag").get_by_role("button", name="Flag").click()
    page.get_by_role("button", name="Not reachable").click()
    page.get_by_role("link", name="My judgments").first.click()

    expect(page.get_by_role("row")).to_have_count(3)
    assert answers() == [([GAMES], [], "labelled"), ([], [], "unreachable")]
    assert (Skip.objects.count(), Flag.objects.get().note) == (1, "look")
    context.close()


def test_stopping_a_page_without_javascript(
    browser: Browser, live_server: Any, sign_in: SignIn, ann: User
) -> None:
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, "ann")
    page = context.new_page()
    page.goto(live_server.url + LABEL)
    stopped = page.locator(".place .url-domain").inner_text()

    page.get_by_role("button", name="Stop !").click()
    page.get_by_role("button", name="Stop this page").click()

    expect(page.get_by_text("The page is gone from every queue")).to_be_visible()
    expect(page.locator(".place .url-domain")).not_to_have_text(stopped)
    assert Case.objects.get().item.withheld
    context.close()


def test_changing_a_judgment_from_the_history(desk: Page) -> None:
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    saved(1)
    desk.get_by_role("link", name="My judgments").first.click()
    desk.get_by_role("link", name="Change").click()

    expect(desk.get_by_role("checkbox", name="Games", exact=True)).to_be_checked()
    desk.locator("label[for=u-games]").click()
    desk.get_by_role("button", name="Change").click()

    expect(desk.get_by_text("Changed.")).to_be_visible()
    assert answers() == [([], [GAMES], "labelled")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 2560])
def test_the_page_fits_and_is_accessible(desk: Page, scheme: Any, width: int) -> None:
    desk.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    desk.set_viewport_size({"width": width, "height": 800})

    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Axe().run(desk).response["violations"] == []
