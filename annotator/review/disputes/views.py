"""Pages of one disagreement: opened under a lease, resolved, put on hold, sent for more judgments."""

from uuid import uuid4

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.errors import BadInput, Conflict, Withheld
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.review.acts.undoing import undo_last
from annotator.review.changes import changes_since
from annotator.review.desk.forms import SeenForm
from annotator.review.desk.going_on import dispute_url, list_url, next_url
from annotator.review.desk.holding import disagreement_hold, disagreement_release, judgment_ask
from annotator.review.desk.item import reason_words
from annotator.review.desk.leases import RENEW_SECONDS, lease_next, lease_take
from annotator.review.desk.more_judgments import asked_in, choices_of
from annotator.review.desk.patterns import is_rulable, pattern_words
from annotator.review.desk.reasons import reasons_used
from annotator.review.desk.resolving import Refusal, resolve, show_refused
from annotator.review.desk.wanting import id_of, query_of, wanted_of
from annotator.review.models import Disagreement
from annotator.review.questions.threads import threads_of_item
from annotator.review.selectors import (
    Wanted,
    disagreement_before,
    disagreement_of,
    disagreements_open,
    standings_of,
)

TITLES = {
    "hold": "Not put on hold",
    "release": "Not released",
    "ask": "Nobody was asked",
}


@require_http_methods(["GET", "POST"])
@login_required
@never_cache
def disagreement(request: HttpRequest, slug: str, disagreement_id: int) -> HttpResponse:
    """One disagreement, leased to whoever opens it: the answers side by side, and the form that settles it."""
    access = project_for(request.user, slug, Can.RESOLVE)
    row = disagreement_of(access.project, disagreement_id)
    wanted, action = wanted_of(request), str(request.POST.get("action", ""))
    if action in TITLES:
        return _act(request, access, row, wanted)
    context = _context(access, row, wanted)
    return resolve(
        request,
        access,
        row.item_id,
        "review/disagreement.html",
        context,
        onward=lambda: _onward(access, row, wanted, action),
    )


@require_GET
@login_required
@never_cache
def disagreement_next(request: HttpRequest, slug: str) -> HttpResponse:
    """Go to the next disagreement that no other lead has open, or to the list when there is none."""
    access = project_for(request.user, slug, Can.RESOLVE)
    wanted, after = wanted_of(request), id_of(request.GET.get("after", ""))
    row = lease_next(access, wanted, after=after)
    if row is not None:
        return redirect(dispute_url(access, row, wanted))
    left = disagreements_open(access.project, wanted).exclude(pk=after).count()
    if left:
        messages.info(
            request, f"What is left here is open before other leads: {left}. Come back in a minute."
        )
    return redirect(list_url(access, wanted))


@require_POST
@login_required
@never_cache
def lease(request: HttpRequest, slug: str, disagreement_id: int) -> HttpResponse:
    """Say that the page is still open; answers who has the item, and what has changed on it since it was shown."""
    access = project_for(request.user, slug, Can.RESOLVE)
    row = disagreement_of(access.project, disagreement_id)
    if row.item.withheld:
        raise Withheld  # what changed on it may quote the page
    form = SeenForm(request.POST)
    if not form.is_valid():
        raise BadInput("The page has lost track of what it shows. Load it again.")
    held_by = lease_take(access, row.pk)
    changes = changes_since(
        standings_of(access.project, [row.item_id])[0],
        taxonomy_current(access.project),
        judgments=form.cleaned_data["judgments"],
        resolution=form.cleaned_data["resolution"],
    )
    context = {
        "access": access,
        "disagreement": row,
        "lease": held_by,
        "lease_seconds": RENEW_SECONDS,
        "changes": changes,
    }
    return render_page(request, "review/lease.html", context)


def _act(request: HttpRequest, access: Access, row: Disagreement, wanted: Wanted) -> HttpResponse:
    """Hold, release or ask, and go on; what is refused comes back with why, and with what was typed."""
    action = str(request.POST["action"])
    try:
        said = _done(request, access, row, action)
    except (BadInput, Conflict) as error:
        status = 409 if isinstance(error, Conflict) else 422
        context = _context(access, row, wanted)
        context["refusal"] = Refusal(TITLES[action], error.message, status)
        return show_refused(request, access, row.item_id, "review/disagreement.html", context)
    messages.success(request, said)
    if action == "release":
        return redirect(dispute_url(access, row, Wanted()))
    return redirect(next_url(access, wanted, row.pk))


def _done(request: HttpRequest, access: Access, row: Disagreement, action: str) -> str:
    """What was done, in a sentence."""
    if action == "hold":
        disagreement_hold(access, row.pk, reason=str(request.POST.get("reason", "")))
        return "On hold: it waits under On hold until a lead releases it."
    if action == "release":
        disagreement_release(access, row.pk)
        return "Released: it is among the disagreements again."
    asked = asked_in(str(request.POST.get("ask", "")))
    judgment_ask(access, row.pk, n=asked.n, annotator=asked.annotator)
    return asked.sentence


def _context(access: Access, row: Disagreement, wanted: Wanted) -> dict[str, object]:
    project = access.project
    before = disagreement_before(project, row.pk, wanted)
    taxonomy = taxonomy_current(project)
    return {
        "nav": "disagreements",
        "disagreement": row,
        "lease": lease_take(access, row.pk),
        "lease_seconds": RENEW_SECONDS,
        "onward": reverse("review:disagreement_next", args=[project.slug]) + query_of(wanted, after=row.pk),
        "back": dispute_url(access, before, wanted) if before else "",
        "left": disagreements_open(project, wanted).exclude(pk=row.pk).count(),
        "wanted": wanted,
        "query": query_of(wanted),
        "question_url": _page_url(access, "item_question", row, wanted),
        "gold_url": _page_url(access, "item_gold", row, wanted),
        "clause_url": _page_url(access, "item_clause", row, wanted),
        "threads": [] if row.item.withheld else threads_of_item(project, row.item_id),
        "reason": reason_words(row.reason, taxonomy),
        "pattern": pattern_words(row.pattern, taxonomy),
        "pattern_query": query_of(Wanted(pattern=row.pattern)),
        "is_rulable": is_rulable(row.pattern),
        "spread_query": query_of(wanted, after=row.pk),
        "reasons": reasons_used(project, frozenset(row.categories), taxonomy, guideline_current(project)),
        "ask": choices_of(access, row) if row.closed_at is None else None,
        "undo": undo_last(access),
        "undo_id": uuid4(),
    }


def _onward(access: Access, row: Disagreement, wanted: Wanted, action: str) -> str:
    if action == "gold":
        return _page_url(access, "item_gold", row, wanted)
    if action == "spread":
        return _spread_url(access, row, wanted)
    return next_url(access, wanted, row.pk)


def _spread_url(access: Access, row: Disagreement, wanted: Wanted) -> str:
    """Where a lead spreads what they just decided, and then goes on."""
    query = query_of(wanted, after=row.pk)
    return reverse("review:spread", args=[access.project.slug, row.item_id]) + query


def _page_url(access: Access, name: str, row: Disagreement, wanted: Wanted) -> str:
    """A page about the item that knows the way back: to this disagreement, in the list as it is narrowed."""
    address = reverse(f"review:{name}", args=[access.project.slug, row.item_id])
    return address + query_of(wanted, disagreement=row.pk)
