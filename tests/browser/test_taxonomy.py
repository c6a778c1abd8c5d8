"""Leads change the taxonomy in a real browser: drafted, weighed, published, and looked at again."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import BrowserContext, Locator, Page, expect

from annotator.accounts.models import User
from annotator.judgments.models import Judgment
from annotator.pool.models import Item
from annotator.projects.models import CategoryMapping, Project, Role, TaxonomyDraft, TaxonomyVersion
from annotator.queue.models import BatchItem
from annotator.review.models import Resolution
from annotator.review.services import review_sweep
from tests.connections import eventually
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
)

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quiet")]

SignIn = Callable[[BrowserContext, str], None]
SCREENSHOTS: Final = Path(settings.BASE_DIR) / "test-results"
HOME: Final = "/projects/pages/"
DRAFT: Final = f"{HOME}taxonomy/draft/"
SHOP, TRADE = "shop", "trade"


@pytest.fixture
def project() -> Project:
    project = make_project(
        "pages",
        categories=(GAMES, GAMBLING, VIOLENCE, SHOP, TRADE),
        gold_share=0,
        gold_share_new=0,
        retest_share=0,
    )
    for name in ("lead", "second-lead"):
        make_member(project, Role.LEAD, name)
    return project


@pytest.fixture
def people(project: Project) -> list[User]:
    return [make_member(project, username=name) for name in ("ann", "bo")]


@pytest.fixture
def items(project: Project, people: list[User]) -> list[Item]:
    """Six pages that both people agree on: two games, gambling, shop, trade, and one of nothing."""
    items = make_items(project, 6)
    make_batch(project, items)
    said: tuple[list[str], ...] = ([GAMES], [GAMES], [GAMBLING], [SHOP], [TRADE], [])
    for item, labels in zip(items, said, strict=True):
        for person in people:
            make_judgment(item, person, labels, seconds=30.0)
    review_sweep(project)
    return items


def opened(page: Page, summary: str) -> Locator:
    """What folds out under a line of this name."""
    fold = page.get_by_role("group").filter(has=page.locator("summary", has_text=re.compile(f"^{summary}")))
    if fold.get_attribute("open") is None:
        fold.locator("summary").click()
    return fold


def rename(page: Page, before: str, after: str) -> None:
    form = opened(page, before)
    form.get_by_role("textbox", name="Name", exact=True).fill(after)
    form.get_by_role("button", name=f"Save {before}").click()


def split(page: Page, source: str, *parts: str) -> None:
    form = opened(page, "Split a category")
    form.get_by_label("Category to split").select_option(source)
    for number, part in enumerate(parts, 1):
        form.get_by_role("textbox", name=f"Part {number}", exact=True).fill(part)
        form.get_by_label(f"Definition of part {number}").fill(f"Pages about {part.lower()}.")
    form.get_by_role("button", name="Split a category").click()


def merge(page: Page, into: str, *sources: str) -> None:
    form = opened(page, "Merge categories")
    for source in sources:
        form.get_by_role("checkbox", name=source).check()
    form.get_by_role("textbox", name="Name of what they become").fill(into)
    form.get_by_role("textbox", name="Definition").fill("Pages that sell.")
    form.get_by_role("button", name="Merge categories").click()


def publish(page: Page, note: str) -> None:
    page.get_by_role("textbox", name="What changes").fill(note)
    page.get_by_role("button", name="Publish").click()


def look(page: Page, name: str) -> None:
    """Pictures of the page in both shapes and schemes; no fault of accessibility, no wider than the screen."""
    for width, scheme in ((1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")):
        page.set_viewport_size({"width": width, "height": 844})
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        page.screenshot(path=SCREENSHOTS / f"{name}-{width}-{scheme}.png", full_page=True)
        assert Axe().run(page).response["violations"] == [], (name, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
    page.set_viewport_size({"width": 1280, "height": 844})
    page.emulate_media(color_scheme="light")


def test_a_lead_changes_the_taxonomy_and_an_annotator_gets_exactly_the_pages_that_it_touched(
    page: Page, live_server: Any, sign_in: SignIn, project: Project, items: list[Item]
) -> None:
    sign_in(page.context, "lead")
    page.goto(live_server.url + DRAFT)

    rename(page, "Games", "Video games")
    split(page, "Gambling", "Betting", "Lotteries")
    merge(page, "Commerce", "Shop", "Trade")

    steps = page.get_by_role("region", name="What would change")
    expect(steps).to_contain_text("Betting")
    facts = steps.locator("dl.facts dd")
    expect(facts.first).to_be_visible()
    # Ten judgments on five pages; 30 seconds each are five minutes, and not 0.1 hours.
    expect(facts).to_have_text(["10", "5", "2", re.compile("^5 minutes")])
    look(page, "taxonomy-draft")
    publish(page, "Betting is not a lottery")

    page.wait_for_url("**/rechecks/")
    version = TaxonomyVersion.objects.get(project=project, number=2)
    kinds = set(CategoryMapping.objects.filter(taxonomy=version).values_list("kind", flat=True))
    assert kinds == {"rename", "split", "merge"}
    choose = page.get_by_role("region", name="What taxonomy version 2")
    choose.get_by_role("checkbox", name=re.compile("Gambling")).check()
    choose.get_by_role("button", name="Count first").click()
    expect(page.get_by_text("1 item, 2 places, about a minute")).to_be_visible()
    look(page, "rechecks-counted")
    page.get_by_role("textbox", name="Why").fill("Which of the two is it?")
    page.get_by_role("button", name="Open the recheck").click()
    expect(page.get_by_text("1 items are looked at again")).to_be_visible()
    look(page, "rechecks-open")

    batch = BatchItem.objects.filter(batch__recheck__isnull=False)
    assert list(batch.values_list("item", flat=True)) == [items[2].pk]
    assert Resolution.objects.get(item=items[2], superseded_by__isnull=True).labels == [GAMBLING]
    sign_in(page.context, "ann")
    with page.expect_response("**/label/next/"):
        page.goto(f"{live_server.url}{HOME}label/")
    expect(page.locator(".evidence")).to_be_visible()
    expect(page.get_by_text("Betting").first).to_be_visible()
    page.get_by_text("Betting").first.click()
    page.locator("#submit").click()
    eventually(lambda: Judgment.objects.count() == len(items) * 2 + 1)
    said = Judgment.objects.latest("pk")
    assert (said.item, said.labels, said.annotator.username) == (items[2], ["betting"], "ann")
    expect(page.get_by_role("heading", name=re.compile("Nothing|nothing"))).to_be_visible()


@pytest.mark.usefixtures("items")
def test_a_second_lead_with_the_older_draft_is_told_and_loses_nothing_typed(
    page: Page, other: Page, page_errors: list[str], live_server: Any, project: Project
) -> None:
    for window in (page, other):
        window.goto(live_server.url + DRAFT)
    typed = opened(other, "Violence")
    typed.get_by_role("textbox", name="Name", exact=True).fill("Violence and gore")
    typed.get_by_role("textbox", name="Definition").fill("Shown or called for, in words or pictures.")
    rename(page, "Games", "Video games")
    expect(page.get_by_text("Done in the draft")).to_be_visible()

    typed.get_by_role("button", name="Save Violence").click()

    expect(other.get_by_role("alert")).to_contain_text(
        "lead changed the draft meanwhile. Nothing was overwritten"
    )
    form = opened(other, "Violence")
    expect(form.get_by_role("textbox", name="Name", exact=True)).to_have_value("Violence and gore")
    expect(form.get_by_role("textbox", name="Definition")).to_have_value(
        "Shown or called for, in words or pictures."
    )
    assert len(TaxonomyDraft.objects.get(project=project).operations) == 1
    assert "409" in " ".join(page_errors)
    page_errors.clear()
    look(other, "taxonomy-conflict")
    page_errors.clear()
    form.get_by_role("button", name="Save Violence").click()
    expect(other.get_by_text("Done in the draft")).to_be_visible()
    assert len(TaxonomyDraft.objects.get(project=project).operations) == 2


@pytest.mark.usefixtures("items")
def test_of_two_who_publish_one_is_told_and_keeps_their_note(
    page: Page, other: Page, page_errors: list[str], live_server: Any, project: Project
) -> None:
    page.goto(live_server.url + DRAFT)
    rename(page, "Games", "Video games")
    expect(page.get_by_text("Done in the draft")).to_be_visible()
    other.goto(live_server.url + DRAFT)
    publish(page, "Clearer")
    page.wait_for_url("**/rechecks/")

    publish(other, "Mine is clearer still")

    expect(other.get_by_role("alert")).to_contain_text("was published or discarded meanwhile")
    assert TaxonomyVersion.objects.filter(project=project).count() == 2
    page_errors.clear()


@pytest.mark.usefixtures("items")
def test_the_policy_history_reads_like_one_on_screen_and_on_paper(
    page: Page, live_server: Any, sign_in: SignIn
) -> None:
    sign_in(page.context, "lead")
    page.goto(live_server.url + DRAFT)
    rename(page, "Games", "Video games")
    split(page, "Gambling", "Betting", "Lotteries")
    publish(page, "Betting is not a lottery")
    page.wait_for_url("**/rechecks/")
    page.goto(live_server.url + DRAFT)
    merge(page, "Commerce", "Shop", "Trade")
    publish(page, "Nobody could tell a shop from trade")
    page.wait_for_url("**/rechecks/")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("textbox", name="Why").fill("Selling is one thing now")
    page.get_by_role("button", name="Open the recheck").click()

    page.goto(f"{live_server.url}{HOME}policy/")

    versions = page.get_by_role("heading", level=2)
    expect(versions).to_have_text(
        ["Taxonomy version 3", "Taxonomy version 2", re.compile("version 1"), re.compile("version 1")]
    )
    newest = page.locator("li", has=page.get_by_role("heading", name="Taxonomy version 3")).first
    expect(newest).to_contain_text("Nobody could tell a shop from trade")
    expect(newest).to_contain_text("Looked at again: 2 items")
    look(page, "policy")
    page.emulate_media(media="print")
    for hidden in ("Rechecks", "Look again at what version 3 touched"):
        expect(page.get_by_role("link", name=hidden, exact=True)).to_be_hidden()
    box = page.locator(".policy").bounding_box()
    assert box is not None
    assert box["width"] > 1000  # of 1280: the column of the navigation is gone too
    page.screenshot(path=SCREENSHOTS / "policy-print.png", full_page=True)
    page.pdf(path=SCREENSHOTS / "policy.pdf")
    page.emulate_media(media="screen")
