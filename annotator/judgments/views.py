"""The labelling page and what its script calls.

Each address under label/ answers a form (303 back to the page) and the page's script (`part=place`): the
next place as HTML, or 204 when there is none. A script gets errors as JSON, because it asks for JSON.
"""

from datetime import datetime
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from annotator.errors import BadInput, CrossguardError, Forbidden
from annotator.judgments.clauses import guideline_news, guideline_shown
from annotator.judgments.desk import filled_before, place_shown, toggles_of
from annotator.judgments.forms import (
    Filled,
    answer_from,
    filled_from,
    ids_from,
    moment_from,
    number_from,
    undo_id_from,
)
from annotator.judgments.keymap import keymap_of
from annotator.judgments.lessons import lesson_after, lesson_shown, qualifying_of
from annotator.judgments.models import Judgment, Seat
from annotator.judgments.seats import seat_of
from annotator.judgments.selectors import day_of
from annotator.judgments.services import flag_add, judgment_submit, judgment_undo
from annotator.judgments.turns import Turn, judgment_turn
from annotator.projects.access import Access, Can, project_for
from annotator.queue.models import Assignment, Purpose
from annotator.queue.places import (
    SKIP_REASONS,
    assignment_claim,
    assignment_release,
    assignment_renew,
    assignment_skip,
)
from annotator.queue.rationing import lighter_line, why_nothing
from annotator.queue.selectors import batch_progress, places_held
from annotator.queue.stopping import page_stop

OTHER_ACCOUNT = (
    "You are signed in as {} here. What waits in this browser is another account's: it is not sent."
)
UNDONE = "Your last judgment is undone. Answer again, or skip the page."
STOPPED = (
    "Stopped. The page is gone from every queue, and the people named for such cases take over. "
    "Nothing more is asked of you. Take a break if you like."
)
LATE = "Your lease had run out and the place went to somebody else. Your judgment is kept beside the others."


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def label(request: HttpRequest, slug: str) -> HttpResponse:
    """The page on which people label; POST submits, and answers with the next place."""
    access = _labeller(request, slug)
    if request.method == "GET":
        return _desk(request, access)
    try:
        turn = _turn(request, access)
    except BadInput as error:
        if _is_script(request):
            raise
        return _desk(request, access, filled=filled_from(request.POST), error=error)
    judgment = turn.submitted.judgment
    if judgment.purpose == Purpose.QUALIFICATION:
        return _explained(request, access, judgment, turn.place)
    is_late = judgment.late and turn.submitted.created
    return _given(request, access, turn.place, notice=LATE if is_late else "")


@require_POST
@login_required
@never_cache
def label_next(request: HttpRequest, slug: str) -> HttpResponse:
    """One more place, beside those that the page holds."""
    return _next(request, _labeller(request, slug))


@require_POST
@login_required
@never_cache
def skip(request: HttpRequest, slug: str) -> HttpResponse:
    """Decline the place with a reason; answers with the next one."""
    access = _labeller(request, slug)
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
    access = _labeller(request, slug)
    flag_add(access, number_from(request.POST, "assignment"), request.POST.get("flag_note", ""))
    if _is_script(request):
        return HttpResponse(status=204)
    messages.success(request, "Flagged for the lead.")
    return _back(access)


@require_POST
@login_required
@never_cache
def stop(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the page out of every queue as possibly illegal; answers with the next place."""
    access = _labeller(request, slug)
    page_stop(access, number_from(request.POST, "assignment"))
    return _next(request, access, notice=STOPPED)


@require_POST
@login_required
@never_cache
def undo(request: HttpRequest, slug: str) -> HttpResponse:
    """Take the last judgment back; answers with its place, filled as it was."""
    access = _labeller(request, slug)
    assignment = judgment_undo(access, client_id=undo_id_from(request.POST))
    if not _is_script(request):
        messages.info(request, _undone_text(access))
        return _back(access)
    return _place(request, access, assignment, resumed=True)


@require_POST
@login_required
@never_cache
def renew(request: HttpRequest, slug: str) -> HttpResponse:
    """The new end of the leases on the places that the page still holds, and which; 204 when it holds none."""
    access = _labeller(request, slug)
    ids = ids_from(request.POST, "assignment")
    until = assignment_renew(access.project, access.user, ids)
    if until is None:
        return HttpResponse(status=204)
    held = places_held(access.project, access.user, ids)
    return JsonResponse({"lease_until": until.isoformat(), "held": held})


@require_POST
@login_required
@never_cache
def release(request: HttpRequest, slug: str) -> HttpResponse:
    """Give back the places of a page that pauses; one that closes says until when it had them, as it knows it."""
    access = _labeller(request, slug)
    known = moment_from(request.POST, "known") if "known" in request.POST else None
    assignment_release(access.project, access.user, ids_from(request.POST, "assignment"), known=known)
    return HttpResponse(status=204)


def _desk(
    request: HttpRequest,
    access: Access,
    *,
    filled: Filled | None = None,
    error: CrossguardError | None = None,
) -> HttpResponse:
    now = timezone.now()
    assignment = assignment_claim(access.project, access.user)
    place = None
    seat, taxonomy = seat_of(access.project, access.user), access.taxonomy
    if assignment is not None:
        filled = filled or filled_before(access.project, access.user, assignment)
        is_always = seat.shield == Seat.Shield.ALWAYS
        place = place_shown(assignment, taxonomy, filled=filled, shield_always=is_always)
    guideline = guideline_shown(access.project)
    keymap = keymap_of(taxonomy, seat.keys)
    context = {
        "access": access,
        "nav": "label",
        "place": place,
        "error": error,
        "seat": seat,
        "keymap": keymap,
        "toggles": toggles_of(taxonomy, filled or Filled(), keys=keymap.of_category),
        "guideline": guideline,
        "news": guideline_news(access, seat, guideline.guideline),
        "reasons": SKIP_REASONS,
        "day": day_of(access.project, access.user, midnight(), now=now),
        "progress": batch_progress(access.project),
        "lighter": lighter_line(access.project, access.user, now),
        "nothing": why_nothing(access.project, access.user, now),
        "qualifying": qualifying_of(access),
        "lesson": lesson_after(access, request.GET.get("explain", "")),
    }
    return render(request, "judgments/label.html", context, status=422 if error else 200)


def _turn(request: HttpRequest, access: Access) -> Turn:
    """The posted answer, stored; with the next place where the page wants one in the same breath."""
    assignment_id, answer = number_from(request.POST, "assignment"), answer_from(request.POST)
    if not _is_script(request) or "enough" in request.POST:
        return Turn(judgment_submit(access, assignment_id, answer), None)
    return judgment_turn(access, assignment_id, answer, holding=ids_from(request.POST, "holding"))


def _next(request: HttpRequest, access: Access, *, notice: str = "") -> HttpResponse:
    if not _is_script(request) or "enough" in request.POST:
        return _given(request, access, None, notice=notice)
    place = assignment_claim(access.project, access.user, holding=ids_from(request.POST, "holding"))
    return _given(request, access, place, notice=notice)


def _given(
    request: HttpRequest, access: Access, assignment: Assignment | None, *, notice: str = ""
) -> HttpResponse:
    if not _is_script(request):
        if notice:
            messages.warning(request, notice)
        return _back(access)
    response = HttpResponse(status=204) if assignment is None else _place(request, access, assignment)
    if notice:
        response["X-Notice"] = notice
    return response


def _explained(
    request: HttpRequest, access: Access, judgment: Judgment, assignment: Assignment | None
) -> HttpResponse:
    """As `_given`, with what the person reads about their answer before they go on."""
    if not _is_script(request):
        return _back(access, explain=judgment.pk)
    given = _given(request, access, assignment)
    context = {"lesson": lesson_shown(access, judgment)}
    told = render_to_string("judgments/explanation.html", context, request)
    return HttpResponse(told.encode() + given.content)


def _place(
    request: HttpRequest, access: Access, assignment: Assignment, *, resumed: bool = False
) -> HttpResponse:
    filled = filled_before(access.project, access.user, assignment) if resumed else None
    is_always = request.POST.get("shield") == Seat.Shield.ALWAYS
    context = {"place": place_shown(assignment, access.taxonomy, filled=filled, shield_always=is_always)}
    return render(request, "judgments/label.html#place", context)


def _labeller(request: HttpRequest, slug: str) -> Access:
    """Access to label, for the account that the page was made for: another may have signed in meanwhile."""
    access = project_for(request.user, slug, Can.LABEL)
    if request.POST.get("owner", str(access.user.pk)) != str(access.user.pk):
        raise Forbidden(OTHER_ACCOUNT.format(access.user.username), code="other_account")
    return access


def _is_script(request: HttpRequest) -> bool:
    return request.POST.get("part") == "place"


def _back(access: Access, *, explain: int | None = None) -> HttpResponse:
    """To the page, also when it was asked for by a POST; there the answer `explain` is explained."""
    address = reverse("judgments:label", args=[access.project.slug])
    response = redirect(address if explain is None else f"{address}?{urlencode({'explain': explain})}")
    response.status_code = 303
    return response


def _undone_text(access: Access) -> SafeString:
    """That it is undone, with a link to what was made with it: a page of the learner, known by its name alone."""
    address = reverse("training:uses", args=[access.project.slug])
    return format_html('{} <a href="{}">What was made with it</a>', UNDONE, address)


def midnight() -> datetime:
    """When today began, where the server is."""
    return timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
