"""The demo accounts and their project. Imports nothing heavy: most starts find everything there already."""

from pathlib import Path
from typing import Final

from django.db import transaction

from annotator.accounts.models import User
from annotator.errors import Conflict
from annotator.projects.models import Project, Role
from annotator.runs import RunStatus
from learner.demo.logins import logins_ready
from learner.snapshots.models import SnapshotRun

SLUG: Final = "demo"
ADMIN, LEAD, SCIENTIST = "admin", "lead", "scientist"
ANNOTATORS: Final = ("annotator1", "annotator2", "annotator3")
ROLES: Final = {
    **dict.fromkeys(ANNOTATORS, Role.ANNOTATOR),
    LEAD: Role.LEAD,
    SCIENTIST: Role.SCIENTIST,
    ADMIN: Role.ADMIN,
}


@transaction.atomic
def accounts_ensure(logins: Path) -> dict[str, User]:
    """The demo accounts by name; those that are missing are created with the passwords in the file `logins`.

    The file comes first, so that an interruption loses no password. An account that exists keeps its own: raises
    Conflict when the file is missing then, for nobody could say whose account it is. One query when all are there.
    """
    found = {user.username: user for user in User.objects.filter(username__in=ROLES)}
    if found and not logins.exists():
        raise Conflict(
            f"There is an account {min(found)} already, and no {logins} with its password: it may belong to a person. "
            "Restore the file, or start without --demo."
        )
    passwords = logins_ready(logins, ROLES)
    for name in ROLES.keys() - found.keys():
        is_admin = name == ADMIN  # also of Django's admin, where operators look after accounts
        found[name] = User.objects.create_user(
            name, password=passwords[name], is_staff=is_admin, is_superuser=is_admin
        )
    return found


def project_exists() -> bool:
    """Whether the demo project is there, and with it its history: both come in one transaction. One query."""
    return Project.objects.filter(slug=SLUG).exists()


def snapshot_exists() -> bool:
    """Whether the first snapshot of the demo project is there, or on its way. One query."""
    return SnapshotRun.objects.filter(project__slug=SLUG).exclude(status=RunStatus.FAILED).exists()
