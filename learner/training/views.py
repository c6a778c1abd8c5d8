"""The learner's pages: its queries, what each chose, how it chooses, and two ways to choose side by side."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.errors import BadInput
from annotator.http import render_page
from annotator.pool.selectors import item_of
from annotator.projects.access import Access, Can, project_for
from learner.core.catalogue import WORDS
from learner.query.selectors import (
    queries_of,
    query_of,
    shadow_of,
    shadows_of,
    steering_latest,
    steering_of,
    steering_versions,
)
from learner.query.services import steering_adopt, steering_set
from learner.query.steering import STREAMS
from learner.query.suggestions import suggestions_state, suggestions_switch
from learner.training.forms import SteeringForm
from learner.training.lines import (
    PHASES,
    alone_lines,
    compared,
    expected_lines,
    query_lines,
    settings_compared,
)
from learner.training.looks import look_of
from learner.training.paces import pace_compared, pace_of
from learner.training.selectors import classifier_latest
from learner.training.services import look_request, shadow_request

QUERIES_PAGE = 10
VERSIONS_SHOWN = 20
SHADOWS_SHOWN = 5


@require_GET
@login_required
def learner(request: HttpRequest, slug: str) -> HttpResponse:
    """The queries, newest first: what each was asked for, where its seconds went, what it chose."""
    access = project_for(request.user, slug, Can.INSPECT)
    page = Paginator(queries_of(access.project), QUERIES_PAGE).get_page(request.GET.get("page"))
    latest = steering_latest(access.project)
    in_use = steering_of(access.project, latest)
    context = {
        "access": access,
        "nav": "learner",
        "page": page,
        "lines": query_lines(page.object_list),
        "phases": PHASES,
        "steering": in_use,
        "shares": [(stream, round(100 * in_use.shares.get(stream, 0))) for stream in STREAMS],
        "version": latest,
        "classifier": classifier_latest(access.project),
    }
    return render_page(request, "query/learner.html", context, part="live")


@require_GET
@login_required
def query(request: HttpRequest, slug: str, query_id: int) -> HttpResponse:
    """One query, in full; while it runs, how far it is and the seconds of each phase so far."""
    access = project_for(request.user, slug, Can.INSPECT)
    (line,) = query_lines([query_of(access.project, query_id)])
    context = {
        "access": access,
        "nav": "learner",
        "line": line,
        "came_live": "HX-Request" in request.headers,  # the header of the page does not know its batch
        "expected": expected_lines(line.makeup, access.taxonomy) if line.makeup else [],
        "strategies": sorted(line.makeup.strategies.items()) if line.makeup else [],
        "streams": [(name, line.makeup.streams.get(name, 0)) for name in STREAMS] if line.makeup else [],
    }
    return render_page(request, "query/query.html", context, part="live")


@require_http_methods(["GET", "POST"])
@login_required
def steering(request: HttpRequest, slug: str) -> HttpResponse:
    """How the learner chooses: for scientists to compare and to set, for others to read."""
    may_set = request.method == "POST"
    access = project_for(request.user, slug, Can.STEER if may_set else Can.INSPECT)
    latest = steering_latest(access.project)
    in_use, number = steering_of(access.project, latest), latest.number if latest else 0
    initial = SteeringForm.initial_of(in_use, number, access.taxonomy)
    form = SteeringForm(request.POST or None, initial=initial, taxonomy=access.taxonomy)
    if may_set and form.is_valid():
        return _compare_or_set(request, access, form)
    context = {
        "access": access,
        "nav": "learner",
        "form": form,
        "number": number,
        "strategies": WORDS,
        "versions": steering_versions(access.project)[:VERSIONS_SHOWN],
        "shadows": shadows_of(access.project)[:SHADOWS_SHOWN],
        "suggestions": suggestions_state(access.project),
    }
    return render_page(request, "query/steering.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def suggestions(request: HttpRequest, slug: str) -> HttpResponse:
    """Switch suggestions of a language model on or off; for admins."""
    access = project_for(request.user, slug, Can.CONFIGURE)
    if request.POST.get("on") not in {"0", "1"}:
        raise BadInput("Send on=1 to switch suggestions on, or on=0 to switch them off.")
    suggestions_switch(access, on=request.POST["on"] == "1")
    return redirect("learner:steering", slug=slug)


@require_GET
@login_required
def shadow(request: HttpRequest, slug: str, shadow_id: int) -> HttpResponse:
    """One comparison: what the settings in use then and the candidate would each have taken."""
    access = project_for(request.user, slug, Can.INSPECT)
    run = shadow_of(access.project, shadow_id)
    latest = steering_latest(access.project)
    context = {"access": access, "nav": "learner", "run": run, "changes": settings_compared(run)}
    if run.result:
        pace = pace_of(access.project, timezone.now())
        context |= {
            "facts": [*compared(run, access.taxonomy), *pace_compared(run, pace)],
            "pace": pace,
            "only_in_use": alone_lines(access.project, run.result["only_in_use"]),
            "only_candidate": alone_lines(access.project, run.result["only_candidate"]),
            "is_current": run.base == (latest.number if latest else 0),
        }
    return render_page(request, "query/shadow.html", context, part="live")


@require_POST
@login_required
def shadow_adopt(request: HttpRequest, slug: str, shadow_id: int) -> HttpResponse:
    """Set the candidate of a comparison, unless others were set since."""
    access = project_for(request.user, slug, Can.STEER)
    version = steering_adopt(access, shadow_of(access.project, shadow_id))
    messages.success(request, f"Set: {version.changes}. The next query goes by it.")
    return redirect("learner:steering", slug=slug)


@require_http_methods(["GET", "POST"])
@login_required
def look(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """Why no batch has taken an item, and where it stands in the next; POST has it scored."""
    access = project_for(request.user, slug, Can.INSPECT)
    item = item_of(access.project, item_id)
    if request.method == "POST":
        look_request(access, item)
        if "HX-Request" not in request.headers:
            return redirect("pool:item", slug=slug, item_id=item_id)
    context = {"access": access, "nav": "learner", "look": look_of(access.project, item)}
    return render_page(request, "query/look.html", context, part="live")


def _compare_or_set(request: HttpRequest, access: Access, form: SteeringForm) -> HttpResponse:
    slug = access.project.slug
    if "compare" in request.POST:
        run = shadow_request(access, form.steering)
        return redirect("learner:shadow", slug=slug, shadow_id=run.pk)
    cleaned = form.cleaned_data
    version = steering_set(access, form.steering, based_on=cleaned["number"], note=cleaned["note"])
    messages.success(request, f"Set: {version.changes}. The next query goes by it.")
    return redirect("learner:steering", slug=slug)
