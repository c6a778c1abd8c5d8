"""The keys of the suspects page: each answer is one key, for the suspect that has the keyboard or the first."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import BrowserContext, Page, expect

from annotator.projects.models import Project, Role
from annotator.review.models import Disagreement, Question, Resolution
from annotator.runs import RunStatus
from learner.suspects.models import Suspect, SuspectConfirmation, SuspectRun
from tests.factories import (
    GAMES,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[BrowserContext, str], None]


@pytest.fixture
def suspects(page: Page, live_server: Any, sign_in: SignIn) -> list[Suspect]:
    """Three resolved pages that look like games and are held to be none, each judged by ann; the page is open."""
    project = make_project("pages", overlap=1)
    make_member(project, Role.LEAD, "lead")
    ann, items = make_member(project, username="ann"), make_items(project, 3)
    make_batch(project, items)
    run = SuspectRun.objects.create(
        project=project, status=RunStatus.DONE, finished_at=timezone.now(), n_items=3
    )
    for item in items:
        make_judgment(item, ann, [])
    found = [_suspect(project, run, make_resolution(item), 3.0 - n) for n, item in enumerate(items)]
    sign_in(page.context, "lead")
    page.goto(f"{live_server.url}/projects/pages/suspects/")
    return found


def _suspect(project: Project, run: SuspectRun, resolution: Resolution, rank: float) -> Suspect:
    return Suspect.objects.create(
        project=project,
        run=run,
        item=resolution.item,
        resolution=resolution,
        category=GAMES,
        present=False,
        doubt=0.9,
        rank=rank,
        probability=0.9,
        duplicates=0,
        duplicates_against=0,
        pages=0,
        pages_against=0,
    )


def test_c_confirms_f_fixes_and_b_sends_back_the_first(page: Page, suspects: list[Suspect]) -> None:
    confirmed, fixed, back = suspects

    page.keyboard.press("c")
    expect(page.get_by_text("Confirmed: the label stands")).to_be_visible()
    page.keyboard.press("f")
    expect(page.get_by_text("Fixed: a new resolution")).to_be_visible()
    page.keyboard.press("b")
    expect(page.get_by_text("Sent back: those who judged it are asked")).to_be_visible()

    expect(page.get_by_role("heading", name="No suspects")).to_be_visible()
    assert SuspectConfirmation.objects.get().resolution_id == confirmed.resolution_id
    assert Resolution.objects.get(supersedes=fixed.resolution).labels == [GAMES]
    question = Question.objects.get()
    assert (question.item_id, [one.annotator.username for one in question.participants.all()]) == (
        back.item_id,
        ["ann"],
    )
    assert Disagreement.objects.get(closed_at=None).hold_at is not None


def test_j_and_k_choose_whom_a_key_answers_and_typing_answers_nobody(
    page: Page, suspects: list[Suspect]
) -> None:
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    focused = page.locator("[data-suspect]:focus-within")
    expect(focused.get_by_text(suspects[0].item.registrable_domain)).to_be_visible()
    page.keyboard.press("j")
    focused.get_by_text("What those who judged it are asked").click()
    focused.get_by_label("Question").fill("a cab for jack: ")
    focused.get_by_label("Question").press_sequentially("cfbjk")
    expect(page.locator("[data-suspect]")).to_have_count(3)

    focused.get_by_role("button", name="Send back").click()

    expect(page.get_by_text("Sent back: those who judged it are asked")).to_be_visible()
    assert (Question.objects.get().item_id, Question.objects.get().text) == (
        suspects[1].item_id,
        "a cab for jack: cfbjk",
    )
    expect(page.locator("[data-suspect]")).to_have_count(2)
