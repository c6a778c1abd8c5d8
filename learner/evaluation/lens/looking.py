"""What another threshold of one category would do, beside the one in use: for the page and the API."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from annotator.projects.models import Project
from learner.core.metrics.policy import Choice, Point, Triple, overblocked, point_at, points_of
from learner.evaluation.lens.forms import POINT, Asked, LensForm, asked_of
from learner.evaluation.lens.selectors import Flips, category_facts, category_status, flips_of
from learner.evaluation.models import Evaluation
from learner.evaluation.profiles import choice_for, pages_a_day_of
from learner.evaluation.selectors import evaluation_latest
from learner.training.models import ClassifierVersion


@dataclass(frozen=True)
class ThresholdLook:
    """One category of a version, and the threshold that is looked at.

    `scores` is what the newest evaluation says, and empty without one. `used` and `there` are the places of the curve
    at the threshold in use and at the one looked at; None where there is no such place.
    """

    evaluation: Evaluation | None
    status: Mapping[str, Any]
    scores: Mapping[str, Any]
    form: LensForm
    asked: Asked
    points: list[Point]
    choice: Choice
    used: Point | None
    there: Point | None
    flips: Flips | None

    @property
    def prevalence(self) -> float | None:
        """The share of pages that have the category."""
        found: float | None = (self.scores.get("prevalence") or {}).get("value")
        return found

    def overblocked(self, point: Point | None) -> Triple:
        """Pages that are flagged by mistake of those asked for, at a place of the curve."""
        return overblocked(point, self.prevalence, self.asked.of_pages) if point else (None, None, None)


def threshold_look(
    project: Project, version: ClassifierVersion, category: str, sent: Mapping[str, Any]
) -> ThresholdLook:
    """Look at the threshold that was sent, or that an objective chooses. Five queries; NotFound for a category."""
    status = category_status(version, category)
    found = evaluation_latest(version)
    scores = category_facts(found, category)
    points = points_of(scores.get("curve"))
    form = LensForm({**LensForm.usual(), **sent}, pages_a_day=pages_a_day_of(project))
    asked = asked_of(form, points)
    own = status["threshold"]
    choice = choice_for(scores, own, asked.wanted)
    if asked.threshold is not None:
        choice = Choice(asked.threshold, "as you asked")
    elif asked.by == POINT and asked.at is not None and points:
        choice = Choice(points[asked.at].threshold, "where you put it")
    return ThresholdLook(
        evaluation=found,
        status=status,
        scores=scores,
        form=form,
        asked=asked,
        points=points,
        choice=choice,
        used=None if own is None else point_at(points, own),
        there=None if choice.threshold is None else point_at(points, choice.threshold),
        flips=flips_of(found, category, own, choice.threshold) if found else None,
    )
