"""Reading the feature shards of a project: heavy imports, for workers only."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import BinaryIO, cast

import numpy as np
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import Count, Max, QuerySet, Sum

from annotator.pool.models import Item
from annotator.projects.models import LogEntry, Project
from annotator.projects.services import log_write
from learner.core.archive import archive_read
from learner.core.arrays import Floats32, Integers
from learner.core.definitions import column_rarity
from learner.core.features import have_texts
from learner.core.recipe import RECIPE
from learner.core.shards import Shard, read_ahead, shard_read
from learner.query.files import FileDamagedError, file_read
from learner.query.models import FeatureShard
from learner.query.services import feature_run_start


@dataclass(frozen=True)
class FeatureCoverage:
    """How many items of a project have features under the recipe of this code."""

    n_shards: int
    n_items: int
    last_item: int


def shards_of(project: Project) -> QuerySet[FeatureShard]:
    """The shards of a project under the recipe of this code, by first item. One query."""
    return FeatureShard.objects.filter(project=project, recipe=RECIPE).order_by("first_item")


def coverage_of(project: Project) -> FeatureCoverage:
    """How far the features of a project are. One query."""
    found = shards_of(project).aggregate(shards=Count("pk"), items=Sum("n_items"), last=Max("last_item"))
    return FeatureCoverage(found["shards"], found["items"] or 0, found["last"] or 0)


def shards_load(project: Project, chosen: Sequence[FeatureShard] | None = None) -> Iterator[Shard]:
    """Each shard of a project in turn, or those chosen, checked by hash: memory holds two at a time. One query.

    Raises FileDamagedError for a file that is gone or changed, once its features are to be computed again.
    """
    rows = list(shards_of(project)) if chosen is None else chosen
    shards = read_ahead(partial(shard_open, row) for row in rows)
    for row in rows:
        try:
            shard = next(shards)
        except FileDamagedError as error:
            raise shard_damaged(row, error) from error
        yield shard


def pool_rarity(project: Project) -> Floats32 | None:
    """How rare each column is among the pages of the first shard; None before there is one. One query.

    Raises FileDamagedError as `shards_load` does.
    """
    shard = _first_shard(project)
    return None if shard is None else column_rarity(shard.features)


def pool_has_texts(project: Project) -> bool:
    """Whether most pages of the first shard say more than their address; False before there is one. One query.

    Raises FileDamagedError as `shards_load` does.
    """
    shard = _first_shard(project)
    return shard is not None and have_texts(shard.features)


def _first_shard(project: Project) -> Shard | None:
    row = shards_of(project).first()
    if row is None:
        return None
    try:
        return shard_open(row)
    except FileDamagedError as error:
        raise shard_damaged(row, error) from error


def shard_open(row: FeatureShard) -> Shard:
    """One shard, checked by hash; it asks the database nothing. Raises FileDamagedError."""
    return shard_read(file_read(row.path, row.sha256))


def shard_damaged(row: FeatureShard, error: FileDamagedError) -> FileDamagedError:
    """What to raise for a shard that could not be opened, once its features are to be computed again."""
    _shard_discard(row)
    return FileDamagedError(f"{error.message} Its features are computed again.")


def items_without_features(project: Project, limit: int) -> list[int]:
    """Ids of the next items to featurise, ascending, at most `limit`; withheld ones wait: their text is sealed.

    Items behind the last shard come first, and cost one query: ingests of a project commit their ids in order.
    Only when there are none is each id compared with the shards', where a discarded shard leaves a gap.
    """
    coverage = coverage_of(project)
    everything = Item.objects.filter(project=project)
    items = everything.filter(withheld=False)
    tail = items.filter(pk__gt=coverage.last_item).order_by("pk").values_list("pk", flat=True)[:limit]
    if found := list(tail):
        return found
    if everything.count() == coverage.n_items:
        return []
    ids = np.fromiter(items.values_list("pk", flat=True).iterator(), dtype=np.int64)
    missing = np.setdiff1d(ids, _featurised(project))[:limit]
    return [int(pk) for pk in missing]


@transaction.atomic
def _shard_discard(row: FeatureShard) -> None:
    FeatureShard.objects.filter(pk=row.pk, sha256=row.sha256).delete()  # another file may stand there by now
    feature_run_start(row.project)
    text = f"The features of items {row.first_item} to {row.last_item} were damaged, and are computed again"
    log_write(row.project, "query", text, level=LogEntry.Level.WARNING)


def _featurised(project: Project) -> Integers:
    parts = [np.empty(0, dtype=np.int64)]
    for row in shards_of(project):
        with default_storage.open(row.path) as file:
            parts.append(archive_read(cast(BinaryIO, file), ["item_ids"])["item_ids"])
    return np.concatenate(parts)
