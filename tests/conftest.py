"""What tests of every stage share: a real browser, a real Celery worker, and a person who has signed in."""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.contrib.auth import get_user_model
from django.db import connection
from django.test import Client, TransactionTestCase
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, expect
from pytest_django import Settings

from tests import chromium
from tests.connections import database_empty, eventually
from tests.workers import CeleryWorker, celery_worker

expect.set_options(timeout=15_000)  # a page that is right is so at once; a busy machine is not
hypothesis_settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis_settings.load_profile("untimed")

CHROMIUM_FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the long tests first, so that no process waits for one at the end.

    After pytest-randomly has shuffled, and before pytest-django puts what commits behind what rolls back: each of its
    groups keeps its place, and begins with its long tests.
    """
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    """The browser that tests.chromium finds; without one, browser tests are skipped, and fail under CI."""
    path = chromium.find()
    if path is None and not os.environ.get("CI"):
        pytest.skip("no Chromium: `make test` says how to get one")
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses its sandbox to root
    return {**browser_type_launch_args, "args": [*CHROMIUM_FLAGS, *sandbox], "executable_path": path}


@pytest.fixture(scope="session")
def base_url() -> None:
    """In place of pytest-playwright's, which is defined in a way that pytest 9.2 warns of."""


@pytest.fixture(autouse=True)
def _cheap_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def _empty_storage() -> Iterator[None]:
    # Projects of two tests may have one slug and one snapshot number, and so one file name.
    yield
    shutil.rmtree(django_settings.MEDIA_ROOT, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """As pytest-django has it; at the end, no thread of a live server keeps the database from being dropped."""
    yield
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


@pytest.fixture(scope="session", autouse=True)
def _emptied_quickly() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda _: database_empty())
        yield


@pytest.fixture(autouse=True)
def _served_to_the_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """Ends when the live server has nothing under way: the database is emptied next, and must not wait for it."""
    if "live_server" not in request.fixturenames:
        yield
        return
    request.getfixturevalue("transactional_db")
    yield
    with suppress(AssertionError):  # of a connection that a test holds open
        eventually(
            lambda: not any("process_request_thread" in each.name for each in threading.enumerate()), 3
        )


@pytest.fixture
def page_errors() -> list[str]:
    """What the browser complained about; a test that provokes a complaint clears it."""
    return []


@pytest.fixture
def page(page: Page, page_errors: list[str]) -> Iterator[Page]:
    """A page that fails its test on a console error, an uncaught exception or a request that failed."""
    watch(page, page_errors)
    yield page
    assert page_errors == []


def watch(page: Page, errors: list[str]) -> None:
    """Collect in `errors` what goes wrong on `page`; for the second person of a test."""

    def on_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(message.text)

    def on_failed(request: Request) -> None:
        # Leaving a page aborts what it still loads; that is no failure.
        if request.failure != "net::ERR_ABORTED":
            errors.append(f"{request.method} {request.url}: {request.failure}")

    page.on("console", on_console)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("requestfailed", on_failed)


@pytest.fixture
def sign_in(live_server: Any) -> Callable[[BrowserContext, str], None]:
    """Signs the named account in on a browser context, without the form: `sign_in(context, "lead")`."""

    def signed_in(context: BrowserContext, username: str) -> None:
        client = Client()
        user = get_user_model().objects.get(username=username)
        client.force_login(user, backend="annotator.accounts.backends.AccountBackend")
        session = client.cookies[django_settings.SESSION_COOKIE_NAME].value
        context.add_cookies(
            [{"name": django_settings.SESSION_COOKIE_NAME, "value": session, "url": live_server.url}]
        )

    return signed_in


@pytest.fixture(scope="module")
def celery_worker_process(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[CeleryWorker]:
    """A prefork worker on both queues and on the test database; use with `django_db(transaction=True)`."""
    with django_db_blocker.unblock():
        database = django_settings.DATABASES["default"]["NAME"]
    with celery_worker(database, log=tmp_path_factory.mktemp("worker") / "log") as worker:
        yield worker
