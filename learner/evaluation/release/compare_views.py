"""Pages on which two versions are compared on the same audited items."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods

from annotator.errors import CrossguardError
from annotator.http import render_page
from annotator.projects.access import Can, project_for
from learner.evaluation.release.comparisons import (
    comparison_of,
    comparison_request,
    comparisons_of,
    pairs_of,
    parts_of_comparison,
    verdict_of,
)
from learner.evaluation.release.forms import CompareForm
from learner.evaluation.serving import version_serving
from learner.training.selectors import classifier_of, classifiers_of

RUNS_SHOWN = 20


@require_http_methods(["GET", "POST"])
@login_required
def compare(request: HttpRequest, slug: str) -> HttpResponse:
    """Choose two versions; POST has them compared by a worker."""
    access = project_for(request.user, slug, Can.INSPECT)
    versions = list(classifiers_of(access.project))
    serving = version_serving(access.project)
    others = [version for version in versions if serving is None or version.pk != serving.pk]
    first = serving or (versions[1] if len(versions) > 1 else None)
    initial = {
        "base": first.number if first else None,
        "candidate": others[0].number if others else None,
    }
    form = CompareForm(
        request.POST if request.method == "POST" else None,
        numbers=[version.number for version in versions],
        initial=initial,
    )
    if request.method == "POST" and form.is_valid():
        pair = (classifier_of(access.project, form.cleaned_data[name]) for name in ("base", "candidate"))
        try:
            run = comparison_request(access, *pair)
        except CrossguardError as error:
            form.add_error(None, error.message)
        else:
            return redirect("release:comparison", slug=slug, run_id=run.pk)
    context = {
        "access": access,
        "nav": "classifiers",
        "form": form,
        "enough": len(versions) > 1,
        "runs": comparisons_of(access.project)[:RUNS_SHOWN],
    }
    return render_page(request, "release/compare.html", context, status=422 if form.errors else 200)


@require_GET
@login_required
def comparison(request: HttpRequest, slug: str, run_id: int) -> HttpResponse:
    """One comparison: differences with intervals, category by category, and pages that flip."""
    access = project_for(request.user, slug, Can.INSPECT)
    run = comparison_of(access.project, run_id)
    pairs = pairs_of(run)
    context = {
        "access": access,
        "nav": "classifiers",
        "run": run,
        "pairs": pairs,
        "any_flips": any(pair.flips for pair in pairs),
        "verdict": verdict_of(run, pairs) if run.result else "",
        "parts": parts_of_comparison(run),
    }
    return render_page(request, "release/comparison.html", context, part="live")
