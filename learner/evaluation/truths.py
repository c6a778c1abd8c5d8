"""What is true of audited items where people may be wrong: the doubt that their skills leave. For workers only."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from annotator.judgments.models import Judgment
from annotator.judgments.selectors import judgments_current
from annotator.projects.models import Category, Project
from annotator.review.desk.inferring import inferred_each
from learner.core.arrays import Floats


def doubt_added(
    project: Project,
    truth: Floats,
    item_ids: Sequence[int],
    doubted: Collection[int],
    categories: Sequence[Category],
) -> Floats:
    """The truth (n_items, n_categories), of the doubted items as a probability by what people say alone. Three queries.

    By the skills that are measured, as if half of all items had each category: `doubt_by_score` has the prior. What a
    resolution does not tell (-1), and categories whose skills are not known, stay as they are.
    """
    given: dict[int, list[Judgment]] = defaultdict(list)
    for judgment in judgments_current(project).filter(item__in=doubted):
        given[judgment.item_id].append(judgment)
    found = inferred_each(project, given, categories)
    with_doubt: Floats = truth.copy()
    for row, item_id in enumerate(item_ids):
        for column, inferred in enumerate(found.get(item_id, ())):
            if inferred.by_people is not None and truth[row, column] >= 0:
                with_doubt[row, column] = inferred.by_people
    return with_doubt
