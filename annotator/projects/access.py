"""Who may do what in a project: the only way to a project's rows."""

from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import AnonymousUser

from annotator.accounts.models import User
from annotator.errors import Forbidden, NotFound, NotSignedIn
from annotator.projects.models import Membership, Project, Role, Standing


class Can(StrEnum):
    """What a member may do."""

    READ = "read"
    LABEL = "label"
    RESOLVE = "resolve"
    INSPECT = "inspect"
    INGEST = "ingest"
    SNAPSHOT = "snapshot"
    GUIDE = "guide"
    CONFIGURE = "configure"


LEADS = frozenset({Role.LEAD, Role.ADMIN})
STAFF = LEADS | {Role.SCIENTIST}
ROLES_THAT_CAN: dict[Can, frozenset[Role]] = {
    Can.READ: frozenset(Role),
    Can.LABEL: LEADS | {Role.ANNOTATOR},
    Can.RESOLVE: LEADS,
    Can.INSPECT: STAFF,
    Can.INGEST: STAFF,
    Can.SNAPSHOT: STAFF,
    Can.GUIDE: LEADS,
    Can.CONFIGURE: frozenset({Role.ADMIN}),
}
SENTENCES: dict[Can, str] = {
    Can.READ: "read this project",
    Can.LABEL: "label pages",
    Can.RESOLVE: "see other people's judgments and resolve disagreements",
    Can.INSPECT: "look at items, batches, classifiers and agreement",
    Can.INGEST: "take in pages",
    Can.SNAPSHOT: "take and download snapshots",
    Can.GUIDE: "change the taxonomy and the guideline",
    Can.CONFIGURE: "change settings and members",
}


@dataclass(frozen=True)
class Access:
    """A person's proven access to one project."""

    project: Project
    user: User
    role: Role
    case_holder: bool = False
    standing: Standing = Standing.QUALIFIED

    @property
    def can(self) -> dict[str, bool]:
        """Capability -> whether this person has it; for templates."""
        return {can.value: self.role in roles for can, roles in ROLES_THAT_CAN.items()}


def project_for(user: User | AnonymousUser, slug: str, capability: Can) -> Access:
    """`user`'s access to the project `slug`, proven for `capability`. One query.

    Raises NotSignedIn; NotFound to whoever is not a member, whether or not the project exists; Forbidden to a member
    without the capability.
    """
    if not isinstance(user, User):
        raise NotSignedIn("Sign in first.")
    membership = (
        Membership.objects.select_related("project")
        .filter(user=user, project__slug=slug, user__is_active=True)
        .first()
    )
    if membership is None:
        raise NotFound(f'You have no project "{slug}".')
    role = Role(membership.role)
    if role not in ROLES_THAT_CAN[capability]:
        raise Forbidden(f"Your role here is {role.label}: it may not {SENTENCES[capability]}.")
    return Access(
        project=membership.project,
        user=user,
        role=role,
        case_holder=membership.case_holder,
        standing=Standing(membership.standing),
    )


def cases_for(user: User | AnonymousUser, slug: str) -> Access:
    """`user`'s access to the restricted cases of the project `slug`. One query.

    Raises as `project_for`; NotFound to every member, whatever their role, who is not named as a case holder.
    """
    access = project_for(user, slug, Can.READ)
    if not access.case_holder:
        raise NotFound("There is nothing here.")
    return access
