"""How a person arranges their labelling page, and how far their day and the batch have come."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from annotator.errors import BadInput
from annotator.http import render_page
from annotator.judgments.keymap import KeyRow, keymap_of
from annotator.judgments.lessons import qualifying_of
from annotator.judgments.models import Seat
from annotator.judgments.seats import seat_arrange, seat_of, seat_reset
from annotator.judgments.selectors import day_of
from annotator.judgments.views import midnight
from annotator.projects.access import Access, Can, project_for
from annotator.projects.selectors import taxonomy_current
from annotator.queue.rationing import lighter_line
from annotator.queue.selectors import batch_progress

FIELD = "key:"  # before the name of each thing that has a key


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def keys(request: HttpRequest, slug: str) -> HttpResponse:
    """One's own keys and cover; POST changes all that it names, or nothing."""
    access = project_for(request.user, slug, Can.LABEL)
    if request.method == "GET":
        return _keys_page(request, access, seat_of(access.project, access.user))
    if "reset" in request.POST:
        seat_reset(access)
        messages.success(request, "Your keys are the usual ones again.")
        return redirect("judgments:keys", slug=slug)
    typed = {
        name.removeprefix(FIELD): str(text) for name, text in request.POST.items() if name.startswith(FIELD)
    }
    shield = str(request.POST.get("shield", ""))
    try:
        seat_arrange(access, keys=typed, shield=shield)
    except BadInput as error:
        seat = seat_of(access.project, access.user)
        seat.shield = shield
        return _keys_page(request, access, seat, typed=typed, error=error)
    messages.success(request, "Saved. The labelling page goes by it from now on.")
    return redirect("judgments:label", slug=slug)


@require_GET
@login_required
@never_cache
def session(request: HttpRequest, slug: str) -> HttpResponse:
    """One's own day and how far the newest batch has come, as a part."""
    access = project_for(request.user, slug, Can.LABEL)
    now = timezone.now()
    context = {
        "access": access,
        "day": day_of(access.project, access.user, midnight(), now=now),
        "progress": batch_progress(access.project),
        "lighter": lighter_line(access.project, access.user, now),
        "qualifying": qualifying_of(access),
    }
    return render(request, "judgments/progress.html", context)


def _keys_page(
    request: HttpRequest,
    access: Access,
    seat: Seat,
    *,
    typed: dict[str, str] | None = None,
    error: BadInput | None = None,
) -> HttpResponse:
    keymap = keymap_of(taxonomy_current(access.project), seat.keys)
    problems = dict(error.details) if error else {}

    def fields(rows: tuple[KeyRow, ...]) -> list[dict[str, object]]:
        return [
            {"row": row, "value": (typed or {}).get(row.name, row.key), "problem": problems.get(row.name)}
            for row in rows
        ]

    context = {
        "access": access,
        "nav": "label",
        "seat": seat,
        "covers": Seat.Shield.choices,
        "groups": [("Actions", fields(keymap.actions)), ("Categories", fields(keymap.categories))],
        "problems": dict.fromkeys(str(problem) for problem in problems.values())
        or (error and [error.message]),
    }
    return render_page(request, "judgments/keys.html", context, status=422 if error else 200)
