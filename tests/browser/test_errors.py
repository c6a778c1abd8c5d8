"""A lead at the errors of a version, in a real Chromium: from the list to a cause, a cluster and a report."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotator.projects.models import Role
from learner.errors.models import ErrorAction, ErrorCause
from tests.browser.conftest import SignIn
from tests.browser.test_pages import faults_in_both_shapes
from tests.factories import make_member
from tests.learner.errors.conftest import Erring, find, make_erring

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/projects/pilot/errors/"


@pytest.fixture
def erring() -> Erring:
    found = make_erring()
    find(found.project)
    return found


@pytest.fixture
def page(page: Page, erring: Erring, sign_in: SignIn, live_server: Any) -> Page:
    make_member(erring.project, Role.LEAD, username="lee")
    sign_in(page.context, "lee")
    page.goto(live_server.url + PATH)
    return page


def test_some_are_ticked_and_get_a_cause_by_keyboard(page: Page) -> None:
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.locator("#id_cause-assigned").select_option("guideline")
    page.get_by_placeholder("Why: what you saw").fill("Rain is no fight.")
    page.get_by_role("button", name="Assign").click()

    expect(page.get_by_text("Guideline gap: assigned to 2 errors.")).to_be_visible()
    assert set(ErrorCause.objects.values_list("cause", "category")) == {("guideline", "violence")}


def test_a_cluster_is_opened_and_a_batch_asked_for(page: Page) -> None:
    page.get_by_role("link", name="6 false alarms of Games share the word").first.click()
    expect(page.locator("[data-row]")).to_have_count(6)
    page.get_by_role("link", name="Clusters", exact=True).click()
    card = page.locator("article", has_text="6 false alarms of Games share the word").first
    card.get_by_text("Act on all 6").click()
    card.get_by_role("button", name="Open a batch").click()

    expect(page.get_by_text("Asked for 40 pages like these.")).to_be_visible()
    assert ErrorAction.objects.get().kind == "batch"


def test_one_error_is_looked_at_and_written_up(page: Page, live_server: Any) -> None:
    page.locator("[data-row] a").first.click()
    expect(page.get_by_role("heading", name="Miss of Violence")).to_be_visible()
    page.get_by_label("Missing features", exact=True).check()
    page.get_by_label("Why", exact=True).fill("It says nothing of a fight.")
    page.get_by_role("button", name="Assign").click()
    expect(page.get_by_text("Missing features: assigned to 1 error.")).to_be_visible()

    page.goto(f"{live_server.url}{PATH}reports/")
    page.get_by_label("Title").fill("Fights without blood")
    page.get_by_role("button", name="Begin").click()
    for name in ("Summary", "Root causes", "What is done about it"):
        page.get_by_label(name).fill("As the facts say.")
    page.get_by_role("button", name="Save and finish").click()

    expect(page.get_by_text("Finished: it stays as it is.")).to_be_visible()
    expect(page.get_by_role("cell", name="Missing features").first).to_be_visible()


def test_the_pages_are_without_fault_wide_and_narrow(page: Page, live_server: Any) -> None:
    first = page.locator("[data-row] a").first.get_attribute("href")

    for path in (PATH, f"{PATH}clusters/", f"{PATH}causes/", f"{PATH}reports/", first):
        page.set_viewport_size({"width": 1280, "height": 800})
        page.goto(f"{live_server.url}{path}")
        assert faults_in_both_shapes(page) == [], path
