"""A pytest plugin: a throw-away PostgreSQL and Valkey for the session, known to Django from its start.

Loaded by `-p tests.devservices`. Under xdist the controller starts both; its workers inherit the URLs,
pytest-django gives each worker a database of its own, and each gets a Redis database number and a
file storage of its own here.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from annotator.runtime import servers
from annotator.runtime.embedded import Layout

PREFIX = "crossguard-test-"
START_SECONDS = 60
_services = pytest.StashKey[ExitStack]()


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, None, None]:
    """Start the services before pytest-django, which reads the settings in the same hook."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        _clear_settings()
        early_config.stash[_services] = ExitStack()
        _export(early_config.stash[_services].enter_context(_throw_away_services()))
    else:
        path = urlsplit(os.environ["REDIS_URL"]).path
        os.environ["REDIS_URL"] = f"unix://{path}?db={int(worker.removeprefix('gw')) + 1}"
        os.environ["CROSSGUARD_MEDIA"] += f"-{worker}"
    return (yield)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the services; after a kill -9 of pytest the kernel does it."""
    if _services in config.stash:
        config.stash[_services].close()


def _clear_settings() -> None:
    # A developer's own settings must not decide what the tests test.
    for name in list(os.environ):
        if name.startswith("CROSSGUARD_") or name in {"DATABASE_URL", "REDIS_URL"}:
            del os.environ[name]


def _export(layout: Layout) -> None:
    os.environ |= {
        "DATABASE_URL": layout.database_url(),
        "REDIS_URL": layout.redis_url(),
        "CROSSGUARD_HOME": str(layout.root),
        "CROSSGUARD_MEDIA": str(layout.root / "media"),
        "CROSSGUARD_SECRET_KEY": "a key for tests only, and long enough for Django's own check of it",
        "CROSSGUARD_HTTPS": "false",
        "DJANGO_SETTINGS_MODULE": "annotator.settings",
        # Playwright runs an event loop in the thread of the tests, and Django takes it for asynchronous code.
        "DJANGO_ALLOW_ASYNC_UNSAFE": "true",
        "OPENBLAS_NUM_THREADS": "1",
    }


@contextmanager
def _throw_away_services() -> Iterator[Layout]:
    with ExitStack() as stack:
        layout = Layout(stack.enter_context(_locked_directory()))
        identity = servers.postgres_identity()
        servers.state_prepare(layout, identity)
        servers.postgres_init(layout, identity)
        postgres = servers.guarded(
            servers.postgres_command(layout, lasting=False), death_signal=signal.SIGINT, identity=identity
        )
        valkey = servers.guarded(servers.valkey_command(layout, lasting=False), death_signal=signal.SIGTERM)
        log = layout.root / "services.log"
        postmaster = stack.enter_context(_running(postgres, log, signal.SIGINT))
        redis = stack.enter_context(_running(valkey, log, signal.SIGTERM))
        _wait(lambda: servers.postgres_ready(layout, postmaster.pid), postmaster, log)
        _wait(lambda: servers.valkey_ready(layout), redis, log)
        # pytest-django connects to it to make test_crossguard beside it.
        servers.database_create(layout)
        yield layout


@contextmanager
def _locked_directory() -> Iterator[Path]:
    # The lock tells a directory in use from one that a killed session left behind.
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        if left.owner() == Path.home().owner() and _is_abandoned(left):
            shutil.rmtree(left, ignore_errors=True)
    directory = Path(tempfile.mkdtemp(prefix=PREFIX))
    with (directory / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            yield directory
        finally:
            shutil.rmtree(directory, ignore_errors=True)


def _is_abandoned(directory: Path) -> bool:
    try:
        with (directory / "lock").open("r") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextmanager
def _running(command: list[str], log: Path, stop: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd="/"
        )
    try:
        yield process
    finally:
        process.send_signal(stop)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(ready: Callable[[], bool], process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            raise pytest.UsageError(f"A service for the tests did not start:\n{log.read_text()}")
        time.sleep(0.01)
