"""Pages of experiments: start one, see both arms side by side, end it, promote its candidate."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.errors import BadInput, CrossguardError
from annotator.http import render_page
from annotator.projects.access import LEADS, Can, project_for
from learner.core.gate import Verdict
from learner.evaluation.release.forms import PromotionForm
from learner.evaluation.release.selectors import gate_latest
from learner.evaluation.serving import promotion_current, version_serving
from learner.monitoring.experiments.forms import ExperimentForm, StopForm
from learner.monitoring.experiments.selectors import (
    counted_of,
    differing_of,
    experiment_of,
    experiment_running,
    experiments_of,
)
from learner.monitoring.experiments.services import (
    experiment_promote,
    experiment_start,
    experiment_stop,
    pages_open,
)
from learner.training.selectors import classifier_of, classifiers_of

EXPERIMENTS_SHOWN = 50
PAGES_SHOWN = 50


@require_http_methods(["GET", "POST"])
@login_required
def experiments(request: HttpRequest, slug: str) -> HttpResponse:
    """The experiments of a project, and the form for a new one; POST starts it."""
    access = project_for(request.user, slug, Can.PROMOTE if request.method == "POST" else Can.INSPECT)
    serving = version_serving(access.project)
    others = [one.number for one in classifiers_of(access.project) if serving is None or one.pk != serving.pk]
    form = ExperimentForm(request.POST if request.method == "POST" else None, numbers=others)
    if request.method == "POST" and form.is_valid():
        candidate = classifier_of(access.project, form.cleaned_data["candidate"])
        try:
            row = experiment_start(access, candidate, form.design())
        except CrossguardError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"Experiment {row.number} runs now.")
            return redirect("monitoring:experiment", slug=slug, number=row.number)
    context = {
        "access": access,
        "nav": "classifiers",
        "serving": serving,
        "running": experiment_running(access.project),
        "others": others,
        "form": form,
        "experiments": experiments_of(access.project)[:EXPERIMENTS_SHOWN],
    }
    return render_page(request, "monitoring/experiments.html", context, status=422 if form.errors else 200)


@require_GET
@login_required
def experiment(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Both arms side by side, and the pages on which they differ."""
    access = project_for(request.user, slug, Can.INSPECT)
    row = experiment_of(access.project, number)
    current, gate = promotion_current(access.project), gate_latest(row.candidate)
    differing, counted = differing_of(row), counted_of(row)
    context = {
        "access": access,
        "nav": "classifiers",
        "experiment": row,
        "counted": counted,
        "arms": (counted.base, counted.candidate),
        "differing": differing[:PAGES_SHOWN],
        "n_differing": len(differing),
        "gate": gate,
        "passed": gate is not None and gate.verdict is Verdict.PASS,
        "may_sign": access.role in LEADS,
        "serves": current is not None and current.classifier_id == row.candidate_id,
        "stop": StopForm(),
        "promotion": PromotionForm(
            initial={
                "based_on": current.number if current else 0,
                "reason": f"experiment {row.number}",
                "exception": row.exception,
            }
        ),
    }
    return render_page(request, "monitoring/experiment.html", context, part="live")


@require_POST
@login_required
def stop(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """End an experiment now."""
    access = project_for(request.user, slug, Can.PROMOTE)
    row = experiment_of(access.project, number)
    form = StopForm(request.POST)
    if not form.is_valid():
        raise BadInput("Say why the experiment is to end, in 300 characters at most.")
    experiment_stop(access, row, form.cleaned_data["reason"])
    messages.success(request, f"Experiment {number} has ended. v{row.base.number} answers everything.")
    return redirect("monitoring:experiment", slug=slug, number=number)


@require_POST
@login_required
def promote(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Let the candidate serve; the experiment ends with that."""
    access = project_for(request.user, slug, Can.PROMOTE)
    row = experiment_of(access.project, number)
    form = PromotionForm(request.POST)
    if not form.is_valid():
        raise BadInput("Say why the version is to serve, and send the number of the promotion in force.")
    experiment_promote(access, row, **form.cleaned_data)
    messages.success(request, f"v{row.candidate.number} serves now.")
    return redirect("release:serving", slug=slug)


@require_POST
@login_required
def pages(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Open a batch of the pages on which the two versions differ."""
    access = project_for(request.user, slug, Can.INSPECT)
    batch = pages_open(access, experiment_of(access.project, number))
    messages.success(request, f"Batch {batch.number} is open, with {batch.n_items} pages.")
    return redirect("queue:batch", slug=slug, number=batch.number)
