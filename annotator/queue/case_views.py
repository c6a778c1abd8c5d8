"""Pages of the restricted cases, for the people who are named as case holders. To everybody else there is nothing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.http import render_page
from annotator.pool.cases import case_look
from annotator.pool.models import Case
from annotator.pool.sealed import SealedPage, accesses_of, case_of, cases_of
from annotator.projects.access import Access, cases_for
from annotator.queue.forms import CaseEndForm
from annotator.queue.stopping import case_settle

CASES_PAGE = 50


@require_GET
@login_required
@never_cache
def cases(request: HttpRequest, slug: str) -> HttpResponse:
    """The cases, newest first."""
    access = cases_for(request.user, slug)
    page = Paginator(cases_of(access), CASES_PAGE).get_page(request.GET.get("page"))
    return render_page(request, "queue/cases.html", {"access": access, "nav": "cases", "page": page})


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def case(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One case and its log; POST closes it."""
    access = cases_for(request.user, slug)
    shown = case_of(access, number)
    form = CaseEndForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ended = case_settle(
            access, shown, form.cleaned_data["outcome"], reference=form.cleaned_data["reference"]
        )
        messages.success(request, f"Case {number} is closed: {ended.get_outcome_display()}.")
        return redirect("queue:case", slug=slug, number=number)
    return _case(request, access, shown, form=form)


@require_POST
@login_required
@never_cache
def case_evidence(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What the case holds, as inert text. Each look is written in its log first."""
    access = cases_for(request.user, slug)
    shown = case_of(access, number)
    return _case(request, access, shown, form=CaseEndForm(), sealed=case_look(access, shown))


def _case(
    request: HttpRequest, access: Access, shown: Case, *, form: CaseEndForm, sealed: SealedPage | None = None
) -> HttpResponse:
    context = {
        "access": access,
        "nav": "cases",
        "case": shown,
        "accesses": accesses_of(shown),
        "sealed": sealed,
        "form": form,
    }
    return render_page(request, "queue/case.html", context, status=422 if form.errors else 200)
