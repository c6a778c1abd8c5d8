"""Making projects, publishing taxonomies and guidelines, membership, and the log."""

import secrets
from collections.abc import Sequence
from dataclasses import asdict
from typing import Final

from django.db import transaction
from django.db.models import Max

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, Forbidden
from annotator.projects.blueprint import Blueprint, CategoryDraft, ClauseDraft
from annotator.projects.loop_settings import misfits
from annotator.projects.mapping import Kind, Link
from annotator.projects.models import (
    Category,
    CategoryMapping,
    Clause,
    GuidelineVersion,
    LogEntry,
    Membership,
    Project,
    Role,
    Standing,
    TaxonomyVersion,
)
from annotator.projects.selectors import Guideline, Taxonomy, guideline_current, taxonomy_current

RESERVED_SLUGS = frozenset({"new"})  # /projects/new/ is the form that makes a project


def may_create_projects(user: User) -> bool:
    """Whether `user` may create projects: a permission that operators give, for it opens a door for many."""
    return user.has_perm("projects.add_project")


@transaction.atomic
def project_create(blueprint: Blueprint, by: User) -> Project:
    """A new project from a blueprint, with taxonomy and guideline version 1 and `by` as its admin.

    Raises Forbidden without the permission, BadInput for a slug that is an address of ours, Conflict when it is taken.
    """
    if not may_create_projects(by):
        raise Forbidden("You may not create projects. Ask an operator for the permission to add projects.")
    if blueprint.slug in RESERVED_SLUGS:
        raise BadInput(f'A project cannot be called "{blueprint.slug}". Choose another short name.')
    if Project.objects.filter(slug=blueprint.slug).exists():
        raise Conflict(f'There is a project "{blueprint.slug}" already. Choose another short name.')
    project = Project.objects.create(
        slug=blueprint.slug,
        name=blueprint.name,
        description=blueprint.description,
        created_by=by,
        holdout_salt=secrets.token_hex(16),
        **asdict(blueprint.settings),
    )
    Membership.objects.create(project=project, user=by, role=Role.ADMIN)
    taxonomy_publish(project, blueprint.categories, by=by, note="From the blueprint")
    guideline_publish(project, blueprint.clauses, by=by, note="From the blueprint")
    log_write(
        project, "projects", f"{by.username} created the project with {len(blueprint.categories)} categories"
    )
    return project


@transaction.atomic
def taxonomy_publish(
    project: Project,
    drafts: Sequence[CategoryDraft],
    *,
    by: User,
    note: str = "",
    links: Sequence[Link] = (),
) -> TaxonomyVersion:
    """The next taxonomy version of `project`. `links` say what became of each category of the version before.

    Without them, categories are told by their short names: what is new was added, what is gone was retired.
    Raises BadInput when a category would change its key, or take the key of another one, past or present: hands
    remember keys for years. A renamed or merged category may go on with a key of what it is made of. Raises it also
    for the short name of a category that was renamed, merged or split.
    """
    if not drafts:
        raise BadInput("A taxonomy needs at least one category.")
    _lock(project)
    taxonomy_check(project, drafts, links)
    version = TaxonomyVersion.objects.create(
        project=project, number=_next_number(TaxonomyVersion, project), created_by=by, note=note
    )
    Category.objects.bulk_create(
        Category(
            taxonomy=version,
            position=position,
            slug=draft.slug,
            name=draft.name,
            definition=draft.definition,
            severity=draft.severity,
            cipa=draft.cipa,
            key=draft.key,
            recall_floor=draft.recall_floor,
            terms=list(draft.terms),
        )
        for position, draft in enumerate(drafts)
    )
    CategoryMapping.objects.bulk_create(
        CategoryMapping(
            taxonomy=version,
            position=position,
            kind=link.kind,
            source=link.source,
            targets=list(link.targets),
        )
        for position, link in enumerate(links)
    )
    return version


@transaction.atomic
def guideline_publish(
    project: Project, drafts: Sequence[ClauseDraft], *, by: User, note: str = ""
) -> GuidelineVersion:
    """The next guideline version of `project`."""
    if not drafts:
        raise BadInput("A guideline needs at least one clause.")
    _lock(project)
    version = GuidelineVersion.objects.create(
        project=project, number=_next_number(GuidelineVersion, project), created_by=by, note=note
    )
    Clause.objects.bulk_create(
        Clause(
            guideline=version,
            position=position,
            number=draft.number,
            category=draft.category,
            title=draft.title,
            body=draft.body,
        )
        for position, draft in enumerate(drafts)
    )
    return version


@transaction.atomic
def version_publish(project: Project, blueprint: Blueprint, *, by: User, note: str) -> None:
    """Publish what differs from the current versions: a taxonomy, a guideline, or both. Raises BadInput for nothing."""
    changed = []
    if blueprint.categories != category_drafts(taxonomy_current(project)):
        version = taxonomy_publish(project, blueprint.categories, by=by, note=note)
        changed.append(str(version))
    if blueprint.clauses != clause_drafts(guideline_current(project)):
        changed.append(str(guideline_publish(project, blueprint.clauses, by=by, note=note)))
    if not changed:
        raise BadInput("This is what is published already. Change something, or leave it.")
    log_write(project, "projects", f"{by.username} published {' and '.join(changed)}: {note}")


LEARNERS: Final = {"shares", "batch_size", "low_water", "retrain_after"}
"""Set where it is set how the learner chooses, and never from a page that was opened before."""
KNOWN_BY_REVIEW: Final = {"skills_enough", "gold_enough"}
CONFIGURED: Final = [
    field.name
    for field in Project._meta.concrete_fields
    if not field.primary_key and field.name not in LEARNERS | KNOWN_BY_REVIEW
]


@transaction.atomic
def project_configure(project: Project, *, by: User) -> Project:
    """Save changed settings of the loop; raises BadInput when they do not fit together."""
    for name, problem in misfits(project).items():
        raise BadInput(f"{name} is {getattr(project, name)}, {problem}.")
    was_adaptive = Project.objects.values_list("adaptive", flat=True).get(pk=project.pk)
    project.save(update_fields=CONFIGURED)
    log_write(
        project,
        "projects",
        f"{by.username} changed the settings{_switched(project, was_adaptive=was_adaptive)}",
    )
    return project


def _switched(project: Project, *, was_adaptive: bool) -> str:
    if project.adaptive == was_adaptive:
        return ""
    if not project.adaptive:
        return ": adaptive overlap is off from the next batch on"
    return (
        f": adaptive overlap is on from the next batch on, from {project.adaptive_least} "
        f"places to {project.overlap_max}, until every category is {project.adaptive_certainty:.1%} certain"
    )


@transaction.atomic
def membership_set(project: Project, username: str, role: Role, *, by: User) -> Membership:
    """Give `username` a role in the project; a new annotator begins with qualification, where there is gold for it.

    Raises BadInput for nobody, Conflict for the last admin.
    """
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise BadInput(f'There is no active account "{username}". An operator can create it.')
    locked = _lock(project)
    if role != Role.ADMIN:
        _keep_an_admin(project, user)
    standing, why = _first_standing(locked, role)
    # Who is no annotator (any more) is neither examined nor checked; who is one already keeps their standing.
    trusted = {} if role == Role.ANNOTATOR else {"standing": Standing.QUALIFIED, "check_share": 0.0}
    membership, is_new = Membership.objects.update_or_create(
        project=project,
        user=user,
        defaults={"role": role, **trusted},
        create_defaults={"role": role, "standing": standing},
    )
    said = f"{by.username} gave {username} the role {role.label.lower()}"
    log_write(project, "projects", f"{said}; {why}" if is_new and why else said)
    return membership


@transaction.atomic
def membership_end(project: Project, username: str, *, by: User) -> None:
    """Take `username` out of the project; their judgments stay. Raises Conflict for the last admin."""
    user = User.objects.filter(username=username).first()
    _lock(project)
    if user is None or not Membership.objects.filter(project=project, user=user).exists():
        raise BadInput(f'"{username}" is not a member of this project.')
    _keep_an_admin(project, user)
    Membership.objects.filter(project=project, user=user).delete()
    log_write(project, "projects", f"{by.username} removed {username}")


def _first_standing(project: Project, role: Role) -> tuple[Standing, str]:
    """With what standing a new member begins, and why, for the log."""
    if role != Role.ANNOTATOR:
        return Standing.QUALIFIED, ""
    if not project.qualification:
        return Standing.QUALIFIED, "qualification is switched off"
    if not project.gold_enough:
        return Standing.QUALIFIED, "without qualification, for there is too little gold yet"
    return Standing.QUALIFYING, "they begin with qualification"


@transaction.atomic
def case_holder_set(project: Project, username: str, *, holds: bool, by: User) -> None:
    """Name a member as a case holder, or end that; the log says who did. Raises BadInput for no active member.

    Naming twice, or ending what is not, changes and logs nothing.
    """
    members = Membership.objects.filter(project=project, user__username=username, user__is_active=True)
    if not members.exists():
        raise BadInput(f'"{username}" is not an active member of this project.')
    if members.exclude(case_holder=holds).update(case_holder=holds):
        change = "may open restricted cases now" if holds else "may open restricted cases no more"
        log_write(project, "projects", f"{username} {change}, says {by.username}")


def log_write(
    project: Project, stage: str, text: str, *, level: LogEntry.Level = LogEntry.Level.INFO
) -> LogEntry:
    """One line in the project's log."""
    return LogEntry.objects.create(project=project, stage=stage, text=text, level=level)


def category_drafts(taxonomy: Taxonomy) -> tuple[CategoryDraft, ...]:
    """The categories of a published version as they would be published again."""
    return tuple(
        CategoryDraft(
            slug=category.slug,
            name=category.name,
            definition=category.definition,
            severity=category.severity,
            cipa=category.cipa,
            key=category.key,
            recall_floor=category.recall_floor,
            terms=tuple(category.terms),
        )
        for category in taxonomy.categories
    )


def clause_drafts(guideline: Guideline) -> tuple[ClauseDraft, ...]:
    """The clauses of a published version as they would be published again."""
    return tuple(
        ClauseDraft(number=clause.number, category=clause.category, title=clause.title, body=clause.body)
        for clause in guideline.clauses
    )


def _lock(project: Project) -> Project:
    """Queue up behind whoever is changing this project: version numbers and the last admin are read, then written."""
    return Project.objects.select_for_update().get(pk=project.pk)


def _next_number(model: type[TaxonomyVersion] | type[GuidelineVersion], project: Project) -> int:
    newest: int | None = model._default_manager.filter(project=project).aggregate(newest=Max("number"))[
        "newest"
    ]
    return (newest or 0) + 1


def taxonomy_check(project: Project, drafts: Sequence[CategoryDraft], links: Sequence[Link]) -> None:
    """Raise BadInput for a key or a short name that another category has, or had. Two queries."""
    past = _links_ever(project)
    _check_keys(project, drafts, [*past, *links])
    _check_slugs(drafts, past)


def _links_ever(project: Project) -> list[Link]:
    rows = CategoryMapping.objects.filter(taxonomy__project=project).order_by("taxonomy__number", "position")
    return [Link(Kind(row.kind), row.source, tuple(row.targets)) for row in rows]


def _check_keys(project: Project, drafts: Sequence[CategoryDraft], links: Sequence[Link]) -> None:
    keyed = Category.objects.filter(taxonomy__project=project).exclude(key="")
    used = dict(keyed.values_list("slug", "key"))
    for draft in drafts:
        if (used.get(draft.slug) or draft.key) != draft.key:
            raise BadInput(
                f'"{draft.slug}" has had the key "{used[draft.slug]}" from its first day and keeps it; '
                f'it cannot become "{draft.key}".'
            )
        own = _forebears(draft.slug, links)
        others = sorted(slug for slug, key in used.items() if key == draft.key and slug not in own)
        if draft.key and others:
            raise BadInput(
                f'The key "{draft.key}" belongs to "{others[0]}" for ever. Give "{draft.slug}" another.'
            )


def _forebears(slug: str, links: Sequence[Link]) -> set[str]:
    """The category itself, and those that became it whole: renamed or merged. Their keys mean it now."""
    found = {slug}
    for link in reversed(links):
        if link.kind in (Kind.RENAME, Kind.MERGE) and found & set(link.targets):
            found.add(link.source)
    return found


def _check_slugs(drafts: Sequence[CategoryDraft], past: Sequence[Link]) -> None:
    gone = {
        link.source
        for link in past
        if link.kind in (Kind.RENAME, Kind.MERGE, Kind.SPLIT) and link.source not in link.targets
    }
    for draft in drafts:
        if draft.slug in gone:
            raise BadInput(
                f'"{draft.slug}" was renamed, merged or split: its short name means what it meant, for ever. '
                "Take another."
            )


def _keep_an_admin(project: Project, leaving: User) -> None:
    others = Membership.objects.filter(project=project, role=Role.ADMIN, user__is_active=True).exclude(
        user=leaving
    )
    is_admin = Membership.objects.filter(project=project, role=Role.ADMIN, user=leaving).exists()
    if is_admin and not others.exists():
        raise Conflict(
            f"{leaving.username} is the only admin of this project. Make somebody else admin first."
        )
