"""The draft of the taxonomy: a list of operations, each of which can be undone."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Final

from annotator.accounts.models import User
from annotator.errors import BadInput
from annotator.projects.blueprint import CategoryDraft, ClauseDraft
from annotator.projects.drafts.services import Drafting, Subject, drafting_of
from annotator.projects.mapping import Kind, Link
from annotator.projects.models import Category, GuidelineDraft, Project, TaxonomyDraft, TaxonomyVersion
from annotator.projects.operations import (
    CONSEQUENCES,
    Operation,
    links_of,
    operation_words,
    operations_applied,
)
from annotator.projects.selectors import Taxonomy, guideline_current, taxonomy_current, taxonomy_version
from annotator.projects.services import (
    category_drafts,
    clause_drafts,
    guideline_publish,
    taxonomy_check,
    taxonomy_publish,
)

OPERATIONS_MAX: Final = 200


@dataclass(frozen=True)
class OperationUndo:
    """One operation less, by its place from 0."""

    position: int


TaxonomyEdit = Operation | OperationUndo


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
class TaxonomyDrafting(Drafting[Taxonomy]):
    """The taxonomy as a lead sees it in the making."""

    @cached_property
    def operations(self) -> tuple[Operation, ...]:
        """What the draft does, in order."""
        return tuple(map(Operation.read, self.draft.content)) if self.draft else ()

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
    """The taxonomy as the draft would have it. Queries as `drafting_of`."""
    return drafting_of(TAXONOMY, project)


def clause_moves(project: Project, drafting: TaxonomyDrafting) -> list[str]:
    """What publishing the draft does to the clauses of the guideline, a sentence each. One query."""
    names = {category.slug: category.name for category in drafting.categories}
    before = clause_drafts(guideline_current(project))
    after = {clause.number: clause for clause in _moved(before, drafting.links)}
    moves = []
    for clause in before:
        if clause.number not in after:
            moves.append(f"Clause {clause.number} {clause.title} goes with its category.")
        elif after[clause.number] != clause:
            about = after[clause.number].category
            moves.append(f"Clause {clause.number} {clause.title} is about {names.get(about, about)} then.")
    return moves


def _changed(project: Project, drafting: TaxonomyDrafting, change: TaxonomyEdit) -> Sequence[Operation]:
    operations = list(drafting.operations)
    if isinstance(change, OperationUndo):
        return _undone(project, drafting.base, operations, change.position)
    if len(operations) >= OPERATIONS_MAX:
        raise BadInput(f"A draft has at most {OPERATIONS_MAX} operations. Publish this one first.")
    operations.append(change)
    _applied(project, drafting.base, operations)
    return operations


def _undone(
    project: Project, base: Taxonomy, operations: Sequence[Operation], position: int
) -> Sequence[Operation]:
    if not 0 <= position < len(operations):
        raise BadInput(f"The draft has no operation {position + 1}. Look at it again.")
    left = [*operations[:position], *operations[position + 1 :]]
    try:
        _applied(project, base, left)
    except BadInput as error:
        raise BadInput(f"A later operation needs this one, so undo that first. {error.message}") from error
    return left


def _applied(project: Project, base: Taxonomy, operations: Sequence[Operation]) -> tuple[CategoryDraft, ...]:
    ever = Category.objects.filter(taxonomy__project=project).order_by().values_list("slug", flat=True)
    made = operations_applied(category_drafts(base), operations, gone=set(ever.distinct()))
    taxonomy_check(project, made, links_of(operations, base.slugs))
    return made


def _published(project: Project, drafting: TaxonomyDrafting, by: User, note: str) -> TaxonomyVersion | None:
    """The next version with its mapping. Clauses move with their categories, as a guideline version of their own."""
    categories, links = _applied(project, drafting.base, drafting.operations), drafting.links
    if categories == category_drafts(drafting.base) and not links:
        return None
    version = taxonomy_publish(project, categories, by=by, note=note, links=links)
    _move_clauses(project, links, by=by, note=note)
    return version


def _move_clauses(project: Project, links: Sequence[Link], *, by: User, note: str) -> None:
    """Clauses about a category that is gone go to what came of it; those of an open draft of the guideline follow."""
    earlier = guideline_current(project)
    before = clause_drafts(earlier)
    after = _moved(before, links)
    if after == before:
        return
    if not after:
        raise BadInput("Every clause is about what you retire. Write a clause about every page first.")
    version = guideline_publish(project, after, by=by, note=note)
    drafts = GuidelineDraft.objects.select_for_update()
    draft = drafts.filter(project=project, guideline=earlier.version).first()
    if draft is not None:
        kept = _moved([ClauseDraft(**clause) for clause in draft.clauses], links)
        draft.clauses = [asdict(clause) for clause in kept]
        draft.guideline, draft.revision = version, draft.revision + 1
        draft.save(update_fields=["clauses", "guideline", "revision"])


def _moved(clauses: Sequence[ClauseDraft], links: Sequence[Link]) -> tuple[ClauseDraft, ...]:
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
    return tuple(moved)


TAXONOMY: Final = Subject[TaxonomyDrafting, TaxonomyEdit](
    word="taxonomy",
    table=TaxonomyDraft,
    current=taxonomy_current,
    version=taxonomy_version,
    drafting=TaxonomyDrafting,
    begin=lambda _: (),
    change=_changed,
    publish=_published,
)
