"""Which snapshot is meant: `pilot@7`, `pilot@1.4`, `pilot@1.4.0`, `pilot@latest`."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from learner.client.errors import NotFound, Refused
from learner.client.shapes import Snapshot

LATEST: Final = "latest"
NAMED: Final = re.compile(r"(?P<project>[\w-]+)(@(?P<version>latest|v?\d+|\d+\.\d+(\.\d+)?))?", re.ASCII)


@dataclass(frozen=True)
class Named:
    """A project and a version of a snapshot of it."""

    project: str
    version: str


def named(text: str) -> Named:
    """What `PROJECT@VERSION` says; the latest where there is no version. Raises Refused."""
    found = NAMED.fullmatch(text)
    if found is None:
        raise Refused(
            f'"{text}" names no snapshot. Write PROJECT@7 (its number), PROJECT@1.4.0, PROJECT@1.4, or PROJECT@latest.'
        )
    return Named(found["project"], found["version"] or LATEST)


def snapshot_chosen(snapshots: Iterable[Snapshot], project: str, version: str) -> Snapshot:
    """The snapshot of this version, of those that come newest first.

    A number is the running number; with one dot, the newest patch; `latest` is the newest that nobody deprecated.
    Raises NotFound, with what there is.
    """
    known = list(snapshots)
    if version == LATEST:
        found = [row for row in known if not row.deprecated]
    elif "." not in version:
        found = [row for row in known if row.number == int(version.removeprefix("v"))]
    else:
        wanted = tuple(map(int, version.split(".")))
        fitting = [row for row in known if row.order[: len(wanted)] == wanted]
        found = sorted(fitting, key=lambda row: (row.order, row.number), reverse=True)
    if not found:
        there = ", ".join(map(str, known[:10])) or "none"
        raise NotFound(f"{project} has no snapshot {version}. There are: {there}.")
    return found[0]
