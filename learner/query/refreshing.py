"""Features of pages whose evidence changed or was erased: their rows of the shards are computed anew. Decision 163.

For workers only.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Final

import numpy as np
from django.core.files.storage import default_storage
from django.db import connection, transaction
from django.utils import timezone
from scipy.sparse import csr_matrix, vstack

from annotator.runs import run_progress
from learner.core.arrays import Integers
from learner.core.recipe import RECIPE
from learner.core.shards import Shard, shard_bytes
from learner.query.files import FileDamagedError, StoredFile, file_write
from learner.query.models import FeatureRun, FeatureShard
from learner.query.pages import shard_part, shards_joined
from learner.query.shards import shard_damaged, shard_open

STAGE: Final = "bringing features up to date"
PARTS_AT_ONCE: Final = 2_000
MARGIN: Final = timedelta(hours=2)
"""A version of evidence is seen when it is committed, which is later than its time, and never by so much."""

CHANGED: Final = """
WITH changed AS (
    SELECT item.id, evidence.added_at AS at FROM evidence JOIN item ON item.id = evidence.item_id
    WHERE evidence.added_at IS NOT NULL AND item.project_id = %(project)s AND NOT item.withheld
    UNION ALL
    SELECT id, erased_at FROM item WHERE project_id = %(project)s AND erased_at IS NOT NULL AND NOT withheld)
SELECT shard.id, ARRAY_AGG(DISTINCT changed.id)
FROM feature_shard shard JOIN changed ON changed.id BETWEEN shard.first_item AND shard.last_item
    AND changed.at > shard.created_at - %(margin)s::interval
WHERE shard.project_id = %(project)s AND shard.recipe = %(recipe)s
GROUP BY shard.id ORDER BY shard.first_item
"""


@dataclass(frozen=True)
class _Suspected:
    """A shard, and which of the items in its range may say something else now."""

    row: FeatureShard
    item_ids: Integers


def features_refresh(run: FeatureRun) -> int:
    """How many items of the run's project got new features, because their pages say something else than their shards.

    A shard keeps its row and its items; its new file stands beside the one before, which whoever reads just now
    still finds. Raises RunLost when another worker has taken the run over, FileDamagedError for a shard that cannot
    be read, once it is to be computed again.
    """
    n, suspected = 0, _suspected(run)
    for number, each in enumerate(suspected):
        run_progress(run, STAGE, number, len(suspected))
        now = timezone.now()
        try:
            shard = shard_open(each.row)
        except FileDamagedError as error:
            raise shard_damaged(each.row, error) from error
        changed = _changed(run, shard, np.intersect1d(each.item_ids, shard.item_ids))
        if changed is not None:
            fresh = _replaced(shard, changed)
            file = file_write(_directory(each.row), _stem(each.row), shard_bytes(fresh))
            _register(run, each.row, file, read_at=now)
            _remove_older(each.row, file)
            n += len(changed)
    return n


def _suspected(run: FeatureRun) -> Sequence[_Suspected]:
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, {"project": run.project_id, "recipe": RECIPE, "margin": str(MARGIN)})
        found = cursor.fetchall()
    rows = FeatureShard.objects.in_bulk([shard_id for shard_id, _ in found])
    return [_Suspected(rows[shard_id], np.array(ids, dtype=np.int64)) for shard_id, ids in found]


def _changed(run: FeatureRun, shard: Shard, item_ids: Integers) -> Shard | None:
    """Of these items of the shard those that say something else now, with their features; None for none."""
    known = dict(zip(shard.item_ids.tolist(), shard.contents.tolist(), strict=True))
    parts = []
    for start in range(0, len(item_ids), PARTS_AT_ONCE):
        part = shard_part(run.project, item_ids[start : start + PARTS_AT_ONCE].tolist())
        other = np.array([known[pk] for pk in part.item_ids.tolist()], dtype=np.int64) != part.contents
        parts.append(_rows(part, np.flatnonzero(other)))
    parts = [part for part in parts if len(part)]
    return shards_joined(parts) if parts else None


def _rows(shard: Shard, rows: Integers) -> Shard:
    return Shard(
        item_ids=shard.item_ids[rows],
        holdout=shard.holdout[rows],
        domains=shard.domains[rows],
        contents=shard.contents[rows],
        features=csr_matrix(shard.features[rows]),
    )


def _replaced(shard: Shard, changed: Shard) -> Shard:
    """The shard with the contents and features of the changed items; its sites and splits are for ever."""
    places = np.searchsorted(shard.item_ids, changed.item_ids)
    contents = shard.contents.copy()
    contents[places] = changed.contents
    rows = np.arange(len(shard))
    rows[places] = len(shard) + np.arange(len(changed))
    both = csr_matrix(vstack([shard.features, changed.features], format="csr"))
    return replace(shard, contents=contents, features=csr_matrix(both[rows]))


@transaction.atomic
def _register(run: FeatureRun, row: FeatureShard, file: StoredFile, *, read_at: datetime) -> None:
    run_progress(run, STAGE, run.done, run.total)
    same = FeatureShard.objects.filter(pk=row.pk, sha256=row.sha256)
    same.update(path=file.name, sha256=file.sha256, created_at=read_at)


def _remove_older(row: FeatureShard, file: StoredFile) -> None:
    """Delete the files of this shard from before the one that was just replaced."""
    _, names = default_storage.listdir(_directory(row))
    for name in names:
        path = f"{_directory(row)}/{name}"
        if name.startswith(f"{_stem(row)}-") and path not in (file.name, row.path):
            default_storage.delete(path)


def _directory(row: FeatureShard) -> str:
    return str(PurePosixPath(row.path).parent)


def _stem(row: FeatureShard) -> str:
    return f"{row.first_item}-{row.last_item}"
