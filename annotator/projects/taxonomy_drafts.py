"""The next taxonomy in the making: one open draft a project, a list of operations, published as a whole."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict
from annotator.projects.blueprint import CategoryDraft, ClauseDraft
from annotator.projects.drafts import NO_REVISION, NOTE_MAX
from annotator.projects.mapping import Kind, Link
from annotator.projects.models import Category, GuidelineDraft, Project, TaxonomyDraft, TaxonomyVersion
from annotator.projects.operations import (
    CONSEQUENCES,
    Operation,
    links_of,
    operation_words,
    operations_applied,
)
from annotator.projects.selectors import (
    Taxonomy,
    guideline_current,
    taxonomy_current,
    taxonomy_version,
)
from annotator.projects.services import (
    category_drafts,
    clause_drafts,
    guideline_publish,
    log_write,
    taxonomy_check,
    taxonomy_publish,
)

OPERATIONS_MAX: Final = 200


@dataclass(frozen=True)
class Step:
    """One operation of a draft: its place, what it does in words, and the categories as they were before it."""

    position: int
    operation: Operation
    words: str
    before: tuple[CategoryDraft, ...]

    @property
    def consequence(self) -> str:
        """What it means for what was judged before."""
        return CONSEQUENCES[self.operation.kind]


@dataclass(frozen=True)
class TaxonomyDrafting:
    """What a lead sees of the draft: `base` is what it was begun from, `draft` is None while nothing is changed."""

    base: Taxonomy
    newest: Taxonomy
    draft: TaxonomyDraft | None

    @property
    def revision(self) -> int:
        """What a change has to name; `NO_REVISION` while there is no draft."""
        return self.draft.revision if self.draft else NO_REVISION

    @property
    def is_outdated(self) -> bool:
        """Whether another version was published since the draft was begun: it can only be discarded."""
        return self.base.version.pk != self.newest.version.pk

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """What the draft does, in order."""
        return _operations(self.draft) if self.draft else ()

    @cached_property
    def categories(self) -> tuple[CategoryDraft, ...]:
        """The taxonomy that would be published."""
        return operations_applied(category_drafts(self.base), self.operations)

    @cached_property
    def links(self) -> tuple[Link, ...]:
        """What becomes of each category."""
        return links_of(self.operations, self.base.slugs)

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The operations with their words, each with the categories as it finds them."""
        there = {category.slug: category for category in category_drafts(self.base)}
        found = []
        for position, operation in enumerate(self.operations):
            words = operation_words(operation, {slug: category.name for slug, category in there.items()})
            before = tuple(there[slug] for slug in operation.sources)
            found.append(Step(position, operation, words, before))
            there |= {category.slug: category for category in operation.made}
        return tuple(found)


def taxonomy_drafting_of(project: Project) -> TaxonomyDrafting:
    """The open draft of `project` beside the taxonomy that it changes. Two queries."""
    newest = taxonomy_current(project)
    draft = TaxonomyDraft.objects.select_related("changed_by").filter(project=project).first()
    base = newest if draft is None else taxonomy_version(draft.taxonomy_id)
    return TaxonomyDrafting(base=base, newest=newest, draft=draft)


@transaction.atomic
def operation_add(project: Project, *, by: User, revision: int, operation: Operation) -> TaxonomyDraft:
    """The draft with one operation more; begins the draft for revision 0.

    Raises BadInput for an operation that cannot be, Conflict when the draft is not what `revision` was.
    """
    draft = _seen(project, revision, by)
    operations = [*_operations(draft), operation]
    if len(operations) > OPERATIONS_MAX:
        raise BadInput(f"A draft has at most {OPERATIONS_MAX} operations. Publish this one first.")
    _applied(project, draft, operations)
    return _write(draft, operations, by)


@transaction.atomic
def operation_undo(project: Project, *, by: User, revision: int, position: int) -> TaxonomyDraft:
    """The draft without the operation at `position`, from 0.

    Raises BadInput for one that is not there or that a later one needs, Conflict as `operation_add`.
    """
    draft = _seen(project, revision, by)
    operations = list(_operations(draft))
    if not 0 <= position < len(operations):
        raise BadInput(f"The draft has no operation {position + 1}. Look at it again.")
    del operations[position]
    try:
        _applied(project, draft, operations)
    except BadInput as error:
        raise BadInput(f"A later operation needs this one, so undo that first. {error.message}") from error
    return _write(draft, operations, by)


@transaction.atomic
def taxonomy_draft_discard(project: Project, *, by: User, revision: int) -> None:
    """End the draft without publishing it; the log says who did. Raises Conflict when it is not what was seen."""
    if not TaxonomyDraft.objects.filter(project=project, revision=revision).delete()[0]:
        raise _changed(project)
    log_write(project, "projects", f"{by.username} discarded the draft of the taxonomy")


@transaction.atomic
def taxonomy_draft_publish(project: Project, *, by: User, revision: int, note: str) -> TaxonomyVersion:
    """The draft as the next taxonomy version with its mapping; the draft ends.

    1. Queue up behind whoever publishes in this project.
    2. Take the draft by its revision: of two who publish at once, the second finds none.
    3. Clauses about a category that is gone move to what came of it, as a guideline version of their own; so do
       those of an open draft of the guideline.

    Raises BadInput without a note or a change, Conflict for the rest; the draft stays then.
    """
    if not 1 <= len(note.strip()) <= NOTE_MAX or "\x00" in note:
        raise BadInput(f"Say what changes, and why, in 1 to {NOTE_MAX} characters.")
    Project.objects.select_for_update().get(pk=project.pk)
    draft = TaxonomyDraft.objects.select_for_update().filter(project=project, revision=revision).first()
    if draft is None:
        raise _changed(project)
    base, operations = taxonomy_current(project), _operations(draft)
    if draft.taxonomy_id != base.version.pk:
        raise Conflict(
            f"Version {base.version.number} was published after this draft was begun. "
            "Note what you still want, discard the draft, and begin again."
        )
    categories, links = _applied(project, draft, operations), links_of(operations, base.slugs)
    if categories == category_drafts(base) and not links:
        raise BadInput("This is what is published already. Change something, or discard the draft.")
    version = taxonomy_publish(project, categories, by=by, note=note.strip(), links=links)
    _move_clauses(project, links, by=by, note=note.strip())
    draft.delete()
    log_write(project, "projects", f"{by.username} published {version}: {note.strip()}")
    return version


def clauses_moved(clauses: Sequence[ClauseDraft], links: Sequence[Link]) -> list[ClauseDraft]:
    """The clauses with their categories as the links leave them; those of a retired category are dropped.

    A clause about a category that is split goes to the first of what it is split into.
    """
    became = {link.source: link for link in links if link.source and link.source not in link.targets}
    moved = []
    for clause in clauses:
        link = became.get(clause.category)
        if link is None:
            moved.append(clause)
        elif link.kind != Kind.RETIRE:
            moved.append(replace(clause, category=link.targets[0]))
    return moved


def clause_moves(project: Project, drafting: TaxonomyDrafting) -> list[str]:
    """What publishing the draft does to the clauses of the guideline, a sentence each. One query."""
    names = {category.slug: category.name for category in drafting.categories}
    before = clause_drafts(project)
    after = {clause.number: clause for clause in clauses_moved(before, drafting.links)}
    moves = []
    for clause in before:
        if clause.number not in after:
            moves.append(f"Clause {clause.number} {clause.title} goes with its category.")
        elif after[clause.number] != clause:
            about = after[clause.number].category
            moves.append(f"Clause {clause.number} {clause.title} is about {names.get(about, about)} then.")
    return moves


def _move_clauses(project: Project, links: Sequence[Link], *, by: User, note: str) -> None:
    before = clause_drafts(project)
    after = clauses_moved(before, links)
    if tuple(after) == before:
        return
    if not after:
        raise BadInput("Every clause is about what you retire. Write a clause about every page first.")
    earlier = guideline_current(project).version
    version = guideline_publish(project, after, by=by, note=note)
    draft = GuidelineDraft.objects.select_for_update().filter(project=project, guideline=earlier).first()
    if draft is not None:
        kept = clauses_moved([ClauseDraft(**clause) for clause in draft.clauses], links)
        draft.clauses = [
            {"number": row.number, "category": row.category, "title": row.title, "body": row.body}
            for row in kept
        ]
        draft.guideline, draft.revision = version, draft.revision + 1
        draft.save(update_fields=["clauses", "guideline", "revision"])


def _applied(
    project: Project, draft: TaxonomyDraft, operations: Sequence[Operation]
) -> tuple[CategoryDraft, ...]:
    base = taxonomy_version(draft.taxonomy_id)
    ever = Category.objects.filter(taxonomy__project=project).order_by().values_list("slug", flat=True)
    made = operations_applied(category_drafts(base), operations, gone=set(ever.distinct()))
    taxonomy_check(project, made, links_of(operations, base.slugs))
    return made


def _operations(draft: TaxonomyDraft) -> tuple[Operation, ...]:
    return tuple(Operation.read(row) for row in draft.operations)


def _seen(project: Project, revision: int, by: User) -> TaxonomyDraft:
    """The draft, locked, when it is still what a lead saw as `revision`; raises Conflict."""
    drafts = TaxonomyDraft.objects.select_for_update().filter(project=project)
    draft = drafts.first()
    if draft is None and revision == NO_REVISION:
        current = taxonomy_current(project).version
        begun = {"taxonomy": current, "changed_by": by}
        draft, is_new = TaxonomyDraft.objects.select_for_update().get_or_create(
            project=project, defaults=begun
        )
        if is_new:
            return draft
    if draft is None or draft.revision != revision:
        raise _changed(project)
    return draft


def _write(draft: TaxonomyDraft, operations: Sequence[Operation], by: User) -> TaxonomyDraft:
    TaxonomyDraft.objects.filter(pk=draft.pk).update(
        operations=[operation.stored for operation in operations],
        revision=F("revision") + 1,
        changed_by=by,
        changed_at=timezone.now(),
    )
    draft.refresh_from_db()
    return draft


def _changed(project: Project) -> Conflict:
    draft = TaxonomyDraft.objects.select_related("changed_by").filter(project=project).first()
    if draft is None:
        return Conflict("This draft was published or discarded meanwhile. Nothing was changed; look again.")
    return Conflict(
        f"{draft.changed_by.username} changed the draft meanwhile. Nothing was overwritten; look at it again."
    )
