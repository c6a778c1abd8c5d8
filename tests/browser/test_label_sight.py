"""What has to be in sight: Stop, Submit, what waits to be saved, what was refused; and nothing that covers them."""

from datetime import timedelta
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.utils import timezone
from playwright.sync_api import Locator, Page, expect

from annotator.accounts.models import User
from annotator.pool.models import Evidence
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState, Exposure
from tests.browser.labelling import answer, saved
from tests.browser.test_guideline import publish
from tests.browser.test_label_keys import make_topics
from tests.browser.test_pages import faults_in_both_shapes

pytestmark = pytest.mark.django_db(transaction=True)

LAPTOP: Any = {"width": 1280, "height": 720}
PHONE: Any = {"width": 390, "height": 844}
TABLE = "| Page | Answer |\n|---|---|\n| Slots | **yes** |"


def reload(desk: Page) -> None:
    with desk.expect_response("**/label/next/"):
        desk.reload()


def overlap(one: Locator, other: Locator) -> bool:
    a, b = one.bounding_box(), other.bounding_box()
    assert a
    assert b
    apart = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
    return not (apart or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"])


@pytest.mark.parametrize("n", [16, 60])
@pytest.mark.parametrize("size", [LAPTOP, {"width": 1366, "height": 768}, {"width": 1024, "height": 700}])
def test_stop_and_submit_are_in_sight_however_many_categories_there_are(
    project: Project, ann: User, desk: Page, n: int, size: Any
) -> None:
    make_topics(project, n)
    Project.objects.update(exposure_budget=1)
    Exposure.objects.create(annotator=ann, minute=timezone.now() - timedelta(minutes=1), points=3, items=1)
    reload(desk)
    desk.set_viewport_size(size)

    expect(desk.locator("#progress")).to_contain_text("Lighter pages until")
    for button in (".desk-tools .desk-stop", "#submit", "#undo"):
        expect(desk.locator(button)).to_be_in_viewport(ratio=1)
    is_scrolled = desk.locator("#controls").evaluate("box => box.scrollHeight > box.clientHeight")
    assert is_scrolled == (n == 60 or size["width"] == 1024)


@pytest.mark.parametrize("size", [LAPTOP, {"width": 1366, "height": 768}])
def test_what_changed_in_the_guideline_leaves_stop_and_submit_in_sight(
    project: Project, desk: Page, size: Any
) -> None:
    make_topics(project, 16)
    publish(
        project, [(f"7.{n}", "", "Credits", f"{TABLE}\n\n{'They count as money. ' * 40}") for n in range(9)]
    )
    reload(desk)
    desk.set_viewport_size(size)
    news = desk.locator("#news")

    expect(news.get_by_role("button", name="Got it")).to_be_in_viewport(ratio=1)
    expect(news.locator("td ins").first).to_have_text("Slots")
    for button in (".desk-tools .desk-stop", "#submit", "#undo"):
        expect(desk.locator(button)).to_be_in_viewport(ratio=1)
    assert not overlap(news, desk.locator(".desk-panel"))
    assert faults_in_both_shapes(desk) == []
    desk.set_viewport_size(size)
    top = desk.locator("#submit").bounding_box()
    news.get_by_role("button", name="Got it").click()
    expect(news).to_be_hidden()
    assert desk.locator("#submit").bounding_box() == top  # nothing moves under the hand


def test_stop_and_submit_are_under_the_thumb_on_a_phone_however_long_the_page_is(
    project: Project, desk: Page
) -> None:
    make_topics(project, 16)
    Evidence.objects.update(text="All about chess. " * 300)
    reload(desk)
    desk.set_viewport_size(PHONE)
    foot = desk.locator(".desk-actions")

    for place in (0, 900, 99_999):
        desk.evaluate("place => scrollTo(0, place)", place)
        for button in ("Submit", "Skip", "Stop"):
            expect(foot.get_by_role("button", name=button)).to_be_in_viewport(ratio=1)
    assert not overlap(foot, desk.locator("#session"))
    desk.evaluate("scrollTo(0, 0)")
    foot.get_by_role("button", name="Submit").click()
    expect(desk.get_by_role("alert")).to_contain_text("Nothing is chosen")
    expect(desk.get_by_role("alert")).to_be_in_viewport(ratio=1)
    assert not overlap(foot, desk.get_by_role("alert"))
    foot.get_by_role("button", name="Stop").click()
    expect(desk.get_by_role("dialog", name="Stop: this may be illegal")).to_be_visible()


@pytest.mark.parametrize("size", [PHONE, LAPTOP])
def test_what_waits_and_what_is_said_of_it_cover_nothing_and_stay_in_sight(
    project: Project, desk: Page, size: Any, page_errors: list[str]
) -> None:
    make_topics(project, 16)
    Evidence.objects.update(text="All about chess. " * 300)
    reload(desk)
    desk.set_viewport_size(size)
    desk.context.set_offline(True)
    answer(desk, "1")

    waiting, toast = desk.locator("#saving"), desk.locator(".toast")
    expect(waiting).to_have_text("1 waiting to be saved")
    expect(waiting).to_be_in_viewport(ratio=1)
    expect(toast).to_be_visible()
    desk.evaluate("scrollTo(0, document.getElementById('controls').offsetTop - innerHeight / 2)")
    for button in ("#submit", ".desk-actions [popovertarget=skip]", ".desk-stop:visible"):
        assert not overlap(toast, desk.locator(button))
    assert Axe().run(desk).response["violations"] == []
    desk.evaluate("scrollTo(0, document.body.scrollHeight)")
    expect(waiting).to_be_in_viewport(ratio=1)
    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    desk.context.set_offline(False)
    saved(1)
    expect(waiting).to_have_text("")
    page_errors.clear()


def test_an_answer_that_was_refused_is_in_sight_on_a_phone(desk: Page, page_errors: list[str]) -> None:
    Evidence.objects.update(text="All about chess. " * 300)
    reload(desk)
    desk.set_viewport_size(PHONE)
    Assignment.objects.filter(pk=desk.locator("[name=assignment]").input_value()).update(
        annotator=None, state=AssignmentState.FREE, lease_until=None, offered_at=None
    )  # as if it had never been this person's

    answer(desk, "1")

    expect(desk.get_by_role("button", name="I have seen it")).to_be_in_viewport(ratio=1)
    page_errors.clear()


def test_whatever_opens_over_the_page_is_without_fault(desk: Page) -> None:
    for key in ("Space", "f", "?", "!"):
        desk.keyboard.press(key)
        expect(desk.locator("dialog[open]")).to_be_visible()
        assert faults_in_both_shapes(desk) == []
        desk.emulate_media(color_scheme="light")
        desk.set_viewport_size(LAPTOP)
        desk.keyboard.press("Escape")
        expect(desk.locator("dialog[open]")).to_have_count(0)
    desk.keyboard.press("g")
    assert faults_in_both_shapes(desk) == []
    desk.keyboard.press("g")
    desk.keyboard.press("p")
    expect(desk.get_by_role("button", name="Go on")).to_be_focused()
    assert faults_in_both_shapes(desk) == []
