"""The page on which leads write the next taxonomy, and the forms on it. None needs JavaScript."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from annotator.errors import BadInput, CrossguardError
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.blueprint import CategoryDraft
from annotator.projects.changes import words_compared
from annotator.projects.forms import NoteForm
from annotator.projects.mapping import Kind
from annotator.projects.operations import category_changes
from annotator.projects.taxonomy_drafts import (
    Step,
    TaxonomyDrafting,
    clause_moves,
    operation_add,
    operation_undo,
    taxonomy_draft_discard,
    taxonomy_draft_publish,
    taxonomy_drafting_of,
)
from annotator.projects.taxonomy_forms import (
    FORMS,
    CategoryForm,
    ChangeForm,
    DraftSeenForm,
    MergeForm,
    OperationForm,
    SplitForm,
)

DONE = "Done in the draft. Nothing is published yet."


@dataclass(frozen=True)
class Refused:
    """A form as it was sent, with what is wrong, so that nothing has to be written twice."""

    form: OperationForm | None = None
    note: NoteForm | None = None
    error: CrossguardError | None = None


@require_GET
@login_required
def taxonomy_draft(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft with what it changes, or what is published where there is no draft yet."""
    return _page(request, project_for(request.user, slug, Can.GUIDE))


@require_POST
@login_required
def operation(request: HttpRequest, slug: str) -> HttpResponse:
    """One operation more in the draft."""
    access = project_for(request.user, slug, Can.GUIDE)
    revision, _ = _seen(request)
    form_class = FORMS.get(request.POST.get("kind", ""))
    if form_class is None:
        raise BadInput(f"Say what to do: one of {', '.join(FORMS)}.")
    source = request.POST.get("source", "")
    prefix = f"category_{source}" if form_class is ChangeForm else form_class.kind.value
    categories = taxonomy_drafting_of(access.project).categories
    form = form_class(request.POST, categories=categories, auto_id=f"{prefix}_%s")
    if not form.is_valid():
        return _page(request, access, Refused(form=form))
    try:
        operation_add(access.project, by=access.user, revision=revision, operation=form.operation)
    except CrossguardError as error:
        return _page(request, access, Refused(form=form, error=error))
    return _done(request, access, DONE)


@require_POST
@login_required
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """One operation less in the draft."""
    access = project_for(request.user, slug, Can.GUIDE)
    revision, position = _seen(request)
    try:
        operation_undo(access.project, by=access.user, revision=revision, position=position)
    except CrossguardError as error:
        return _page(request, access, Refused(error=error))
    return _done(request, access, "Undone in the draft.")


@require_POST
@login_required
def taxonomy_publish(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft as the next taxonomy."""
    access = project_for(request.user, slug, Can.GUIDE)
    revision, _ = _seen(request)
    form = NoteForm(request.POST)
    if not form.is_valid():
        return _page(request, access, Refused(note=form))
    try:
        taxonomy_draft_publish(
            access.project, by=access.user, revision=revision, note=form.cleaned_data["note"]
        )
    except CrossguardError as error:
        return _page(request, access, Refused(note=form, error=error))
    messages.success(
        request, "Published. New judgments are made under the new version. Choose what is looked at again."
    )
    return redirect("review:rechecks", slug=slug)


@require_POST
@login_required
def taxonomy_discard(request: HttpRequest, slug: str) -> HttpResponse:
    """End the draft."""
    access = project_for(request.user, slug, Can.GUIDE)
    revision, _ = _seen(request)
    try:
        taxonomy_draft_discard(access.project, by=access.user, revision=revision)
    except CrossguardError as error:
        typed = NoteForm(initial={"note": request.POST.get("note", "")})
        return _page(request, access, Refused(note=typed, error=error))
    return _done(request, access, "The draft is discarded. What is published stays as it is.")


def _seen(request: HttpRequest) -> tuple[int, int]:
    form = DraftSeenForm(request.POST)
    if not form.is_valid():
        raise BadInput("Say which revision of the draft you looked at, and which operation you mean.")
    position = form.cleaned_data["position"]
    return form.cleaned_data["revision"], -1 if position is None else position


def _done(request: HttpRequest, access: Access, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("projects:taxonomy_draft", slug=access.project.slug)


def _page(request: HttpRequest, access: Access, refused: Refused | None = None) -> HttpResponse:
    drafting, sent = taxonomy_drafting_of(access.project), refused or Refused()
    context = {
        "access": access,
        "nav": "guideline",
        "drafting": drafting,
        "steps": [(step, *_compared(step)) for step in drafting.steps],
        "moves": clause_moves(access.project, drafting),
        "categories": [_category(category, drafting, sent) for category in drafting.categories],
        "others": [_other(form, drafting, sent) for form in (CategoryForm, MergeForm, SplitForm)],
        "note": sent.note or NoteForm(),
        "error": sent.error,
    }
    status = 200 if refused is None else sent.error.status if sent.error else 422
    return render_page(request, "projects/taxonomy_draft.html", context, status=status)


def _compared(step: Step) -> tuple[tuple[str, ...], str]:
    """What a rename or a change makes different: a few words each, and the definition word by word."""
    if step.operation.kind not in (Kind.RENAME, Kind.CHANGE):
        return (), ""
    before, after = step.before[0], step.operation.made[0]
    definition = (
        "" if before.definition == after.definition else words_compared(before.definition, after.definition)
    )
    return category_changes(before, after), definition


def _category(
    category: CategoryDraft, drafting: TaxonomyDrafting, sent: Refused
) -> tuple[CategoryDraft, OperationForm, bool]:
    is_sent = isinstance(sent.form, ChangeForm) and sent.form["source"].value() == category.slug
    if is_sent and sent.form is not None:
        return category, sent.form, True
    return category, ChangeForm.of(category, drafting.categories), False


def _other(
    form_class: type[OperationForm], drafting: TaxonomyDrafting, sent: Refused
) -> tuple[OperationForm, str, bool]:
    title = TITLES[form_class.kind]
    if type(sent.form) is form_class:
        return sent.form, title, True
    return form_class(categories=drafting.categories, auto_id=f"{form_class.kind}_%s"), title, False


TITLES = {Kind.ADD: "Add a category", Kind.MERGE: "Merge categories", Kind.SPLIT: "Split a category"}
