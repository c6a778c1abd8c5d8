"""A scientist at the explorer, in a real Chromium: filter, look, save, and go on to a snapshot."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotator.pool.models import Split
from annotator.projects.models import Project, Role
from learner.query.featurising import feature_run_execute
from learner.query.services import feature_run_start
from learner.training.fitting import training_run_execute
from learner.training.services import training_run_start
from tests.browser.conftest import SignIn
from tests.browser.test_pages import faults_in_both_shapes
from tests.factories import (
    GAMBLING,
    GAMES,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)
from tests.learner.explorer.shelves import refresh

pytestmark = pytest.mark.django_db(transaction=True)
PATH = "/projects/pilot/explorer/"


@pytest.fixture
def project() -> Project:
    """Sixty pages, forty of them resolved, and a classifier that has learned games."""
    project = make_project("pilot")
    items = make_items(project, 25, topic="chess", source="crawl-7") + make_items(
        project, 25, topic="weather"
    )
    items += make_items(project, 10, topic="dice", split=Split.HOLDOUT, source="lists")
    make_batch(project, items[:30])
    bo = make_member(project, username="bo")
    for item in items[:10]:
        make_judgment(item, bo, [GAMES])
    for number, item in enumerate(items[:40]):
        make_resolution(item, [GAMES] if number < 20 else [GAMBLING] if number < 23 else [])
    feature_run_execute(feature_run_start(project).pk)
    training_run_execute(training_run_start(project, "a test asks").pk)
    refresh(project)
    return project


@pytest.fixture
def page(page: Page, project: Project, sign_in: SignIn, live_server: Any) -> Page:
    make_member(project, Role.SCIENTIST, username="sam")
    sign_in(page.context, "sam")
    page.goto(live_server.url + PATH)
    return page


def test_on_a_phone_each_item_is_a_card_with_labels(page: Page, live_server: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})

    page.goto(f"{live_server.url}{PATH}?probability=games")

    table = page.get_by_role("region", name="Items, newest first")
    assert table.evaluate("box => box.scrollWidth - box.clientWidth") <= 1
    cell = table.locator("td[data-label='Games']").first
    assert "Games" in cell.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_a_filter_is_the_address_and_the_charts_follow(page: Page) -> None:
    expect(page.locator(".explorer-count")).to_have_text("60")

    page.get_by_text("Held true", exact=True).first.click()
    page.get_by_role("group", name="Held true").get_by_label("Games").check()

    expect(page.locator(".explorer-count")).to_have_text("20")
    expect(page).to_have_url(re.compile("held=games"))
    page.get_by_label("Words").fill("chess -page")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No item fits")).to_be_visible()
    page.go_back()
    expect(page.locator(".explorer-count")).to_have_text("20")


def test_what_cannot_be_is_said_beside_what_was_found(page: Page, page_errors: list[str]) -> None:
    page.get_by_text("Probability", exact=True).first.click()
    page.locator("#id_p_min").fill("0.5")
    page.keyboard.press("Tab")

    expect(page.get_by_text("Choose the category that the probability is of.")).to_be_visible()
    page.get_by_label("Probability of").select_option("games")
    expect(page.locator(".explorer-count")).to_have_text(re.compile(r"^\d+$"))
    expect(page.get_by_role("columnheader", name="Games")).to_be_visible()
    page_errors.clear()  # the browser tells of the 422


def test_a_filter_is_saved_and_goes_on_to_a_snapshot(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}{PATH}?held=games&split=train&streams=explore")

    page.get_by_role("button", name="Save…").click()
    page.get_by_label("Name").fill("Games to look at")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Saved as “Games to look at”")).to_be_visible()
    page.get_by_role("link", name="Games to look at").click()
    page.get_by_role("link", name="To a snapshot").click()

    expect(page.get_by_role("heading", name="A snapshot by choice")).to_be_visible()
    expect(page.get_by_text("cannot be narrowed by the split")).to_be_visible()
    expect(page.get_by_label("Games")).to_be_checked()
    expect(page.get_by_label("Explore")).to_be_checked()
    expect(page.get_by_label("Query")).not_to_be_checked()


def test_the_page_is_without_fault_wide_and_narrow(page: Page, live_server: Any) -> None:
    page.goto(f"{live_server.url}{PATH}?probability=games&p_min=0.1&text=page")
    expect(page.locator(".explorer-count")).to_be_visible()

    assert faults_in_both_shapes(page) == []
