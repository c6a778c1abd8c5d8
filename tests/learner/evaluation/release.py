"""What tests of the release say of a version: facts of an evaluation that pass the gate, or do not."""

from typing import Any

from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from learner.core.model_cards.sections import SECTIONS
from learner.evaluation.models import Evaluation
from learner.snapshots.models import CardSection
from learner.training.models import ClassifierVersion
from tests.factories import CATEGORIES, make_classifier, make_member, make_user


def estimate(low: float, value: float, high: float, n: int = 240) -> dict[str, Any]:
    return {"value": value, "low": low, "high": high, "n": n, "why_undefined": ""}


def good_facts(**changes: Any) -> dict[str, Any]:
    """Every category is told apart well, and everything that the gate asks for is measured."""
    high = estimate(0.96, 0.98, 0.99)
    row = {"precision": high, "recall": high, "f1": high, "calibration": {"ece": 0.02, "brier": 0.01}}
    return {
        "macro_f1": high,
        "micro_f1": high,
        "n_categories": len(CATEGORIES),
        "n_population": 5000,
        "categories": [{"category": slug, "n": 240, **row} for slug in CATEGORIES],
        "pack": [
            {
                "name": "crisis",
                "title": "Crisis lines",
                "n": 90,
                "fpr": estimate(0.0, 0.01, 0.02, 90),
                "limit": 0.05,
            }
        ],
        "speed": {"p99_ms": 2.5, "per_second": 40_000, "n": 500},
        **changes,
    }


def make_evaluated(project: Project, **changes: Any) -> ClassifierVersion:
    """The next version, with an evaluation of these facts."""
    version = make_classifier(project, learned=CATEGORIES)
    make_evaluation(version, **changes)
    return version


def make_evaluation(version: ClassifierVersion, **changes: Any) -> Evaluation:
    return Evaluation.objects.create(
        project=version.project,
        classifier=version,
        last_resolution=9,
        n_items=240,
        facts=good_facts(**changes),
    )


def bad(slug: str) -> dict[str, Any]:
    """Facts in which the recall of one category is surely low."""
    facts = good_facts()
    low = estimate(0.2, 0.3, 0.4)
    rows = [row | {"recall": low} if row["category"] == slug else row for row in facts["categories"]]
    return {"categories": rows}


def write_card(project: Project) -> None:
    by = make_user()
    for section in SECTIONS:
        CardSection.objects.create(
            project=project,
            section=section.slug,
            number=1,
            text=f"{section.title}, as a test wrote it.",
            created_by=by,
        )


def access_as(project: Project, role: Role) -> Access:
    return project_for(make_member(project, role), project.slug, Can.READ)
