"""The page of pages that changed since they were judged."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods

from annotator.errors import CrossguardError
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.queue.rechecking import RECHECK_MAX
from annotator.review.desk.forms import ChangedForm, RecheckForm
from annotator.review.policy.changed import SHOWN_MAX, changed_pages, changed_recheck

WHY = "The page changed since it was judged"


@require_http_methods(["GET", "POST"])
@login_required
def changed(request: HttpRequest, slug: str) -> HttpResponse:
    """Pages that a crawl brought again with other content; POST has those that a lead chose looked at again."""
    access = project_for(request.user, slug, Can.GUIDE)
    wanted = ChangedForm(request.GET if request.method == "GET" else request.POST)
    if not wanted.is_valid() or request.method == "GET":
        return _changed(request, access, wanted, RecheckForm(initial={"reason": WHY}))
    form = RecheckForm(request.POST)
    if not form.is_valid():
        return _changed(request, access, wanted, form)
    try:
        items = None if "all" in request.POST else wanted.chosen()
        recheck = changed_recheck(access, items, alike=wanted.most_alike, reason=form.cleaned_data["reason"])
    except CrossguardError as error:
        return _changed(request, access, wanted, form, error)
    messages.success(
        request, f"Batch {recheck.batch.number} is open: {recheck.batch.n_items:,} items are looked at again."
    )
    return redirect("review:changed", slug=slug)


def _changed(
    request: HttpRequest,
    access: Access,
    wanted: ChangedForm,
    form: RecheckForm,
    error: CrossguardError | None = None,
) -> HttpResponse:
    context = {
        "access": access,
        "nav": "items",
        "wanted": wanted,
        "changed": changed_pages(access.project, alike=wanted.most_alike),
        "most": RECHECK_MAX,
        "shown_most": SHOWN_MAX,
        "form": form,
        "error": error,
    }
    status = error.status if error else 422 if form.errors or wanted.errors else 200
    return render_page(request, "review/changed.html", context, status=status)
