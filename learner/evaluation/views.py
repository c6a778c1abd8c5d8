"""Pages about classifiers: the list, one version, the learner's part of the project's home, and two requests."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from annotator.charts import band_chart, interval_bars
from annotator.errors import BadInput
from annotator.http import render_page, wants_json
from annotator.pool.selectors import item_of
from annotator.projects.access import Can, project_for
from learner.evaluation.forms import AuditsForm, PlanForm
from learner.evaluation.models import Truth
from learner.evaluation.opinion import opinion_of
from learner.evaluation.overview import learner_overview
from learner.evaluation.planning import audit_plan, audit_state
from learner.evaluation.prospect_lines import prospect_line
from learner.evaluation.prospects import learning_curve
from learner.evaluation.selectors import (
    categories_compared,
    evaluation_latest,
    result_of,
    results_of,
    truth_of,
)
from learner.evaluation.services import truth_set
from learner.training.selectors import classifier_of, classifiers_of, driving_of, training_runs_of
from learner.training.services import (
    AUDITS_MAX,
    audits_at_random_request,
    audits_request,
    batch_request,
    training_request,
)
from learner.training.uses import Uses, judgment_any, judgment_undone, uses_of

VERSIONS_COMPARED = 4
RUNS_SHOWN = 5
DIGITS_MAX = 18  # what a bigint holds for certain


@require_GET
@login_required
def classifiers(request: HttpRequest, slug: str) -> HttpResponse:
    """The classifier versions, newest first, and the training runs."""
    access = project_for(request.user, slug, Can.INSPECT)
    results = results_of(classifiers_of(access.project))
    context = {
        "access": access,
        "nav": "classifiers",
        "overview": learner_overview(access.project),
        "results": results,
        "compared": results[:VERSIONS_COMPARED],
        "rows": categories_compared(results[:VERSIONS_COMPARED]),
        "training_runs": training_runs_of(access.project)[:RUNS_SHOWN],
    }
    return render_page(request, "training/classifiers.html", context, part="live")


@require_GET
@login_required
def classifier(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One classifier version, category by category."""
    access = project_for(request.user, slug, Can.INSPECT)
    version = classifier_of(access.project, number)
    result = result_of(version, evaluation_latest(version))
    driving = driving_of(version)
    words_of = driving.result if driving else {}
    context = {
        "access": access,
        "nav": "classifiers",
        "result": result,
        "driving": driving,
        "drivers": [(row.name, words) for row in result.categories if (words := words_of.get(row.slug))],
        "chart": interval_bars([category.f1 for category in result.categories], f"F1 of {version}"),
    }
    return render_page(request, "training/classifier.html", context, part="drivers")


@require_GET
@login_required
def curve(request: HttpRequest, slug: str) -> HttpResponse:
    """What labels have brought so far, and what more of them would bring, category by category."""
    access = project_for(request.user, slug, Can.INSPECT)
    found = learning_curve(access.project)
    context = {
        "access": access,
        "nav": "classifiers",
        "curve": found,
        "macro": band_chart(found.macro_f1, "Macro-F1 by labels"),
        "lines": [prospect_line(row) for row in found.categories],
    }
    return render_page(request, "training/curve.html", context)


@require_GET
@login_required
def audits(request: HttpRequest, slug: str) -> HttpResponse:
    """What was drawn for audit, what became of it, and how many more it takes to know one score of a category."""
    access = project_for(request.user, slug, Can.INSPECT)
    asked = "category" in request.GET
    form = PlanForm(request.GET if asked else None, taxonomy=access.taxonomy)
    plan = audit_plan(access.project, **form.cleaned_data) if asked and form.is_valid() else None
    context = {
        "access": access,
        "nav": "classifiers",
        "state": audit_state(access.project),
        "form": form,
        "plan": plan,
        "truths": Truth.choices,
        "truth": truth_of(access.project),
    }
    return render_page(request, "training/audits.html", context)


@require_POST
@login_required
def audits_open(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a batch of audits for one category."""
    access = project_for(request.user, slug, Can.INSPECT)
    form = AuditsForm(request.POST)
    if not form.is_valid():
        raise BadInput(f"Say which category, and how many audits: 1 to {AUDITS_MAX:,}.")
    ask = audits_at_random_request if form.cleaned_data["at_random"] else audits_request
    ask(access, form.cleaned_data["category"], form.cleaned_data["n"])
    messages.success(request, "A batch of audits is asked for. It opens in a few seconds.")
    return redirect("training:audits", slug=slug)


@require_POST
@login_required
def truth(request: HttpRequest, slug: str) -> HttpResponse:
    """Set what evaluations take for true."""
    access = project_for(request.user, slug, Can.STEER)
    truth_set(access, request.POST.get("truth", ""))
    messages.success(request, "Set. The newest version is evaluated anew.")
    return redirect("training:audits", slug=slug)


@require_GET
@login_required
def overview_part(request: HttpRequest, slug: str) -> HttpResponse:
    """What the learner does now, for the project's home."""
    access = project_for(request.user, slug, Can.INSPECT)
    overview = learner_overview(access.project)
    newest = overview.newest
    chart = interval_bars([row.f1 for row in newest.categories], f"F1 of {newest.version}") if newest else ""
    context = {"access": access, "overview": overview, "chart": chart}
    return render_page(request, "training/overview_part.html", context)


@require_GET
@login_required
def item_part(request: HttpRequest, slug: str, item_id: int) -> HttpResponse:
    """What is stored of the classifier's view of one item, for the lead's page; annotators must not see it."""
    access = project_for(request.user, slug, Can.RESOLVE)
    opinion = opinion_of(access.project, item_of(access.project, item_id))
    return render_page(request, "training/item_part.html", {"access": access, "opinion": opinion})


@require_GET
@login_required
@never_cache
def uses(request: HttpRequest, slug: str) -> HttpResponse:
    """What was made with one's own judgment (`judgment`, else the one undone last): a page, or JSON for a script."""
    access = project_for(request.user, slug, Can.LABEL)
    wanted = request.GET.get("judgment", "")
    is_id = wanted.isascii() and wanted.isdigit() and len(wanted) <= DIGITS_MAX
    judgment = judgment_any(access, int(wanted)) if is_id else judgment_undone(access)
    found = uses_of(judgment) if judgment else Uses((), ())
    if wants_json(request):
        return JsonResponse({"text": found.sentence})
    context = {"access": access, "nav": "history", "uses": found, "judgment": judgment}
    return render_page(request, "training/uses.html", context)


@require_POST
@login_required
def train(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a retrain."""
    training_request(project_for(request.user, slug, Can.INSPECT))
    messages.success(request, "A retrain is asked for. It starts in a few seconds.")
    return redirect("training:classifiers", slug=slug)


@require_POST
@login_required
def choose(request: HttpRequest, slug: str) -> HttpResponse:
    """Ask for a batch."""
    batch_request(project_for(request.user, slug, Can.INSPECT))
    messages.success(request, "A batch is asked for. It opens in a few seconds.")
    return redirect("training:classifiers", slug=slug)
