"""The guideline beside the page in a real Chromium: searched, cited, and its changes shown once."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from annotator.accounts.models import User
from annotator.judgments.models import Judgment, Seat
from annotator.pool.models import Evidence
from annotator.projects.models import Clause, GuidelineVersion, Project
from learner.snapshots.models import Snapshot
from tests.browser.labelling import LABEL, answer, saved
from tests.browser.test_pages import faults_in_both_shapes
from tests.conftest import watch
from tests.connections import eventually
from tests.factories import GAMBLING, make_batch, make_classifier, make_items, make_project, make_resolution

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[BrowserContext, str], None]
CLAUSES = [
    ("1.1", "", "Judge the page", "Only it, never its reputation."),
    ("2.1", GAMBLING, "Crédits", "Credits that can be **bought** count as money."),
    ("2.2", GAMBLING, "Help", "Help for gamblers is never gambling."),
]


def publish(project: Project, clauses: list[tuple[str, str, str, str]]) -> GuidelineVersion:
    number = GuidelineVersion.objects.filter(project=project).count() + 1
    version = GuidelineVersion.objects.create(project=project, number=number, created_by=project.created_by)
    for position, (clause, category, title, body) in enumerate(clauses):
        Clause.objects.create(
            guideline=version, position=position, number=clause, category=category, title=title, body=body
        )
    return version


@pytest.fixture
def project() -> Project:
    """Eight pages, to be judged once each, and a guideline of three clauses."""
    project = make_project("pilot", overlap=1)
    make_batch(project, make_items(project, 8))
    publish(project, CLAUSES)
    return project


def test_the_guideline_is_searched_as_one_types(desk: Page) -> None:
    desk.keyboard.press("g")
    drawer = desk.locator("#guideline")
    search = drawer.get_by_role("searchbox", name="Search the guideline")

    search.fill("CREDITS money")
    expect(drawer.locator(".clause:visible")).to_have_count(1)
    expect(drawer.locator("#guideline-hits")).to_have_text("1 found")
    expect(drawer.get_by_role("heading", name="2.1 Crédits")).to_be_visible()
    expect(drawer.get_by_role("heading", name="Violence")).to_be_hidden()
    search.fill("nothing like this")
    expect(drawer.locator("#guideline-hits")).to_have_text("Nothing found")
    search.fill("")

    expect(drawer.locator(".clause:visible")).to_have_count(3)
    expect(drawer.locator("#guideline-hits")).to_be_empty()


def test_a_clause_is_cited_removed_and_stored_with_the_answer(desk: Page) -> None:
    chip = desk.locator("#cited")
    desk.keyboard.press("g")
    cite = desk.get_by_role("button", name="Cite clause 2.1")

    cite.click()
    expect(chip).to_contain_text("Clause 2.1")
    expect(cite).to_have_attribute("aria-pressed", "true")
    chip.get_by_role("button", name="Remove the cited clause").click()
    expect(chip).to_be_hidden()
    cite.click()
    desk.keyboard.press("g")
    desk.locator(".evidence").focus()
    answer(desk, "2")
    saved(1)

    judgment = Judgment.objects.get()
    assert judgment.clause is not None
    assert judgment.clause.number == "2.1"
    expect(chip).to_be_hidden()  # of the next page
    desk.keyboard.press("Backspace")
    expect(chip).to_contain_text("Clause 2.1")


def test_a_clause_is_cited_without_javascript(
    browser: Browser, live_server: Any, sign_in: SignIn, ann: User, page_errors: list[str]
) -> None:
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, "ann")
    page = context.new_page()
    watch(page, page_errors)
    page.goto(live_server.url + LABEL)

    page.get_by_text("Cite a clause").click()
    page.get_by_label("The clause that decided it").select_option("2.2")
    page.locator("label[for=c-gambling]").click()
    page.locator("#submit").click()
    expect(page.locator(".evidence")).to_be_visible()
    context.close()

    judgment = Judgment.objects.get()
    assert judgment.clause is not None
    assert judgment.clause.number == "2.2"


def test_changes_are_shown_once(desk: Page, project: Project) -> None:
    news = desk.locator("#news")
    expect(news).to_have_count(0)
    publish(
        project, [CLAUSES[0], ("2.1", GAMBLING, "Crédits", "Credits that can be **won** count as money.")]
    )

    desk.reload()
    expect(news).to_contain_text("The guideline changed while you were away: v2 to v3")
    expect(news.locator("del")).to_contain_text(["bought", "Help"])
    expect(news.locator("ins").first).to_have_text("won")
    assert faults_in_both_shapes(desk) == []
    news.get_by_role("button", name="Got it").click()
    expect(news).to_be_hidden()
    eventually(lambda: Seat.objects.get().guideline_seen == 3)

    with desk.expect_response("**/label/next/"):
        desk.reload()
    expect(news).to_have_count(0)


def test_terms_are_marked_and_the_rest_of_a_long_text_is_one_click_away(desk: Page) -> None:
    Evidence.objects.update(text="All about chess. " * 600 + "And a little gambling.")
    desk.reload()
    evidence = desk.locator(".evidence")

    expect(evidence.locator(".found")).to_contain_text("Gambling gambling")
    expect(evidence.locator("mark")).to_be_hidden()
    evidence.get_by_text("Show the rest").click()

    expect(evidence.locator("mark")).to_be_visible()
    assert faults_in_both_shapes(desk) == []


def test_the_last_answer_is_told_on_demand(desk: Page) -> None:
    answer(desk, "2")
    saved(1)

    with desk.expect_response("**/label/last/"):
        desk.locator("[data-do=last]").click()
    last = desk.locator("#last")

    expect(last).to_contain_text("Served because")
    expect(last).to_contain_text("Gambling")
    assert faults_in_both_shapes(desk) == []
    last.get_by_role("button", name="Undo").click()
    eventually(lambda: Judgment.objects.filter(verdict="withdrawn").exists())


def test_the_last_answer_is_opened_read_out_and_put_away_by_keyboard(desk: Page) -> None:
    answer(desk, "2")
    saved(1)
    last = desk.locator("#last")

    desk.keyboard.press("l")
    expect(last).to_be_focused()
    desk.keyboard.press("Tab")
    expect(last.get_by_role("link", name="Change")).to_be_focused()
    desk.keyboard.press("Escape")

    expect(last).to_be_hidden()
    expect(desk.locator(".evidence")).to_be_focused()


def test_an_undo_names_the_snapshot_that_used_the_answer(desk: Page, project: Project) -> None:
    answer(desk, "2")
    saved(1)
    judgment = Judgment.objects.select_related("item__project").get()
    resolution = make_resolution(judgment.item, [GAMBLING], judgments=[judgment.pk])
    Snapshot.objects.create(
        project=project, number=1, content_sha256="0" * 64, directory="snapshots/v1", n_items=1, n_judgments=1, size=1,
        manifest={"state_as_of": f"{resolution.created_at:%Y-%m-%d %H:%M:%S} UTC"},
    )  # fmt: skip

    desk.keyboard.press("Backspace")

    expect(desk.locator("#toasts")).to_contain_text("Snapshot v1 was made with it; it stays as it is")


def test_an_undo_without_javascript_leads_to_what_used_the_answer(
    browser: Browser, live_server: Any, sign_in: SignIn, ann: User, project: Project
) -> None:
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, "ann")
    page = context.new_page()
    page.goto(live_server.url + LABEL)
    page.locator("label[for=c-gambling]").click()
    page.locator("#submit").click()
    judgment = Judgment.objects.select_related("item__project").get()
    resolution = make_resolution(judgment.item, [GAMBLING], judgments=[judgment.pk])
    make_classifier(project, last_resolution=resolution.pk)

    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("Your last judgment is undone.")).to_be_visible()
    page.get_by_role("link", name="What was made with it").click()

    expect(page.get_by_text("Classifier v1 was made with it; it stays as it is")).to_be_visible()
    assert Judgment.objects.filter(verdict="withdrawn").count() == 1
    context.close()


def test_the_guideline_is_searched_and_cited_by_keyboard(desk: Page) -> None:
    desk.keyboard.press("g")
    desk.keyboard.press("/")
    desk.keyboard.type("bought")
    desk.keyboard.press("Enter")
    expect(desk.get_by_role("button", name="Cite clause 2.1")).to_be_focused()
    desk.keyboard.press("Enter")
    expect(desk.locator("#cited")).to_contain_text("Clause 2.1")
    desk.keyboard.press("g")
    answer(desk, "2")
    saved(1)

    judgment = Judgment.objects.select_related("clause").get()
    assert judgment.clause is not None
    assert judgment.clause.number == "2.1"


def test_the_history_is_filtered(desk: Page) -> None:
    answer(desk, "2")
    answer(desk, "0")
    saved(2)
    desk.get_by_role("link", name="My judgments").first.click()
    rows = desk.locator("tbody tr")
    expect(rows).to_have_count(2)

    desk.get_by_label("Category").select_option(GAMBLING)

    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Gambling")
    assert faults_in_both_shapes(desk) == []
