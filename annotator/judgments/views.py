"""The labelling page and what its script calls; one's own history.

Each address under label/ answers a form (303 back to the page) and the page's script (`part=place`): the
next place as HTML, or 204 when there is none. A script gets errors as JSON, because it asks for JSON.
"""

from datetime import datetime
from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.errors import BadInput, CrossguardError
from annotator.http import render_page
from annotator.judgments.desk import (
    filled_before,
    filled_of,
    guideline_shown,
    history_rows,
    place_shown,
    toggles_of,
)
from annotator.judgments.forms import Filled, answer_from, filled_from, ids_from, moment_from, number_from
from annotator.judgments.models import Verdict
from annotator.judgments.selectors import judgment_own, judgments_own, judgments_today
from annotator.judgments.services import ANSWERS, flag_add, judgment_edit, judgment_submit, judgment_undo
from annotator.pool.selectors import item_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.selectors import taxonomy_current
from annotator.queue.models import Assignment
from annotator.queue.places import (
    SKIP_REASONS,
    assignment_claim,
    assignment_release,
    assignment_renew,
    assignment_skip,
)

HISTORY_PAGE = 50
OTHER_VERDICTS = [(verdict.value, verdict.label) for verdict in ANSWERS if verdict != Verdict.LABELLED]
LATE = "Your lease had run out and the place went to somebody else. Your judgment is kept beside the others."


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def label(request: HttpRequest, slug: str) -> HttpResponse:
    """The page on which people label; POST submits, and answers with the next place."""
    access = project_for(request.user, slug, Can.LABEL)
    if request.method == "GET":
        return _desk(request, access)
    try:
        submitted = judgment_submit(
            access, number_from(request.POST, "assignment"), answer_from(request.POST)
        )
    except BadInput as error:
        if _is_script(request):
            raise
        return _desk(request, access, filled=filled_from(request.POST), error=error)
    notice = LATE if submitted.judgment.late and submitted.created else ""
    return _next(request, access, notice=notice)


@require_POST
@login_required
@never_cache
def label_next(request: HttpRequest, slug: str) -> HttpResponse:
    """One more place, beside those that the page holds."""
    return _next(request, project_for(request.user, slug, Can.LABEL))


@require_POST
@login_required
@never_cache
def skip(request: HttpRequest, slug: str) -> HttpResponse:
    """Decline the place with a reason; answers with the next one."""
    access = project_for(request.user, slug, Can.LABEL)
    assignment_skip(
        access.project,
        access.user,
        number_from(request.POST, "assignment"),
        request.POST.get("reason", ""),
        note=request.POST.get("skip_note", ""),
    )
    return _next(request, access)


@require_POST
@login_required
@never_cache
def flag(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask the lead to look at the item; the place stays."""
    access = project_for(request.user, slug, Can.LABEL)
    flag_add(access, number_from(request.POST, "assignment"), request.POST.get("flag_note", ""))
    if _is_script(request):
        return HttpResponse(status=204)
    messages.success(request, "Flagged for the lead.")
    return _back(access)


@require_POST
@login_required
@never_cache
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the last judgment back; answers with its place, filled as it was."""
    access = project_for(request.user, slug, Can.LABEL)
    assignment = judgment_undo(access)
    if not _is_script(request):
        messages.info(request, "Your last judgment is undone. Answer again, or skip the page.")
        return _back(access)
    return _place(request, access, assignment, resumed=True)


@require_POST
@login_required
@never_cache
def renew(request: HttpRequest, slug: str) -> HttpResponse:
    """The new end of the leases on the places that the page holds; 204 when it holds none any more."""
    access = project_for(request.user, slug, Can.LABEL)
    until = assignment_renew(access.project, access.user, ids_from(request.POST, "assignment"))
    return HttpResponse(status=204) if until is None else JsonResponse({"lease_until": until.isoformat()})


@require_POST
@login_required
@never_cache
def release(request: HttpRequest, slug: str) -> HttpResponse:
    """Give back the places of a page that closes."""
    access = project_for(request.user, slug, Can.LABEL)
    known = moment_from(request.POST, "known")
    assignment_release(access.project, access.user, ids_from(request.POST, "assignment"), known=known)
    return HttpResponse(status=204)


@require_GET
@login_required
@never_cache
def history(request: HttpRequest, slug: str) -> HttpResponse:
    """One's own judgments that stand, newest first."""
    access = project_for(request.user, slug, Can.LABEL)
    paginator = Paginator(judgments_own(access.project, access.user), HISTORY_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    context = {
        "access": access,
        "nav": "history",
        "page": page,
        "rows": history_rows(page.object_list, taxonomy_current(access.project)),
        "today": judgments_today(access.project, access.user, _midnight()),
    }
    return render_page(request, "judgments/history.html", context)


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def edit(request: HttpRequest, slug: str, judgment_id: int) -> HttpResponse:
    """One of one's own judgments; POST supersedes it with another answer."""
    access = project_for(request.user, slug, Can.LABEL)
    error = None
    if request.method == "POST":
        try:
            judgment_edit(access, judgment_id, answer_from(request.POST))
        except BadInput as refusal:
            error = refusal
        else:
            messages.success(request, "Changed.")
            return redirect("judgments:history", slug=slug)
    judgment = judgment_own(access.project, access.user, judgment_id)
    filled = filled_from(request.POST) if error else filled_of(judgment)
    context = {
        "access": access,
        "nav": "history",
        "judgment": judgment,
        "shown": item_page(judgment.item),
        "filled": filled,
        "toggles": toggles_of(taxonomy_current(access.project), filled),
        "verdicts": [(Verdict.LABELLED.value, "The labels above"), *OTHER_VERDICTS],
        "client_id": request.POST.get("client_id") or uuid4(),
        "error": error,
    }
    return render_page(request, "judgments/edit.html", context, status=422 if error else 200)


def _desk(
    request: HttpRequest,
    access: Access,
    *,
    filled: Filled | None = None,
    error: CrossguardError | None = None,
) -> HttpResponse:
    assignment = assignment_claim(access.project, access.user)
    place = None
    if assignment is not None:
        filled = filled or filled_before(access.project, access.user, assignment.item_id)
        place = place_shown(assignment, filled=filled)
    context = {
        "access": access,
        "nav": "label",
        "place": place,
        "error": error,
        "toggles": toggles_of(taxonomy_current(access.project), filled or Filled()),
        "guideline": guideline_shown(access.project),
        "reasons": SKIP_REASONS,
        "today": judgments_today(access.project, access.user, _midnight()),
    }
    return render(request, "judgments/label.html", context, status=422 if error else 200)


def _next(request: HttpRequest, access: Access, *, notice: str = "") -> HttpResponse:
    if not _is_script(request):
        if notice:
            messages.warning(request, notice)
        return _back(access)
    assignment = assignment_claim(access.project, access.user, holding=ids_from(request.POST, "holding"))
    response = HttpResponse(status=204) if assignment is None else _place(request, access, assignment)
    if notice:
        response["X-Notice"] = notice
    return response


def _place(
    request: HttpRequest, access: Access, assignment: Assignment, *, resumed: bool = False
) -> HttpResponse:
    filled = filled_before(access.project, access.user, assignment.item_id) if resumed else None
    context = {"place": place_shown(assignment, filled=filled)}
    return render(request, "judgments/label.html#place", context)


def _is_script(request: HttpRequest) -> bool:
    return request.POST.get("part") == "place"


def _back(access: Access) -> HttpResponse:
    response = redirect("judgments:label", slug=access.project.slug)
    response.status_code = 303
    return response


def _midnight() -> datetime:
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
