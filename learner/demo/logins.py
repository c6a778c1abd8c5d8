"""The passwords of the demo accounts: generated once, and kept in one file that only its owner reads."""

import json
import os
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from annotator.errors import Unavailable

FILENAME: Final = "demo-logins.json"
# People type them from the terminal: nothing here looks like something else. 4 groups of 4 have 79 bits.
LETTERS: Final = "abcdefghjkmnpqrstuvwxyz23456789"
GROUPS, GROUP_LETTERS = 4, 4


def logins_ready(path: Path, names: Iterable[str]) -> dict[str, str]:
    """Name -> password, from the file or, at the first call, generated and written to it.

    The file is there in full, with mode 600, or not at all. Raises Unavailable when it cannot be read or written.
    """
    try:
        if not path.exists():
            _write(path, json.dumps({name: _password() for name in names}, indent=2) + "\n")
        logins: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unavailable(f"{path} cannot be used: {error.strerror}.") from error
    except ValueError as error:
        raise Unavailable(f"{path} is not JSON ({error}). Repair it, or restore it from a backup.") from error
    return logins


def _password() -> str:
    return "-".join("".join(secrets.choice(LETTERS) for _ in range(GROUP_LETTERS)) for _ in range(GROUPS))


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
