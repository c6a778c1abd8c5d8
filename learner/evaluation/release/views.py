"""Pages of the release: what serves, what the gate says of a version, and the rules of the gate."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.errors import BadInput, CrossguardError
from annotator.http import render_page
from annotator.projects.access import LEADS, Access, Can, project_for
from learner.core.gate import Verdict
from learner.evaluation.models import Evaluation
from learner.evaluation.release.forms import BackForm, PromotionForm, RulesForm
from learner.evaluation.release.prices import href_of
from learner.evaluation.release.selectors import (
    Effect,
    gate_latest,
    gates_latest,
    rules_effect,
    rules_history,
    rules_in_force,
)
from learner.evaluation.release.services import gate_of, promotion_back, promotion_make, rules_set
from learner.evaluation.release.summary import summary_of
from learner.evaluation.selectors import evaluation_latest, evaluations_newest
from learner.evaluation.services import evaluation_request
from learner.evaluation.serving import exceptions_of, promotion_current, promotions_of
from learner.training.selectors import classifier_of, classifiers_of

PROMOTIONS_SHOWN = 50
RULES_SHOWN = 20
PREVIEWED = 3


@require_GET
@login_required
def serving(request: HttpRequest, slug: str) -> HttpResponse:
    """Which version answers, what served before, and what the gate says of the others."""
    access = project_for(request.user, slug, Can.INSPECT)
    gates = gates_latest(access.project)
    promotions = list(promotions_of(access.project)[:PROMOTIONS_SHOWN])
    current = promotions[0] if promotions else None
    context = {
        "access": access,
        "nav": "classifiers",
        "current": current,
        "promotions": promotions,
        "versions": [(version, gates.get(version.pk)) for version in classifiers_of(access.project)],
        "rules": rules_in_force(access.project),
    }
    return render_page(request, "release/serving.html", context)


@require_POST
@login_required
def back(request: HttpRequest, slug: str) -> HttpResponse:
    """Go back to a version that served before."""
    access = project_for(request.user, slug, Can.PROMOTE)
    form = BackForm(request.POST)
    if not form.is_valid():
        raise BadInput("Send promotion, the number to go back to, and based_on, the number in force.")
    given = form.cleaned_data
    row = promotion_back(access, given["promotion"], based_on=given["based_on"])
    messages.success(request, f"v{row.classifier.number} serves again.")
    return redirect("release:serving", slug=slug)


@require_http_methods(["GET", "POST"])
@login_required
def gate(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """What the gate says of a version, rule by rule; POST promotes the version."""
    access = project_for(request.user, slug, Can.PROMOTE if request.method == "POST" else Can.INSPECT)
    version = classifier_of(access.project, number)
    current = promotion_current(access.project)
    initial = {"based_on": current.number if current else 0}
    form = PromotionForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            promotion_make(access, version, **given)
        except CrossguardError as error:
            form.add_error(None, error.message)
        else:
            messages.success(request, f"v{number} serves now.")
            return redirect("release:serving", slug=slug)
    found = gate_latest(version)
    context = {
        "access": access,
        "nav": "classifiers",
        "version": version,
        "evaluation": evaluation_latest(version),
        "gate": found,
        "lines": [(line, href_of(access.project, line)) for line in found.lines] if found else [],
        "passed": found is not None and found.verdict is Verdict.PASS,
        "current": current,
        "serves": current is not None and current.classifier_id == version.pk,
        "form": form,
        "may_sign": access.role in LEADS,
        "exceptions": exceptions_of(version),
    }
    return render_page(request, "release/gate.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def gate_again(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Ask the gate by the rules of this moment, on the newest evaluation."""
    access = project_for(request.user, slug, Can.PROMOTE)
    if gate_of(classifier_of(access.project, number)) is None:
        raise BadInput(f"v{number} is not evaluated yet. Evaluate it first.")
    return redirect("release:gate", slug=slug, number=number)


@require_POST
@login_required
def evaluate(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Have a version evaluated on the audited items so far."""
    access = project_for(request.user, slug, Can.PROMOTE)
    evaluation_request(access, classifier_of(access.project, number))
    messages.success(request, f"The evaluation of v{number} is asked for. It starts in a few seconds.")
    return redirect("release:gate", slug=slug, number=number)


@require_http_methods(["GET", "POST"])
@login_required
def rules(request: HttpRequest, slug: str) -> HttpResponse:
    """The rules of the gate: for scientists and admins to set, after they saw the effect; for others to read."""
    access = project_for(request.user, slug, Can.STEER if request.method == "POST" else Can.INSPECT)
    asked = rules_in_force(access.project)
    initial = RulesForm.initial_of(asked.rules, asked.number)
    form = RulesForm(
        request.POST if request.method == "POST" else None, initial=initial, taxonomy=access.taxonomy
    )
    effects: list[Effect] | None = None
    if request.method == "POST" and form.is_valid():
        if "preview" not in request.POST:
            if _set(access, form):
                messages.success(request, "Set. The gate goes by these rules from now on.")
                return redirect("release:rules", slug=slug)
        else:
            effects = rules_effect(access.project, form.rules, _previewed(access))
    context = {
        "access": access,
        "nav": "classifiers",
        "form": form,
        "asked": asked,
        "effects": effects,
        "history": rules_history(access.project)[:RULES_SHOWN],
    }
    return render_page(request, "release/rules.html", context, status=422 if form.errors else 200)


@require_GET
@login_required
def summary(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """One version in plain words, on one page to print."""
    access = project_for(request.user, slug, Can.INSPECT)
    version = classifier_of(access.project, number)
    context = {
        "access": access,
        "nav": "classifiers",
        "version": version,
        "evaluation": evaluation_latest(version),
        "summary": summary_of(version),
    }
    return render_page(request, "release/summary.html", context)


def _set(access: Access, form: RulesForm) -> bool:
    given = form.cleaned_data
    try:
        rules_set(access, form.rules, based_on=given["number"], note=given["note"])
    except CrossguardError as error:
        form.add_error(None, error.message)
        return False
    return True


def _previewed(access: Access) -> list[Evaluation]:
    """The newest evaluations of the newest versions that have one."""
    return evaluations_newest(access.project)[:PREVIEWED]
