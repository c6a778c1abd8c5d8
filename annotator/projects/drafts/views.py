"""The pages on which leads write the next guideline and the next taxonomy, and their forms. None needs JavaScript."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.http import require_GET, require_POST

from annotator.errors import BadInput, CrossguardError
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.drafts.forms import EditForm, NoteForm, RevisionForm
from annotator.projects.drafts.pages import DraftPage, forms_of
from annotator.projects.drafts.services import draft_change, draft_discard, draft_publish, drafting_of


@dataclass(frozen=True)
class Refused:
    """A form as it was sent, with what is wrong, so that nothing has to be written twice."""

    form: EditForm | None = None
    note: NoteForm | None = None
    error: CrossguardError | None = None


@require_GET
@login_required
def draft(request: HttpRequest, slug: str, page: DraftPage) -> HttpResponse:
    """The draft with what it changes, or what is published where there is no draft yet."""
    return _shown(request, project_for(request.user, slug, Can.GUIDE), page)


@require_POST
@login_required
def change(request: HttpRequest, slug: str, page: DraftPage) -> HttpResponse:
    """One change of the draft."""
    access = project_for(request.user, slug, Can.GUIDE)
    revision, form = _revision(request), _sent(request, access, page)
    if not form.is_valid():
        return _shown(request, access, page, Refused(form=form))
    try:
        draft_change(page.subject, access.project, by=access.user, revision=revision, change=form.edit)
    except CrossguardError as error:
        return _shown(request, access, page, Refused(form=form, error=error))
    return _done(request, access, page, "Done in the draft. Nothing is published yet.")


@require_POST
@login_required
def publish(request: HttpRequest, slug: str, page: DraftPage) -> HttpResponse:
    """The draft as the next version."""
    access = project_for(request.user, slug, Can.GUIDE)
    revision, form = _revision(request), NoteForm(request.POST)
    if not form.is_valid():
        return _shown(request, access, page, Refused(note=form))
    note = form.cleaned_data["note"]
    try:
        draft_publish(page.subject, access.project, by=access.user, revision=revision, note=note)
    except CrossguardError as error:
        return _shown(request, access, page, Refused(note=form, error=error))
    messages.success(request, page.published)
    return redirect(page.then, slug=slug)


@require_POST
@login_required
def discard(request: HttpRequest, slug: str, page: DraftPage) -> HttpResponse:
    """End the draft."""
    access = project_for(request.user, slug, Can.GUIDE)
    try:
        draft_discard(page.subject, access.project, by=access.user, revision=_revision(request))
    except CrossguardError as error:
        typed = NoteForm(initial={"note": request.POST.get("note", "")})
        return _shown(request, access, page, Refused(note=typed, error=error))
    return _done(request, access, page, "The draft is discarded. What is published stays as it is.")


def _revision(request: HttpRequest) -> int:
    form = RevisionForm(request.POST)
    if not form.is_valid():
        raise BadInput("Say which revision of the draft you looked at.")
    revision: int = form.cleaned_data["revision"]
    return revision


def _sent(request: HttpRequest, access: Access, page: DraftPage) -> EditForm:
    form_class = page.forms.get(request.POST.get("change", ""))
    if form_class is None:
        raise BadInput(f"Say what to change: one of {', '.join(page.forms)}.")
    taxonomy = page.taxonomy(access, drafting_of(page.subject, access.project))
    return form_class(request.POST, taxonomy=taxonomy)


def _done(request: HttpRequest, access: Access, page: DraftPage, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect(f"projects:{page.subject.word}_draft", slug=access.project.slug)


def _shown(
    request: HttpRequest, access: Access, page: DraftPage, refused: Refused | None = None
) -> HttpResponse:
    drafting, sent = drafting_of(page.subject, access.project), refused or Refused()
    context = {
        "access": access,
        "nav": "guideline",
        "page": page,
        "drafting": drafting,
        "urls": _urls(access, page),
        "forms": forms_of(page, access, drafting, sent.form),
        "note": sent.note or NoteForm(),
        "error": sent.error,
        **page.preview(access, drafting),
    }
    status = 200 if refused is None else sent.error.status if sent.error else 422
    return render_page(request, "projects/draft.html", context, status=status)


def _urls(access: Access, page: DraftPage) -> dict[str, str]:
    word, args = page.subject.word, [access.project.slug]
    own = {
        name: reverse(f"projects:{word}_draft_{name}", args=args) for name in ("change", "publish", "discard")
    }
    return own | {"impact": reverse(f"review:{word}_draft_impact", args=args)}
