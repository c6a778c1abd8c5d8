"""The features of the labelled items, from shards or, where a shard holds few of them, anew. For workers only."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix, vstack

from annotator.errors import CrossguardError
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.runs import Run, run_progress
from learner.core.arrays import Booleans, Floats, Integers
from learner.core.shards import Shard
from learner.query.featurising import PAGES_AT_ONCE
from learner.query.models import FeatureShard
from learner.query.pages import shard_part
from learner.query.shards import shards_load, shards_of
from learner.training.labelled import LabelledItems, Truth

FEW: Final = 100
"""Reading a shard of 20,000 takes as long as computing the features of two hundred pages anew."""


class NothingToLearn(CrossguardError):
    """No train item is labelled and has features."""

    code = "nothing_to_learn"


@dataclass(frozen=True, eq=False)
class Material:
    """Ids (ascending), sites and weights (n_items,), features (n_items, n_features), truth (n_items, n_categories)."""

    item_ids: Integers
    features: csr_matrix
    truth: Truth
    sites: Integers
    weights: Floats


def material_of(run: Run, project: Project, labelled: LabelledItems) -> Material:
    """What is learned from; an item that has no features yet waits for the next version.

    Shards without a labelled item are not read, and of those with few only the few items are featurised anew: a retrain
    costs what its labels cost, however large the pool.
    """
    parts = [part for part in _parts(run, project, labelled) if len(part)]
    if not parts:
        raise NothingToLearn(
            "There is nothing to learn from yet: no train item is resolved or came with known labels. Label some pages."
        )
    if any(part.holdout.any() for part in parts):
        raise AssertionError(f"holdout items in the training data of project {project.pk}")
    item_ids = np.concatenate([part.item_ids for part in parts])
    order = np.argsort(item_ids)
    found = np.searchsorted(labelled.item_ids, item_ids[order])
    return Material(
        item_ids[order],
        csr_matrix(csr_matrix(vstack([part.features for part in parts]))[order]),
        labelled.truth[found],
        np.concatenate([part.domains for part in parts])[order],
        labelled.weights[found],
    )


def _parts(run: Run, project: Project, labelled: LabelledItems) -> Iterator[Shard]:
    """The labelled items that have features, as parts of shards."""
    few = np.empty(0, dtype=np.int64)
    many: list[FeatureShard] = []
    for row in shards_of(project):
        wanted = _within(labelled.item_ids, row)
        if FEW * len(wanted) > row.n_items:
            many.append(row)
        else:
            few = np.union1d(few, wanted)
    for number, shard in enumerate(shards_load(project, many)):
        run_progress(run, "loading features", number, len(many))
        part = _rows(shard, np.isin(shard.item_ids, labelled.item_ids, assume_unique=True))
        few = np.setdiff1d(few, part.item_ids)  # the ranges of two shards may overlap
        yield part
    yield from _anew(project, few)


def _within(item_ids: Integers, row: FeatureShard) -> Integers:
    """Those of these ids, ascending, that the shard may hold."""
    first, end = np.searchsorted(item_ids, row.first_item), np.searchsorted(item_ids, row.last_item, "right")
    return item_ids[first:end]


def _anew(project: Project, item_ids: Integers) -> Iterator[Shard]:
    """The same of items whose shards are not worth reading; without withheld ones, whose text is sealed."""
    for start in range(0, len(item_ids), PAGES_AT_ONCE):
        asked = item_ids[start : start + PAGES_AT_ONCE].tolist()
        open_items = Item.objects.filter(pk__in=asked, withheld=False).values_list("pk", flat=True)
        yield shard_part(project, list(open_items))


def _rows(shard: Shard, wanted: Booleans) -> Shard:
    """These items of a shard; copies, so that the rest of it can go."""
    return Shard(
        item_ids=shard.item_ids[wanted],
        holdout=shard.holdout[wanted],
        domains=shard.domains[wanted],
        contents=shard.contents[wanted],
        features=csr_matrix(shard.features[wanted]),
    )
