"""The release in a real browser: the gate, what serves, the rules, the card, a comparison and the summary."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import BrowserContext, Page, expect

from annotator.projects.models import Project, Role
from annotator.runs import RunStatus
from learner.evaluation.cards import card_make
from learner.evaluation.models import ComparisonRun
from learner.evaluation.release.services import gate_of, promotion_make
from learner.evaluation.selectors import evaluation_latest
from tests.factories import GAMES, VIOLENCE, make_items, make_member, make_project
from tests.learner.evaluation.release import access_as, bad, estimate, make_evaluated, write_card
from tests.learner.evaluation.test_cards import FULL
from tests.learner.evaluation.test_release_pages import pair

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quiet")]

SignIn = Callable[[BrowserContext, str], None]
SCREENSHOTS: Final = Path(settings.BASE_DIR) / "test-results"
HOME: Final = "/projects/pilot/classifiers"


@pytest.fixture
def project() -> Project:
    """Version 1 serves; version 2 fails the gate, and has a card and a comparison."""
    project = make_project("pilot")
    write_card(project)
    make_member(project, Role.LEAD, "lea")
    items = make_items(project, 3)
    first = make_evaluated(project)
    promotion_make(access_as(project, Role.LEAD), first, based_on=0, reason="the first that knows violence")
    better = pair(found=9, f1=estimate(0.05, 0.1, 0.15), recall=estimate(0.02, 0.08, 0.2))
    failures = [{"kind": "missed", "category": GAMES, "item": item.pk, "probability": 0.02} for item in items]
    facts = FULL | bad(VIOLENCE) | {"failures": failures, "against": {"number": 1, "categories": [better]}}
    second = make_evaluated(project, **facts)
    evaluation = evaluation_latest(second)
    assert evaluation is not None
    card_make(evaluation, {"hash": "a polynomial over code points"})
    gate_of(second)
    flips = [{"item": item.pk, "present": True, "candidate": True, "weight": 4.0} for item in items]
    ComparisonRun.objects.create(
        project=project,
        base=first,
        candidate=second,
        asked_by=project.created_by,
        status=RunStatus.DONE,
        result={"n_items": 240, "n_sites": 180, "categories": [better | {"flips": flips}]},
    )
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


def test_the_tables_of_the_card_fit_a_laptop_and_are_cards_on_a_phone(
    page: Page, live_server: Any, sign_in: SignIn, project: Project, tmp_path: Path
) -> None:
    sign_in(page.context, "lea")
    page.goto(f"{live_server.url}{HOME}/2/card/")
    with page.expect_download() as downloaded:
        page.get_by_role("link", name="Card as a page").click()
    downloaded.value.save_as(tmp_path / "card.html")

    for address in (page.url, f"file://{tmp_path}/card.html"):
        page.goto(address)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 844})
            wide = page.evaluate(
                """() => [...document.querySelectorAll(".prose table")]
                    .filter(table => table.scrollWidth > table.clientWidth + 1).map(table => table.innerText)"""
            )
            assert wide == [], (address, width)
        cell = page.locator("td[data-label='Threshold']").first
        assert "Threshold" in cell.evaluate("cell => getComputedStyle(cell, '::before').content")


def test_a_lead_reads_why_a_version_fails_signs_an_exception_and_goes_back(
    page: Page, live_server: Any, sign_in: SignIn, project: Project
) -> None:
    sign_in(page.context, "lea")
    run = ComparisonRun.objects.get()
    for path, name in (
        ("2/gate/", "release-gate"),
        ("2/card/", "release-card"),
        ("2/summary/", "release-summary"),
        ("rules/", "release-rules"),
        ("card/", "release-sections"),
        ("compare/", "release-compare"),
        (f"compare/{run.pk}/", "release-comparison"),
    ):
        page.goto(f"{live_server.url}{HOME}/{path}")
        look(page, name)

    page.goto(f"{live_server.url}{HOME}/2/gate/")
    page.get_by_label("Why it is to serve").fill("schools wait for it")
    page.get_by_label("Why there may be an exception").fill("violence is blocked by a list meanwhile")
    page.get_by_role("button", name="Sign the exception, let v2 serve").click()
    expect(page.get_by_text("By an exception: violence is blocked by a list meanwhile")).to_be_visible()
    look(page, "release-serving")
    page.get_by_role("button", name="Go back to v1").click()
    expect(page.get_by_text("v1 serves again.")).to_be_visible()
