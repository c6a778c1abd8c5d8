"""What was found of categories with too few positives to be learned: where their hunt begins. For workers only."""

from collections.abc import Mapping, Sequence

import numpy as np

from annotator.judgments.models import Verdict
from annotator.pool.models import Split
from annotator.projects.models import Project
from annotator.review.selectors import resolutions_current
from learner.core.classifier import LinearClassifier
from learner.core.definitions import FINDS, Finds, finds_of
from learner.query.pages import features_of


def finds_now(project: Project, classifier: LinearClassifier) -> dict[int, Finds]:
    """The newest resolved positives of each category that is not learned, by its number; train items only.

    One query for each such category, and two for their pages. Labels count under the short names that they were
    given: what a category was called before a change of the taxonomy is not looked up, because its definition still
    leads to it.
    """
    few = [int(number) for number in np.flatnonzero(~classifier.learned)]
    found = {number: _newest(project, classifier.categories[number]) for number in few}
    return _as_finds(project, {number: items for number, items in found.items() if items})


def _newest(project: Project, slug: str) -> list[int]:
    held = resolutions_current(project).filter(
        item__split=Split.TRAIN, verdict=Verdict.LABELLED, labels__contains=[slug]
    )
    return list(held.order_by("-pk").values_list("item_id", flat=True)[:FINDS])


def _as_finds(project: Project, found: Mapping[int, Sequence[int]]) -> dict[int, Finds]:
    items = sorted({item for some in found.values() for item in some})
    if not items:
        return {}
    features = features_of(project, items)
    return {number: finds_of(features[np.isin(items, some)]) for number, some in found.items()}
