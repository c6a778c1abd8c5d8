"""Who may do what in a project: the only way to a project's rows."""

from dataclasses import dataclass
from enum import StrEnum

from django.contrib.auth.models import AnonymousUser

from annotator.accounts.models import User
from annotator.errors import Forbidden, NotFound, NotSignedIn
from annotator.projects.models import Membership, Project, Role, Standing
from annotator.projects.selectors import Taxonomy, taxonomy_current, taxonomy_version
from annotator.statements import columns_of, row_as, row_of, width_of


class Can(StrEnum):
    """What a member may do."""

    READ = "read"
    LABEL = "label"
    RESOLVE = "resolve"
    INSPECT = "inspect"
    INGEST = "ingest"
    SNAPSHOT = "snapshot"
    DESCRIBE = "describe"
    GUIDE = "guide"
    STEER = "steer"
    PROMOTE = "promote"
    SCORE = "score"
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
    Can.DESCRIBE: frozenset({Role.SCIENTIST, Role.ADMIN}),
    Can.GUIDE: LEADS,
    Can.STEER: frozenset({Role.SCIENTIST, Role.ADMIN}),
    Can.PROMOTE: STAFF,
    Can.SCORE: STAFF,
    Can.CONFIGURE: frozenset({Role.ADMIN}),
}
SENTENCES: dict[Can, str] = {
    Can.READ: "read this project",
    Can.LABEL: "label pages",
    Can.RESOLVE: "see other people's judgments and resolve disagreements",
    Can.INSPECT: "look at items, batches, classifiers and agreement",
    Can.INGEST: "take in pages",
    Can.SNAPSHOT: "take and download snapshots",
    Can.DESCRIBE: "write the data card",
    Can.GUIDE: "change the taxonomy and the guideline",
    Can.STEER: "change how the learner chooses",
    Can.PROMOTE: "decide which classifier version serves",
    Can.SCORE: "have pages scored",
    Can.CONFIGURE: "change settings and members",
}


MEMBERSHIP = f"""
SELECT {columns_of(Membership, "member")}, {columns_of(Project, "project")},
    (SELECT id FROM taxonomy_version WHERE project_id = project.id ORDER BY number DESC LIMIT 1)
FROM membership member JOIN account ON account.id = member.user_id JOIN project ON project.id = member.project_id
WHERE member.user_id = %(user)s AND project.slug = %(slug)s AND account.is_active
"""  # noqa: S608 - our own columns only


@dataclass(frozen=True)
class Access:
    """A person's proven access to one project. `taxonomy_id` is the newest taxonomy's as of the proof, where known."""

    project: Project
    user: User
    role: Role
    case_holder: bool = False
    standing: Standing = Standing.QUALIFIED
    taxonomy_id: int | None = None

    @property
    def taxonomy(self) -> Taxonomy:
        """The newest taxonomy as of the proof. From memory as a rule: no query."""
        if self.taxonomy_id is None:
            return taxonomy_current(self.project)
        return taxonomy_version(self.taxonomy_id)

    @property
    def can(self) -> dict[str, bool]:
        """Capability -> whether this person has it; for templates."""
        return {can.value: self.role in roles for can, roles in ROLES_THAT_CAN.items()}


def project_for(user: User | AnonymousUser, slug: str, capability: Can) -> Access:
    """`user`'s access to the project `slug`, proven for `capability`. One query: a revoked role ends at once.

    Raises NotSignedIn; NotFound to whoever is not a member, whether or not the project exists; Forbidden to a member
    without the capability.
    """
    if not isinstance(user, User):
        raise NotSignedIn("Sign in first.")
    row = row_of(MEMBERSHIP, {"user": user.pk, "slug": slug})
    if row is None:
        raise NotFound(f'You have no project "{slug}".')
    width = width_of(Membership)
    membership, project = row_as(Membership, row[:width]), row_as(Project, row[width:-1])
    role = Role(membership.role)
    if role not in ROLES_THAT_CAN[capability]:
        raise Forbidden(f"Your role here is {role.label}: it may not {SENTENCES[capability]}.")
    return Access(
        project=project,
        user=user,
        role=role,
        case_holder=membership.case_holder,
        standing=Standing(membership.standing),
        taxonomy_id=row[-1],
    )


def cases_for(user: User | AnonymousUser, slug: str) -> Access:
    """`user`'s access to the restricted cases of the project `slug`. One query.

    Raises as `project_for`; NotFound to every member, whatever their role, who is not named as a case holder.
    """
    access = project_for(user, slug, Can.READ)
    if not access.case_holder:
        raise NotFound("There is nothing here.")
    return access
