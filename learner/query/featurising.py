"""Features of items, computed once for what a page says: rows in, one shard in the storage out. For workers only."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.projects.services import log_write
from annotator.runs import run_claim, run_done, run_progress
from learner.core.recipe import RECIPE
from learner.core.shards import Shard, shard_bytes
from learner.query.files import StoredFile, file_write
from learner.query.models import FeatureRun, FeatureShard
from learner.query.pages import shard_part, shards_joined
from learner.query.refreshing import features_refresh
from learner.query.running import run_worked
from learner.query.shards import coverage_of, items_without_features

SHARD_ITEMS = 20_000
PAGES_AT_ONCE = 2_000  # texts are long: this bounds the memory, not the shard
SHARDS_A_RUN = 50  # one task may not take for ever: the tick sees what is left, and starts the next run


def feature_run_execute(run_id: int) -> None:
    """Compute the missing features, shard by shard, and those of changed pages; an earlier attempt's are kept."""
    run = run_claim(FeatureRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "query", "Computing features"):
        before = run.done = coverage_of(run.project).n_items
        total = Item.objects.filter(project=run.project).count()
        for _ in range(SHARDS_A_RUN):
            item_ids = items_without_features(run.project, SHARD_ITEMS)
            if not item_ids:
                break
            read_at = timezone.now()
            shard_register(run, *shard_make(run.project, item_ids), total=total, read_at=read_at)
        fresh = features_refresh(run)
        if fresh:
            log_write(run.project, "query", f"Features of {fresh:,} items are up to date with their pages")
        if run.done > before:
            log_write(run.project, "query", f"Features of {run.done - before:,} items are computed")
        run_done(run)


def shard_make(project: Project, item_ids: Sequence[int]) -> tuple[Shard, StoredFile]:
    """The features of these items (ids ascending) as a shard in the storage. Two queries per 2,000 items."""
    parts = [
        shard_part(project, item_ids[start : start + PAGES_AT_ONCE])
        for start in range(0, len(item_ids), PAGES_AT_ONCE)
    ]
    shard = shards_joined(parts)
    directory = f"projects/{project.pk}/features/{RECIPE}"
    return shard, file_write(directory, f"{item_ids[0]}-{item_ids[-1]}", shard_bytes(shard))


@transaction.atomic
def shard_register(
    run: FeatureRun, shard: Shard, file: StoredFile, *, total: int, read_at: datetime
) -> FeatureShard:
    """The row of a written shard, together with the run's progress.

    Raises RunLost, and writes nothing, when another worker has taken the run over: it makes the same shard.
    """
    run_progress(run, "computing features", run.done + len(shard), total)
    return FeatureShard.objects.create(
        project=run.project,
        recipe=RECIPE,
        first_item=shard.item_ids[0],
        last_item=shard.item_ids[-1],
        n_items=len(shard),
        path=file.name,
        sha256=file.sha256,
        created_at=read_at,
    )
