"""A lead asks in a real browser where people disagree, and goes from a number to its items."""

import random
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.utils import timezone
from django.utils.text import slugify
from playwright.sync_api import BrowserContext, Page, expect

from annotator.projects.models import Clause, GuidelineVersion, Project, Role
from annotator.review.agreement.reports import agreement_measure
from annotator.review.agreement.views import PARTS
from tests.annotator.review.crowd import Said, make_guideline, make_judgments
from tests.factories import CATEGORIES, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[BrowserContext, str], None]
WEEKS: Final = 10
SCREENSHOTS: Final = Path(settings.BASE_DIR) / "test-results"
LINES: Final = """links => links.map((link) => {
    const words = document.createRange();
    words.selectNodeContents(link);
    return words.getClientRects().length;
})"""
PAGE: Final = "/projects/pages/agreement/"


@pytest.fixture
def project() -> Project:
    """Ten weeks of 240 items, each judged by two of four people, half under a second guideline version."""
    project = make_project("pages")
    make_member(project, Role.LEAD, "lead")
    people = [make_member(project, username=name) for name in ("annie", "bo", "cyd", "dee")]
    items = make_items(project, 240)
    make_batch(project, items)
    begin = timezone.now() - timedelta(weeks=WEEKS)
    old = GuidelineVersion.objects.get(project=project)
    new = make_guideline(project, begin + timedelta(weeks=WEEKS / 2))
    clause = Clause.objects.get(guideline=new)
    rng = random.Random(7)
    said = []
    for number, item in enumerate(items):
        at = begin + timedelta(weeks=WEEKS) * (number / len(items))
        guideline = new if at >= new.created_at else old
        truth = {slug for slug in CATEGORIES if rng.random() < 0.3}
        for person in rng.sample(people, 2):
            labels = {slug for slug in CATEGORIES if (slug in truth) != (rng.random() < 0.15)}
            cited = clause if number % 6 == 0 and guideline == new else None
            said.append(Said(item, person, labels, at=at, guideline=guideline, clause=cited))
    make_judgments(project, said)
    agreement_measure(project)
    return project


@pytest.mark.usefixtures("project")
def test_lead_goes_from_a_cell_to_its_items(page: Page, live_server: Any, sign_in: SignIn) -> None:
    sign_in(page.context, "lead")
    page.goto(live_server.url + PAGE)

    page.get_by_role("link", name="Since when").click()
    page.get_by_label("About").select_option("games")
    page.wait_for_url("**category=games**")
    expect(page.get_by_role("heading", name="Since when: Games")).to_be_visible()
    expect(page.locator("#since .chart-mark")).not_to_have_count(0)
    expect(page.locator("#since .chart-band")).not_to_have_count(0)
    page.get_by_role("link", name="Where").click()
    cell = page.locator("#where").get_by_role("row", name="Games").get_by_role("link").last
    n = (cell.text_content() or "").split("n=")[1].split()[0]
    cell.click()

    page.wait_for_url("**/agreement/items/**")
    expect(page.get_by_text(f"{n} items with two judgments that count")).to_be_visible()
    expect(page.locator("tbody tr").first).to_contain_text("differ")
    page.locator("tbody tr").first.get_by_role("link").click()
    page.wait_for_url("**/review/")


@pytest.mark.usefixtures("project")
def test_lead_narrows_the_pairs_to_one_person(page: Page, live_server: Any, sign_in: SignIn) -> None:
    sign_in(page.context, "lead")
    page.goto(live_server.url + PAGE)
    page.get_by_role("link", name="Between whom").click()
    expect(page.locator("#whom tbody tr")).to_have_count(3)

    page.get_by_label("Pairs of").select_option("bo")

    page.wait_for_url("**person=**")
    names = page.locator("#whom tbody th")
    expect(names).to_have_text(["annie", "cyd", "dee"])
    page.locator("#whom").get_by_role("link").first.click()
    expect(page.get_by_text("judged by annie and bo")).to_be_visible()


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("tail", [*(f"?part={part}" for part in PARTS), "items/?category=games"])
def test_the_page_is_accessible_and_fits(page: Page, live_server: Any, sign_in: SignIn, tail: str) -> None:
    sign_in(page.context, "lead")
    page.goto(live_server.url + PAGE + tail)

    for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert Axe().run(page).response["violations"] == [], (width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.screenshot(path=SCREENSHOTS / f"agreement-{slugify(tail)}-{width}-{scheme}.png", full_page=True)


@pytest.mark.usefixtures("project")
@pytest.mark.parametrize("width", [1280, 390])
def test_the_choices_stay_on_one_line(page: Page, live_server: Any, sign_in: SignIn, width: int) -> None:
    sign_in(page.context, "lead")
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(live_server.url + PAGE)

    for name in ("Coefficient", "What unsure counts as"):
        switch = page.get_by_role("navigation", name=name)
        boxes = [link.bounding_box() for link in switch.get_by_role("link").all()]
        lines = switch.get_by_role("link").evaluate_all(LINES)
        assert set(lines) == {1}, name
        assert len({box["y"] for box in boxes if box}) == 1, name
    if width > 1000:
        tops = [
            page.get_by_role("navigation", name=n).bounding_box()
            for n in ("Coefficient", "What unsure counts as")
        ]
        assert len({box["y"] for box in tops if box}) == 1
