"""What more labels would bring, category by category: from what each version reached on audited items."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from annotator.charts import Estimate
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_current
from learner.core.stopping import Point, Prospect, prospect_of
from learner.evaluation.selectors import ClassifierResult, results_of
from learner.training.selectors import classifiers_of

VERSIONS_MAX: Final = 40
TARGET: Final = 0.9
TARGET_MAX: Final = 0.99
"""A floor of 1 is no target: no number of items shows that nothing is missed."""
SEED: Final = 20_260_101


@dataclass(frozen=True)
class CategoryProspect:
    """One category: what its versions reached, oldest first, and what more labels would bring."""

    slug: str
    recall: Estimate
    reached: tuple[float, ...]
    prospect: Prospect


@dataclass(frozen=True)
class LearningCurve:
    """What the evaluated versions of a project reached by the labels spent on them, oldest first."""

    results: tuple[ClassifierResult, ...]
    categories: tuple[CategoryProspect, ...]

    @property
    def macro_f1(self) -> list[Estimate]:
        """Macro-F1 of each version, named by its labels."""
        return [_named(result) for result in self.results]


def learning_curve(project: Project) -> LearningCurve:
    """The newest 40 versions and what they say of more labels. Two queries, and the taxonomies from memory."""
    newest = results_of(classifiers_of(project)[:VERSIONS_MAX])
    results = tuple(result for result in reversed(newest) if result.evaluation)
    taxonomy = taxonomy_current(project)
    return LearningCurve(results, tuple(_category(results, taxonomy, slug) for slug in taxonomy.slugs))


def labels_of(result: ClassifierResult) -> int:
    """The labels that a version was fitted on."""
    return result.version.n_resolutions + result.version.n_known


def _category(results: Sequence[ClassifierResult], taxonomy: Taxonomy, slug: str) -> CategoryProspect:
    """The history of one category, as far back as it has its name."""
    history = [
        (labels_of(result), category.recall)
        for result in results
        for category in result.categories
        if category.slug == slug
    ]
    known = [(labels, recall) for labels, recall in history if recall.value is not None and labels]
    floor = next(row.recall_floor for row in taxonomy.categories if row.slug == slug) or TARGET
    prospect = prospect_of(
        taxonomy.name_of(slug),
        [Point(labels, recall.value or 0.0, recall.n or 0) for labels, recall in known],
        target=min(floor, TARGET_MAX),
        rng=np.random.default_rng(SEED),
    )
    newest = history[-1][1] if history else Estimate(taxonomy.name_of(slug), None, why="not evaluated yet")
    return CategoryProspect(slug, newest, tuple(recall.value or 0.0 for _, recall in known), prospect)


def _named(result: ClassifierResult) -> Estimate:
    macro = result.macro_f1
    return Estimate(f"{labels_of(result):,}", macro.value, macro.low, macro.high, macro.n, macro.why)
