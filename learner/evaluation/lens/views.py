"""Pages about an evaluation: all categories of a version, and one category with its thresholds."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from annotator.http import render_page
from annotator.projects.access import Can, project_for
from annotator.projects.selectors import taxonomy_version
from learner.core.metrics.policy import Point
from learner.evaluation.lens.cells import (
    count_triple,
    percent,
    rate_cell,
    rate_triple,
    score_cell,
    small_cell,
    triple_cell,
)
from learner.evaluation.lens.looking import ThresholdLook, threshold_look
from learner.evaluation.lens.pictures import precision_plot, reliability_plot, roc_plot
from learner.evaluation.lens.selectors import evaluation_view, slice_lines
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
    look = threshold_look(access.project, version, category, request.GET.dict())
    name = taxonomy_version(version.taxonomy_id).name_of(category)
    calibration = look.scores.get("calibration") or {}
    marks = {"in use": look.used, "looked at": look.there}
    context: dict[str, Any] = {
        "access": access,
        "nav": "classifiers",
        "version": version,
        "evaluation": look.evaluation,
        "status": look.status,
        "slug": category,
        "name": name,
        "form": look.form,
        "asked": look.asked,
        "choice": look.choice,
        "place": look.points.index(look.there) if look.there else 0,
        "last": max(len(look.points) - 1, 0),
        "compared": [_told(mark, point, look) for mark, point in marks.items()],
        "precision_plot": precision_plot(look.points, name, marks),
        "roc_plot": roc_plot(look.points, name, marks),
        "reliability": reliability_plot(calibration.get("bins", ()), name),
        "calibration": look.scores.get("calibration"),
        "bins": [_bin(one) for one in calibration.get("bins", ())],
        "numbers": _numbers(look.scores),
        "points": [_told("", point, look) for point in look.points],
        "slices": slice_lines(look.evaluation.facts, category) if look.evaluation else [],
        "flips": look.flips,
    }
    return render_page(
        request, "evaluation/category.html", context, part="lens", status=422 if look.form.errors else 200
    )


def _told(mark: str, point: Point | None, look: ThresholdLook) -> dict[str, Any] | None:
    """A place of the curve in words."""
    if point is None:
        return None
    return {
        "mark": mark,
        "threshold": point.threshold,
        "precision": triple_cell(point.precision),
        "recall": triple_cell(point.recall),
        "fpr": rate_triple(point.fpr),
        "overblocked": count_triple(look.overblocked(point)),
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
