"""The embedded PostgreSQL and Valkey: their state directories, command lines and signs of readiness."""

import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
from enum import StrEnum
from pathlib import Path

import psycopg
from psycopg import sql

from annotator.errors import Unavailable
from annotator.runtime import embedded, guard
from annotator.runtime.embedded import Layout

MEMORY = ("shared_buffers=512MB", "effective_cache_size=4GB", "maintenance_work_mem=256MB")
DISK = ("random_page_cost=1.1", "max_wal_size=2GB", "checkpoint_timeout=15min", "wal_compression=on")
# For tests: a crash of the machine may lose the data, which nobody wants back.
THROW_AWAY = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "shared_buffers=128MB")


class Identity(StrEnum):
    """As whom a server runs; see annotator.runtime.guard."""

    SELF = "self"
    NAMESPACE = "namespace"
    NOBODY = "nobody"


def guarded(
    command: list[str], *, death_signal: signal.Signals, identity: Identity = Identity.SELF
) -> list[str]:
    """`command`, wrapped so that it gets `death_signal` when the calling thread ends, however it ends."""
    wrapper = [sys.executable, "-I", "-S", guard.__file__, str(os.getpid()), str(int(death_signal)), identity]
    return [*wrapper, *command]


def postgres_identity() -> Identity:
    """As whom PostgreSQL has to run here: it refuses root."""
    if os.geteuid() != 0:
        return Identity.SELF
    probe = guarded(["/bin/true"], death_signal=signal.SIGKILL, identity=Identity.NAMESPACE)
    refused = subprocess.run(probe, check=False, stderr=subprocess.DEVNULL).returncode
    return Identity.NOBODY if refused else Identity.NAMESPACE


def state_prepare(layout: Layout, identity: Identity) -> None:
    """Make the directories of `layout` and check that nobody else can reach the sockets.

    Raises
    ------
    Unavailable
        If a directory cannot be made or written, or belongs to somebody else.
    """
    try:
        layout.root.mkdir(mode=0o700, parents=True, exist_ok=True)
        layout.redis.mkdir(mode=0o700, exist_ok=True)
        layout.sockets.mkdir(mode=0o700, exist_ok=True)
        _check_private(layout.sockets)
        if identity is not Identity.SELF:
            _own(layout, identity)
        for directory in (layout.root, layout.redis, layout.sockets):
            _check_writable(directory)
    except OSError as error:
        raise embedded.unwritable(layout.root, error) from error


def postgres_init(layout: Layout, identity: Identity) -> None:
    """Make the data directory where there is none; check that the one there fits these programs.

    Raises
    ------
    Unavailable
        If `initdb` fails, or the directory is of another major version.
    """
    programs = embedded.postgres_bin()
    if layout.postgres.exists() and any(layout.postgres.iterdir()):
        _check_version(layout, programs)
        return
    draft = layout.postgres.with_name(
        "postgres.new"
    )  # renamed when whole: a killed initdb leaves no half directory
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if identity is Identity.NOBODY:
        os.chown(draft, guard.NOBODY, guard.NOBODY)
    command = [str(programs / "initdb"), "-D", str(draft), "-U", embedded.USER, "-E", "UTF8", "--auth=trust"]
    # The builtin provider sorts alike everywhere: no index breaks when the system's C library changes.
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--no-sync", "--no-instructions"]
    made = subprocess.run(
        guarded(command, death_signal=signal.SIGKILL, identity=identity),
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        start_new_session=True,
    )
    if made.returncode:
        reason = (made.stderr.strip() or "no reason given").splitlines()[-1]
        raise Unavailable(f"PostgreSQL could not make its data directory {layout.postgres}: {reason}")
    draft.rename(layout.postgres)


def postgres_command(layout: Layout, *, lasting: bool = True) -> list[str]:
    """The command line of PostgreSQL on `layout`; with `lasting=False` fast and forgetful, for tests."""
    settings = [*MEMORY, *DISK] if lasting else list(THROW_AWAY)
    settings += ["listen_addresses=", f"port={embedded.POSTGRES_PORT}", "unix_socket_permissions=0700"]
    settings += ["jit=off", f'unix_socket_directories="{layout.sockets}"']
    command = [str(embedded.postgres_bin() / "postgres"), "-D", str(layout.postgres)]
    return [*command, *(part for setting in settings for part in ("-c", setting))]


def postgres_ready(layout: Layout, pid: int) -> bool:
    """Whether the postmaster `pid` accepts connections."""
    try:
        lines = (layout.postgres / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return False
    # A postmaster killed earlier leaves its file: the first line says whose it is.
    return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() == "ready"  # noqa: PLR2004


def database_create(layout: Layout, name: str = embedded.DATABASE) -> None:
    """Make the database `name` on a running server, if it is not there yet."""
    with psycopg.connect(layout.database_url("postgres"), autocommit=True) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def valkey_command(layout: Layout, *, lasting: bool = True) -> list[str]:
    """The command line of Valkey on `layout`; with `lasting=False` it keeps nothing, for many test workers."""
    command = [str(embedded.valkey_server()), "--port", "0", "--unixsocket", str(layout.redis_socket)]
    command += ["--unixsocketperm", "700", "--dir", str(layout.redis), "--save", "", "--loglevel", "warning"]
    command += ["--maxmemory-policy", "noeviction", "--appendfsync", "everysec"]
    return [*command, *(["--appendonly", "yes"] if lasting else ["--appendonly", "no", "--databases", "256"])]


def valkey_ready(layout: Layout) -> bool:
    """Whether Valkey answers at its socket (and has read its file)."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(1)
        try:
            connection.connect(str(layout.redis_socket))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _check_private(directory: Path) -> None:
    found = directory.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), guard.NOBODY}:
        raise Unavailable(
            f"{directory} belongs to somebody else: remove it, or set CROSSGUARD_HOME to another directory."
        )
    directory.chmod(0o700)


def _check_writable(directory: Path) -> None:
    # Asked by writing: root passes every question about permissions, on a read-only file system too.
    probe = directory / f".writable.{os.getpid()}"
    probe.touch()
    probe.unlink()


def _own(layout: Layout, identity: Identity) -> None:
    user = guard.NOBODY if identity is Identity.NOBODY else os.geteuid()
    if identity is Identity.NOBODY:
        _check_reachable(layout.root)
        _check_reachable(embedded.postgres_bin())
    layout.root.chmod(0o711 if identity is Identity.NOBODY else 0o700)
    for directory in (layout.postgres, layout.sockets):
        if directory.exists() and directory.stat().st_uid != user:
            for path in (directory, *directory.rglob("*")):
                os.chown(path, user, user, follow_symlinks=False)


def _check_reachable(directory: Path) -> None:
    for parent in directory.resolve().parents:
        if not parent.stat().st_mode & stat.S_IXOTH:
            raise Unavailable(
                f"PostgreSQL refuses root, user namespaces are forbidden here, and nobody may not enter {parent}: "
                f"start as an ordinary user, or move {directory} (CROSSGUARD_HOME, or the checkout) elsewhere."
            )


def _check_version(layout: Layout, programs: Path) -> None:
    try:
        have = (layout.postgres / "PG_VERSION").read_text().strip()
    except FileNotFoundError as error:
        raise Unavailable(
            f"{layout.postgres} is not a PostgreSQL data directory: move it away, "
            "or set CROSSGUARD_HOME to another directory."
        ) from error
    command = [str(programs / "postgres"), "--version"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"\d+", answer)
    if found is None or found[0] != have:
        raise Unavailable(
            f"{layout.postgres} was made by PostgreSQL {have}, but {programs} is {answer.split()[-1]}: "
            f"set PG_BIN to the programs of PostgreSQL {have}, or move the directory away to start empty."
        )
