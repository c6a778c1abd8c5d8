"""Adaptive overlap before a lead: whom they ask, by keyboard alone, and what the pages say of it."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, expect

from annotator.accounts.models import User
from annotator.projects.models import Project, Role
from annotator.queue.models import Assignment, AssignmentState, Stopping
from annotator.review.models import Disagreement, OverlapCheck
from annotator.review.services import review_sweep
from tests.annotator.review.adaptive.opening import GOOD, opened
from tests.annotator.review.knowing import know_skills
from tests.factories import (
    GAMBLING,
    GAMES,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db(transaction=True)

SCREENSHOTS = Path(settings.BASE_DIR) / "test-results"
SIZES = (("wide", 1280, 900), ("narrow", 390, 844))


@pytest.fixture
def project() -> Project:
    project = make_project("pages", overlap=3, overlap_max=3, adaptive=True)
    make_member(project, Role.ADMIN, "lead")
    people = [make_member(project, username=name) for name in ("ada", "bo", "cy", "di", "eve", "flo")]
    skills = dict.fromkeys(people, GOOD) | {people[4]: (0.93, 0.99), people[5]: (0.81, 0.98)}
    know_skills(project, skills)
    disputed = opened(project, stopping=Stopping.CHECK)
    for person, labels in zip(people, ([GAMES], [GAMBLING], []), strict=False):
        make_judgment(disputed, person, labels)
        review_sweep(project)
    Project.objects.update(overlap_max=5)
    finish(project, people)
    return project


def finish(project: Project, people: list[User]) -> None:
    """Pages that stopped early, some of the check, and what was found of those."""
    for _ in range(4):
        item = opened(project)
        for person in people[:2]:
            make_judgment(item, person, [GAMES])
    check = opened(project, stopping=Stopping.CHECK)
    for person in people[:3]:
        make_judgment(check, person, [GAMES])
    review_sweep(project)
    for item in make_items(project, 30):
        OverlapCheck.objects.create(
            project=project, item=item, labels=[GAMES], probability=0.97, n_judgments=2
        )
        make_resolution(item, [GAMES] if item.pk % 9 else [])


def test_lead_asks_the_best_in_a_category_by_keyboard_alone(
    page: Page, live_server: Any, sign_in: Callable[[BrowserContext, str], None], project: Project
) -> None:
    row = Disagreement.objects.get()
    sign_in(page.context, "lead")
    page.goto(f"{live_server.url}/projects/pages/disagreements/{row.pk}/")

    page.keyboard.press("Shift+W")
    choice = page.get_by_label("More judgments, by")
    expect(choice).to_be_focused()
    expect(choice).to_have_value("anybody:1")
    for _ in range(2):
        page.keyboard.press("ArrowDown")
    expect(choice).to_have_value("person:di")
    page.keyboard.press("Shift+A")

    expect(page.get_by_text("A place waits for di for an hour")).to_be_visible()
    place = Assignment.objects.get(item=row.item, state=AssignmentState.FREE)
    assert place.for_annotator == User.objects.get(username="di")


@pytest.mark.parametrize("look", [(size, scheme) for size in SIZES for scheme in ("light", "dark")])
def test_pages_about_adaptive_overlap_are_accessible_and_fit(
    page: Page,
    live_server: Any,
    sign_in: Callable[[BrowserContext, str], None],
    project: Project,
    look: tuple[tuple[str, int, int], Any],
) -> None:
    (name, width, height), scheme = look
    row = Disagreement.objects.get()
    sign_in(page.context, "lead")
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": height})
    shown = {
        "desk": f"disagreements/{row.pk}/",
        "agreement": "agreement/?part=adaptive",
        "settings": "settings/",
    }

    for what, address in shown.items():
        page.goto(f"{live_server.url}/projects/pages/{address}")
        page.wait_for_load_state("networkidle")
        page.screenshot(path=SCREENSHOTS / f"adaptive-{what}-{name}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), what
        assert Axe().run(page).response["violations"] == [], what
