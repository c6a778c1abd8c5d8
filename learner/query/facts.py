"""What the tick has to know of features and queue. For workers only."""

from datetime import datetime, timedelta
from math import ceil
from typing import Final

from django.conf import settings
from django.db.models import Count, Q
from django.utils import timezone

from annotator.judgments.models import Judgment
from annotator.pool.models import Erasure, Ingest, Item
from annotator.projects.models import Project
from annotator.queue.selectors import QueueLevel
from annotator.runs import ACTIVE, RunStatus
from learner.core.due import FeatureFacts, QueueFacts
from learner.query.featurising import SHARD_ITEMS
from learner.query.models import FeatureRun, QueryRun
from learner.query.shards import FeatureCoverage

COMMITTED_WITHIN: Final = timedelta(seconds=5)
ERASURES_REST: Final = timedelta(hours=1)
PACE: Final = timedelta(seconds=30)
LATELY: Final = timedelta(seconds=4)
QUERIES_LOOKED_AT: Final = 3
USUAL_SECONDS: Final = 5.0  # from a query that is asked for to its batch, before there was any
SPARE: Final = 2  # the next query may take twice as long as those before, or people be twice as fast


def feature_facts(project: Project, coverage: FeatureCoverage) -> FeatureFacts:
    """Items behind the last shard, counted up to a shard, and whether more are coming. At most five queries."""
    items = Item.objects.filter(project=project, withheld=False, pk__gt=coverage.last_item)
    behind = items[:SHARD_ITEMS].count()
    ingest_running = bool(behind) and Ingest.objects.filter(project=project, status__in=ACTIVE).exists()
    return FeatureFacts(
        items_without=behind,
        ingest_running=ingest_running,
        shard_size=SHARD_ITEMS,
        changed=bool(coverage.n_shards) and pages_changed(project, timezone.now()),
    )


def pages_changed(project: Project, now: datetime) -> bool:
    """Whether an ingest that ended, or an erasure, changed known pages since features were last looked through.

    At most three queries. What ended a moment ago waits: its end is noted before it is committed. Erasures by a rule
    come one after another for a while, so they wait for an hour after the last look.
    """
    looks = FeatureRun.objects.filter(project=project, status=RunStatus.DONE).order_by("-pk")
    looked = looks.values_list("started_at", flat=True).first()
    if looked is None:
        return False
    since, until = looked - COMMITTED_WITHIN, now - 2 * COMMITTED_WITHIN
    ended = Ingest.objects.filter(project=project, finished_at__gt=since, finished_at__lte=until)
    if ended.filter(rows_changed__gt=0).exists():
        return True
    rested = looked < now - ERASURES_REST
    return rested and Erasure.objects.filter(project=project, at__gt=since, at__lte=until).exists()


def queue_facts(project: Project, level: QueueLevel, coverage: FeatureCoverage, now: datetime) -> QueueFacts:
    """The queue's level, and whether (not how much) the pool has items that can be scored. At most three queries.

    The pool is looked at only when the queue wants more: finding nothing in a pool that is used up is slow.
    """
    wants = level.waiting > 0 or level.free < project.low_water
    filled = 0 if wants or level.is_capped else filled_meanwhile(project, now)
    pooled = Item.objects.filter(project=project, pooled=True, pk__lte=coverage.last_item)
    return QueueFacts(
        free_places=level.free,
        low_water=project.low_water,
        pool_size=int(not (wants or level.free < filled) or pooled.exists()),
        waiting=level.waiting,
        filled_meanwhile=filled,
    )


def filled_meanwhile(project: Project, now: datetime) -> int:
    """How many places people will fill, at their pace, until a query that is due has its batch; twice that, to be sure.

    The pace is that of the last half minute or of its last seconds, whichever is higher: people come back all at once.
    Until the batch is there takes as long as the slowest of the last queries, and two ticks. At most two queries; one
    while nobody labels.
    """
    made = Judgment.objects.filter(project=project, imported=None, created_at__gt=now - PACE).aggregate(
        whole=Count("pk"), lately=Count("pk", filter=Q(created_at__gt=now - LATELY))
    )
    if not made["whole"]:
        return 0
    pace = max(made["whole"] / PACE.total_seconds(), made["lately"] / LATELY.total_seconds())
    places = SPARE * pace * (_query_seconds(project) + 2 * settings.TICK_SECONDS)
    return ceil(float(places))


def _query_seconds(project: Project) -> float:
    """From asking for a query to its batch: the longest of the last few."""
    done = QueryRun.objects.filter(project=project, status=RunStatus.DONE, finished_at__isnull=False)
    ends = done.order_by("-pk").values_list("created_at", "finished_at")[:QUERIES_LOOKED_AT]
    took = [(finished - created).total_seconds() for created, finished in ends if finished]
    return max(took, default=USUAL_SECONDS)
