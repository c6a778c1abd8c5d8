"""Pages about annotators: for leads all of them, for each the totals of their own checks."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotator.errors import BadInput, NotFound
from annotator.http import render_page
from annotator.projects.access import Can, project_for
from annotator.projects.models import Standing
from annotator.review.checks.qualifying import qualification_require
from annotator.review.checks.results import FAST_SHARE, FAST_WINDOW
from annotator.review.checks.standing_policy import FEWEST
from annotator.review.checks.standings import REASON_MAX, standing_waive
from annotator.review.people.lines import profile_lines
from annotator.review.people.profiles import own_profile, pace_of, profile_of, profiles_of
from annotator.review.people.totals import own_checks, people_of, person_of, person_page


@require_GET
@login_required
@never_cache
def people(request: HttpRequest, slug: str) -> HttpResponse:
    """The annotators by name: how much they did, how their checks went, and how far they are trusted."""
    access = project_for(request.user, slug, Can.RESOLVE)
    rows = people_of(access.project)
    profiles = profiles_of(access.project, [row.user for row in rows])
    context = {
        "access": access,
        "nav": "people",
        "people": [(row, profiles[row.user.pk]) for row in rows],
        "fewest": FEWEST,
        "fast_window": FAST_WINDOW,
        "fast_share": FAST_SHARE,
    }
    return render_page(request, "review/people.html", context)


@require_GET
@login_required
@never_cache
def person(request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
    """One annotator with the answers behind the numbers."""
    access = project_for(request.user, slug, Can.RESOLVE)
    row = person_of(access.project, user_id)
    if row is None:
        raise NotFound(f"This project has no annotator {user_id}.")
    context = {
        "access": access,
        "nav": "people",
        "person": person_page(access.project, row),
        "profile": profile_lines(profile_of(access.project, row.user)),
        "pace": pace_of(access.project, row.user),
        "reason_max": REASON_MAX,
        "is_qualifying": row.membership.standing == Standing.QUALIFYING,
    }
    return render_page(request, "review/person.html", context)


@require_POST
@login_required
def standing(request: HttpRequest, slug: str, user_id: int) -> HttpResponse:
    """Trust somebody, or send them to qualification: with a reason that they read."""
    access = project_for(request.user, slug, Can.RESOLVE)
    reason = request.POST.get("reason", "")
    action = request.POST.get("action", "")
    if action == "waive":
        standing_waive(access, user_id, reason)
        messages.success(request, "Trusted again. They see your reason.")
    elif action == "qualify":
        qualification_require(access, user_id, reason)
        messages.success(request, "They go through qualification, and see your reason.")
    else:
        raise BadInput(f'"{action}" is no action. Use waive or qualify.')
    return redirect("review:person", slug=slug, user_id=user_id)


@require_GET
@login_required
@never_cache
def checks(request: HttpRequest, slug: str) -> HttpResponse:
    """One's own numbers: totals of checks, levels by category and week, pace, and one's standing. Nobody else's."""
    access = project_for(request.user, slug, Can.LABEL)
    context = {
        "access": access,
        "nav": "history",
        "checks": own_checks(access.project, access.user, timezone.now()),
        "profile": profile_lines(own_profile(access.project, access.user, timezone.now())),
        "pace": pace_of(access.project, access.user),
        "standing": access.standing,
        "fewest": FEWEST,
    }
    return render_page(request, "review/own_checks.html", context, part="card")
