"""Answers that cannot be sent at once: offline, over a reload, signed out, under another account, refused."""

from contextlib import suppress
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from playwright.sync_api import BrowserContext, Error, Locator, Page, Route, expect

from annotator.accounts.models import User
from annotator.judgments.models import Flag, Judgment, Verdict
from annotator.pool.cases import case_open
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState, LostLease, Skip
from tests.browser.conftest import SignIn
from tests.browser.labelling import LABEL, answer, answers, saved, title
from tests.connections import eventually
from tests.factories import GAMBLING, GAMES, make_member, make_taxonomy

pytestmark = pytest.mark.django_db(transaction=True)


def waiting(page: Page) -> Locator:
    return page.locator("#saving")


def lose_posts(route: Route) -> None:
    """The network swallows what is sent; pages still load."""
    if route.request.method == "POST":
        route.abort()
    else:
        route.continue_()


def test_an_answer_given_offline_is_sent_once_when_the_network_is_back(
    desk: Page, context: BrowserContext, page_errors: list[str]
) -> None:
    context.set_offline(True)
    answer(desk, "1")
    expect(waiting(desk)).to_have_text("1 waiting to be saved")

    context.set_offline(False)

    saved(1)
    expect(waiting(desk)).to_have_text("")
    assert Judgment.objects.count() == 1
    page_errors.clear()


def test_an_answer_whose_acknowledgement_was_lost_is_stored_once(desk: Page, page_errors: list[str]) -> None:
    sent: list[str] = []

    def lose_the_first(route: Route) -> None:
        sent.append(parse_qs(route.request.post_data or "")["client_id"][0])
        if len(sent) == 1:
            route.fetch()
            route.abort()
        else:
            route.continue_()

    desk.route("**/label/", lose_the_first)
    answer(desk, "1")

    expect(waiting(desk)).to_have_text("1 waiting to be saved")
    expect(waiting(desk)).to_have_text("")
    assert len(sent) == 2
    assert Judgment.objects.get().client_id == UUID(sent[0])
    page_errors.clear()


def test_an_undo_whose_acknowledgement_was_lost_undoes_once(desk: Page, page_errors: list[str]) -> None:
    answer(desk, "1")
    second = title(desk)
    answer(desk, "2")
    saved(2)
    lost: list[Route] = []

    def lose_the_first(route: Route) -> None:
        if lost:
            route.continue_()
            return
        lost.append(route)
        route.fetch()
        route.abort()

    desk.route("**/label/undo/", lose_the_first)
    desk.keyboard.press("Backspace")

    expect(desk.locator(".evidence-title")).to_have_text(second)
    assert answers() == [([GAMES], [], "labelled")]
    assert Judgment.objects.filter(verdict=Verdict.WITHDRAWN).count() == 1
    page_errors.clear()


def test_what_waits_survives_a_reload_and_goes_out_in_order(
    desk: Page, live_server: Any, page_errors: list[str]
) -> None:
    desk.route("**/label/**", lose_posts)
    first, second = desk.locator("[name=assignment]").input_value(), ""
    desk.keyboard.press("f")
    desk.get_by_label("What should the lead look at?").fill("A home address")
    desk.get_by_role("button", name="Flag", exact=True).click()
    answer(desk, "1")
    second = desk.locator("[name=assignment]").input_value()
    desk.keyboard.press("Space")
    desk.keyboard.press("2")
    expect(waiting(desk)).to_have_text("3 waiting to be saved")

    desk.reload()
    expect(waiting(desk)).to_have_text("3 waiting to be saved")
    shown = desk.locator(f"[name=assignment][value='{first}'], [name=assignment][value='{second}']")
    expect(shown).to_have_count(0)
    assert (answers(), Skip.objects.count(), Flag.objects.count()) == ([], 0, 0)
    desk.unroute("**/label/**")

    expect(waiting(desk)).to_have_text("", timeout=20_000)
    assert answers() == [([GAMES], [], "labelled")]
    assert Judgment.objects.get().assignment_id == int(first)
    assert (Skip.objects.get().reason, Flag.objects.get().note) == (Skip.Reason.LANGUAGE, "A home address")
    expect(desk.locator(".evidence-title")).to_be_visible()
    page_errors.clear()


def test_what_waits_survives_the_end_of_the_browser_tab(
    desk: Page, context: BrowserContext, live_server: Any, page_errors: list[str]
) -> None:
    desk.goto("about:blank")
    tab = context.new_page()
    tab.goto(live_server.url + LABEL)
    context.set_offline(True)
    answer(tab, "1")
    expect(waiting(tab)).to_have_text("1 waiting to be saved")
    with tab.expect_event("crash"), suppress(Error):
        tab.goto("chrome://crash")  # closed politely, a page may find the network back while it closes
    tab.close()
    assert answers() == []
    context.set_offline(False)

    desk.goto(live_server.url + LABEL)

    saved(1)
    expect(waiting(desk)).to_have_text("")
    assert Judgment.objects.count() == 1
    page_errors.clear()


def test_an_undo_offline_takes_back_what_was_not_sent(
    desk: Page, context: BrowserContext, page_errors: list[str]
) -> None:
    first = title(desk)
    context.set_offline(True)
    answer(desk, "1")
    expect(waiting(desk)).to_have_text("1 waiting to be saved")

    desk.keyboard.press("Control+z")

    expect(desk.locator(".evidence-title")).to_have_text(first)
    expect(desk.get_by_role("checkbox", name="Games", exact=True)).to_be_checked()
    expect(waiting(desk)).to_have_text("")
    desk.keyboard.press("1")
    answer(desk, "2")
    context.set_offline(False)
    saved(1)
    assert answers() == [([GAMBLING], [], "labelled")]
    assert Judgment.objects.count() == 1
    page_errors.clear()


def test_answers_given_after_a_sign_out_are_sent_after_signing_in_again(
    desk: Page, context: BrowserContext, sign_in: SignIn, page_errors: list[str]
) -> None:
    context.clear_cookies(name="sessionid")
    answer(desk, "1")
    expect(desk.get_by_text("You are signed out.")).to_be_visible()
    expect(waiting(desk)).to_have_text("1 waiting to be saved")

    sign_in(context, "ann")

    saved(1)
    expect(waiting(desk)).to_have_text("")
    page_errors.clear()


def test_another_account_in_the_same_browser_sends_nothing_of_ones_own(
    desk: Page, context: BrowserContext, sign_in: SignIn, project: Project, page_errors: list[str]
) -> None:
    make_member(project, username="bo")
    context.set_offline(True)
    answer(desk, "1")
    expect(waiting(desk)).to_have_text("1 waiting to be saved")

    sign_in(context, "bo")
    context.set_offline(False)
    expect(desk.get_by_text("You are signed in as bo here.")).to_be_visible()
    desk.reload()
    expect(desk.locator(".evidence-title")).to_be_visible()
    expect(waiting(desk)).to_have_text("")
    assert Judgment.objects.count() == 0

    sign_in(context, "ann")
    desk.reload()
    saved(1)
    assert Judgment.objects.get().annotator.username == "ann"
    page_errors.clear()


def test_an_answer_that_is_refused_comes_back_as_it_was_given(
    desk: Page, project: Project, page_errors: list[str]
) -> None:
    first = title(desk)
    make_taxonomy(project, (GAMBLING, "violence"))  # games is gone since the page was loaded

    desk.locator("#note").fill("chess")
    desk.keyboard.press("Escape")
    desk.keyboard.press("1")
    desk.keyboard.press("Enter")

    expect(desk.get_by_text('"games" is not a category of this project.').first).to_be_visible()
    expect(desk.locator(".evidence-title")).to_have_text(first)
    expect(desk.get_by_role("checkbox", name="Games", exact=True)).to_be_checked()
    expect(desk.locator("#note")).to_have_value("chess")
    assert (answers(), desk.locator("#today").inner_text()) == ([], "0")
    page_errors.clear()


def test_an_answer_that_cannot_count_is_named_until_the_person_has_seen_it(
    desk: Page, page_errors: list[str]
) -> None:
    place = desk.locator("[name=assignment]").input_value()
    Assignment.objects.filter(pk=place).update(
        annotator=None, state=AssignmentState.FREE, lease_until=None, offered_at=None
    )  # as if it had never been this person's

    answer(desk, "1")

    refusal = desk.get_by_role("list", name="Answers that were refused")
    expect(refusal).to_contain_text("was refused")
    desk.reload()
    expect(refusal).to_contain_text("was refused")
    desk.get_by_role("button", name="I have seen it").click()
    expect(refusal).to_be_hidden()
    assert Judgment.objects.count() == 0
    eventually(lambda: desk.locator(".evidence-title").is_visible())
    page_errors.clear()


def test_keys_count_while_the_page_still_starts_and_a_storage_that_hangs_stops_nobody(
    desk: Page, page_errors: list[str]
) -> None:
    desk.add_init_script("IDBFactory.prototype.open = () => ({})")
    desk.reload()
    expect(desk.locator("#answer")).to_have_attribute("data-status", "starting")
    shown = title(desk)
    desk.keyboard.press("1")
    expect(desk.get_by_role("checkbox", name="Games", exact=True)).not_to_be_checked()

    expect(desk.get_by_role("checkbox", name="Games", exact=True)).to_be_checked()

    assert title(desk) == shown
    expect(desk.get_by_text("This browser keeps nothing for this site")).to_be_visible()
    answer(desk)
    saved(1)
    assert answers() == [([GAMES], [], "labelled")]


def test_nothing_of_a_page_that_somebody_else_stopped_stays_in_the_browser(
    desk: Page, project: Project, page_errors: list[str]
) -> None:
    place = Assignment.objects.get(pk=desk.locator("[name=assignment]").input_value())
    site = place.item.registrable_domain
    case_open(project, place.item_id, by=make_member(project))
    Assignment.objects.filter(pk=place.pk).update(
        annotator=None, state=AssignmentState.WITHHELD, lease_until=None, offered_at=None
    )
    LostLease.objects.create(assignment=place, annotator=User.objects.get(username="ann"))

    answer(desk, "1")

    refusal = desk.get_by_role("list", name="Answers that were refused")
    expect(refusal).to_contain_text(
        "Your answer on a page that is gone was refused: This page was taken out of the queue. "
        "Nothing is wrong with your work."
    )
    desk.reload()
    expect(refusal).to_contain_text("a page that is gone")
    kept = desk.evaluate("""() => new Promise((resolve) => {
        indexedDB.open("crossguard").onsuccess = ({ target: { result } }) => {
            result.transaction("waiting").objectStore("waiting").getAll().onsuccess = ({ target }) =>
                resolve(JSON.stringify(target.result));
        };
    })""")
    assert "Nothing is wrong" in kept
    assert site not in kept
    assert site not in desk.content()
    page_errors.clear()
