"""A scientist at the learner's page: compare, see what would be chosen, set it; and two who set at once."""

from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from annotator.pool.models import Item
from annotator.projects.models import Project, Role
from learner.query.choosing import query_run_execute
from learner.query.featurising import feature_run_execute
from learner.query.looking import look_run_execute
from learner.query.models import LookRun, ShadowRun, SteeringVersion
from learner.query.services import feature_run_start, query_run_start
from learner.query.shadowing import shadow_run_execute
from tests.browser.conftest import SignIn
from tests.factories import make_items, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)

SETTINGS = "/projects/pilot/learner/settings/"


@pytest.fixture
def pool() -> Project:
    project = make_project("pilot", batch_size=10)
    make_items(project, 20, topic="games chess")
    make_items(project, 20, topic="weather")
    feature_run_execute(feature_run_start(project).pk)
    query_run_execute(query_run_start(project, "next batch due", None).pk)
    make_member(project, Role.SCIENTIST, "sam")
    return project


@pytest.fixture
def sam(page: Page, live_server: Any, sign_in: SignIn, pool: Project, quiet: None) -> Page:
    sign_in(page.context, "sam")
    page.goto(live_server.url + SETTINGS)
    return page


def test_what_a_change_would_choose_is_seen_before_it_is_set(sam: Page, page_errors: list[str]) -> None:
    sam.get_by_label("Batch size").fill("15")
    sam.get_by_role("button", name="Compare with the settings in use").click()
    expect(sam.get_by_text("waiting for a worker")).to_be_visible()

    shadow_run_execute(ShadowRun.objects.get().pk)

    expect(
        sam.get_by_role("heading", name="items in common")
    ).to_be_visible()  # by itself: the page asks again
    row = sam.get_by_role("row").filter(has=sam.get_by_role("rowheader", name="Items", exact=True))
    expect(row.get_by_role("cell")).to_have_text(["10", "15"])
    sam.get_by_role("button", name="Set the candidate").click()
    expect(sam.get_by_text("Set: batch size 10 → 15.")).to_be_visible()
    expect(sam.get_by_label("Batch size")).to_have_value("15")
    assert SteeringVersion.objects.get().batch_size == 15
    assert page_errors == []


def test_of_two_who_set_at_once_the_second_is_told_what_changed(
    sam: Page, context: BrowserContext, live_server: Any, page_errors: list[str]
) -> None:
    other = context.new_page()
    other.goto(live_server.url + SETTINGS)
    other.get_by_label("Low-water mark").fill("33")
    other.get_by_role("button", name="Set without comparing").click()
    expect(other.get_by_text("low water 60 → 33").first).to_be_visible()

    sam.get_by_label("Batch size").fill("15")
    sam.get_by_role("button", name="Set without comparing").click()

    expect(sam.get_by_text("sam changed these settings meanwhile: low water 60 → 33")).to_be_visible()
    sam.go_back()
    expect(sam.get_by_label("Batch size")).to_have_value("15")
    assert SteeringVersion.objects.count() == 1
    page_errors.clear()


def test_by_keyboard_alone_an_example_is_given(sam: Page, page_errors: list[str]) -> None:
    summary = sam.locator("summary").first
    summary.focus()
    sam.keyboard.press("Enter")
    sam.keyboard.press("Tab")
    sam.keyboard.type("https://chess.example/")
    sam.get_by_role("button", name="Set without comparing").press("Enter")

    expect(sam.get_by_text("examples of games 0 → 1").first).to_be_visible()
    assert page_errors == []


def test_a_page_that_was_never_served_says_where_it_stands(
    sam: Page, live_server: Any, page_errors: list[str]
) -> None:
    item = Item.objects.filter(pooled=True).earliest("pk")
    sam.goto(f"{live_server.url}/projects/pilot/items/{item.pk}/")
    expect(sam.get_by_role("heading", name="Why it was not served yet")).to_be_visible()
    expect(sam.get_by_text("No classifier has scored it")).to_be_visible()

    sam.get_by_role("button", name="Score it now").click()
    expect(sam.get_by_text("waiting for a worker")).to_be_visible()
    look_run_execute(LookRun.objects.get().pk)

    lanes = sam.get_by_role("list", name="Where it stands").get_by_role(
        "listitem"
    )  # by itself: it asks again
    expect(lanes.filter(has_text="Resembles the definition of")).not_to_have_count(0)
    expect(sam.get_by_role("button", name="Score it again")).to_be_visible()
    assert page_errors == []
