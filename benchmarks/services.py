"""PostgreSQL and Valkey in a home of their own, and Celery workers that can be started one by one and killed."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from annotator.runtime import servers
from annotator.runtime.embedded import REPOSITORY, Layout

START_SECONDS = 120.0
STOP_SECONDS = 30.0
QUIET = ["--without-gossip", "--without-mingle", "--loglevel", "INFO"]


@contextmanager
def services(directory: Path | None = None) -> Iterator[Layout]:
    """Both servers as `manage.py up` runs them, with the tables made; the settings of this process name them."""
    with ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="crossguard-bench-", dir=directory))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        layout = Layout(home)
        os.environ |= {
            "DATABASE_URL": layout.database_url(),
            "REDIS_URL": layout.redis_url(),
            "CROSSGUARD_HOME": str(home),
            "CROSSGUARD_MEDIA": str(home / "media"),
            "CROSSGUARD_SECRET_KEY": "a key for one benchmark, and long enough for Django's check of it",
            "CROSSGUARD_HTTPS": "false",
            "DJANGO_SETTINGS_MODULE": "annotator.settings",
            "OPENBLAS_NUM_THREADS": "1",
        }
        identity = servers.postgres_identity()
        servers.state_prepare(layout, identity)
        servers.postgres_init(layout, identity)
        postgres = servers.guarded(
            servers.postgres_command(layout), death_signal=signal.SIGINT, identity=identity
        )
        valkey = servers.guarded(servers.valkey_command(layout), death_signal=signal.SIGTERM)
        database = stack.enter_context(process(postgres, home / "postgres.log", stop=signal.SIGINT))
        stack.enter_context(process(valkey, home / "valkey.log", stop=signal.SIGTERM))
        _wait(lambda: servers.postgres_ready(layout, database.pid), home / "postgres.log")
        _wait(lambda: servers.valkey_ready(layout), home / "valkey.log")
        servers.database_create(layout)
        subprocess.run([sys.executable, str(REPOSITORY / "manage.py"), "migrate", "-v", "0"], check=True)
        yield layout


@contextmanager
def process(command: list[str], log: Path, *, stop: signal.Signals) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a process group of its own, stopped at the end."""
    with log.open("ab") as output:
        running = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            cwd=REPOSITORY,
            start_new_session=True,
        )
    try:
        yield running
    finally:
        running.send_signal(stop)
        try:
            running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            kill(running)


def kill(running: subprocess.Popen[bytes]) -> None:
    """End a program and its children as the kernel does when memory runs out: without a word."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(running.pid, signal.SIGKILL)
    running.wait()


@dataclass(frozen=True)
class Crew:
    """Started Celery workers of one process each, by their names, and beat."""

    workers: dict[str, subprocess.Popen[bytes]]

    def kill(self, name: str) -> None:
        """End one of them at once."""
        kill(self.workers[name])


@contextmanager
def crew(home: Path, count: int, *, queues: str = "interactive,training,bulk") -> Iterator[Crew]:
    """So many workers on these queues, all ready, and beat, which sends the tick."""
    from annotator.celery import app

    celery = [sys.executable, "-W", "ignore:::celery.platforms", "-m", "celery", "--quiet", "-A", "annotator"]
    names = [f"worker-{number}@bench" for number in range(1, count + 1)]
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(
                process(
                    [*celery, "worker", "-Q", queues, "-n", name, "--concurrency", "1", *QUIET],
                    home / f"{name}.log",
                    stop=signal.SIGTERM,
                )
            )
            for name in names
        }
        for name in names:
            _wait(lambda: bool(app.control.ping(destination=[name], timeout=0.3)), home / f"{name}.log")  # noqa: B023
        beat = [*celery, "beat", "-s", str(home / "beat.db"), "--pidfile="]
        stack.enter_context(process(beat, home / "beat.log", stop=signal.SIGTERM))
        yield Crew(workers)


def _wait(ready: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if time.monotonic() > deadline:
            raise SystemExit(f"It did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.05)
