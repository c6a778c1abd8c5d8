"""`crossguard COMMAND`, also `python -m learner.client COMMAND`: what to do, by which login, and how it ends."""

import argparse
import getpass
import os
import sys
from collections.abc import Mapping, Sequence

from learner.client import commands
from learner.client.arguments import parser_made
from learner.client.crossguard import Crossguard
from learner.client.errors import PIPE_CLOSED, STOPPED, USAGE, ClientError
from learner.client.logins import SERVER, USUAL, Login, login_forget, login_read, login_store, login_stored
from learner.client.manifest import public_key
from learner.client.telling import note, out, plain


def main(arguments: Sequence[str] | None = None) -> int:
    """The exit status: see `crossguard --help`."""
    parser = parser_made()
    given = parser.parse_args(arguments)
    problem = _problem(given)
    if problem:
        parser.error(problem)
    try:
        status = _done(given, os.environ)
        sys.stdout.flush()
    except ClientError as error:
        note(f"crossguard: {error.message}")
        return error.exit_status
    except KeyboardInterrupt:
        note("crossguard: stopped. The same command goes on where it can.")
        return STOPPED
    except BrokenPipeError:
        # Whoever read us has enough; what is still buffered must not fail once more at the exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    return status


def _problem(given: argparse.Namespace) -> str:
    """What is wrong with what was written, where the parser does not see it."""
    if given.command != "verify":
        return ""
    if not given.dir.is_dir():
        return f"{given.dir} is not a directory"
    try:
        if given.key:
            public_key(given.key)
    except ValueError as error:
        return f"--key: {error}"
    return ""


def _done(given: argparse.Namespace, environment: Mapping[str, str]) -> int:
    if given.command == "verify":
        return commands.verify(given.dir, given.key)
    if given.command == "login":
        return _login(given.server, environment)
    if given.command == "logout":
        there = login_forget(environment)
        out("Forgotten. Revoke the token on your account page to end it." if there else "There was no login.")
        return 0
    login = login_read(environment)
    with Crossguard(login.server, login.token) as crossguard:
        return commands.ASKING[given.command](crossguard, given)


def _login(server: str | None, environment: Mapping[str, str]) -> int:
    stored = login_stored(environment)
    server = server or environment.get(SERVER) or (stored.server if stored else USUAL)
    token = _asked(server)
    if not token:
        note("crossguard: no token was given. Make one on your account page.")
        return USAGE
    with Crossguard(server, token) as crossguard:
        n_projects = len(crossguard.projects())
        path = login_store(environment, Login(crossguard.connection.server, token))
    out(
        f"Signed in to {plain(server)}: {n_projects} project{'' if n_projects == 1 else 's'}. Kept in {path}."
    )
    return 0


def _asked(server: str) -> str:
    """The token, typed without echo, or from a pipe."""
    if not sys.stdin.isatty():
        return sys.stdin.readline().strip()
    note(f"Make a token at {server}/account/ and paste it here.")
    return getpass.getpass("API token (not shown): ").strip()


if __name__ == "__main__":
    sys.exit(main())
