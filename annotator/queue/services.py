"""Opening batches, with the ledger of why each item is served, and adding places to items."""

import random
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction
from django.db.models import Max, Min, QuerySet
from django.utils import timezone

from annotator.errors import BadInput, Conflict
from annotator.pool.models import Item, Split
from annotator.pool.signatures import signatures_write
from annotator.projects.models import LogEntry, Project
from annotator.projects.services import log_write
from annotator.queue.claiming import returned_priority
from annotator.queue.expecting import NO_FORECAST, Expected, Forecast, items_expected
from annotator.queue.exposure import HARMFUL
from annotator.queue.models import Assignment, AssignmentState, Batch, BatchItem, Stream
from annotator.queue.reading import READING_SQL
from annotator.queue.starting import stopping_drawn

BATCH_LOCK = 1_129_137  # first key of the advisory lock; the second is the project
FALLBACK_SIZE = 10
FALLBACK_PATIENCE = timedelta(seconds=60)
FALLBACK_PAUSE = timedelta(seconds=10)
PLACE_STEP = 2**20  # ranks within a place; an item's first place comes before any second place of its batch
BATCH_STEP = 2**32  # priorities within a batch
NUMBERS_A_PLACE = 2  # one for the place, one left over

N_CHARS = """COALESCE((SELECT LENGTH(e.title) + LENGTH(e.description) + LENGTH(e.text) FROM evidence e
    WHERE e.item_id = batch_item.item_id ORDER BY e.version DESC LIMIT 1), 0)"""

# The numbers of places are drawn in no order of serving, and as many again are left over for checks (see
# annotator.queue.personal): the number of a place, which its page has to know, does not tell whether it is one.
OPEN_PLACES = f"""
WITH drawn AS (
    SELECT id, ROW_NUMBER() OVER (ORDER BY HASHINT8EXTENDED(id, %(seed)s)) AS n
    FROM (SELECT NEXTVAL(PG_GET_SERIAL_SEQUENCE('assignment', 'id')) AS id
          FROM GENERATE_SERIES(1, %(numbers)s)) AS taken
), places AS (
    SELECT bi.*, place, ROW_NUMBER() OVER (ORDER BY place, bi.rank) AS n
    FROM (SELECT *, {READING_SQL.format(n_chars=N_CHARS)} AS reading_seconds FROM batch_item
          WHERE batch_id = %(batch)s) bi
    CROSS JOIN LATERAL
        GENERATE_SERIES(1, CASE WHEN bi.stopping = 'adaptive' THEN %(least)s ELSE %(overlap)s END) AS place
)
INSERT INTO assignment (id, project_id, batch_item_id, item_id, place, priority, state, purpose, severity, expected,
    reading_seconds, recheck)
SELECT drawn.id, %(project)s, places.id, places.item_id, place, %(first)s + place * %(place_step)s + places.rank,
    'free', 'overlap', places.severity, places.expected, places.reading_seconds, {{recheck}}
FROM places JOIN drawn USING (n) ORDER BY n
"""  # noqa: S608 - our own constants only

# The items are locked first, as by whoever withholds one: a place added a moment later would be missed.
PLACES_ADD = """
WITH open AS MATERIALIZED (
    SELECT id FROM item WHERE id = ANY(%s) AND NOT withheld ORDER BY id FOR SHARE
)
INSERT INTO assignment (project_id, batch_item_id, item_id, place, priority, state, purpose, severity, expected,
    reading_seconds, recheck)
SELECT a.project_id, MAX(a.batch_item_id), a.item_id, MAX(a.place) + 1, %s, 'free', 'overlap', MAX(a.severity),
    ARRAY(SELECT DISTINCT slug FROM assignment other CROSS JOIN UNNEST(other.expected) AS slug
          WHERE other.item_id = a.item_id AND other.purpose = 'overlap' ORDER BY slug), MAX(a.reading_seconds),
    MAX(a.recheck)
FROM open JOIN assignment a ON a.item_id = open.id JOIN project p ON p.id = a.project_id
WHERE a.purpose = 'overlap' AND a.recheck = (SELECT MAX(recheck) FROM assignment asked
    WHERE asked.item_id = a.item_id AND asked.purpose = 'overlap')
GROUP BY a.project_id, a.item_id, p.overlap_max HAVING MAX(a.place) < p.overlap_max
ON CONFLICT DO NOTHING RETURNING item_id
"""


@dataclass(frozen=True)
class BatchChoice:
    """One item that a query chose, with everything needed to say why, and how likely it was."""

    item_id: int
    stream: Stream
    strategy: str
    score: float | None
    reason: str
    classifier_number: int | None
    pool_size: int
    inclusion_probability: float | None
    seed: int
    forecast: Forecast = NO_FORECAST


@transaction.atomic
def batch_open(  # noqa: PLR0913 - one column each; a bundle would only rename them
    project: Project,
    choices: Sequence[BatchChoice],
    *,
    fingerprint: str,
    reason: str,
    seed: int,
    classifier_number: int | None,
    pool_size: int,
    fallback: bool = False,
) -> Batch:
    """The batch of this fingerprint, opened now (ledger, and places: see `stopping_drawn`) or earlier.

    1. What each page is expected to show is worked out before anybody has to wait for us.
    2. Batches of a project open one after the other, so that a higher number is always the later commit:
       claims rely on it (see annotator.queue.claiming).
    3. Items that another batch has taken since they were chosen are left out.

    Raises Conflict when no item is left, BadInput when an item is chosen twice.
    """
    if len({choice.item_id for choice in choices}) < len(choices):
        raise BadInput("The batch names an item twice. Choose each item once.")
    forecasts = {choice.item_id: choice.forecast for choice in choices}
    expected = items_expected(project, list(forecasts), forecasts)
    _queue_up(project)
    opened = Batch.objects.filter(project=project, fingerprint=fingerprint).first()
    if opened is not None:
        return opened
    kept = _take_from_pool(project, choices)
    if not kept:
        raise Conflict(f"None of the {len(choices)} chosen items is still in the pool. Query again.")
    batch = Batch.objects.create(
        project=project,
        number=(Batch.objects.filter(project=project).aggregate(newest=Max("number"))["newest"] or 0) + 1,
        reason=reason,
        fingerprint=fingerprint,
        seed=seed,
        classifier_number=classifier_number,
        pool_size=pool_size,
        fallback=fallback,
        n_items=len(kept),
    )
    _write_ledger(batch, kept, expected)
    _open_places(batch, project)
    signatures_write([choice.item_id for choice in kept])
    return batch


def _queue_up(project: Project) -> None:
    """Wait behind whoever opens a batch of this project, until the end of the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [BATCH_LOCK, project.pk])


def _take_from_pool(project: Project, choices: Sequence[BatchChoice]) -> list[BatchChoice]:
    pooled = Item.objects.filter(project=project, pooled=True, pk__in=[choice.item_id for choice in choices])
    taken = set(pooled.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    Item.objects.filter(pk__in=taken).update(pooled=False)
    return [choice for choice in choices if choice.item_id in taken]


def _write_ledger(batch: Batch, choices: Sequence[BatchChoice], expected: Mapping[int, Expected]) -> None:
    stopping = stopping_drawn(
        batch.project, {choice.item_id: choice.stream for choice in choices}, seed=batch.seed
    )
    BatchItem.objects.bulk_create(
        (
            BatchItem(
                batch=batch,
                item_id=choice.item_id,
                rank=rank,
                stream=choice.stream,
                strategy=choice.strategy,
                score=choice.score,
                reason=choice.reason[:200],
                classifier_number=choice.classifier_number,
                pool_size=choice.pool_size,
                inclusion_probability=choice.inclusion_probability,
                seed=choice.seed,
                severity=expected[choice.item_id].severity,
                expected=list(expected[choice.item_id].categories),
                stopping=stopping[choice.item_id],
                overlap=batch.project.overlap,
            )
            for rank, choice in enumerate(choices)
        ),
        batch_size=500,
    )


def _open_places(batch: Batch, project: Project) -> None:
    """`project.overlap` places an item, or as many as adaptive overlap starts with."""
    parameters = {
        "project": batch.project_id,
        "batch": batch.pk,
        "first": batch.number * BATCH_STEP,
        "place_step": PLACE_STEP,
        "overlap": project.overlap,
        "least": project.adaptive_least,
        "seed": batch.seed,
        "numbers": NUMBERS_A_PLACE * project.overlap * batch.n_items,
    }
    with connection.cursor() as cursor:
        cursor.execute(OPEN_PLACES.format(recheck="0"), parameters)


@transaction.atomic
def batch_open_fallback(
    project: Project, *, benign_only: bool = False, avoid: Sequence[str] = ()
) -> Batch | None:
    """A small, marked, random batch for somebody to whom the queue has nothing to give, or None.

    It needs neither Redis nor a worker. The batch may also be one that opened while we waited for our turn.
    None when the query model deserves its chance first (nothing has been opened yet, and the oldest page
    came less than a minute ago), when the last such batch still has items that nobody has begun and that
    suit this person, when it is only seconds old, or when the pool is empty. Items are drawn whoever asks,
    and neither the ledger nor the log says who did: it would show who is on lighter pages or has opted out.
    """
    newest = _newest_number(project)
    if newest == 0 and not _has_waited(project):
        return None
    _queue_up(project)
    last = Batch.objects.filter(project=project, personal=False).order_by("-number").first()
    if last is not None and last.number > newest:
        return last
    if _has_fallback_left(project, benign_only=benign_only, avoid=avoid):
        return None
    seed = secrets.randbits(62)
    pool = Item.objects.filter(project=project, split=Split.TRAIN, pooled=True)
    items = _random_items(pool, random.Random(seed))
    if not items:
        return None
    reason = "The queue had nothing left for somebody, and no query had finished: random items"
    log_write(project, "queue", f"{reason} ({len(items)})", level=LogEntry.Level.WARNING)
    pool_size = pool.count()
    return batch_open(
        project,
        _fallback_choices(items, pool_size=pool_size, seed=seed),
        fingerprint=f"fallback-{seed:x}",
        reason=reason,
        seed=seed,
        classifier_number=None,
        pool_size=pool_size,
        fallback=True,
    )


def _fallback_choices(items: Sequence[int], *, pool_size: int, seed: int) -> list[BatchChoice]:
    return [
        BatchChoice(
            item_id=item_id,
            stream=Stream.EXPLORE,
            strategy="fallback",
            score=None,
            reason="Random, because no query had finished",
            classifier_number=None,
            pool_size=pool_size,
            inclusion_probability=len(items) / pool_size,
            seed=seed,
        )
        for item_id in items
    ]


def _newest_number(project: Project) -> int:
    shared = Batch.objects.filter(project=project, personal=False)
    return shared.order_by("-number").values_list("number", flat=True).first() or 0


def _has_waited(project: Project) -> bool:
    # By id: the oldest row is an index entry away, the oldest `created_at` is a scan.
    oldest = Item.objects.filter(project=project).order_by("pk").values_list("created_at", flat=True).first()
    return oldest is not None and oldest < timezone.now() - FALLBACK_PATIENCE


def _has_fallback_left(project: Project, *, benign_only: bool, avoid: Sequence[str]) -> bool:
    last = Batch.objects.filter(project=project, fallback=True).order_by("-number").first()
    if last is None:
        return False
    begun = last.number * BATCH_STEP
    left = Assignment.objects.filter(
        project=project,
        state=AssignmentState.FREE,
        for_annotator=None,
        place=1,
        priority__gte=begun,
        priority__lt=begun + 2 * PLACE_STEP,
    )
    if not left.exists():
        return False
    suiting = left.exclude(expected__overlap=list(avoid)) if avoid else left
    suiting = suiting.filter(severity__lt=HARMFUL) if benign_only else suiting
    # Where the pool has hardly anything that suits, batches would follow each other at each claim.
    return suiting.exists() or last.opened_at > timezone.now() - FALLBACK_PAUSE


def _random_items(pool: QuerySet[Item], rng: random.Random) -> list[int]:
    """Ids of up to `FALLBACK_SIZE` items after a random point on the circle of `shuffle`: two index ranges."""
    ends = pool.aggregate(low=Min("shuffle"), high=Max("shuffle"))
    if ends["low"] is None:
        return []
    point = rng.randint(ends["low"], ends["high"])
    ids = pool.order_by("shuffle", "pk").values_list("pk", flat=True)
    after = list(ids.filter(shuffle__gte=point)[:FALLBACK_SIZE])
    return after + list(ids.filter(shuffle__lt=point)[: FALLBACK_SIZE - len(after)])


def places_add(item_ids: Collection[int]) -> set[int]:
    """The items that got one more place, at the front of the queue; none beyond the project's maximum.

    It is one more of those that were opened last: of the newest recheck, if the item was looked at again.
    Two calls at once add one place to an item. A withheld item gets none: the items are locked first, as by whoever
    withholds one. One statement.
    """
    if not item_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(PLACES_ADD, [list(item_ids), returned_priority()])
        return {item_id for (item_id,) in cursor.fetchall()}
