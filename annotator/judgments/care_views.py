"""One's own care, private to the person: what one took and opted out of, and why there is nothing."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from annotator.charts import sparkline
from annotator.errors import BadInput
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Category
from annotator.projects.selectors import taxonomy_current
from annotator.queue.rationing import lighter_words, opt_outs_of, opt_outs_set, own_exposure, why_nothing


@dataclass(frozen=True)
class Choice:
    """One category, and whether this person has opted out of it."""

    category: Category
    out: bool


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def care(request: HttpRequest, slug: str) -> HttpResponse:
    """What I took and what I am given; POST opts out of exactly the categories it names."""
    access = project_for(request.user, slug, Can.LABEL)
    if request.method == "GET":
        return _page(request, access, opt_outs_of(access.project, access.user))
    wanted = frozenset(request.POST.getlist("avoid"))
    try:
        opt_outs_set(access.project, access.user, wanted)
    except BadInput as error:
        return _page(request, access, wanted, error=error)
    messages.success(request, "Saved. It holds from the next page on, and only you know.")
    return redirect("judgments:care", slug=slug)


@require_GET
@login_required
@never_cache
def nothing(request: HttpRequest, slug: str) -> HttpResponse:
    """Why there is nothing to label at the moment, as a part."""
    access = project_for(request.user, slug, Can.LABEL)
    why = why_nothing(access.project, access.user, timezone.now())
    return render(request, "judgments/nothing.html", {"access": access, "nothing": why})


def _page(
    request: HttpRequest, access: Access, opted_out: frozenset[str], *, error: BadInput | None = None
) -> HttpResponse:
    now = timezone.now()
    exposure = own_exposure(access.project, access.user, now)
    until = exposure.ration.until
    gravest_first = sorted(taxonomy_current(access.project).categories, key=lambda one: -one.severity)
    context = {
        "access": access,
        "nav": "label",
        "exposure": exposure,
        "lighter": until and lighter_words(until, now),
        "chart": sparkline(exposure.hours, "My harmful pages in each of the last 24 hours"),
        "choices": [Choice(category, category.slug in opted_out) for category in gravest_first],
        "error": error,
    }
    return render_page(request, "judgments/care.html", context, status=422 if error else 200)
