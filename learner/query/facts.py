"""What the tick has to know of features and queue. For workers only."""

from annotator.pool.models import Ingest, Item
from annotator.projects.models import Project
from annotator.queue.selectors import QueueLevel
from annotator.runs import ACTIVE
from learner.core.due import FeatureFacts, QueueFacts
from learner.query.featurising import SHARD_ITEMS
from learner.query.shards import FeatureCoverage


def feature_facts(project: Project, coverage: FeatureCoverage) -> FeatureFacts:
    """Items behind the last shard, counted up to a shard, and whether more are coming. At most two queries."""
    items = Item.objects.filter(project=project, withheld=False, pk__gt=coverage.last_item)
    behind = items[:SHARD_ITEMS].count()
    ingest_running = bool(behind) and Ingest.objects.filter(project=project, status__in=ACTIVE).exists()
    return FeatureFacts(items_without=behind, ingest_running=ingest_running, shard_size=SHARD_ITEMS)


def queue_facts(project: Project, level: QueueLevel, coverage: FeatureCoverage) -> QueueFacts:
    """The queue's level, and whether (not how much) the pool has items that can be scored. At most one query.

    The pool is looked at only when the queue wants more: finding nothing in a pool that is used up is slow.
    """
    wants = level.waiting > 0 or level.free < project.low_water
    pooled = Item.objects.filter(project=project, pooled=True, pk__lte=coverage.last_item)
    return QueueFacts(
        free_places=level.free,
        low_water=project.low_water,
        pool_size=int(not wants or pooled.exists()),
        waiting=level.waiting,
    )
