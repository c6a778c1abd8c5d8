"""The real system in a home of its own: `manage.py up` on a free port, stopped and removed at the end."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
READY = "Crossguard is ready"
READY_SECONDS = 120.0
STOP_SECONDS = 30.0


@dataclass(frozen=True)
class System:
    """A running Crossguard: its address, its home, what it has logged, and the process that supervises it."""

    address: str
    home: Path
    log: Path
    supervisor: int


@contextmanager
def system(*, keep: bool, settings: Mapping[str, str] | None = None) -> Iterator[System]:
    """A fresh Crossguard; CROSSGUARD_HOME names it for this process too. With `keep` its home stays behind."""
    home = Path(tempfile.mkdtemp(prefix="crossguard-bench-"))
    for name in ("DATABASE_URL", "REDIS_URL", "CROSSGUARD_MEDIA"):
        os.environ.pop(name, None)
    os.environ |= {
        "CROSSGUARD_HOME": str(home),
        "DJANGO_SETTINGS_MODULE": "annotator.settings",
        "OPENBLAS_NUM_THREADS": "1",
        **(settings or {}),
    }
    port = _free_port()
    path = home / "up.log"
    command = [sys.executable, str(ROOT / "manage.py"), "up", "--port", str(port)]
    with path.open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait_until_ready(process, path)
        yield System(f"http://127.0.0.1:{port}", home, path, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(STOP_SECONDS)
        if not keep:
            shutil.rmtree(home, ignore_errors=True)


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def _wait_until_ready(process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while READY not in log.read_text(errors="replace"):
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit(f"The system did not start:\n{log.read_text(errors='replace')}")
        time.sleep(0.2)
