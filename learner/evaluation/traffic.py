"""How well a classifier does by requests instead of by pages, where the traffic of pages is known. For workers only."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from annotator.pool.models import Item, Split
from annotator.projects.models import Project
from learner.core.arrays import Floats, Floats32, Integers
from learner.core.audited import Drawn, Population
from learner.core.audited_scores import audited_scores
from learner.core.classifier import LinearClassifier

SEED = 20_260_201


def traffic_facts(
    project: Project, item_ids: Integers, logits: Floats32, drawn: Drawn, classifier: LinearClassifier
) -> dict[str, Any] | None:
    """The scores with each page counted by its requests a day; None where no audited page has any. One query.

    They are about the holdout pages whose traffic is known, and no others.
    """
    measure = traffic_of(project, item_ids)
    counts = measure[drawn.rows] > 0
    if not counts.any():
        return None
    known = replace(drawn, truth=np.where(counts[:, None], drawn.truth, -1.0))
    scores, overall = audited_scores(
        Population(logits, measure), known, classifier.thresholds_, rng=np.random.default_rng(SEED)
    )
    categories = zip(classifier.categories, scores, strict=True)
    return asdict(overall) | {
        "n_population": int((measure > 0).sum()),
        "requests": float(measure.sum()),
        "categories": [{"category": category, **asdict(score)} for category, score in categories],
    }


def traffic_of(project: Project, item_ids: Integers) -> Floats:
    """Requests a day of each of these holdout items, (n_items,), ids ascending; 0 where it is not known. One query."""
    rows = Item.objects.filter(project=project, split=Split.HOLDOUT, traffic__gt=0)
    found = dict(rows.values_list("pk", "traffic").iterator())
    measure = np.zeros(len(item_ids))
    ids = np.array(sorted(found), dtype=np.int64)
    here = ids[np.isin(ids, item_ids, assume_unique=True)]
    measure[np.searchsorted(item_ids, here)] = [found[item_id] for item_id in here.tolist()]
    return measure
