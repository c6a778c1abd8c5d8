"""A real Celery worker for tests: a process of its own that can be killed and started again."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis

from annotator.celery import app
from annotator.runtime.embedded import REPOSITORY
from annotator.runtime.servers import guarded

START_SECONDS = 60.0


@dataclass
class CeleryWorker:
    """A prefork worker of two processes on the queues `interactive` and `bulk`."""

    environment: dict[str, str]
    log: Path
    name: str
    _process: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        """Start it, and return when it takes tasks."""
        command = [
            sys.executable,
            "-m",
            "celery",
            "-A",
            "annotator",
            "worker",
            "-Q",
            "interactive,training,bulk",
        ]
        command += ["-n", self.name, "--concurrency", "2", "--without-gossip", "--without-mingle"]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                guarded(command, death_signal=signal.SIGKILL),
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not app.control.ping(destination=[self.name], timeout=0.3):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"The worker did not start:\n{self.log.read_text()}")

    def kill(self) -> None:
        """End it and its children as the kernel does when memory runs out: without a word."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None


@contextmanager
def celery_worker(database: str, *, log: Path) -> Iterator[CeleryWorker]:
    """A started worker on the test database of that name, with empty queues; killed at the end."""
    url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{database}"
    # Messages of earlier tests name rows that are gone.
    redis.Redis.from_url(os.environ["REDIS_URL"]).flushdb()
    worker = CeleryWorker({**os.environ, "DATABASE_URL": url}, log, f"test-{database}@localhost")
    worker.start()
    try:
        yield worker
    finally:
        worker.kill()
