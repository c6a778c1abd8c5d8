"""What a classifier says of the candidates for a batch, for the care of those who will see them."""

from dataclasses import dataclass, field

import numpy as np

from annotator.projects.selectors import Taxonomy
from annotator.queue.expecting import Forecast, slugs_now
from annotator.queue.exposure import HARMFUL
from learner.core.arrays import Booleans
from learner.core.candidates import Candidates
from learner.core.classifier import LinearClassifier
from learner.core.lines import lines_between
from learner.core.severity import expected_categories, expected_severity


@dataclass(frozen=True, eq=False)
class Outlook:
    """What a classifier expects of each candidate.

    `benign` (n_rows,) is True where nothing harmful is expected; `forecasts` has each candidate by its item id, and
    `lines` those that stand between two categories, with which.
    """

    benign: Booleans
    forecasts: dict[int, Forecast]
    lines: dict[int, str] = field(default_factory=dict)


def outlook_of(classifier: LinearClassifier, candidates: Candidates, taxonomy: Taxonomy) -> Outlook:
    """What `classifier` expects of `candidates`; before it has learned anything, nothing. No query as a rule.

    A classifier from before a change of the taxonomy expects what became of its categories.
    """
    n_rows = len(candidates.item_ids)
    learned = classifier.learned
    if not n_rows or not learned.any():
        return Outlook(np.ones(n_rows, dtype=np.bool_), {})
    expected = expected_categories(classifier.predict_proba(candidates.features), learned)
    severities = np.array(
        [taxonomy.severity_of(slugs_now(taxonomy, [slug])) for slug in classifier.categories], dtype=np.int64
    )
    slugs = np.array(classifier.categories)
    known = frozenset(slugs[learned].tolist())
    return Outlook(
        benign=expected_severity(expected, severities) < HARMFUL,
        forecasts={
            int(item_id): Forecast(frozenset(slugs[row].tolist()), known)
            for item_id, row in zip(candidates.item_ids, expected, strict=True)
        },
        lines={
            int(item_id): line
            for item_id, line in zip(
                candidates.item_ids, lines_between(classifier, candidates.features), strict=True
            )
            if line
        },
    )
