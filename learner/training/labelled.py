"""The items that a classifier learns from, as arrays. For workers only."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import numpy as np
from django.db.models import F, Func, IntegerField, Max
from numpy.typing import NDArray

from annotator.projects.models import Project, TaxonomyVersion
from annotator.projects.selectors import Taxonomy, truth_carried
from annotator.review.models import Method, Resolution
from learner.core.arrays import Floats, Integers
from learner.training.selectors import training_known, training_resolutions

KNOWN_MAX = (
    100_000  # more known labels than this change no digit of a linear classifier, and a fit has to end
)
Truth = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class LabelledItems:
    """Train items whose labels are held true or came known; row i of both arrays is the same item.

    `item_ids` (n_items,) ascend; `truth` (n_items, n_categories) is 1 present, 0 absent, -1 for what the labels do
    not tell in this taxonomy: a category that did not exist then, or a part of one that was split since. `weights`
    (n_items,) is how much each label counts: the square root of the number of people behind it.
    """

    item_ids: Integers
    truth: Truth
    weights: Floats
    n_resolutions: int
    n_known: int
    last_resolution: int
    digest: str


def labelled_items(project: Project, taxonomy: Taxonomy, *, until: int | None = None) -> LabelledItems:
    """All that a classifier of this taxonomy may learn from; holdout items are never among it.

    With `until`, of resolutions up to this one.

    Five queries at most. An item whose resolution says something else than labels is left out, even when it came with
    known labels: people looked at it and could not tell.
    """
    wanted = taxonomy.version.pk
    newest = until
    if newest is None:
        newest = Resolution.objects.filter(project=project).aggregate(last=Max("pk"))["last"] or 0
    resolved = list(
        training_resolutions(project)
        .filter(pk__lte=newest)
        .order_by("pk")
        .annotate(n=Func(F("judgments"), function="cardinality", output_field=IntegerField()))
        .values_list("pk", "item_id", "labels", "taxonomy_id", "n", "method")
    )
    known = list(
        training_known(project)
        .order_by("shuffle", "pk")
        .values_list("pk", "known_labels", "created_at")[:KNOWN_MAX]
    )
    versions = _versions(project)
    rows = [truth_carried(tuple(labels), under, wanted) for _, _, labels, under, _, _ in resolved]
    rows += [truth_carried(tuple(labels or ()), _in_force(versions, at), wanted) for _, labels, at in known]
    ids = np.array([item_id for _, item_id, *_ in resolved] + [pk for pk, _, _ in known], dtype=np.int64)
    people = [_people(n, method) for *_, n, method in resolved] + [1] * len(known)
    order = np.argsort(ids)
    weights = np.sqrt(np.array(people, dtype=np.float64))[order]
    truth = np.array(rows, dtype=np.int8).reshape(len(ids), len(taxonomy.slugs))
    return LabelledItems(
        item_ids=ids[order],
        truth=truth[order],
        weights=weights,
        n_resolutions=len(resolved),
        n_known=len(known),
        last_resolution=newest,
        digest=_digest([pk for pk, *_ in resolved], ids[order], truth[order], weights),
    )


def _people(n_judgments: int, method: str) -> int:
    """How many people are behind a resolution: those who judged, and the lead who decided."""
    return max(n_judgments, 1) + (method == Method.ADJUDICATED)


def _versions(project: Project) -> list[tuple[datetime, int]]:
    """The taxonomy versions with when they were published, oldest first."""
    versions = TaxonomyVersion.objects.filter(project=project).order_by("number")
    return list(versions.values_list("created_at", "pk"))


def _in_force(versions: Sequence[tuple[datetime, int]], moment: datetime) -> int:
    """The taxonomy version that held at this moment; the first one before there was any."""
    after = bisect_right([at for at, _ in versions], moment)
    return versions[max(after - 1, 0)][1]


def _digest(resolutions: Sequence[int], item_ids: Integers, truth: Truth, weights: Floats) -> str:
    digest = sha256(np.array(resolutions, dtype=np.int64).tobytes())
    digest.update(item_ids.tobytes())
    digest.update(truth.tobytes())
    digest.update(weights.tobytes())
    return digest.hexdigest()
