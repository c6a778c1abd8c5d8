"""The labelling page in a real Chromium: by keyboard, by mouse, without JavaScript, offline."""

from collections.abc import Callable, Iterator
from threading import get_ident
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.core.signals import request_finished, request_started
from playwright.sync_api import Browser, BrowserContext, Page, Request, Route, expect

from annotator.accounts.models import User
from annotator.judgments.models import Flag, Judgment, Verdict
from annotator.judgments.selectors import judgments_current
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState, Skip
from tests.connections import eventually
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[BrowserContext, str], None]


@pytest.fixture
def project() -> Project:
    project = make_project("pilot", overlap=1)
    make_batch(project, make_items(project, 8))
    return project


@pytest.fixture
def ann(project: Project) -> User:
    return make_member(project, username="ann")


@pytest.fixture
def quiet(page: Page, live_server: Any, page_errors: list[str]) -> Iterator[None]:
    """Ends with no request under way: the page says farewell to the server, and the database is emptied next."""
    under_way: set[int] = set()
    asked: set[Request] = set()

    def on_request(request: Request) -> None:
        if request.resource_type != "ping":  # of a beacon the browser reports no end
            asked.add(request)

    def on_answer(request: Request) -> None:
        asked.discard(request)

    page.on("request", on_request)
    page.on("requestfinished", on_answer)
    page.on("requestfailed", on_answer)

    def started(environ: dict[str, Any], **_: Any) -> None:
        under_way.add(get_ident())

    def finished(**_: Any) -> None:
        under_way.discard(get_ident())

    request_started.connect(started)
    request_finished.connect(finished)
    yield
    complaints = list(page_errors)
    eventually(lambda: page.evaluate("true") and not asked)  # the browser's events arrive while we talk to it
    page.context.set_offline(True)
    page.close()
    eventually(lambda: not under_way)
    page_errors[:] = complaints
    request_started.disconnect(started)
    request_finished.disconnect(finished)


@pytest.fixture
def desk(page: Page, live_server: Any, sign_in: SignIn, ann: User, quiet: None) -> Page:
    """The labelling page of ann, with the next place at hand."""
    sign_in(page.context, "ann")
    with page.expect_response("**/label/next/"):
        page.goto(f"{live_server.url}/projects/pilot/label/")
    return page


def title(page: Page) -> str:
    return page.locator(".evidence-title").inner_text()


def answers() -> list[tuple[list[str], list[str], str]]:
    rows = judgments_current(Project.objects.get()).order_by("pk")
    return [(row.labels, row.unsure, row.verdict) for row in rows]


def saved(page: Page, n: int) -> None:
    eventually(lambda: len(answers()) == n)


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

    saved(desk, 2)
    assert answers() == [([GAMES], [GAMBLING], "labelled"), ([], [], "labelled")]
    expect(desk.locator("#today")).to_have_text("2")


def test_labelling_by_mouse_alone(desk: Page) -> None:
    first = title(desk)

    desk.locator("label[for=c-games]").click()
    desk.locator("label[for=u-gambling]").click()
    desk.get_by_role("button", name="Submit").click()
    expect(desk.locator(".evidence-title")).not_to_have_text(first)
    desk.get_by_role("button", name="Not reachable").click()

    saved(desk, 2)
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
    saved(desk, 1)


def test_an_answer_given_offline_is_sent_once_when_the_network_is_back(
    desk: Page, context: BrowserContext, page_errors: list[str]
) -> None:
    context.set_offline(True)
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    expect(desk.locator("#saving")).to_have_text("1 waiting to be saved")

    context.set_offline(False)

    saved(desk, 1)
    expect(desk.locator("#saving")).to_have_text("")
    assert Judgment.objects.count() == 1
    page_errors.clear()


def test_an_answer_whose_acknowledgement_was_lost_is_stored_once(desk: Page, page_errors: list[str]) -> None:
    sent: list[str] = []

    def lose_the_first(route: Route) -> None:
        sent.append(parse_qs(route.request.post_data or "")["client_id"][0])
        if len(sent) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    desk.route("**/label/", lose_the_first)
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")

    expect(desk.locator("#saving")).to_have_text("1 waiting to be saved")
    expect(desk.locator("#saving")).to_have_text("")
    assert len(sent) == 2
    assert Judgment.objects.get().client_id == UUID(sent[0])
    page_errors.clear()


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
    saved(desk, 1)
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


def test_closing_the_page_gives_its_places_back(desk: Page) -> None:
    held = Assignment.objects.filter(state=AssignmentState.OFFERED)
    eventually(lambda: held.count() == 2)

    desk.goto("about:blank")

    eventually(lambda: held.count() == 0)


def test_a_reload_shows_the_same_page(desk: Page) -> None:
    first = title(desk)

    with desk.expect_response("**/label/next/"):
        desk.reload()

    assert title(desk) == first
    eventually(lambda: Assignment.objects.filter(state=AssignmentState.OFFERED).count() == 2)


def test_the_page_says_so_and_looks_again_when_the_queue_is_empty(
    page: Page, live_server: Any, sign_in: SignIn, ann: User, quiet: None
) -> None:
    Project.objects.update(paused=True)
    sign_in(page.context, "ann")
    page.goto(f"{live_server.url}/projects/pilot/label/")
    expect(page.get_by_role("heading", name="The project is paused")).to_be_visible()

    Project.objects.update(paused=False)

    expect(page.locator(".evidence-title")).to_be_visible(timeout=10_000)


def test_labelling_without_javascript(browser: Browser, live_server: Any, sign_in: SignIn, ann: User) -> None:
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, "ann")
    page = context.new_page()
    page.goto(f"{live_server.url}/projects/pilot/label/")
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


def test_changing_a_judgment_from_the_history(desk: Page) -> None:
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")
    saved(desk, 1)
    desk.get_by_role("link", name="My judgments").first.click()
    desk.get_by_role("link", name="Change").click()

    expect(desk.get_by_role("checkbox", name="Games", exact=True)).to_be_checked()
    desk.locator("label[for=u-games]").click()
    desk.get_by_role("button", name="Change").click()

    expect(desk.get_by_text("Changed.")).to_be_visible()
    assert answers() == [([], [GAMES], "labelled")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_fits_and_is_accessible(desk: Page, scheme: Any, width: int) -> None:
    desk.emulate_media(color_scheme=scheme)
    desk.set_viewport_size({"width": width, "height": 800})

    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Axe().run(desk).response["violations"] == []
