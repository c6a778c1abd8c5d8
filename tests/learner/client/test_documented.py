"""docs/api.md: each command on it can be run as it stands, and it names every exit status."""

import re
import shlex

from annotator.runtime.embedded import REPOSITORY
from learner.client import errors
from learner.client.arguments import parser_made

PAGE = (REPOSITORY / "docs/api.md").read_text()


def test_each_command_is_understood() -> None:
    lines = re.findall(r"^ {4}crossguard (.+?)(?: {2,}#.*)?$", PAGE, re.M)

    given = {parser_made().parse_args(shlex.split(line)).command for line in lines}

    assert given == {
        "login", "logout", "projects", "snapshots", "pull", "verify", "diff", "ingest", "snapshot", "judgments",
        "items",
    }  # fmt: skip


def test_each_exit_status_is_told() -> None:
    told = {int(number) for number in re.findall(r"^\| (\d+) \|", PAGE, re.M)}

    names = ("WRONG", "USAGE", "NOT_ALLOWED", "NOT_FOUND", "REFUSED", "UNREACHABLE", "NO_ROOM", "STOPPED")
    assert told == {0, *(getattr(errors, name) for name in names)}
