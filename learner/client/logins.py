"""Which server, and with which token: from the environment, else from where `crossguard login` put them."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from learner.client.connection import server_checked
from learner.client.errors import NoRoom, NotAllowed

SERVER: Final = "CROSSGUARD_SERVER"
TOKEN: Final = "CROSSGUARD_TOKEN"  # noqa: S105 - the name of a variable
USUAL: Final = "http://localhost:8000"


@dataclass(frozen=True)
class Login:
    """A server and a token for it."""

    server: str
    token: str


def login_path(environment: Mapping[str, str]) -> Path:
    """Where the login is kept: in the user's own configuration."""
    home = environment.get("APPDATA" if os.name == "nt" else "XDG_CONFIG_HOME", "")
    return (Path(home) if home else Path.home() / ".config") / "crossguard" / "login.json"


def login_read(environment: Mapping[str, str]) -> Login:
    """The login to use; raises NotAllowed when there is none.

    A stored token goes to no other server than the one that it was stored for.
    """
    stored = login_stored(environment)
    server = environment.get(SERVER) or (stored.server if stored else USUAL)
    token = environment.get(TOKEN, "")
    if not token and stored and stored.server == server_checked(server):
        token = stored.token
    if not token:
        raise NotAllowed(f"There is no token for {server}. Run: crossguard login --server {server}")
    return Login(server_checked(server), token)


def login_stored(environment: Mapping[str, str]) -> Login | None:
    """What `crossguard login` stored, or None; what cannot be read is none."""
    try:
        stored = json.loads(login_path(environment).read_text())
        return Login(str(stored["server"]), str(stored["token"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def login_store(environment: Mapping[str, str], login: Login) -> Path:
    """Keep the login, for its owner's eyes alone from the first byte on."""
    path = login_path(environment)
    draft = path.with_name("login.json.new")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as stream:
            json.dump(asdict(login), stream)
        draft.replace(path)
    except OSError as error:
        raise NoRoom(f"{path} cannot be written ({error.strerror or error}). Use {TOKEN} instead.") from error
    return path


def login_forget(environment: Mapping[str, str]) -> bool:
    """Delete what is stored; whether there was anything."""
    path = login_path(environment)
    there = path.is_file()
    path.unlink(missing_ok=True)
    return there
