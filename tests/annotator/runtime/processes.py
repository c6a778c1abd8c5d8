"""What runs on a state directory, as the kernel sees it."""

import time
from collections.abc import Callable
from pathlib import Path


def wait_for(condition: Callable[[], bool], what: str, *, seconds: float = 30.0) -> None:
    """Return when `condition()` is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s for {what}"
        time.sleep(0.02)


def processes_of(home: Path) -> list[str]:
    """The command lines of all processes that were started with this CROSSGUARD_HOME or work in it."""
    found = []
    for directory in Path("/proc").glob("[0-9]*"):
        try:
            environment = (directory / "environ").read_bytes().split(b"\0")
            folder = (directory / "cwd").readlink()
            command = (directory / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        # PostgreSQL writes its title over its environment, but it lives in its data directory.
        if f"CROSSGUARD_HOME={home}".encode() in environment or folder.is_relative_to(home):
            found.append(command)
    return found
