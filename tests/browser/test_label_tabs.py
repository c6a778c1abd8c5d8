"""One person, and what browsers do to a page: two tabs, back, reload, sleep, a lease that is lost."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from annotator.judgments.models import Judgment
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState
from annotator.queue.places import assignment_claim
from tests.browser.labelling import LABEL, answer, answers, saved, title
from tests.connections import eventually
from tests.factories import GAMBLING, GAMES, make_member

pytestmark = pytest.mark.django_db(transaction=True)

HERE = "Label here instead"


def held() -> int:
    return Assignment.objects.filter(state=AssignmentState.OFFERED).count()


@pytest.fixture
def second(desk: Page, live_server: Any) -> Page:
    """A second tab of ann, opened while she labels in the first."""
    tab = desk.context.new_page()
    tab.goto(live_server.url + LABEL)
    expect(tab.get_by_role("heading", name="You label in another tab")).to_be_visible()
    return tab


def test_a_second_tab_shows_no_page_and_holds_none(desk: Page, second: Page) -> None:
    expect(second.locator(".place")).to_have_count(0)
    second.keyboard.press("1")
    second.keyboard.press("Enter")
    second.close()

    answer(desk, "1")

    saved(1)
    eventually(lambda: held() == 2)


def test_the_second_tab_takes_over_when_asked_and_the_first_holds_nothing(desk: Page, second: Page) -> None:
    desk.keyboard.press("1")
    shown = title(desk)

    second.get_by_role("button", name=HERE).click()

    expect(second.locator(".evidence-title")).to_have_text(shown)
    expect(second.get_by_role("checkbox", name="Games", exact=True)).to_be_checked()
    expect(desk.get_by_role("heading", name="You label in another tab")).to_be_visible()
    expect(desk.locator(".place")).to_have_count(0)
    answer(second)
    saved(1)
    eventually(lambda: held() == 2)


def test_the_seat_comes_back_to_the_first_tab_when_the_second_is_closed(desk: Page, second: Page) -> None:
    second.get_by_role("button", name=HERE).click()
    expect(second.locator(".evidence-title")).to_be_visible()
    expect(desk.get_by_role("button", name=HERE)).to_be_visible()
    second.close()

    desk.get_by_role("button", name=HERE).click()

    expect(desk.locator(".evidence-title")).to_be_visible()
    answer(desk, "1")
    saved(1)


def test_what_waits_is_delivered_by_the_tab_that_labels_now(
    desk: Page, second: Page, context: BrowserContext, page_errors: list[str]
) -> None:
    desk.route("**/label/", lambda route: route.abort())
    answer(desk, "1")
    expect(desk.locator("#saving")).to_have_text("1 waiting to be saved")

    second.get_by_role("button", name=HERE).click()

    saved(1)
    expect(second.locator("#saving")).to_have_text("")
    assert Judgment.objects.count() == 1
    page_errors.clear()


def test_closing_the_page_gives_its_places_back(desk: Page) -> None:
    eventually(lambda: held() == 2)

    desk.goto("about:blank")

    eventually(lambda: held() == 0)


def test_the_places_of_a_browser_that_died_go_to_others_once_their_lease_ends(
    desk: Page, project: Project
) -> None:
    eventually(lambda: held() == 2)
    desk.evaluate("navigator.sendBeacon = () => true")  # a browser that dies says no farewell
    desk.goto("about:blank")
    assert held() == 2
    bo = make_member(project)
    theirs = Assignment.objects.filter(state=AssignmentState.OFFERED)
    left = set(theirs.values_list("pk", flat=True))
    theirs.update(lease_until=timezone.now())

    given: list[int] = []
    while place := assignment_claim(project, bo, holding=given):
        given.append(place.pk)

    assert len(given) == 8
    assert left <= set(given)


def test_a_reload_shows_the_same_page(desk: Page) -> None:
    first = title(desk)

    with desk.expect_response("**/label/next/"):
        desk.reload()

    assert title(desk) == first
    eventually(lambda: held() == 2)


def test_going_back_to_the_page_shows_one_that_is_not_judged(desk: Page) -> None:
    first = title(desk)
    answer(desk, "1")
    saved(1)
    desk.get_by_role("link", name="My judgments").first.click()
    expect(desk.get_by_role("heading", name="My judgments")).to_be_visible()

    desk.go_back()

    expect(desk.locator(".evidence-title")).to_be_visible()
    assert title(desk) != first
    answer(desk, "2")
    saved(2)
    assert answers() == [([GAMES], [], "labelled"), ([GAMBLING], [], "labelled")]


def test_as_many_pages_are_fetched_ahead_as_the_project_says(desk: Page, context: BrowserContext) -> None:
    Project.objects.update(prefetch=3)
    desk.reload()
    eventually(lambda: held() == 4)

    context.set_offline(True)
    for _ in range(3):
        answer(desk, "0")

    expect(desk.locator(".evidence-title")).to_be_visible()
    context.set_offline(False)
    saved(3)
    eventually(lambda: held() == 4)


def test_nothing_is_fetched_ahead_when_the_project_says_so(desk: Page) -> None:
    Project.objects.update(prefetch=0)
    desk.reload()
    eventually(lambda: held() == 1)

    answer(desk, "0")

    saved(1)
    expect(desk.locator(".evidence-title")).to_be_visible()
    eventually(lambda: held() == 1)


def test_a_page_whose_place_went_to_somebody_else_gives_way_when_the_tab_wakes(
    desk: Page, project: Project
) -> None:
    first = title(desk)
    other = make_member(project)
    mine = Assignment.objects.filter(state=AssignmentState.OFFERED)
    eventually(lambda: mine.count() == 2)
    mine.filter(pk=desk.locator("[name=assignment]").input_value()).update(
        annotator=other, lease_until=timezone.now() + timedelta(minutes=5)
    )

    desk.evaluate("dispatchEvent(new Event('online'))")  # what a laptop says when it wakes

    expect(desk.get_by_text("That page was taken back.")).to_be_visible()
    expect(desk.locator(".evidence-title")).not_to_have_text(first)
    answer(desk, "1")
    saved(1)
