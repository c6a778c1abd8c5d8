"""The pages of errors: the list, its clusters, one error, causes over time; and what is done about some of them."""

from typing import Any, Final

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from annotator.http import render_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.selectors import taxonomy_current
from annotator.review.desk.cases import case_of
from learner.core.causes import Cause
from learner.errors.forms import SIMILAR_USUAL, CauseForm, ClauseForm, PickForm, SimilarForm
from learner.errors.looking import error_view
from learner.errors.models import ErrorAction, ErrorReport, Part
from learner.errors.picking import Picked, picked_of
from learner.errors.reading import Asked, asked_of
from learner.errors.reporting import action_words, actions_of, causes_by_month, causes_by_version, report_of
from learner.errors.selectors import (
    category_counts,
    cluster_line,
    cluster_lines,
    clusters_listed,
    error_lines,
    error_of,
    error_run_active,
    errors_listed,
    n_errors,
    run_taxonomy,
    unlearned,
)
from learner.errors.services import causes_assign, clause_begin, error_run_request, relook_ask, similar_ask
from learner.training.selectors import classifier_of

PAGE: Final = 50
CLUSTERS_FIRST: Final = 5
CLUSTERS_PAGE: Final = 30
ACTIONS_SHOWN: Final = 20


@require_GET
@login_required
def errors(request: HttpRequest, slug: str) -> HttpResponse:
    """The errors of a version: missed grave pages first, then by how sure the classifier was of what is wrong."""
    access = project_for(request.user, slug, Can.INSPECT)
    asked = asked_of(access, request.GET)
    context = _context(access, asked)
    if asked.run and asked.form.is_valid():
        page = Paginator(errors_listed(asked.run, asked.wanted), PAGE).get_page(request.GET.get("page"))
        taxonomy, part = run_taxonomy(asked.run), asked.wanted.part
        clusters = clusters_listed(asked.run, part, category=asked.wanted.category, kind=asked.wanted.kind)
        context |= {
            "page": page,
            "lines": error_lines(list(page.object_list), taxonomy),
            "counts": category_counts(asked.run, part, taxonomy),
            "unlearned": unlearned(asked.run, taxonomy),
            "clusters": cluster_lines(clusters[:CLUSTERS_FIRST], taxonomy),
            "cluster": cluster_line(asked.wanted.cluster, taxonomy) if asked.wanted.cluster else None,
            "cause_form": CauseForm(initial={"back": asked.address}),
        }
    return render_page(request, "errors/errors.html", context, status=422 if asked.form.errors else 200)


@require_GET
@login_required
def clusters(request: HttpRequest, slug: str) -> HttpResponse:
    """What errors share: a site, or a word that pushed the wrong way; each with what can be done about it."""
    access = project_for(request.user, slug, Can.INSPECT)
    asked = asked_of(access, request.GET)
    context = _context(access, asked)
    if asked.run and asked.form.is_valid():
        rows = clusters_listed(
            asked.run, asked.wanted.part, category=asked.wanted.category, kind=asked.wanted.kind
        )
        page = Paginator(rows, CLUSTERS_PAGE).get_page(request.GET.get("page"))
        context |= {
            "page": page,
            "lines": cluster_lines(page.object_list, run_taxonomy(asked.run)),
            "causes": _cause_choices(),
            "similar_usual": SIMILAR_USUAL,
            "report": request.GET.get("report", "") if request.GET.get("report", "").isdecimal() else "",
        }
    return render_page(request, "errors/clusters.html", context, status=422 if asked.form.errors else 200)


@require_GET
@login_required
@never_cache
def error(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """One error: what people and the classifier say of the page, and what each cause would look like."""
    access = project_for(request.user, slug, Can.INSPECT)
    view = error_view(access, error_of(access.project, pk))
    context: dict[str, Any] = {
        "access": access,
        "nav": "errors",
        "view": view,
        "held": [view.taxonomy.name_of(label) for label in view.error.resolution.labels],
        "cause_form": CauseForm(),
        "similar_usual": SIMILAR_USUAL,
        "actions": [(row, action_words(row)) for row in view.actions],
    }
    if access.can["guide"]:
        case = case_of(access.project, view.error.item_id, taxonomy_current(access.project))
        context["clause_form"] = ClauseForm(initial={"title": view.name, "body": case.body})
    return render_page(request, "errors/one.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def causes(request: HttpRequest, slug: str) -> HttpResponse:
    """Causes over time, and what was done; POST assigns one to some errors or to a cluster."""
    access = project_for(request.user, slug, Can.INSPECT)
    if request.method == "POST":
        return _assign(request, access)
    actions = actions_of(access.project)[:ACTIONS_SHOWN]
    context = {
        "access": access,
        "nav": "errors",
        "causes": [cause.words for cause in Cause],
        "months": causes_by_month(access.project),
        "versions": causes_by_version(access.project),
        "actions": [(row, action_words(row)) for row in actions],
    }
    return render_page(request, "errors/causes.html", context)


@require_POST
@login_required
def search(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """Look for the errors of a version anew."""
    access = project_for(request.user, slug, Can.INSPECT)
    error_run_request(access, classifier_of(access.project, number))
    messages.success(request, f"The errors of v{number} are looked for. It starts in a few seconds.")
    return redirect("errors:errors", slug=slug)


@require_POST
@login_required
def batch(request: HttpRequest, slug: str) -> HttpResponse:
    """Open a batch of unlabelled pages like these errors."""
    access = project_for(request.user, slug, Can.INSPECT)
    form = SimilarForm(request.POST)
    given = form.given()
    picked, report = _picked(access, form)
    similar_ask(access, picked, given["n"], report)
    messages.success(
        request, f"Asked for {given['n']} pages like these. The batch opens as soon as they are found."
    )
    return redirect(_after(access, picked, report))


@require_POST
@login_required
def clause(request: HttpRequest, slug: str) -> HttpResponse:
    """Begin a clause of the guideline with these errors."""
    access = project_for(request.user, slug, Can.GUIDE)
    form = ClauseForm(request.POST)
    given = form.given()
    picked, report = _picked(access, form)
    action = clause_begin(access, picked, given["title"], given["body"], report)
    messages.success(request, _drafted(access, action))
    return redirect(_after(access, picked, report))


@require_POST
@login_required
def relook(request: HttpRequest, slug: str) -> HttpResponse:
    """Put the labels of these errors up as suspects."""
    access = project_for(request.user, slug, Can.RESOLVE)
    form = PickForm(request.POST)
    picked, report = _picked(access, form)
    action = relook_ask(access, picked, report)
    labels = "label is" if action.n == 1 else "labels are"
    messages.success(request, f"{action.n} {labels} among the suspects, until a lead answers.")
    return redirect(_after(access, picked, report))


def _context(access: Access, asked: Asked) -> dict[str, Any]:
    run = asked.run
    return {
        "access": access,
        "nav": "errors",
        "asked": asked,
        "form": asked.form,
        "run": run,
        "running": error_run_active(access.project),
        "version": run.evaluation.classifier if run else None,
        "parts": [(part, n_errors(run, part)) for part in Part] if run else [],
        "part": asked.wanted.part,
        "n_pages": run.facts["n_pages"][asked.wanted.part] if run else 0,
    }


def _cause_choices() -> list[tuple[str, str]]:
    return [(cause.value, cause.words) for cause in Cause]


def _assign(request: HttpRequest, access: Access) -> HttpResponse:
    form = CauseForm(request.POST)
    given = form.given()
    picked, _ = _picked(access, form)
    suggested = None
    if len(picked.errors) == 1:
        suggested = error_view(access, error_of(access.project, picked.errors[0].pk)).suggested
    rows = causes_assign(access, picked, given["cause"], given["reason"], suggested=suggested)
    n = "1 error" if len(rows) == 1 else f"{len(rows):,} errors"
    messages.success(request, f"{rows[0].get_cause_display()}: assigned to {n}.")
    if given["back"]:
        query = QueryDict(given["back"]).urlencode()
        return redirect(f"{reverse('errors:errors', args=[access.project.slug])}?{query}")
    return redirect(_after(access, picked, None))


def _picked(access: Access, form: PickForm) -> tuple[Picked, ErrorReport | None]:
    given = form.given()
    report = report_of(access.project, given["report"]) if given["report"] else None
    return picked_of(access.project, given["error"], given["cluster"]), report


def _after(access: Access, picked: Picked, report: ErrorReport | None) -> str:
    """Where to go on: the report that it belongs to, the error, or the list."""
    slug = access.project.slug
    if report is not None:
        return reverse("errors:report", args=[slug, report.number])
    if len(picked.errors) == 1:
        return reverse("errors:error", args=[slug, picked.errors[0].pk])
    return reverse("errors:causes", args=[slug])


def _drafted(access: Access, action: ErrorAction) -> SafeString:
    address = reverse("projects:guideline_draft", args=[access.project.slug])
    return format_html(
        'Clause {} is in the draft of the guideline. Nothing is published yet. <a href="{}">Look at the draft</a>',
        action.clause,
        address,
    )
