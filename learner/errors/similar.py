"""Opening a batch of unlabelled train items that are like pages which were got wrong. For workers only."""

from hashlib import sha256
from typing import Final

import numpy as np
from django.db import transaction
from scipy.sparse import csr_matrix, diags_array

from annotator.errors import CrossguardError
from annotator.projects.selectors import taxonomy_current
from annotator.projects.services import log_write
from annotator.queue.expecting import NO_FORECAST, Forecast
from annotator.queue.models import Batch, Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.runs import run_claim, run_done, run_progress
from learner.core.arrays import Floats32, Integers
from learner.core.artifact import artifact_read
from learner.core.features import unit_rows
from learner.core.severity import expected_categories
from learner.errors.models import SimilarRun
from learner.query.files import file_read
from learner.query.pages import features_of
from learner.query.running import run_worked
from learner.query.shards import pool_rarity, shards_load, shards_of
from learner.query.ways import available_in
from learner.training.services import newest_file

STRATEGY: Final = "like_errors"
SITE_MAX: Final = 2
"""Items of one site in such a batch: one page more of a site teaches less than one of another."""


class NothingAlike(CrossguardError):
    """No unlabelled train item is like these pages."""

    code = "nothing_alike"


def similar_run_execute(run_id: int) -> None:
    """Find the available train items most like the pages of the run, and open a batch of them."""
    run = run_claim(SimilarRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "errors", "The batch of similar pages"):
        item_ids, cosines, pool_size = _nearest(run)
        if not len(item_ids):
            raise NothingAlike(
                "No page in the pool is like these. Take in more pages, or label what is there."
            )
        _open(run, item_ids, cosines, _forecasts(run, item_ids), pool_size)


def _nearest(run: SimilarRun) -> tuple[Integers, Floats32, int]:
    """Items and how like the nearest of the run's pages they are, nearest first; and how many were available."""
    rarity = pool_rarity(run.project)
    if rarity is None:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), 0
    weigh = diags_array(rarity)
    wanted = csr_matrix(unit_rows(csr_matrix(features_of(run.project, run.items) @ weigh)).T)
    ids, sites, cosines = [], [], []
    total = shards_of(run.project).count()
    for number, shard in enumerate(shards_load(run.project)):
        run_progress(run, "comparing pages", number, total)
        rows = np.flatnonzero(available_in(run.project, shard) & ~shard.holdout)
        alike = csr_matrix(unit_rows(csr_matrix(shard.features[rows] @ weigh))) @ wanted
        best = alike.max(axis=1).toarray().ravel() if len(rows) and wanted.shape[1] else np.zeros(len(rows))
        ids.append(shard.item_ids[rows])
        sites.append(shard.domains[rows])
        cosines.append(best.astype(np.float32))
    if not ids:
        return np.empty(0, dtype=np.int64), np.empty(0, dtype=np.float32), 0
    all_ids, all_sites, all_cosines = np.concatenate(ids), np.concatenate(sites), np.concatenate(cosines)
    order = np.argsort(-all_cosines, kind="stable")
    kept = _spread(order[all_cosines[order] > 0], all_sites, run.n)
    return all_ids[kept], all_cosines[kept], len(all_ids)


def _spread(order: Integers, sites: Integers, n: int) -> Integers:
    """The first `n` of these rows, at most `SITE_MAX` of a site."""
    taken: dict[int, int] = {}
    kept: list[int] = []
    for row in order.tolist():
        site = int(sites[row])
        if taken.get(site, 0) < SITE_MAX:
            taken[site] = taken.get(site, 0) + 1
            kept.append(row)
        if len(kept) == n:
            break
    return np.array(kept, dtype=np.int64)


def _forecasts(run: SimilarRun, item_ids: Integers) -> dict[int, Forecast]:
    """What each page is expected to show, for the care of those who will see it."""
    file = newest_file(run.project)
    if file is None:
        return {}
    classifier = artifact_read(file_read(file.artifact, file.sha256), file.sha256).classifier
    ascending = np.sort(item_ids)
    features = features_of(run.project, ascending.tolist())
    expected = expected_categories(classifier.predict_proba(features), classifier.learned)
    slugs = np.array(classifier.categories)
    known = frozenset(slugs[classifier.learned].tolist())
    return {
        int(pk): Forecast(frozenset(slugs[row].tolist()), known)
        for pk, row in zip(ascending, expected, strict=True)
    }


@transaction.atomic
def _open(
    run: SimilarRun,
    item_ids: Integers,
    cosines: Floats32,
    forecasts: dict[int, Forecast],
    pool_size: int,
) -> Batch:
    """The batch and the end of its run, together: a worker that was overtaken opens nothing."""
    name = taxonomy_current(run.project).name_of(run.category)
    reason = f"asked by {run.asked_by.username}: pages like {len(run.items)} that v{run.classifier_number} got wrong"
    batch = batch_open(
        run.project,
        [
            BatchChoice(
                item_id=int(item_id),
                stream=Stream.QUERY,
                strategy=STRATEGY,
                score=round(float(cosine), 4),
                reason=f"like pages that v{run.classifier_number} got wrong in {name}",
                classifier_number=run.classifier_number,
                pool_size=pool_size,
                inclusion_probability=None,
                seed=0,
                forecast=forecasts.get(int(item_id), NO_FORECAST),
            )
            for item_id, cosine in zip(item_ids, cosines, strict=True)
        ],
        fingerprint=sha256(f"similar {run.pk}".encode()).hexdigest(),
        reason=f"{reason} in {name}",
        seed=0,
        classifier_number=run.classifier_number,
        pool_size=pool_size,
    )
    run_done(run, batch=batch)
    log_write(
        run.project,
        "errors",
        f"Batch {batch.number} is open: {batch.n_items} items like pages that were got wrong in {name}",
    )
    return batch
