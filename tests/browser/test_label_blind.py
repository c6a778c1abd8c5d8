"""Blind: what reaches the browser before one's own answer, read from every response that it gets."""

from typing import Any

import pytest
from playwright.sync_api import Page, Response, expect

from annotator.accounts.models import User
from annotator.pool.models import Evidence
from annotator.projects.models import Project
from annotator.queue.models import Stream
from annotator.queue.services import BatchChoice, batch_open
from tests.browser.conftest import SignIn
from tests.browser.labelling import LABEL, answer, saved
from tests.factories import VIOLENCE, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)

SECRETS = ("secret", "0.987", "98.7", "0.123", "12.3 %", "515151", "424242", "rare", 'class="chip">violence')


@pytest.fixture
def project() -> Project:
    """Four pages with one text, each judged by somebody else, with all that a ledger knows."""
    project = make_project("pilot", overlap=2)
    items = make_items(project, 4, source="SECRET-SOURCE")
    Evidence.objects.update(title="", text=" ".join(f"word{n}" for n in range(60)))
    choices = [
        BatchChoice(
            item_id=item.pk, stream=Stream.RARE, strategy="SECRET-STRATEGY", score=0.987654, reason="SECRET-REASON",
            classifier_number=7, pool_size=424242, inclusion_probability=0.123123, seed=515151,
        )
        for item in items
    ]  # fmt: skip
    batch_open(
        project, choices, fingerprint="f", reason="SECRET-BATCH", seed=515151, classifier_number=7, pool_size=424242
    )  # fmt: skip
    bob = make_member(project, username="secretbob")
    for item in items:
        make_judgment(item, bob, [VIOLENCE], note="SECRET-NOTE")
    return project


def test_nothing_of_others_or_of_a_model_reaches_the_browser_before_ones_own_answer(
    page: Page, live_server: Any, sign_in: SignIn, ann: User, quiet: None
) -> None:
    got: list[Response] = []

    def on_response(response: Response) -> None:
        got.append(response)

    page.on("response", on_response)
    sign_in(page.context, "ann")
    with page.expect_response("**/label/next/"):
        page.goto(live_server.url + LABEL)

    with page.expect_response("**/label/last/"):
        page.keyboard.press("l")
    page.keyboard.press("g")
    page.keyboard.press("p")
    expect(page.get_by_role("button", name="Go on")).to_be_visible()
    with page.expect_response("**/label/session/"):
        page.keyboard.press("k")
    expect(page.locator(".evidence")).to_be_visible()
    with page.expect_response("**/label/skip/"):
        page.keyboard.press("Space")
        page.keyboard.press("4")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(".evidence")).to_be_visible()

    texts = [(each.url, each.text().lower()) for each in got if each.status == 200 and "/label/" in each.url]
    assert {url.rsplit("/", 2)[1] for url, _ in texts} >= {"label", "next", "last", "session", "skip"}
    assert not [(url, secret) for url, text in texts for secret in SECRETS if secret in text]


def test_a_near_duplicate_is_told_of_after_ones_own_answer_on_both_alone(
    page: Page, live_server: Any, sign_in: SignIn, ann: User, quiet: None
) -> None:
    sign_in(page.context, "ann")
    page.goto(live_server.url + LABEL)
    last, first = page.locator("#last"), page.locator(".place .url-domain").inner_text()
    expect(page.locator(".evidence")).not_to_contain_text("duplicate")

    answer(page, "1")
    saved(5)
    page.keyboard.press("l")
    expect(last).to_contain_text("3 more, judged by others")
    expect(last).not_to_contain_text("Violence")
    answer(page, "2")
    saved(6)
    page.keyboard.press("l")

    expect(last.get_by_role("listitem").filter(has_text=first)).to_contain_text("1 other")
    expect(last.get_by_role("listitem").filter(has_text=first)).to_contain_text("Violence")
    expect(last).to_contain_text("2 more, judged by others")
