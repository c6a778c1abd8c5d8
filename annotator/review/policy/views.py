"""Pages on how the policy changes: its history, what a draft of the taxonomy touches, and rechecks."""

from collections.abc import Sequence

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.errors import CrossguardError
from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.policy import PolicyEntry, Subject, policy_of
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.queue.models import Recheck
from annotator.queue.rechecking import RECHECK_MAX, RecheckSummary, rechecks_of
from annotator.review.citing import COUNTED_MAX
from annotator.review.desk.forms import RecheckForm, VersionsForm
from annotator.review.policy.affected import groups_of, taxonomy_impact
from annotator.review.policy.counting import groups_counted
from annotator.review.policy.drafted import taxonomy_touched
from annotator.review.policy.rechecking import chosen_of, recheck_cancel, recheck_chosen


@require_GET
@login_required
def policy(request: HttpRequest, slug: str) -> HttpResponse:
    """How the policy came to be what it is, newest first; what was looked at again for whoever may know."""
    access = project_for(request.user, slug, Can.READ)
    rechecks = rechecks_of(access.project) if access.can["inspect"] else []
    current = {clause.number for clause in guideline_current(access.project).clauses}
    context = {
        "access": access,
        "nav": "guideline",
        "entries": [(entry, _of(entry, rechecks)) for entry in policy_of(access.project)],
        "current": current,
    }
    return render_page(request, "review/policy.html", context)


@require_GET
@login_required
def taxonomy_touches(request: HttpRequest, slug: str) -> HttpResponse:
    """What names the categories that the draft of the taxonomy changes."""
    access = project_for(request.user, slug, Can.GUIDE)
    touched = taxonomy_touched(access.project)
    context = {
        "access": access,
        "nav": "guideline",
        "impact": taxonomy_impact(access.project, touched.base, touched.slugs),
        "most": COUNTED_MAX,
    }
    return render_page(request, "review/taxonomy_impact.html", context, part="impact")


@require_http_methods(["GET", "POST"])
@login_required
def rechecks(request: HttpRequest, slug: str) -> HttpResponse:
    """What a version touched, to be chosen and counted; POST has it looked at again."""
    access = project_for(request.user, slug, Can.GUIDE)
    keys = request.POST.getlist("group")
    if request.method == "GET" or "count" in request.POST:
        said = {"reason": request.POST.get("reason", "")}
        return _rechecks(request, access, keys, RecheckForm(initial=said))
    (taxonomy, guideline), form = _versions(request, access), RecheckForm(request.POST)
    if not form.is_valid():
        return _rechecks(request, access, keys, form)
    try:
        recheck = recheck_chosen(
            access, keys, taxonomy=taxonomy, guideline=guideline, reason=form.cleaned_data["reason"]
        )
    except CrossguardError as error:
        return _rechecks(request, access, keys, form, error)
    messages.success(
        request, f"Batch {recheck.batch.number} is open: {recheck.batch.n_items:,} items are looked at again."
    )
    return redirect("review:rechecks", slug=slug)


@require_POST
@login_required
def recheck_stop(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Cancel one recheck."""
    access = project_for(request.user, slug, Can.GUIDE)
    recheck_cancel(access, number)
    messages.success(request, "Cancelled: nothing more is served. What was answered counts.")
    return redirect("review:rechecks", slug=slug)


def _rechecks(
    request: HttpRequest,
    access: Access,
    keys: Sequence[str],
    form: RecheckForm,
    error: CrossguardError | None = None,
) -> HttpResponse:
    taxonomy, guideline = _versions(request, access)
    groups = groups_of(access.project, taxonomy=taxonomy, guideline=guideline)
    chosen = None
    if keys and error is None:
        try:
            chosen = chosen_of(access.project, groups, keys)
        except CrossguardError as found:
            error = found
    context = {
        "access": access,
        "nav": "guideline",
        "taxonomy": taxonomy,
        "guideline": guideline,
        "lines": list(groups_counted(groups, keys)),
        "chosen": chosen,
        "most": RECHECK_MAX,
        "form": form,
        "error": error,
        "rechecks": rechecks_of(access.project),
    }
    status = error.status if error else 422 if form.errors else 200
    return render_page(request, "review/rechecks.html", context, status=status)


def _versions(request: HttpRequest, access: Access) -> tuple[int, int]:
    """The versions that the address or the form names; the newest ones where it does not."""
    form = VersionsForm(request.GET if request.method == "GET" else request.POST)
    form.is_valid()
    return (
        form.cleaned_data.get("taxonomy") or taxonomy_current(access.project).version.number,
        form.cleaned_data.get("guideline") or guideline_current(access.project).version.number,
    )


def _of(entry: PolicyEntry, rechecks: Sequence[RecheckSummary]) -> list[RecheckSummary]:
    """The rechecks that were opened while this version was the newest of all."""
    return [row for row in rechecks if _newest(row.recheck) == (entry.subject, entry.number)]


def _newest(recheck: Recheck) -> tuple[Subject, int]:
    """The version that was published last before the recheck."""
    taxonomy, guideline = recheck.taxonomy, recheck.guideline
    if guideline.created_at > taxonomy.created_at:
        return Subject.GUIDELINE, guideline.number
    return Subject.TAXONOMY, taxonomy.number
