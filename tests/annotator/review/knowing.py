"""Skills as if they had been measured, for tests of what follows from them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.utils import timezone

from annotator.accounts.models import User
from annotator.judgments.models import ReviewDue
from annotator.projects.models import Project
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.review.adaptive import DEEP, skills_enough_set
from annotator.review.models import AgreementReport, CategoryInference, Skill

TEAM = (0.9, 0.99)
N_ITEMS = 1_000


def know_skills(
    project: Project,
    people: Mapping[User, tuple[float, float]] | None = None,
    *,
    days_ago: int = 0,
    n_deep: int = DEEP,
    prevalence: float = 0.1,
    **team: Any,
) -> None:
    """The newest measurement: the team's skill in each category, and that of some people (sensitivity, specificity)."""
    taxonomy = taxonomy_current(project)
    report = AgreementReport.objects.create(
        project=project,
        taxonomy=taxonomy.version,
        last_judgment=0,
        n_items=N_ITEMS,
        n_judgments=3 * N_ITEMS,
        n_others=0,
        seed=1,
        categories=[],
        computed_at=timezone.now() - timedelta(days=days_ago),
    )
    CategoryInference.objects.filter(project=project).delete()
    Skill.objects.filter(project=project).delete()
    for slug in taxonomy.slugs:
        columns = {
            "prevalence": prevalence,
            "sensitivity": TEAM[0],
            "specificity": TEAM[1],
            "n_items": N_ITEMS,
            "n_judgments": 3 * N_ITEMS,
            "n_deep": n_deep,
        }
        CategoryInference.objects.create(project=project, report=report, category=slug, **(columns | team))
        for person, (sensitivity, specificity) in (people or {}).items():
            Skill.objects.create(
                project=project,
                annotator=person,
                category=slug,
                report=report,
                guideline=guideline_current(project).version,
                sensitivity=sensitivity,
                sensitivity_low=sensitivity - 0.05,
                sensitivity_high=min(1.0, sensitivity + 0.05),
                specificity=specificity,
                positives_worth=40,
                negatives_worth=400,
            )
    skills_enough_set(project, CategoryInference.objects.filter(project=project))


def look_again(item_id: int, project: Project) -> None:
    """A row of the outbox without a judgment: the sweep reads the item once more."""
    ReviewDue.objects.create(project=project, item_id=item_id)
