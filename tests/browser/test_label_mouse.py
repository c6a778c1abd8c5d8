"""The labelling page by mouse, and by mouse and keyboard in turns."""

import pytest
from playwright.sync_api import Page, expect

from annotator.judgments.models import Flag, Judgment, Verdict
from annotator.pool.models import Case
from annotator.queue.models import Skip
from tests.browser.labelling import answers, saved, title
from tests.connections import eventually
from tests.factories import GAMES

pytestmark = pytest.mark.django_db(transaction=True)


def test_everything_is_done_by_mouse(desk: Page) -> None:
    first, text = title(desk), desk.locator(".evidence-title")

    desk.locator("label[for=c-games]").click()
    desk.get_by_role("button", name="Guideline g").click()
    desk.get_by_role("button", name="Cite clause 1.1").click()
    desk.get_by_role("button", name="Close the guideline").click()
    desk.get_by_role("button", name="Submit").click()
    expect(text).not_to_have_text(first)
    desk.get_by_role("button", name="Last answer").click()
    expect(desk.locator("#last")).to_contain_text("Games")
    desk.locator(".desk-tools").get_by_role("button", name="Undo").click()
    expect(text).to_have_text(first)
    expect(desk.locator("#last")).to_be_hidden()
    desk.get_by_role("button", name="Flag f").click()
    desk.get_by_label("What should the lead look at?").fill("look")
    desk.get_by_role("button", name="Flag", exact=True).click()
    expect(desk.get_by_text("Flagged for the lead.")).to_be_visible()
    desk.get_by_role("button", name="Submit").click()
    expect(text).not_to_have_text(first)
    second = title(desk)
    desk.get_by_role("button", name="Skip").click()
    desk.get_by_role("button", name="The guideline does not cover it").click()
    expect(text).not_to_have_text(second)
    desk.get_by_role("button", name="Stop !").click()
    desk.get_by_role("button", name="Stop this page").click()
    desk.get_by_role("button", name="Next page").click()
    expect(text).to_be_visible()

    eventually(lambda: Case.objects.count() == 1)
    assert answers() == [([GAMES], [], "labelled")]
    assert Judgment.objects.filter(clause__number="1.1", verdict=Verdict.LABELLED).count() == 2
    assert Skip.objects.filter(reason=Skip.Reason.UNCLEAR).count() == 1
    assert Flag.objects.get().note == "look"


def test_the_mouse_leaves_the_keyboard_with_the_page(desk: Page) -> None:
    first, evidence = title(desk), desk.locator(".evidence")
    guideline = desk.get_by_role("button", name="Guideline g")

    desk.get_by_role("button", name="Skip").click()
    desk.keyboard.press("Escape")
    expect(evidence).to_be_focused()
    guideline.click()
    desk.get_by_role("button", name="Cite clause 1.1").click()
    expect(evidence).to_be_focused()
    desk.locator("#note").click()
    desk.keyboard.type("chess")
    guideline.click()
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")

    expect(desk.locator(".evidence-title")).not_to_have_text(first)
    saved(1)
    judgment = Judgment.objects.select_related("clause").get()
    assert judgment.clause is not None
    assert (judgment.labels, judgment.note, judgment.clause.number) == ([GAMES], "chess", "1.1")
