"""The pictures in the README: `README_PICTURES=1 make test ARGS=tests/browser/test_readme.py` takes them anew."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import Browser, BrowserContext, expect

from annotator.accounts.models import User
from annotator.pool.models import Evidence
from annotator.projects.blueprint import default_blueprint
from annotator.projects.models import Role
from annotator.projects.services import membership_set, project_create
from annotator.runtime.embedded import REPOSITORY
from learner.demo.corpus import PAGES
from learner.demo.history import project_make
from learner.demo.services import LEAD, SLUG, accounts_ensure
from tests.conftest import watch
from tests.factories import make_batch, make_items, make_user

PICTURES = REPOSITORY / "docs" / "images"
TEXT = (
    "Some nights feel too long. If you think about hurting yourself, you can talk to somebody right now: our "
    "listeners answer calls and messages around the clock, for free, and nobody at home or at school is told. "
    "Below you find what happens when you call, how to help a friend, and where to find people near you."
)


@pytest.mark.django_db(transaction=True)
def test_the_labelling_page_looks_as_the_readme_shows_it(
    browser: Browser, live_server: Any, sign_in: Callable[[BrowserContext, str], None], tmp_path: Path
) -> None:
    folder = PICTURES if os.environ.get("README_PICTURES") else tmp_path
    _page_to_judge()
    context = browser.new_context(
        viewport={"width": 1280, "height": 780}, color_scheme="light", reduced_motion="reduce"
    )
    sign_in(context, "ada")
    page = context.new_page()
    errors: list[str] = []
    watch(page, errors)

    page.goto(f"{live_server.url}/projects/pilot/label/")
    expect(page.get_by_role("heading", name="You are not alone")).to_be_visible()
    page.keyboard.press("u")
    folder.mkdir(exist_ok=True)
    page.screenshot(path=folder / "label.png")

    expect(page.get_by_role("checkbox", name="Education", exact=True)).to_be_checked()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert errors == []
    context.close()


@pytest.mark.skipif(not os.environ.get("README_PICTURES"), reason="the history of the demo takes its time")
@pytest.mark.django_db(transaction=True)
def test_the_overview_looks_as_the_readme_shows_it(
    browser: Browser, live_server: Any, sign_in: Callable[[BrowserContext, str], None], tmp_path: Path
) -> None:
    project_make(accounts_ensure(tmp_path / "logins.json"), PAGES, say=print)
    context = browser.new_context(
        viewport={"width": 1280, "height": 800}, color_scheme="light", reduced_motion="reduce"
    )
    sign_in(context, LEAD)
    page = context.new_page()

    page.goto(f"{live_server.url}/projects/{SLUG}/")
    expect(page.get_by_role("heading", name="F1 of v2 by category")).to_be_visible()
    page.screenshot(path=PICTURES / "overview.png")

    page.wait_for_load_state("networkidle")
    context.close()


def _page_to_judge() -> None:
    founder = make_user()
    founder.user_permissions.add(Permission.objects.get(codename="add_project"))
    blueprint = replace(default_blueprint(), slug="pilot", name="Riverbend schools")
    project = project_create(blueprint, by=User.objects.get(pk=founder.pk))
    make_user("ada")
    membership_set(project, "ada", Role.ANNOTATOR, by=founder)
    address = "https://help.lantern-line.example/young-people/not-alone?ref=school"
    items = make_items(
        project, 1, url=address, host="help.lantern-line.example", registrable_domain="lantern-line.example"
    )
    Evidence.objects.filter(item=items[0]).update(
        title="You are not alone: talk to us tonight",
        description="A free crisis line for young people.",
        text=TEXT,
    )
    make_batch(project, items)
