"""The items that a classifier learns from, as arrays. For workers only."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

import numpy as np
from django.db.models import Max, Min
from numpy.typing import NDArray

from annotator.projects.models import Category, Project
from annotator.projects.selectors import Taxonomy, taxonomy_version
from annotator.review.models import Resolution
from learner.core.arrays import Integers
from learner.training.selectors import training_known, training_resolutions

KNOWN_MAX = (
    100_000  # more known labels than this change no digit of a linear classifier, and a fit has to end
)
NOT_KNOWN = -1

Truth = NDArray[np.int8]


@dataclass(frozen=True, eq=False)
class LabelledItems:
    """Train items whose labels are held true or came known; row i of both arrays is the same item.

    `item_ids` (n_items,) ascend; `truth` (n_items, n_categories) is 1 present, 0 absent, -1 for a category that
    did not exist when the item was labelled.
    """

    item_ids: Integers
    truth: Truth
    n_resolutions: int
    n_known: int
    last_resolution: int
    digest: str


def labelled_items(project: Project, taxonomy: Taxonomy) -> LabelledItems:
    """All that a classifier of this taxonomy may learn from; holdout items are never among it.

    Five queries. An item whose resolution says something else than labels is left out, even when it came with
    known labels: people looked at it and could not tell.
    """
    columns = taxonomy.slugs
    newest = Resolution.objects.filter(project=project).aggregate(last=Max("pk"))["last"] or 0
    resolved = list(
        training_resolutions(project)
        .filter(pk__lte=newest)
        .order_by("pk")
        .values_list("pk", "item_id", "labels", "taxonomy_id")
    )
    known = list(
        training_known(project)
        .order_by("shuffle", "pk")
        .values_list("pk", "known_labels", "created_at")[:KNOWN_MAX]
    )
    since = _categories_since(project)
    rows = [_row(labels, columns, _slugs(taxonomy_id)) for _, _, labels, taxonomy_id in resolved]
    rows += [_row(labels or (), columns, _slugs_at(since, at)) for _, labels, at in known]
    ids = np.array([item_id for _, item_id, _, _ in resolved] + [pk for pk, _, _ in known], dtype=np.int64)
    order = np.argsort(ids)
    truth = np.array(rows, dtype=np.int8).reshape(len(ids), len(columns))
    return LabelledItems(
        item_ids=ids[order],
        truth=truth[order],
        n_resolutions=len(resolved),
        n_known=len(known),
        last_resolution=newest,
        digest=_digest([pk for pk, _, _, _ in resolved], ids[order], truth[order]),
    )


def _row(labels: Iterable[str], columns: Sequence[str], existed: frozenset[str]) -> list[int]:
    present = frozenset(labels)
    return [int(slug in present) if slug in existed else NOT_KNOWN for slug in columns]


def _slugs(taxonomy_id: int) -> frozenset[str]:
    return frozenset(taxonomy_version(taxonomy_id).slugs)


def _categories_since(project: Project) -> dict[str, datetime]:
    """When each category came into the project."""
    first = Category.objects.filter(taxonomy__project=project).values("slug").order_by()
    return {row["slug"]: row["since"] for row in first.annotate(since=Min("taxonomy__created_at"))}


def _slugs_at(since: dict[str, datetime], moment: datetime) -> frozenset[str]:
    return frozenset(slug for slug, at in since.items() if at <= moment)


def _digest(resolutions: Sequence[int], item_ids: Integers, truth: Truth) -> str:
    digest = sha256(np.array(resolutions, dtype=np.int64).tobytes())
    digest.update(item_ids.tobytes())
    digest.update(truth.tobytes())
    return digest.hexdigest()
