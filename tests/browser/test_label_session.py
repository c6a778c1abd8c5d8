"""The session: one's own pace and streak, breaks, pausing by hand and when nobody is there."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotator.accounts.models import User
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState
from tests.browser.conftest import SignIn
from tests.browser.labelling import LABEL, answer, saved, title
from tests.connections import eventually

pytestmark = pytest.mark.django_db(transaction=True)

PAUSED = "Paused. Press any key to go on"


def held() -> int:
    return Assignment.objects.filter(state=AssignmentState.OFFERED).count()


@pytest.fixture
def timed(page: Page, live_server: Any, sign_in: SignIn, ann: User, quiet: None) -> Page:
    """The labelling page with a clock that the test moves."""
    page.clock.install()
    sign_in(page.context, "ann")
    with page.expect_response("**/label/next/"):
        page.goto(live_server.url + LABEL)
    return page


def test_a_pause_by_hand_gives_the_pages_back_and_any_key_goes_on(desk: Page) -> None:
    eventually(lambda: held() == 2)
    desk.keyboard.press("p")

    expect(desk.get_by_role("heading", name=PAUSED)).to_be_visible()
    expect(desk.locator("#submit")).to_be_hidden()
    eventually(lambda: held() == 0)
    desk.keyboard.press("k")

    expect(desk.locator(".evidence-title")).to_be_visible()
    eventually(lambda: held() == 2)
    answer(desk, "1")
    saved(1)


def test_what_was_begun_is_still_there_when_the_same_page_comes_back_after_a_pause(
    desk: Page, project: Project
) -> None:
    Assignment.objects.filter(state=AssignmentState.FREE).update(
        state=AssignmentState.SUBMITTED, annotator=project.created_by, submitted_at=project.created_at
    )
    shown = title(desk)
    desk.keyboard.press("1")
    desk.get_by_role("button", name="Pause").click()
    eventually(lambda: held() == 0)

    desk.get_by_role("button", name="Go on").click()
    expect(desk.locator(".evidence-title")).to_be_visible()
    if title(desk) != shown:
        answer(desk, "0")

    expect(desk.locator(".evidence-title")).to_have_text(shown)
    expect(desk.get_by_role("checkbox", name="Games", exact=True)).to_be_checked()


def test_the_page_pauses_itself_when_nobody_is_there(timed: Page) -> None:
    eventually(lambda: held() == 2)
    timed.clock.fast_forward("14:00")
    timed.keyboard.press("Shift")
    timed.clock.fast_forward("14:00")
    expect(timed.locator(".evidence-title")).to_be_visible()

    timed.clock.fast_forward("02:00")

    expect(timed.get_by_role("heading", name=PAUSED)).to_be_visible()
    eventually(lambda: held() == 0)
    timed.keyboard.press("1")
    expect(timed.locator(".evidence-title")).to_be_visible()
    expect(timed.get_by_role("checkbox", name="Games", exact=True)).not_to_be_checked()


def test_a_laptop_that_slept_finds_the_page_paused_when_it_wakes(timed: Page) -> None:
    eventually(lambda: held() == 2)
    timed.clock.set_system_time(datetime.now(tz=UTC) + timedelta(hours=2))  # no timer runs in a sleep

    timed.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    expect(timed.get_by_role("heading", name=PAUSED)).to_be_visible(timeout=3_000)  # before the next look
    eventually(lambda: held() == 0)


def test_a_break_is_suggested_and_never_forced(timed: Page) -> None:
    expect(timed.locator("#break-in")).to_contain_text("in 50 min")
    for _ in range(13):
        timed.clock.fast_forward("04:00")
        timed.keyboard.press("Shift")
    note = timed.get_by_text("A short break?")
    expect(note).to_have_text(re.compile("You have been at it for 5[1-3] minutes."))

    answer(timed, "1")
    saved(1)
    timed.get_by_role("button", name="In ten minutes").click()
    expect(note).to_be_hidden()
    for _ in range(3):
        timed.clock.fast_forward("04:00")
        timed.keyboard.press("Shift")
    expect(note).to_be_visible()
    timed.get_by_role("button", name="Take a break").click()
    expect(timed.get_by_role("heading", name=PAUSED)).to_be_visible()
    timed.clock.fast_forward("06:00")
    timed.keyboard.press("Enter")

    expect(timed.locator(".evidence-title")).to_be_visible()
    expect(timed.locator("#break-in")).to_contain_text("in 50 min")
    expect(note).to_be_hidden()


def test_ones_own_pace_and_streak_are_shown_and_nobody_elses(timed: Page) -> None:
    for seconds in (10, 20, 60):
        expect(timed.locator(".evidence-title")).to_be_visible()
        timed.clock.fast_forward(seconds * 1000)
        answer(timed, "0")
    saved(3)

    expect(timed.locator("#today")).to_have_text("3")
    expect(timed.locator("#longest")).to_have_text("3 in a row")
    expect(timed.locator("#pace")).to_contain_text("20 s")
    expect(timed.locator("#pace")).to_contain_text("an hour")
    with timed.expect_response("**/label/next/"):
        timed.reload()
    expect(timed.locator("#pace")).to_contain_text("20 s")
    expect(timed.locator("#today")).to_have_text("3")
    expect(timed.get_by_role("progressbar")).to_have_attribute("value", "3")


def test_settings_that_change_while_somebody_labels_hold_without_a_reload(timed: Page) -> None:
    expect(timed.locator("#break-in")).to_be_visible()
    Project.objects.update(idle_minutes=3, break_minutes=0, prefetch=2, lease_seconds=30)

    timed.keyboard.press("p")
    expect(timed.get_by_role("heading", name=PAUSED)).to_be_visible()
    eventually(lambda: held() == 0)
    with timed.expect_response("**/label/session/"):
        timed.keyboard.press("k")
    eventually(lambda: held() == 2)
    answer(timed, "0")
    eventually(lambda: held() == 3)  # the one on the screen and two ahead
    with timed.expect_response("**/label/renew/"):  # of a short lease, long before a minute is over
        timed.clock.fast_forward("00:15")
    timed.clock.fast_forward("00:30")
    expect(timed.locator("#break-in")).to_be_hidden()

    timed.clock.fast_forward("03:00")

    expect(timed.get_by_role("heading", name=PAUSED)).to_be_visible()
    eventually(lambda: held() == 0)
