"""One instance per state directory: its lock is free only when the last process of an instance has gone."""

import fcntl
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from annotator.errors import BadInput, Conflict, Unavailable

LEFTOVER_SECONDS = 30.0
POLL_SECONDS = 0.05
PORT_MAX = 65535


@contextmanager
def instance_lock(root: Path, *, address: str) -> Iterator[int]:
    """Hold the lock of the state directory `root`; gives its file descriptor, for every child to inherit.

    After a kill -9 of a supervisor its children end within seconds, and hold the lock until then: waits for
    them for at most `LEFTOVER_SECONDS`.

    Raises
    ------
    Conflict
        If another supervisor runs on `root`, or what one left behind does not end.
    """
    with (root / "up.lock").open("a+") as file:
        deadline = time.monotonic() + LEFTOVER_SECONDS
        while not _locked(file.fileno()):
            _refuse_second(file.name)
            if time.monotonic() > deadline:
                raise Conflict(
                    f"Processes of an earlier start still use {root}: end them (`fuser -k {file.name}`), "
                    "then start again."
                )
            time.sleep(POLL_SECONDS)
        file.truncate(0)
        file.write(f"{os.getpid()} {address}")
        file.flush()
        yield file.fileno()


def port_check(host: str, port: int) -> None:
    """Return if `host:port` can be listened on.

    Raises
    ------
    BadInput
        If there is no such port.
    Unavailable
        If it is taken or forbidden, or `host` is no address of this machine.
    """
    if not 0 < port <= PORT_MAX:  # getaddrinfo would take the remainder
        raise BadInput(f"There is no port {port}: choose one between 1 and {PORT_MAX} with --port.")
    try:
        family, kind, protocol, _name, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(
                socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
            )  # a closed connection is no taken port
            probe.bind(address)
    except OSError as error:
        raise Unavailable(
            f"Cannot listen on {host}:{port} ({error}): stop what uses it, "
            f"or choose another with --host and --port (`make run PORT={max(port, 8000) + 1}`)."
        ) from error


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _refuse_second(name: str) -> None:
    pid, _space, address = Path(name).read_text().partition(" ")
    if pid and _is_alive(int(pid)):
        raise Conflict(
            f"Crossguard runs already on {Path(name).parent} at {address} (process {pid}): use it, "
            f"stop it with `kill {pid}`, or set CROSSGUARD_HOME to a directory of its own."
        )


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
