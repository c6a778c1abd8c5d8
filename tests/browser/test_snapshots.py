"""A scientist chooses what a snapshot holds: the count follows, and what is taken is what was counted."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from annotator.projects.models import Project, Role
from learner.snapshots.models import Snapshot, SnapshotRun
from learner.snapshots.services import snapshot_run_execute
from tests.factories import GAMES, VIOLENCE, make_items, make_member, make_project
from tests.learner.snapshots.test_services import resolve

pytestmark = pytest.mark.django_db(transaction=True)

SignIn = Callable[[BrowserContext, str], None]


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project() -> Project:
    project = make_project("pilot")
    for item in make_items(project, 3):
        resolve(item, [GAMES])
    resolve(make_items(project, 1)[0], [VIOLENCE])
    make_member(project, Role.SCIENTIST, "sam")
    return project


def test_the_count_follows_the_choice_and_the_snapshot_is_the_choice(
    page: Page, project: Project, sign_in: SignIn, live_server: Any
) -> None:
    sign_in(page.context, "sam")
    page.goto(f"{live_server.url}/projects/pilot/snapshots/")
    page.get_by_role("link", name="Choose what it holds").click()
    expect(page.get_by_text("4 items")).to_be_visible()

    page.get_by_role("group", name="Categories").get_by_label("Games").check()
    expect(page.get_by_text("3 items")).to_be_visible()
    page.get_by_role("button", name="Take this snapshot").click()

    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    snapshot_run_execute(SnapshotRun.objects.get().pk)
    expect(page.get_by_role("link", name="v1", exact=True)).to_be_visible()
    assert Snapshot.objects.get().n_items == 3


def test_a_choice_is_counted_and_taken_without_scripts(
    page: Page, project: Project, sign_in: SignIn, live_server: Any
) -> None:
    context = page.context.browser.new_context(java_script_enabled=False)  # type: ignore[union-attr]
    sign_in(context, "sam")
    plain = context.new_page()
    plain.goto(f"{live_server.url}/projects/pilot/snapshots/new/")

    plain.get_by_label("Violence").check()
    plain.get_by_role("button", name="Count").click()
    expect(plain.get_by_text("1 item", exact=True)).to_be_visible()
    plain.get_by_role("button", name="Take this snapshot").click()

    expect(plain.get_by_role("heading", name="Snapshots", exact=True)).to_be_visible()
    assert SnapshotRun.objects.get().content == {"categories": [VIOLENCE]}
    context.close()


def test_who_takes_the_same_again_is_told_which_version_holds_it(
    page: Page, project: Project, sign_in: SignIn, live_server: Any
) -> None:
    sign_in(page.context, "sam")
    page.goto(f"{live_server.url}/projects/pilot/snapshots/")
    told = page.get_by_text("Nothing new")
    for _ in range(2):
        expect(told).to_have_count(0)
        page.get_by_role("button", name="Take a snapshot").click()
        expect(page.get_by_role("button", name="Cancel")).to_be_visible()
        snapshot_run_execute(SnapshotRun.objects.latest("pk").pk)
        expect(page.get_by_role("link", name="v1", exact=True).first).to_be_visible()

    expect(told).to_be_visible()
    assert Snapshot.objects.count() == 1
