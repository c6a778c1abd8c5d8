"""Leads act on many items at once in a real browser: by keyboard alone, and against another lead."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page, expect

from annotator.pool.models import Evidence, Item, Signature
from annotator.pool.signatures import signatures_write
from annotator.projects.models import Project, Role
from annotator.review.acts.bulks import bulk_items
from annotator.review.models import AdjudicationEntry, Bulk, Disagreement, Resolution
from annotator.review.services import review_sweep
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_judgment, make_member, make_project

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("quiet")]

SignIn = Callable[[BrowserContext, str], None]
TEXT = "Play poker night with friends for points, every evening at eight; win a badge, and keep your streak."


@pytest.fixture
def project() -> Project:
    project = make_project("pages")
    for name in ("lead", "second-lead"):
        make_member(project, Role.LEAD, name)
    return project


@pytest.fixture
def items(project: Project) -> list[Item]:
    """Four pages of one site with nearly one text, in dispute between games and gambling."""
    people = [make_member(project) for _ in range(3)]
    items = make_items(project, 4, topic="poker night", registrable_domain="arcade.example")
    make_batch(project, items)
    for item in items:
        Evidence.objects.create(item=item, version=2, title="Poker", text=TEXT, content_hash=uuid4())
    Signature.objects.all().delete()
    signatures_write([item.pk for item in items])
    for person, labels in zip(people, ([GAMES], [GAMBLING], []), strict=True):
        for item in items:
            make_judgment(item, person, labels)
        review_sweep(project)
    return items


def open_item(page: Page, server: str, item: Item) -> None:
    row = Disagreement.objects.get(item=item)
    page.goto(f"{server}/projects/pages/disagreements/{row.pk}/")


def decide(page: Page, key: str, reason: str, *, then: str) -> None:
    page.keyboard.press(key)
    page.keyboard.press("Enter")
    page.keyboard.type(reason)
    if then == "Shift+S":
        page.keyboard.press("Escape")
    page.keyboard.press(then)


def tick_of(page: Page, item: Item) -> Any:
    return page.locator(f"#item-{item.pk}")


def labels_of(items: list[Item]) -> list[list[str]]:
    held = Resolution.objects.filter(superseded_by__isnull=True).exclude(method="reopened")
    found = dict(held.values_list("item", "labels"))
    return [found.get(item.pk, ["nothing"]) for item in items]


def test_lead_spreads_a_decision_and_undoes_it_by_keyboard_alone(
    page: Page, live_server: Any, sign_in: SignIn, items: list[Item]
) -> None:
    sign_in(page.context, "lead")
    open_item(page, live_server.url, items[0])
    decide(page, "1", "Played for points.", then="Shift+S")
    page.wait_for_url(f"**/items/{items[0].pk}/spread/?after=*")
    button = page.get_by_role("button", name="Spread to")
    expect(button).to_contain_text("Spread to 3")

    page.keyboard.press("j")
    expect(tick_of(page, items[1])).to_be_focused()
    page.keyboard.press("x")
    expect(tick_of(page, items[1])).not_to_be_checked()
    expect(button).to_contain_text("Spread to 2")
    page.keyboard.press("a")
    expect(button).to_contain_text("Spread to 3")
    page.keyboard.press("a")
    expect(button).to_be_disabled()
    page.keyboard.press("j")
    page.keyboard.press("x")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("x")  # the dialog has the keyboard
    page.keyboard.press("Escape")
    expect(button).to_contain_text("Spread to 1")
    page.keyboard.press("2")
    page.wait_for_url("**scope=site*")
    expect(button).to_contain_text("Spread to 3")
    page.keyboard.press("Control+Enter")

    page.wait_for_url("**/projects/pages/disagreements/")
    expect(page.get_by_text("Spread to 3 items.")).to_be_visible()
    assert labels_of(items) == [[GAMES]] * 4
    page.goto(f"{live_server.url}/projects/pages/adjudications/")
    page.get_by_role("link", name="all 3 items").click()
    expect(page.get_by_role("heading", name="Adjudication")).to_be_visible()
    page.keyboard.press("Control+z")
    expect(page.get_by_text("Undone on 3 items.")).to_be_visible()
    assert labels_of(items) == [[GAMES], *[["nothing"]] * 3]


def test_a_lead_is_told_exactly_what_another_did_before_they_spread(
    page: Page, other: Page, page_errors: list[str], live_server: Any, items: list[Item]
) -> None:
    open_item(page, live_server.url, items[0])
    decide(page, "1", "Played for points.", then="Shift+S")
    page.wait_for_url("**/spread/?after=*")
    expect(tick_of(page, items[2])).to_be_checked()
    open_item(other, live_server.url, items[2])
    decide(other, "2", "There are stakes.", then="Control+Enter")
    expect(other.get_by_text("Resolved: Gambling.")).to_be_visible()  # and they have the next one open
    tick_of(page, items[1]).uncheck()

    page.keyboard.press("Control+Enter")

    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("Nothing was spread: 2 of these pages are not as you saw them.")
    expect(alert).to_contain_text(
        f"Item {items[2].pk}: second-lead wrote: decided by a lead, Gambling (“There are stakes.”)"
    )
    expect(alert).to_contain_text(f"item {items[3].pk}: second-lead is looking at this since")
    expect(page.get_by_text("second-lead decided: Gambling")).to_be_visible()
    expect(page.locator("[data-row]")).to_have_count(1)
    expect(tick_of(page, items[1])).not_to_be_checked()
    assert labels_of(items) == [[GAMES], ["nothing"], [GAMBLING], ["nothing"]]
    page.keyboard.press("a")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Spread to 1 item.")).to_be_visible()
    assert labels_of(items) == [[GAMES], [GAMES], [GAMBLING], ["nothing"]]
    assert [error for error in page_errors if "409" not in error] == []
    page_errors.clear()


def test_a_page_that_another_lead_has_open_is_left_out(
    page: Page, other: Page, live_server: Any, sign_in: SignIn, items: list[Item]
) -> None:
    sign_in(page.context, "lead")
    open_item(other, live_server.url, items[1])
    expect(other.get_by_role("heading", name="Resolve", exact=True)).to_be_visible()
    open_item(page, live_server.url, items[0])

    decide(page, "1", "Played for points.", then="Shift+S")

    page.wait_for_url("**/spread/?after=*")
    expect(page.get_by_role("button", name="Spread to")).to_contain_text("Spread to 2")
    expect(page.get_by_text("second-lead is looking at this since")).to_be_visible()


def test_lead_resolves_a_pattern_by_rule_and_undoes_it_by_keyboard_alone(
    page: Page, other: Page, live_server: Any, sign_in: SignIn, items: list[Item]
) -> None:
    sign_in(page.context, "lead")
    open_item(page, live_server.url, items[0])
    page.keyboard.press("Shift+R")
    page.wait_for_url("**/patterns/*/bulk/")
    page.keyboard.press("Tab")
    page.get_by_role("group", name="Gambling").get_by_label("As most say").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.get_by_role("group", name="Games").get_by_label("As most say").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Control+Enter")

    page.wait_for_url("**/bulks/*/")
    expect(page.get_by_role("heading", name="Games yes, Gambling no, else as most say")).to_be_visible()
    open_item(other, live_server.url, items[2])
    decide(other, "2", "There are stakes.", then="Control+Enter")
    expect(other.get_by_text("Resolved: Gambling.")).to_be_visible()  # and they have the next one open
    for place, key in enumerate("rrcc", start=1):
        expect(page.get_by_role("heading", name=f"Spot check {place} of 4")).to_be_visible()
        page.keyboard.press(key)
    expect(page.get_by_role("button", name="Resolve 2 by rule")).to_be_visible()
    page.keyboard.press("ArrowLeft")  # none is shown: nothing happens
    first = Bulk.objects.get()
    rejected = page.get_by_role("link", name="arcade.example").first
    expect(rejected).to_be_visible()
    page.goto(f"{live_server.url}/projects/pages/bulks/{first.pk}/?item={_drawn(first, 2)}")
    page.keyboard.press("c")
    expect(page.get_by_role("button", name="Resolve 3 by rule")).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.type("Nobody can win money.")
    page.keyboard.press("Control+Enter")

    expect(page.get_by_text("Applied", exact=True)).to_be_visible()
    entry = AdjudicationEntry.objects.get(kind="bulk")
    written = set(Resolution.objects.filter(entry=entry).values_list("item", flat=True))
    assert written == {items[0].pk, items[1].pk} - {_drawn(first, 1)}  # another lead has the fourth open
    expect(page.get_by_text("changed since, and w")).to_be_visible()
    assert labels_of(items)[2] == [GAMBLING]
    page.keyboard.press("Control+z")
    expect(page.get_by_text("Undone on")).to_be_visible()
    assert sorted(labels_of(items)) == [[GAMBLING], *[["nothing"]] * 3]


def test_a_phone_shows_each_page_as_a_card_with_the_act_in_sight(
    page: Page, live_server: Any, sign_in: SignIn, items: list[Item]
) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page.context, "lead")
    open_item(page, live_server.url, items[0])
    page.locator("label[for=c-games]").click()
    page.get_by_label("Why").fill("Played for points.")
    page.get_by_role("button", name="Spread it after resolving").click()

    page.wait_for_url("**/spread/?after=*")
    expect(page.get_by_role("button", name="Spread to")).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert Axe().run(page).response["violations"] == []
    tick_of(page, items[1]).uncheck()
    page.get_by_role("button", name="Spread to").click()
    expect(page.get_by_text("Spread to 2 items.")).to_be_visible()


def _drawn(bulk: Bulk, place: int) -> int:
    return bulk_items(bulk).get(drawn=place).item_id
