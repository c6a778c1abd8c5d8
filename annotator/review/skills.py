"""How well people tell each category, measured by a worker beside agreement, and what it says of one item."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils import timezone

from annotator.agreement.posterior import KnownSkill, Said, present_given, team_skill
from annotator.agreement.ratings import Ratings
from annotator.agreement.truth import Truth, inferred
from annotator.judgments.models import Judgment, Verdict
from annotator.projects.models import Category, Project
from annotator.projects.selectors import Taxonomy, taxonomy_version
from annotator.review.models import CategorySkills

TEAM: Final = "team"
"""The key of the mean of everybody, among the ids of annotators."""
COLUMNS: Final = (
    "prevalence",
    "skills",
    "n_items",
    "n_judgments",
    "why_undefined",
    "last_judgment",
    "computed_at",
)


@dataclass(frozen=True)
class Inferred:
    """What the judgments on an item amount to in one category; without a probability, `why` says why.

    `n_present` of `n` definite answers name it; unsure ones are no answer.
    """

    category: Category
    probability: float | None
    n_present: int
    n: int
    why: str = ""

    @property
    def percent(self) -> int | None:
        """The probability in per cent, never 0 or 100: nothing here is certain."""
        return None if self.probability is None else min(max(round(100 * self.probability), 1), 99)


def skills_store(
    project: Project, taxonomy: Taxonomy, ratings: Ratings, people: Sequence[int], last_judgment: int
) -> None:
    """Infer truth and skills per category, and replace what was stored. One statement.

    `people` are the ids of the annotators in the order of their indices in `ratings`, where unsure is missing.
    """
    rows = [
        CategorySkills(
            project=project,
            category=slug,
            last_judgment=last_judgment,
            computed_at=timezone.now(),
            **_columns(inferred(ratings, column), people),
        )
        for column, slug in enumerate(taxonomy.slugs)
    ]
    CategorySkills.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["project", "category"], update_fields=list(COLUMNS)
    )


def inferred_of(
    project: Project, judgments: Iterable[Judgment], categories: Iterable[Category]
) -> tuple[Inferred, ...]:
    """What these judgments on one item amount to in each of the categories. One query, one a taxonomy version.

    The prior is the category's share of the items judged so far; a person without a skill of their own counts as the
    team's mean. Before skills are measured, or where they cannot be told apart, there is no probability.
    """
    wanted = list(categories)
    given = [judgment for judgment in judgments if judgment.verdict == Verdict.LABELLED]
    slugs = [category.slug for category in wanted]
    stored = {row.category: row for row in CategorySkills.objects.filter(project=project, category__in=slugs)}
    return tuple(_inferred(category, given, stored.get(category.slug)) for category in wanted)


def _columns(truth: Truth, people: Sequence[int]) -> dict[str, Any]:
    skills = {
        str(people[skill.annotator]): [
            round(skill.sensitivity.value, 4),
            round(skill.specificity.value, 4),
            round(skill.sensitivity.n, 1),
            round(skill.specificity.n, 1),
        ]
        for skill in truth.skills
    }
    if truth.fit is not None:
        team = team_skill(truth.fit)
        skills[TEAM] = [round(team.sensitivity, 4), round(team.specificity, 4)]
    return {
        "prevalence": truth.prevalence,
        "skills": skills,
        "n_items": truth.n_items,
        "n_judgments": truth.n_judgments,
        "why_undefined": truth.why_undefined,
    }


def _inferred(category: Category, judgments: Sequence[Judgment], stored: CategorySkills | None) -> Inferred:
    decided = [row for row in judgments if _decides(row, category.slug)]
    n_present = sum(category.slug in row.labels for row in decided)
    if stored is None:
        return Inferred(category, None, n_present, len(decided), "skills are not measured yet")
    if stored.prevalence is None:
        return Inferred(category, None, n_present, len(decided), stored.why_undefined)
    if not decided:
        return Inferred(category, None, 0, 0, "nobody decided on it")
    said = [Said(category.slug in row.labels, _skill(stored, row.annotator_id)) for row in decided]
    return Inferred(category, present_given(said, stored.prevalence), n_present, len(decided))


def _decides(judgment: Judgment, slug: str) -> bool:
    """Whether the judgment says present or absent: it was asked, and not unsure."""
    return slug not in judgment.unsure and slug in taxonomy_version(judgment.taxonomy_id).slugs


def _skill(stored: CategorySkills, annotator_id: int) -> KnownSkill:
    sensitivity, specificity, *_ = stored.skills.get(str(annotator_id)) or stored.skills[TEAM]
    return KnownSkill(sensitivity, specificity)
