"""The data card in a real browser: in the product, written by a scientist, and alone on a disk."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, expect

from annotator.projects.models import Project, Role
from learner.snapshots.models import CardSection
from tests.factories import make_member
from tests.learner.snapshots.shelf import make_shelf, take

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quiet")]

SignIn = Callable[[BrowserContext, str], None]
SCREENSHOTS: Final = Path(settings.BASE_DIR) / "test-results"
HOME: Final = "/projects/shelf/snapshots/"


@pytest.fixture
def project() -> Project:
    project = make_shelf()
    make_member(project, Role.SCIENTIST, "sam")
    return project


def look(page: Page, name: str) -> None:
    """Pictures of the page in both shapes and schemes; no fault of accessibility, no wider than the screen."""
    for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        assert Axe().run(page).response["violations"] == [], (name, width, scheme)
    page.set_viewport_size({"width": 1280, "height": 844})
    page.emulate_media(color_scheme="light")


def test_a_scientist_reads_the_plots_and_downloads_the_card_that_stands_alone(
    page: Page, live_server: Any, sign_in: SignIn, project: Project, tmp_path: Path
) -> None:
    take(project)
    sign_in(page.context, "sam")

    page.goto(f"{live_server.url}{HOME}1/")
    expect(page.get_by_role("heading", name="How far people agree")).to_be_visible()
    expect(page.get_by_role("img", name="Categories that occur together")).to_be_visible()
    look(page, "card")
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Card as a page").click()

    downloaded.value.save_as(tmp_path / "card.html")
    page.goto(f"file://{tmp_path}/card.html")
    expect(page.get_by_role("heading", name="Read this first")).to_be_visible()
    look(page, "card-alone")
    page.emulate_media(media="print")
    page.pdf(path=SCREENSHOTS / "card-alone.pdf", format="A4")
    page.emulate_media(media="screen")


def test_a_scientist_writes_a_section(
    page: Page, live_server: Any, sign_in: SignIn, project: Project
) -> None:
    sign_in(page.context, "sam")
    page.goto(f"{live_server.url}{HOME}")
    page.get_by_role("link", name="Data card").click()
    look(page, "card-written")
    page.get_by_role("link", name="Edit Contact").click()

    page.get_by_label("Text").fill("Ask **Sam**, room 4.")
    look(page, "card-section")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("Contact is saved")).to_be_visible()
    expect(page.locator("#contact strong")).to_have_text("Sam")
    assert CardSection.objects.filter(section="contact").latest("number").number == 2


def test_a_new_project_says_what_its_card_waits_for(
    page: Page, live_server: Any, sign_in: SignIn, project: Project, page_errors: list[str]
) -> None:
    admin = project.created_by
    admin.is_superuser = True
    admin.save()
    sign_in(page.context, admin.username)
    page.goto(f"{live_server.url}/projects/new/")
    page.get_by_label("Name", exact=True).fill("Fresh")
    page.get_by_label("Short name").fill("fresh")
    page.get_by_role("button", name="Create project").click()

    page.get_by_role("link", name="Overview").click()

    expect(page.get_by_text("The data card waits for 6 sections")).to_be_visible()
    page.get_by_role("link", name="Snapshots").click()
    expect(page.get_by_role("button", name="Take a snapshot")).to_have_count(0)
    look(page, "card-missing")
