"""A scientist at an evaluation: moves a threshold, sees what flips, and sets what a school does."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from annotator.projects.models import Role
from learner.evaluation.models import ProfileVersion
from tests.browser.conftest import SignIn
from tests.evaluated import make_evaluation
from tests.factories import make_classifier, make_items, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def sam(page: Page, live_server: Any, sign_in: SignIn, quiet: None) -> Page:
    project = make_project("pilot")
    make_member(project, Role.SCIENTIST, "sam")
    items = make_items(project, 40, topic="games chess")
    make_evaluation(make_classifier(project), items)
    sign_in(page.context, "sam")
    page.goto(f"{live_server.url}/projects/pilot/evaluation/")
    return page


def test_a_threshold_is_moved_and_what_flips_is_seen(sam: Page, page_errors: list[str]) -> None:
    sam.get_by_role("link", name="Games").click()
    expect(sam.get_by_role("heading", name="Another threshold")).to_be_visible()
    expect(sam.get_by_text("No known page flips.")).to_be_visible()

    sam.get_by_label("Where I put it").fill("2")

    expect(sam.get_by_text("where you put it")).to_be_visible()
    expect(sam.get_by_role("heading", name="Flagged by mistake then:")).to_be_visible()
    sam.locator("#id_by").select_option("recall")
    expect(sam.get_by_text("a recall of 0.95").first).to_be_visible()
    assert page_errors == []


def test_what_a_school_does_is_set_in_a_form(sam: Page, page_errors: list[str]) -> None:
    sam.get_by_role("link", name="School profiles").first.click()
    sam.get_by_role("link", name="Middle school").click()

    sam.get_by_label("Action, Games").select_option("block")
    sam.get_by_role("button", name="Set as the next version").click()

    expect(sam.get_by_text("The middle school profile 1 holds from now on.")).to_be_visible()
    assert ProfileVersion.objects.get().number == 1
    assert page_errors == []


def test_on_a_phone_each_category_is_a_card_with_labels(sam: Page, live_server: Any) -> None:
    sam.set_viewport_size({"width": 390, "height": 844})

    for path in (
        "evaluation/",
        "profiles/middle/",
        "classifiers/audits/",
        "classifiers/1/gate/",
        "classifiers/curve/",
    ):
        sam.goto(f"{live_server.url}/projects/pilot/{path}")
        wide = sam.evaluate(
            """() => [...document.querySelectorAll(".table-scroll:not(:has(.heat))")]
                .filter(box => box.scrollWidth > box.clientWidth + 1).map(box => box.textContent.slice(0, 80))"""
        )
        assert wide == [], path

    sam.goto(f"{live_server.url}/projects/pilot/profiles/middle/")
    cell = sam.locator("td[data-label='Exception: why']").first
    shown = cell.evaluate("cell => getComputedStyle(cell, '::before').content")
    assert "Exception: why" in shown
    box = cell.get_by_role("textbox").bounding_box()
    assert box is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
