"""What the page of a draft shows of its subject: the clauses or the categories, and what would change."""

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from annotator.projects.access import Access
from annotator.projects.changes import clauses_compared
from annotator.projects.compared import words_compared
from annotator.projects.drafts.forms import (
    CategoryForm,
    ChangeForm,
    ClauseForm,
    ClauseRemoveForm,
    EditForm,
    MergeForm,
    NewClauseForm,
    RetireForm,
    SplitForm,
    UndoForm,
)
from annotator.projects.drafts.guideline import GUIDELINE, GuidelineDrafting
from annotator.projects.drafts.services import Drafting, Subject
from annotator.projects.drafts.taxonomy import TAXONOMY, Step, TaxonomyDrafting, clause_moves
from annotator.projects.mapping import Kind
from annotator.projects.operations import category_changes
from annotator.projects.selectors import Taxonomy


@dataclass(frozen=True)
class Line:
    """One clause or category of the draft: `name` as buttons say it, and the form that changes it."""

    name: str
    heading: str
    hint: str
    form: EditForm
    key: str = ""
    is_open: bool = False


@dataclass(frozen=True)
class DraftPage:
    """The page of one subject's draft.

    A line of it has the form `edit`, on which `away` is a button; below are `others`, the first of which is for a new
    line. `preview` gives the template's `counted`, and what its part of the preview needs. After publishing,
    `published` is said on the page `then`.
    """

    subject: Subject[Any, Any]
    plural: str
    edit: type[EditForm]
    away: type[EditForm]
    others: tuple[type[EditForm], ...]
    taxonomy: Callable[[Access, Any], Taxonomy | TaxonomyDrafting]
    lines: Callable[[Access, Any], Iterator[Line]]
    preview: Callable[[Access, Any], dict[str, Any]]
    published: str
    then: str
    buttons: tuple[type[EditForm], ...] = ()

    @property
    def forms(self) -> dict[str, type[EditForm]]:
        """Everything that can be sent, by its kind."""
        return {form.kind: form for form in (self.edit, self.away, *self.others, *self.buttons)}

    @property
    def verb(self) -> str:
        """What takes a line away."""
        return self.away.kind


@dataclass(frozen=True)
class Forms:
    """The forms on the page: of each line, and below them, with whether each is open."""

    lines: list[Line]
    others: list[tuple[EditForm, bool]]


def forms_of(page: DraftPage, access: Access, drafting: Drafting[Any], sent: EditForm | None) -> Forms:
    """The forms on the page; what was sent and refused stands in its place as it was typed, and open.

    What was typed for a line that somebody took away meanwhile has no place: it stands in the form for a new one.
    """
    shown, taxonomy = sent.shown() if sent else None, page.taxonomy(access, drafting)
    lines = list(page.lines(access, drafting))
    if isinstance(shown, page.edit):
        target, there = shown.target, [line.form.target for line in lines]
        if target in there:
            at = there.index(target)
            lines[at] = replace(lines[at], form=shown, is_open=True)
        else:
            said = {name: shown[name].value() for name in shown.fields}
            shown = page.others[0](initial=said, taxonomy=taxonomy)
    others = [
        (shown, True) if type(shown) is form else (form(taxonomy=taxonomy), len(page.others) == 1)
        for form in page.others
    ]
    return Forms(lines, others)


def _clauses(access: Access, drafting: GuidelineDrafting) -> Iterator[Line]:
    for clause in drafting.clauses:
        form = ClauseForm(initial=asdict(clause), taxonomy=access.taxonomy)
        about = access.taxonomy.name_of(clause.category) if clause.category else ""
        yield Line(f"clause {clause.number}", f"{clause.number} {clause.title}", about, form)


def _clause_changes(_: Access, drafting: GuidelineDrafting) -> dict[str, Any]:
    changes = clauses_compared(drafting.base.clauses, drafting.clauses)
    n = len(changes)
    return {"changes": changes, "counted": f"{n or 'no'} clause{'' if n == 1 or not n else 's'}"}


def _categories(_: Access, drafting: TaxonomyDrafting) -> Iterator[Line]:
    for category in drafting.categories:
        said = asdict(category) | {"source": category.slug, "terms": ", ".join(category.terms)}
        hint = f"{category.slug} · severity {category.severity}{' · CIPA' if category.cipa else ''}"
        form = ChangeForm(initial=said, taxonomy=drafting)
        yield Line(category.name, category.name, hint, form, key=category.key)


def _category_changes(access: Access, drafting: TaxonomyDrafting) -> dict[str, Any]:
    n, before, after = len(drafting.steps), len(drafting.base.categories), len(drafting.categories)
    return {
        "steps": [(step, *_compared(step)) for step in drafting.steps],
        "moves": clause_moves(access.project, drafting),
        "counted": f"{n} step{'' if n == 1 else 's'}, {before} to {after} categories",
    }


def _compared(step: Step) -> tuple[tuple[str, ...], str]:
    """What a rename or a change makes different: a few words each, and the definition word by word."""
    if step.operation.kind not in (Kind.RENAME, Kind.CHANGE):
        return (), ""
    before, after = step.before[0], step.operation.made[0]
    is_defined_so = before.definition == after.definition
    definition = "" if is_defined_so else words_compared(before.definition, after.definition)
    return category_changes(before, after), definition


GUIDELINE_PAGE: Final = DraftPage(
    subject=GUIDELINE,
    plural="clauses",
    edit=ClauseForm,
    away=ClauseRemoveForm,
    others=(NewClauseForm,),
    taxonomy=lambda access, _: access.taxonomy,
    lines=_clauses,
    preview=_clause_changes,
    published="Published. New judgments are made under the new version.",
    then="projects:guideline",
)
TAXONOMY_PAGE: Final = DraftPage(
    subject=TAXONOMY,
    plural="categories",
    edit=ChangeForm,
    away=RetireForm,
    others=(CategoryForm, MergeForm, SplitForm),
    buttons=(UndoForm,),
    taxonomy=lambda _, drafting: drafting,
    lines=_categories,
    preview=_category_changes,
    published="Published. New judgments are made under the new version. Choose what is looked at again.",
    then="review:rechecks",
)
