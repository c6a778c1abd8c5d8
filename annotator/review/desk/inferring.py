"""What the judgments on one item amount to, given how well each person tells each category."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from annotator.agreement.posterior import KnownSkill, Said, present_given
from annotator.judgments.models import Judgment, Verdict
from annotator.projects.mapping import Carried
from annotator.projects.models import Category, Project
from annotator.projects.selectors import carried
from annotator.review.models import CategoryInference, Skill

_EVEN: Final = 0.5


@dataclass(frozen=True)
class Inferred:
    """What the judgments on an item amount to in one category; without a probability, `why` says why.

    `n_present` of `n` definite answers name it; unsure ones are no answer. `by_people` is the probability that their
    answers alone give, as if half of all items had the category: for who knows a better prior than one for all items.
    """

    category: Category
    probability: float | None
    n_present: int
    n: int
    why: str = ""
    by_people: float | None = None

    @property
    def percent(self) -> int | None:
        """The probability in per cent, never 0 or 100: nothing here is certain."""
        return None if self.probability is None else min(max(round(100 * self.probability), 1), 99)


def inferred_of(
    project: Project, judgments: Iterable[Judgment], categories: Iterable[Category]
) -> tuple[Inferred, ...]:
    """What these judgments on one item amount to in each of the categories. Two queries, one a taxonomy version.

    The prior is the category's share of the items judged so far; a person without a skill of their own counts as the
    team's mean. Before skills are measured, or where they cannot be told apart, there is no probability.
    """
    return inferred_each(project, {0: judgments}, categories)[0]


def inferred_each(
    project: Project, judgments: Mapping[int, Iterable[Judgment]], categories: Iterable[Category]
) -> dict[int, tuple[Inferred, ...]]:
    """As `inferred_of`, for many items at once, by whatever names them. Two queries, one a taxonomy version."""
    wanted = list(categories)
    given = {
        key: [judgment for judgment in rows if judgment.verdict == Verdict.LABELLED]
        for key, rows in judgments.items()
    }
    slugs = [category.slug for category in wanted]
    found = CategoryInference.objects.filter(project=project, category__in=slugs)
    people = {judgment.annotator_id for rows in given.values() for judgment in rows}
    skills = Skill.objects.filter(
        project=project, category__in=slugs, annotator__in=people, sensitivity__isnull=False
    )
    known = {(row.category, row.annotator_id): row for row in skills}
    whole = {row.category: row for row in found}
    return {
        key: tuple(_inferred(category, rows, whole.get(category.slug), known) for category in wanted)
        for key, rows in given.items()
    }


def _inferred(
    category: Category,
    judgments: Sequence[Judgment],
    whole: CategoryInference | None,
    known: Mapping[tuple[str, int], Skill],
) -> Inferred:
    slug = category.slug
    said_of = {row.pk: _carried(row, category) for row in judgments}
    decided = [row for row in judgments if slug not in said_of[row.pk].unsure | said_of[row.pk].unknown]
    n_present = sum(slug in said_of[row.pk].labels for row in decided)
    if whole is None:
        return Inferred(category, None, n_present, len(decided), "skills are not measured yet")
    if whole.prevalence is None:
        return Inferred(category, None, n_present, len(decided), whole.why_undefined)
    if not decided:
        return Inferred(category, None, 0, 0, "nobody decided on it")
    said = [
        Said(slug in said_of[row.pk].labels, _skill(known.get((slug, row.annotator_id), whole)))
        for row in decided
    ]
    probability, by_people = (present_given(said, prior) for prior in (whole.prevalence, _EVEN))
    return Inferred(category, probability, n_present, len(decided), by_people=by_people)


def _carried(judgment: Judgment, category: Category) -> Carried:
    """What the judgment says in the taxonomy of the category."""
    return carried(tuple(judgment.labels), tuple(judgment.unsure), judgment.taxonomy_id, category.taxonomy_id)


def _skill(row: Skill | CategoryInference) -> KnownSkill:
    assert row.sensitivity is not None
    assert row.specificity is not None
    return KnownSkill(row.sensitivity, row.specificity)
