"""A person at the labelling page, in a real Chromium."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from threading import get_ident
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from playwright.sync_api import BrowserContext, Frame, Page, Request

from annotator.accounts.models import User
from annotator.projects.models import Project
from tests.browser.labelling import LABEL
from tests.conftest import watch
from tests.connections import eventually
from tests.factories import make_batch, make_items, make_member, make_project

SignIn = Callable[[BrowserContext, str], None]


@pytest.fixture
def project() -> Project:
    """Eight pages, to be judged once each."""
    project = make_project("pilot", overlap=1)
    make_batch(project, make_items(project, 8))
    return project


@pytest.fixture
def ann(project: Project) -> User:
    return make_member(project, username="ann")


@pytest.fixture
def quiet(page: Page, live_server: Any, page_errors: list[str]) -> Iterator[None]:
    """Ends with no request under way: the page says farewell to the server, and the database is emptied next."""
    under_way: set[int] = set()
    asked: set[Request] = set()

    def on_request(request: Request) -> None:
        if request.resource_type != "ping":  # of a beacon the browser reports no end
            asked.add(request)

    def on_answer(request: Request) -> None:
        asked.discard(request)

    def on_left(_: Frame | Page) -> None:
        asked.clear()  # of what a page was asking when it was left the browser reports no end either

    def on_page(opened: Page) -> None:
        opened.on("framenavigated", on_left)
        opened.on("close", on_left)

    on_page(page)
    page.context.on("page", on_page)
    page.context.on("request", on_request)
    page.context.on("requestfinished", on_answer)
    page.context.on("requestfailed", on_answer)

    def started(environ: dict[str, Any], **_: Any) -> None:
        under_way.add(get_ident())

    def finished(**_: Any) -> None:
        under_way.discard(get_ident())

    request_started.connect(started)
    request_finished.connect(finished)
    try:
        yield
        complaints = list(page_errors)
        page.unroute_all(behavior="ignoreErrors")
        with suppress(
            AssertionError
        ):  # of a request that a test cut off the browser may report no end at all
            eventually(
                lambda: page.evaluate("true") and not asked, seconds=3
            )  # its events arrive while we talk
        page.context.set_offline(True)
        for other in page.context.pages:
            other.close()
        eventually(lambda: not under_way)
        page_errors[:] = complaints
    finally:
        request_started.disconnect(started)
        request_finished.disconnect(finished)


@pytest.fixture
def desk(page: Page, live_server: Any, sign_in: SignIn, ann: User, quiet: None) -> Page:
    """The labelling page of ann, with the next place at hand."""
    sign_in(page.context, "ann")
    with page.expect_response("**/label/next/"):
        page.goto(live_server.url + LABEL)
    return page


@pytest.fixture
def other(page: Page, page_errors: list[str], sign_in: SignIn, project: Project) -> Iterator[Page]:
    """The window of a second lead; the first one is signed in."""
    browser = page.context.browser
    assert browser is not None
    context = browser.new_context()
    window = context.new_page()
    watch(window, page_errors)
    sign_in(context, "second-lead")
    sign_in(page.context, "lead")
    yield window
    window.goto("about:blank")
    context.close()
