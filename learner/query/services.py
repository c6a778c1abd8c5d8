"""Runs of the query stage: computing features, and choosing the next batch."""

from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.projects.services import log_write
from annotator.runs import run_claim, run_done, run_held, run_start
from learner.query.featurising import SHARD_ITEMS, shard_make, shard_register
from learner.query.models import FeatureRun
from learner.query.selectors import coverage_of, items_without_features

SHARDS_A_RUN = 50  # one task may not take for ever: the tick sees what is left, and starts the next run


def feature_run_start(project: Project) -> FeatureRun:
    """A run that will compute the features that are missing, or the one that is active."""
    return run_start(FeatureRun, project)


def feature_run_execute(run_id: int) -> None:
    """Compute the missing features, shard by shard; what an earlier attempt wrote is not computed again."""
    run = run_claim(FeatureRun, run_id)
    if run is None:
        return
    with run_held(run):
        run.done = coverage_of(run.project).n_items
        total = Item.objects.filter(project=run.project).count()
        before = run.done
        for _ in range(SHARDS_A_RUN):
            item_ids = items_without_features(run.project, SHARD_ITEMS)
            if not item_ids:
                break
            shard_register(run, *shard_make(run.project, item_ids), total=total)
        if run.done > before:
            log_write(run.project, "query", f"Features of {run.done - before:,} items are computed")
        run_done(run)
