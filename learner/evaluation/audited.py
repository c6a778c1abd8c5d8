"""Audited holdout items with what is held true of them, and the chances with which they were drawn. For workers."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from django.db.models import Max

from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, truth_carried
from annotator.review.models import Method, Resolution
from learner.core.arrays import Array, Floats, Integers
from learner.evaluation.chances import chances_of
from learner.evaluation.models import Truth
from learner.evaluation.selectors import audited_resolutions
from learner.evaluation.truths import doubt_added


@dataclass(frozen=True, eq=False)
class Audited:
    """Audited holdout items; row i of every part is the same item.

    `item_ids` (n_items,) ascend; `held` (n_items, n_categories) is 1 or 0 as resolved, or -1 for what the resolution
    does not tell in the taxonomy of the classifier; `truth` is the same, but where doubt is carried the probability by
    what people say alone, for `doubt_by_score`; `chances` (n_items,) are their inclusion probabilities under all draws.
    """

    item_ids: Integers
    held: Array
    truth: Floats
    chances: Floats
    last_resolution: int


def audited_items(
    project: Project, taxonomy: Taxonomy, categories: Sequence[str], truth_taken: Truth = Truth.RESOLVED
) -> Audited:
    """The holdout items that the audit stream drew and people resolved, with what is held true of them. Eight queries.

    Labels of other taxonomy versions, older or newer, are carried to that of the classifier.
    Only these were drawn at random, so only these give an unbiased answer.
    """
    newest = Resolution.objects.filter(project=project).aggregate(last=Max("pk"))["last"] or 0
    columns = ("item_id", "labels", "taxonomy_id", "method")
    held = audited_resolutions(project).filter(pk__lte=newest).order_by("item_id")
    if truth_taken == Truth.ADJUDICATED:
        held = held.filter(method=Method.ADJUDICATED)
    rows = list(held.values_list(*columns))
    columns_of = {slug: place for place, slug in enumerate(taxonomy.slugs)}
    places = [columns_of[slug] for slug in categories]
    whole = [truth_carried(tuple(labels), under, taxonomy.version.pk) for _, labels, under, _ in rows]
    item_ids = [item_id for item_id, _, _, _ in rows]
    truth = np.array([[row[place] for place in places] for row in whole], dtype=np.float64)
    truth = truth.reshape(len(rows), len(categories))
    held_true = truth.astype(np.int8)
    if truth_taken == Truth.INFERRED:
        doubted = [item_id for item_id, _, _, method in rows if method != Method.ADJUDICATED]
        truth = doubt_added(
            project, truth, item_ids, doubted, [taxonomy.categories[place] for place in places]
        )
    return Audited(
        item_ids=np.array(item_ids, dtype=np.int64),
        held=held_true,
        truth=truth,
        chances=chances_of(project, item_ids),
        last_resolution=newest,
    )
