"""Care for people in a real Chromium: covered texts, lighter pages, opt-outs, and what a lead sees of it."""

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from annotator.accounts.models import User
from annotator.projects.models import Project
from annotator.queue.models import Exposure, OptOut
from tests.browser.conftest import SignIn
from tests.factories import VIOLENCE, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)

LABEL, CARE = "/projects/care/label/", "/projects/care/label/care/"


@pytest.fixture
def project() -> Project:
    return make_project("care", overlap=1, exposure_budget=3, prefetch=0)


@pytest.fixture
def ann(project: Project) -> User:
    return make_member(project, username="ann")


def seat(page: Page, sign_in: SignIn, live_server: Any) -> Page:
    sign_in(page.context, "ann")
    page.goto(live_server.url + LABEL)
    return page


def test_text_is_covered_in_the_first_batch_and_pages_are_lighter_when_the_budget_is_spent(
    page: Page, sign_in: SignIn, live_server: Any, ann: User, quiet: None
) -> None:
    project = Project.objects.get()
    make_batch(project, make_items(project, 2, topic=VIOLENCE))
    make_batch(project, make_items(project, 1))
    seat(page, sign_in, live_server)
    text = page.get_by_text("A page about")
    expect(page.get_by_text("Covered, because it may be harmful")).to_be_visible()
    expect(text).to_be_hidden()

    page.keyboard.press("b")
    expect(text).to_be_visible()
    page.keyboard.press("3")
    page.keyboard.press("Enter")

    expect(page.locator(".evidence-title")).to_contain_text("chess")
    expect(page.get_by_text("Covered, because it may be harmful")).to_have_count(0)
    expect(page.locator("#progress")).to_contain_text("Lighter pages until")
    assert Exposure.objects.get().points == 3

    page.keyboard.press("0")
    page.keyboard.press("Enter")

    expect(page.get_by_role("heading", name="No lighter page is left right now")).to_be_visible()


def opt_out_and_in_again(page: Page, url: str) -> None:
    expect(page.get_by_text("Covered, because it may be harmful")).to_be_visible()

    page.get_by_role("link", name="My care").click()
    page.get_by_label("Violence").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("only you know")).to_be_visible()
    page.get_by_role("link", name="Back to labelling").click()
    expect(page.get_by_role("heading", name="Nothing is left outside your opt-outs")).to_be_visible()
    assert OptOut.objects.get().category == VIOLENCE

    page.goto(url + CARE)
    page.get_by_label("Violence").uncheck()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Back to labelling").click()

    expect(page.get_by_text("Covered, because it may be harmful")).to_be_visible()
    assert not OptOut.objects.exists()


def test_a_category_is_opted_out_of_and_in_again_by_mouse(
    page: Page, sign_in: SignIn, live_server: Any, ann: User, quiet: None
) -> None:
    project = Project.objects.get()
    make_batch(project, make_items(project, 1, topic=VIOLENCE))

    opt_out_and_in_again(seat(page, sign_in, live_server), live_server.url)


def test_a_category_is_opted_out_of_and_in_again_without_javascript(
    browser: Browser, sign_in: SignIn, live_server: Any, project: Project, ann: User
) -> None:
    make_batch(project, make_items(project, 1, topic=VIOLENCE))
    with browser.new_context(java_script_enabled=False) as context:
        opt_out_and_in_again(seat(context.new_page(), sign_in, live_server), live_server.url)
