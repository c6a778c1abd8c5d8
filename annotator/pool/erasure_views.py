"""Pages on erasing evidence: by request, and by how long it is kept."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST

from annotator.errors import CrossguardError
from annotator.http import render_page
from annotator.pool.erasing import (
    Erasable,
    erasable,
    erased_count,
    erasures_of,
    evidence_erase,
    retention_of,
    retention_set,
)
from annotator.pool.forms import ErasureForm, RetentionForm
from annotator.projects.access import Access, Can, project_for

PAGE = 30


@require_http_methods(["GET", "POST"])
@login_required
def erasures(request: HttpRequest, slug: str) -> HttpResponse:
    """What was erased. POST counts what would be, and erases it when it is sent again with `confirm`."""
    if request.method == "GET":
        return _erasures(request, project_for(request.user, slug, Can.INSPECT), ErasureForm())
    access = project_for(request.user, slug, Can.CONFIGURE)
    form = ErasureForm(request.POST)
    if not form.is_valid():
        return _erasures(request, access, form, status=422)
    try:
        if "confirm" not in request.POST:
            return _erasures(request, access, form, found=erasable(access.project, form.wanted()))
        erasure = evidence_erase(access, form.wanted(), reason=form.cleaned_data["reason"])
    except CrossguardError as error:
        form.add_error(None, error.message)
        return _erasures(request, access, form, status=error.status)
    messages.success(request, f"The evidence of {erasure.n_items:,} items is erased.")
    return redirect("pool:erasures", slug=slug)


@require_POST
@login_required
def retention(request: HttpRequest, slug: str) -> HttpResponse:
    """Set how long evidence of resolved items is kept."""
    access = project_for(request.user, slug, Can.CONFIGURE)
    form = RetentionForm(request.POST)
    if not form.is_valid():
        return _erasures(request, access, ErasureForm(), keeping=form, status=422)
    kept = retention_set(access, form.cleaned_data["days"])
    said = "for ever" if kept.days is None else f"for {kept.days:,} days after an item is resolved"
    messages.success(request, f"Evidence is kept {said}.")
    return redirect("pool:erasures", slug=slug)


def _erasures(
    request: HttpRequest,
    access: Access,
    form: ErasureForm,
    *,
    found: Erasable | None = None,
    keeping: RetentionForm | None = None,
    status: int = 200,
) -> HttpResponse:
    kept = retention_of(access.project)
    context = {
        "access": access,
        "nav": "erasures",
        "form": form,
        "found": found,
        "retention": kept,
        "keeping": keeping or RetentionForm(initial={"days": kept.days if kept else None}),
        "n_erased": erased_count(access.project),
        "page": Paginator(erasures_of(access.project), PAGE).get_page(request.GET.get("page")),
    }
    return render_page(request, "pool/erasures.html", context, status=status)
