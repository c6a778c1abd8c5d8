"""Features of items, computed once: rows of pages in, one shard in the storage out. For workers only."""

from collections.abc import Sequence

import numpy as np
from django.db import transaction
from scipy.sparse import csr_matrix, vstack

from annotator.pool.models import Evidence, Item, Split
from annotator.projects.models import Project
from annotator.projects.services import log_write
from annotator.runs import run_claim, run_done, run_progress
from learner.core.features import PageText, featurise
from learner.core.recipe import RECIPE
from learner.core.shards import Shard, content_key, domain_key, shard_bytes
from learner.query.files import StoredFile, file_write
from learner.query.models import FeatureRun, FeatureShard
from learner.query.running import run_worked
from learner.query.shards import coverage_of, items_without_features

SHARD_ITEMS = 20_000
PAGES_AT_ONCE = 2_000  # texts are long: this bounds the memory, not the shard
SHARDS_A_RUN = 50  # one task may not take for ever: the tick sees what is left, and starts the next run


def feature_run_execute(run_id: int) -> None:
    """Compute the missing features, shard by shard; what an earlier attempt wrote is not computed again."""
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
            shard_register(run, *shard_make(run.project, item_ids), total=total)
        if run.done > before:
            log_write(run.project, "query", f"Features of {run.done - before:,} items are computed")
        run_done(run)


def shard_make(project: Project, item_ids: Sequence[int]) -> tuple[Shard, StoredFile]:
    """The features of these items (ids ascending) as a shard in the storage. Two queries per 2,000 items."""
    parts = [
        _shard_part(project, item_ids[start : start + PAGES_AT_ONCE])
        for start in range(0, len(item_ids), PAGES_AT_ONCE)
    ]
    shard = Shard(
        item_ids=np.concatenate([part.item_ids for part in parts]),
        holdout=np.concatenate([part.holdout for part in parts]),
        domains=np.concatenate([part.domains for part in parts]),
        contents=np.concatenate([part.contents for part in parts]),
        features=csr_matrix(vstack([part.features for part in parts], format="csr")),
    )
    directory = f"projects/{project.pk}/features/{RECIPE}"
    return shard, file_write(directory, f"{item_ids[0]}-{item_ids[-1]}", shard_bytes(shard))


def features_of(project: Project, item_ids: Sequence[int]) -> csr_matrix:
    """The features of a few items, computed anew, rows in the order of their ids. Two queries."""
    return _shard_part(project, item_ids).features


@transaction.atomic
def shard_register(run: FeatureRun, shard: Shard, file: StoredFile, total: int) -> FeatureShard:
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
    )


def _shard_part(project: Project, item_ids: Sequence[int]) -> Shard:
    columns = ("url", "host", "registrable_domain", "split")
    items = list(Item.objects.filter(project=project, pk__in=item_ids).only(*columns).order_by("pk"))
    pages = pages_of(items)
    return Shard(
        item_ids=np.array([item.pk for item in items], dtype=np.int64),
        holdout=np.array([item.split == Split.HOLDOUT for item in items], dtype=np.bool_),
        domains=np.array([domain_key(item.registrable_domain) for item in items], dtype=np.int64),
        contents=np.array([content_key(page) for page in pages], dtype=np.int64),
        features=featurise(pages),
    )


def pages_of(items: Sequence[Item]) -> list[PageText]:
    """What is known of these items, in their order. One query."""
    evidence = Evidence.objects.filter(item__in=[item.pk for item in items]).order_by("version")
    newest = {row.item_id: row for row in evidence}
    nothing = Evidence()
    return [
        PageText(
            url=item.url,
            host=item.host,
            registrable_domain=item.registrable_domain,
            title=newest.get(item.pk, nothing).title,
            description=newest.get(item.pk, nothing).description,
            text=newest.get(item.pk, nothing).text,
        )
        for item in items
    ]
