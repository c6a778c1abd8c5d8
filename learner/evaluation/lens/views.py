"""Pages about an evaluation: all categories of a version, and one category with its thresholds."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from annotator.http import render_page
from annotator.projects.access import Can, project_for
from annotator.projects.selectors import taxonomy_version
from learner.core.metrics.policy import Choice, overblocked, point_at, points_of
from learner.evaluation.lens.cells import (
    count_triple,
    percent,
    rate_cell,
    rate_triple,
    score_cell,
    small_cell,
    triple_cell,
)
from learner.evaluation.lens.forms import POINT, LensForm, asked_of
from learner.evaluation.lens.pictures import precision_plot, reliability_plot, roc_plot
from learner.evaluation.lens.selectors import (
    category_facts,
    category_status,
    evaluation_view,
    flips_of,
    slice_lines,
)
from learner.evaluation.profiles import choice_for, pages_a_day_of
from learner.evaluation.selectors import evaluation_latest
from learner.training.selectors import classifier_latest, classifier_of


@require_GET
@login_required
def newest(request: HttpRequest, slug: str) -> HttpResponse:
    """The evaluation of the newest version, or that there is none."""
    access = project_for(request.user, slug, Can.INSPECT)
    version = classifier_latest(access.project)
    if version is not None:
        return redirect("evaluation:evaluation", slug=slug, number=version.number)
    return render_page(request, "evaluation/none.html", {"access": access, "nav": "classifiers"})


@require_GET
@login_required
def evaluation(request: HttpRequest, slug: str, number: int) -> HttpResponse:
    """How well one version does, on one page."""
    access = project_for(request.user, slug, Can.INSPECT)
    view = evaluation_view(classifier_of(access.project, number))
    return render_page(
        request, "evaluation/evaluation.html", {"access": access, "nav": "classifiers", "view": view}
    )


@require_GET
@login_required
def category(request: HttpRequest, slug: str, number: int, category: str) -> HttpResponse:
    """One category of one version: curves, calibration, slices, and what another threshold would do."""
    access = project_for(request.user, slug, Can.INSPECT)
    version = classifier_of(access.project, number)
    status = category_status(version, category)
    found = evaluation_latest(version)
    scores = category_facts(found, category)
    name = taxonomy_version(version.taxonomy_id).name_of(category)
    points = points_of(scores.get("curve"))
    form = LensForm({**LensForm.usual(), **request.GET.dict()}, pages_a_day=pages_a_day_of(access.project))
    asked = asked_of(form, points)
    choice = choice_for(scores, status["threshold"], asked.wanted)
    if asked.by == POINT and asked.at is not None and points:
        choice = Choice(points[asked.at].threshold, "where you put it")
    used = point_at(points, status["threshold"]) if status["threshold"] is not None else None
    there = point_at(points, choice.threshold) if choice.threshold is not None else None
    prevalence = (scores.get("prevalence") or {}).get("value")
    context: dict[str, Any] = {
        "access": access,
        "nav": "classifiers",
        "version": version,
        "evaluation": found,
        "status": status,
        "slug": category,
        "name": name,
        "form": form,
        "asked": asked,
        "choice": choice,
        "place": points.index(there) if there else 0,
        "last": max(len(points) - 1, 0),
        "compared": [
            _told("in use", used, prevalence, asked.of_pages),
            _told("looked at", there, prevalence, asked.of_pages),
        ],
        "precision_plot": precision_plot(points, name, {"in use": used, "looked at": there}),
        "roc_plot": roc_plot(points, name, {"in use": used, "looked at": there}),
        "reliability": reliability_plot((scores.get("calibration") or {}).get("bins", ()), name),
        "calibration": scores.get("calibration"),
        "bins": [_bin(one) for one in (scores.get("calibration") or {}).get("bins", ())],
        "numbers": _numbers(scores),
        "points": [_told("", point, prevalence, asked.of_pages) for point in points],
        "slices": slice_lines(found.facts, category) if found else [],
        "flips": flips_of(found, category, status["threshold"], choice.threshold) if found else None,
    }
    return render_page(
        request, "evaluation/category.html", context, part="lens", status=422 if form.errors else 200
    )


def _told(mark: str, point: Any, prevalence: float | None, pages: int) -> dict[str, Any] | None:
    """A place of the curve in words."""
    if point is None:
        return None
    return {
        "mark": mark,
        "threshold": point.threshold,
        "precision": triple_cell(point.precision),
        "recall": triple_cell(point.recall),
        "fpr": rate_triple(point.fpr),
        "overblocked": count_triple(overblocked(point, prevalence, pages)),
        "flagged_words": percent(point.flagged),
    }


def _bin(one: Any) -> dict[str, Any]:
    """A bin of the reliability diagram in words."""
    return {
        "low": one["low"],
        "high": one["high"],
        "share": percent(one["share"]),
        "promised": percent(one["promised"]),
        "observed": rate_cell(one["observed"]),
    }


def _numbers(scores: Any) -> list[tuple[str, Any]]:
    """The estimates beside the curves."""
    calibration = scores.get("calibration") or {}
    return [
        ("Pages that have it", rate_cell(scores.get("prevalence"))),
        ("Precision", score_cell(scores.get("precision"))),
        ("Recall", score_cell(scores.get("recall"))),
        ("F1", score_cell(scores.get("f1"))),
        ("F2", score_cell(scores.get("f_beta"))),
        ("Average precision", score_cell(scores.get("average_precision"))),
        ("Area under the ROC", score_cell(scores.get("roc_auc"))),
        ("False positives", rate_cell(scores.get("fpr"))),
        ("Calibration error", rate_cell(calibration.get("ece"))),
        ("Brier score", small_cell(calibration.get("brier"))),
    ]
