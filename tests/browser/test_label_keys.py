"""One's own keys, the search over many categories, the cover, the stop: what hands do besides answering."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from annotator.accounts.models import User
from annotator.judgments.models import Flag, Judgment, Seat
from annotator.pool.models import Case, Item
from annotator.projects.models import Category, Project, TaxonomyVersion
from annotator.queue.models import Assignment, AssignmentState, Skip
from tests.browser.conftest import SignIn
from tests.browser.labelling import LABEL, answer, answers, saved, title
from tests.connections import eventually
from tests.factories import GAMBLING, GAMES

pytestmark = pytest.mark.django_db(transaction=True)

MANY = 60
KEYS = "123456789qwertyuiopasdhjklzxcvnm"


def make_topics(project: Project, how_many: int) -> None:
    """A taxonomy of that many categories: the first have keys, and the last knows a term."""
    taxonomy = TaxonomyVersion.objects.create(project=project, number=2, created_by=project.created_by)
    for n in range(how_many):
        Category.objects.create(
            taxonomy=taxonomy,
            position=n,
            slug=f"topic-{n}",
            name=f"Topic {n}",
            definition=f"Pages about topic {n}.",
            severity=1,
            cipa=False,
            key=KEYS[n : n + 1],
            terms=["roulette"] if n == how_many - 1 else [],
        )


@pytest.fixture
def many(project: Project) -> Project:
    """A taxonomy of sixty categories: the first have keys, the rest are found by their names."""
    make_topics(project, MANY)
    return project


def box(page: Page, name: str) -> Any:
    return page.get_by_role("checkbox", name=name, exact=True)


def test_keys_are_chosen_and_used_and_shown(desk: Page) -> None:
    desk.get_by_role("link", name="My keys").click()
    desk.get_by_label("Games").fill("a")
    desk.get_by_label("Flag for the lead").fill("1")
    desk.get_by_label("Submit", exact=True).fill("space")
    desk.get_by_label("Skip, with a reason").fill("x")
    desk.get_by_role("button", name="Save").click()

    expect(desk.locator("label[for=c-games] kbd")).to_have_text("a")
    expect(desk.get_by_role("button", name="Submit Space")).to_be_visible()
    first = title(desk)
    desk.keyboard.press("Shift+a")
    expect(box(desk, "Unsure about Games")).to_be_checked()
    desk.keyboard.press("a")
    desk.keyboard.press("Space")
    expect(desk.locator(".evidence-title")).not_to_have_text(first)
    desk.keyboard.press("1")
    expect(desk.get_by_role("dialog", name="Flag this page for the lead")).to_be_visible()
    desk.keyboard.press("Escape")
    desk.keyboard.press("?")
    expect(desk.get_by_role("dialog", name="Keys")).to_contain_text("Space")
    desk.keyboard.press("Escape")
    desk.keyboard.press("x")
    desk.keyboard.press("2")

    saved(1)
    eventually(lambda: Skip.objects.count() == 1)
    assert answers() == [([GAMES], [], "labelled")]


def test_clashing_keys_are_refused_and_the_usual_ones_come_back(desk: Page, page_errors: list[str]) -> None:
    desk.get_by_role("link", name="My keys").click()
    desk.get_by_label("Undo the last submit").fill("g")
    desk.get_by_role("button", name="Save").click()

    expect(desk.get_by_role("alert")).to_contain_text("“Undo the last submit” and “Guideline”")
    expect(desk.get_by_label("Undo the last submit")).to_have_value("g")
    assert not Seat.objects.exclude(keys={}).exists()
    desk.get_by_label("Undo the last submit").fill("z")
    desk.get_by_role("button", name="Save").click()
    desk.get_by_role("link", name="My keys").click()
    desk.get_by_role("button", name="Back to the usual keys").click()
    expect(desk.get_by_label("Undo the last submit")).to_have_value("Backspace")
    page_errors.clear()


def test_a_note_is_sent_from_within_by_ctrl_and_enter(desk: Page) -> None:
    first = title(desk)
    desk.keyboard.press("f")
    desk.keyboard.type("A home address")
    desk.keyboard.press("Control+Enter")
    expect(desk.get_by_text("Flagged for the lead.")).to_be_visible()
    expect(desk.locator(".evidence-title")).to_have_text(first)

    desk.keyboard.press("1")
    desk.locator("#note").focus()
    desk.keyboard.type("chess")
    desk.keyboard.press("Control+Enter")
    expect(desk.locator(".evidence-title")).not_to_have_text(first)

    saved(1)
    assert (Flag.objects.get().note, Judgment.objects.get().note) == ("A home address", "chess")


def test_keys_are_chosen_without_javascript(
    browser: Browser, live_server: Any, sign_in: SignIn, ann: User
) -> None:
    context = browser.new_context(java_script_enabled=False)
    sign_in(context, "ann")
    page = context.new_page()
    page.goto(f"{live_server.url}{LABEL}keys/")

    page.get_by_label("Games").fill("a")
    page.get_by_label("Every page").check()
    page.get_by_role("button", name="Save").click()

    expect(page.locator("label[for=c-games] kbd")).to_have_text("a")
    expect(page.locator(".evidence-title")).to_be_hidden()
    page.locator(".shield summary").click()
    expect(page.locator(".evidence-title")).to_be_visible()
    assert (Seat.objects.get().keys, Seat.objects.get().shield) == ({"category:games": "a"}, "always")
    context.close()


def test_many_categories_are_searched_as_one_types_and_keep_their_keys(many: Project, desk: Page) -> None:
    shown = desk.locator(".toggle:not(.toggle-none):visible")
    expect(shown).to_have_count(MANY)

    desk.keyboard.press("/")
    desk.keyboard.type("topic 5")
    expect(shown).to_have_count(11)
    desk.keyboard.press("Enter")
    expect(box(desk, "Topic 5")).to_be_checked()
    expect(shown).to_have_count(MANY)
    desk.keyboard.press("/")
    desk.keyboard.type("roul")
    expect(shown).to_have_count(2)  # what is chosen stays in sight
    desk.keyboard.press("Shift+Enter")
    expect(box(desk, "Unsure about Topic 59")).to_be_checked()
    desk.keyboard.press("2")
    expect(box(desk, "Topic 1")).to_be_checked()
    answer(desk)

    saved(1)
    assert answers() == [(["topic-1", "topic-5"], ["topic-59"], "labelled")]


def test_the_search_is_led_by_arrows_and_keeps_what_nothing_matches(many: Project, desk: Page) -> None:
    found, chosen = desk.locator("#found"), desk.get_by_role("list", name="Chosen")
    desk.keyboard.press("/")
    desk.keyboard.type("topic 5")
    expect(found).to_have_text("11 of 60. Enter chooses Topic 5")
    desk.keyboard.press("ArrowUp")
    expect(found).to_have_text("11 of 60. Enter chooses Topic 59")
    desk.keyboard.press("Enter")
    desk.keyboard.press("/")
    desk.keyboard.type("topic 4")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("ArrowDown")
    desk.keyboard.press("Shift+Enter")

    expect(chosen.get_by_role("listitem")).to_have_text(["Topic 41", "Topic 59"])
    expect(chosen).to_be_in_viewport(ratio=1)
    desk.keyboard.press("/")
    desk.keyboard.type("nope")
    desk.keyboard.press("Enter")
    expect(found).to_have_text("No category matches")
    expect(desk.locator("#find")).to_be_focused()
    expect(desk.locator("#find")).to_have_value("nope")
    desk.keyboard.press("Escape")
    answer(desk)

    expect(chosen.get_by_role("listitem")).to_have_count(0)
    saved(1)
    assert answers() == [(["topic-59"], ["topic-41"], "labelled")]


@pytest.mark.parametrize("width", [390, 1280])
def test_sixty_categories_fit_and_are_accessible(many: Project, desk: Page, width: int) -> None:
    desk.set_viewport_size({"width": width, "height": 800})

    assert desk.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert Axe().run(desk).response["violations"] == []


def test_a_page_that_may_be_harmful_is_covered_until_asked_for(project: Project, desk: Page) -> None:
    Assignment.objects.filter(state=AssignmentState.FREE).update(severity=2)
    for _ in range(2):
        answer(desk, "0")
    text = desk.locator(".evidence-title")
    expect(text).to_be_hidden()
    expect(desk.locator(".url-domain").first).to_be_visible()

    desk.keyboard.press("b")
    expect(text).to_be_visible()
    desk.keyboard.press("b")
    expect(text).to_be_hidden()
    desk.locator(".shield summary").click()
    expect(text).to_be_visible()
    before = text.inner_text()
    answer(desk, "1")

    expect(text).to_be_hidden()
    expect(text).not_to_have_text(before)
    saved(3)
    assert answers()[-1] == ([GAMES], [], "labelled")


def test_a_stopped_page_leaves_the_screen_and_every_queue(desk: Page) -> None:
    stopped = title(desk)

    desk.keyboard.press("Shift+Digit1")
    expect(desk.get_by_role("dialog", name="Stop: this may be illegal")).to_be_visible()
    expect(desk.locator(".place")).to_be_hidden()
    desk.keyboard.press("Shift+Digit1")

    expect(desk.get_by_role("heading", name="The page is gone")).to_be_visible()
    eventually(lambda: Case.objects.count() == 1)
    assert Item.objects.filter(withheld=True).count() == 1
    assert Assignment.objects.filter(state=AssignmentState.WITHHELD).count() == 1
    desk.get_by_role("button", name="Next page").click()
    expect(desk.locator(".evidence-title")).not_to_have_text(stopped)
    assert stopped not in desk.content()


def test_the_stop_key_means_unsure_when_the_digit_follows(desk: Page) -> None:
    desk.keyboard.press("Shift+Digit1")
    expect(desk.locator("#stop-instead")).to_have_text("1 instead: unsure about Games")
    desk.keyboard.press("1")
    expect(desk.get_by_role("dialog", name="Stop: this may be illegal")).to_be_hidden()
    expect(box(desk, "Unsure about Games")).to_be_checked()

    desk.keyboard.press("Shift+Digit1")
    desk.keyboard.press("Escape")
    expect(desk.locator(".evidence-title")).to_be_visible()
    desk.keyboard.press("Shift+Digit2")
    answer(desk)

    saved(1)
    assert answers() == [([], [GAMBLING, GAMES], "labelled")]
    assert Case.objects.count() == 0
