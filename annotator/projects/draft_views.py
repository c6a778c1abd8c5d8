"""The page on which leads write the next guideline, and the forms on it. None needs JavaScript."""

from dataclasses import dataclass, field

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_POST

from annotator.errors import BadInput, CrossguardError
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.changes import clauses_compared
from annotator.projects.drafts import (
    Drafting,
    clause_draft_add,
    clause_draft_remove,
    clause_draft_save,
    draft_discard,
    draft_publish,
    drafting_of,
)
from annotator.projects.forms import ClauseForm, NewClauseForm, NoteForm, SeenForm
from annotator.projects.models import Clause


@dataclass(frozen=True)
class Refused:
    """Forms as they were sent, with what is wrong, so that nothing has to be written twice."""

    clauses: dict[str, ClauseForm] = field(default_factory=dict)
    new: NewClauseForm | None = None
    note: NoteForm | None = None
    error: CrossguardError | None = None


@require_GET
@login_required
def guideline_draft(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft with what it changes, or what is published where there is no draft yet."""
    return _page(request, project_for(request.user, slug, Can.GUIDE))


@require_POST
@login_required
def clause_add(request: HttpRequest, slug: str) -> HttpResponse:
    """One clause more in the draft."""
    access = project_for(request.user, slug, Can.GUIDE)
    form = NewClauseForm(request.POST, taxonomy=access.taxonomy, auto_id="new_%s")
    if form.is_valid():
        try:
            clause_draft_add(access.project, by=access.user, **form.cleaned_data)
        except CrossguardError as error:
            return _page(request, access, Refused(new=form, error=error))
        return _done(request, access, "Added to the draft. Nothing is published yet.")
    return _page(request, access, Refused(new=form))


@require_POST
@login_required
def clause_save(request: HttpRequest, slug: str) -> HttpResponse:
    """One clause of the draft said differently."""
    access = project_for(request.user, slug, Can.GUIDE)
    revision, number = _seen(request)
    form = ClauseForm(request.POST, auto_id=f"clause_{number}_%s")
    if form.is_valid():
        try:
            clause_draft_save(
                access.project, by=access.user, revision=revision, number=number, **form.cleaned_data
            )
        except CrossguardError as error:
            return _page(request, access, Refused(clauses={number: form}, error=error))
        return _done(request, access, f"Clause {number} is saved in the draft. Nothing is published yet.")
    return _page(request, access, Refused(clauses={number: form}))


@require_POST
@login_required
def clause_remove(request: HttpRequest, slug: str) -> HttpResponse:
    """One clause less in the draft."""
    access = project_for(request.user, slug, Can.GUIDE)
    revision, number = _seen(request)
    try:
        clause_draft_remove(access.project, by=access.user, revision=revision, number=number)
    except CrossguardError as error:
        typed = ClauseForm(initial=_typed(request, "title", "body"), auto_id=f"clause_{number}_%s")
        return _page(request, access, Refused(clauses={number: typed} if typed.initial else {}, error=error))
    return _done(
        request, access, f"Clause {number} is out of the draft. It stays published until you publish."
    )


@require_POST
@login_required
def publish(request: HttpRequest, slug: str) -> HttpResponse:
    """The draft as the next guideline."""
    access = project_for(request.user, slug, Can.GUIDE)
    revision, _ = _seen(request)
    form = NoteForm(request.POST)
    if form.is_valid():
        try:
            draft_publish(access.project, by=access.user, revision=revision, note=form.cleaned_data["note"])
        except CrossguardError as error:
            return _page(request, access, Refused(note=form, error=error))
        messages.success(request, "Published. New judgments are made under the new version.")
        return redirect("projects:guideline", slug=slug)
    return _page(request, access, Refused(note=form))


@require_POST
@login_required
def discard(request: HttpRequest, slug: str) -> HttpResponse:
    """End the draft."""
    access = project_for(request.user, slug, Can.GUIDE)
    revision, _ = _seen(request)
    try:
        draft_discard(access.project, by=access.user, revision=revision)
    except CrossguardError as error:
        return _page(request, access, Refused(note=NoteForm(initial=_typed(request, "note")), error=error))
    return _done(request, access, "The draft is discarded. What is published stays as it is.")


def _seen(request: HttpRequest) -> tuple[int, str]:
    form = SeenForm(request.POST)
    if not form.is_valid():
        raise BadInput("Say which revision of the draft you looked at, and which clause you mean.")
    return form.cleaned_data["revision"], form.cleaned_data["number"]


def _typed(request: HttpRequest, *names: str) -> dict[str, str]:
    """What stood in these fields when another button of their form was pressed."""
    return {name: request.POST[name] for name in names if name in request.POST}


def _done(request: HttpRequest, access: Access, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("projects:guideline_draft", slug=access.project.slug)


def _page(request: HttpRequest, access: Access, refused: Refused | None = None) -> HttpResponse:
    drafting = drafting_of(access.project)
    sent = refused or Refused()
    context = {
        "access": access,
        "nav": "guideline",
        "drafting": drafting,
        "changes": clauses_compared(drafting.base.clauses, drafting.clauses),
        "clauses": [
            (
                clause,
                access.taxonomy.name_of(clause.category),
                sent.clauses.get(clause.number) or _form(clause),
                clause.number in sent.clauses,
            )
            for clause in drafting.clauses
        ],
        "new": sent.new or _new(access, drafting, sent),
        "note": sent.note or NoteForm(),
        "error": sent.error,
    }
    status = 200 if refused is None else sent.error.status if sent.error else 422
    return render_page(request, "projects/draft.html", context, status=status)


def _new(access: Access, drafting: Drafting, sent: Refused) -> NewClauseForm:
    """An empty form; or what was typed for a clause that somebody removed meanwhile, which has no other place."""
    there = {clause.number for clause in drafting.clauses}
    lost = next((form for number, form in sent.clauses.items() if number not in there), None)
    said = {name: lost[name].value() for name in ("title", "body")} if lost else None
    return NewClauseForm(initial=said, taxonomy=access.taxonomy, auto_id="new_%s")


def _form(clause: Clause) -> ClauseForm:
    said = {"title": clause.title, "body": clause.body}
    return ClauseForm(initial=said, auto_id=f"clause_{clause.number}_%s")
