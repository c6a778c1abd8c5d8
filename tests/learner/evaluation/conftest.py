"""A project with two classifier versions, the newer of them evaluated."""

from typing import Any

import pytest

from annotator.projects.models import Project
from learner.evaluation.models import Evaluation
from tests.factories import CATEGORIES, GAMES, make_classifier, make_project


def estimate(value: float | None, why: str = "") -> dict[str, Any]:
    known = value is not None
    return {
        "value": value,
        "low": 0.5 if known else None,
        "high": 0.9 if known else None,
        "n": 12 if known else 0,
        "why_undefined": why,
    }


@pytest.fixture
def evaluated() -> Project:
    project = make_project()
    make_classifier(project)
    newest = make_classifier(project)
    none = estimate(None, "no item has it")
    scores = [{"category": slug, **dict.fromkeys(("precision", "recall", "f1"), none)} for slug in CATEGORIES]
    scores[0] = {"category": GAMES, **dict.fromkeys(("precision", "recall", "f1"), estimate(0.75))}
    Evaluation.objects.create(
        project=project,
        classifier=newest,
        last_resolution=9,
        n_items=31,
        facts={
            "macro_f1": estimate(0.75),
            "micro_f1": estimate(0.7),
            "n_categories": 1,
            "categories": scores,
        },
    )
    return project
