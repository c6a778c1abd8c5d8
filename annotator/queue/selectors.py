"""Reading the queue: how full it is, its batches, and why an item was served."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import NotFound
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState, Batch, BatchItem, QueueCursor

COUNT_MAX = 10_000  # beyond it nobody needs the number, and counting a million places takes a second
WAITING = timedelta(seconds=30)
PROGRESS_MAX = 5000  # items; of a larger batch the progress is not counted
PROGRESS_STEPS = 10


@dataclass(frozen=True)
class QueueLevel:
    """How full a queue is. Counts stop at `COUNT_MAX`."""

    free: int
    offered: int
    waiting: int

    @property
    def is_capped(self) -> bool:
        """Whether there are more free places than were counted."""
        return self.free >= COUNT_MAX

    @property
    def free_text(self) -> str:
        """The free places in words: a number, or that there are more."""
        return f"{COUNT_MAX:,} and more" if self.is_capped else f"{self.free:,}"


@dataclass(frozen=True)
class BatchSummary:
    """One batch with how far it has been worked off."""

    batch: Batch
    streams: dict[str, int]
    free: int
    offered: int
    submitted: int

    @property
    def places(self) -> int:
        """All places, later ones included."""
        return self.free + self.offered + self.submitted

    @property
    def pool_size(self) -> int | None:
        """How many items it was chosen from; None for one person's checks, where it would tell of their opt-outs."""
        return None if self.batch.personal else self.batch.pool_size

    @property
    def of_places(self) -> str:
        """What the submitted places are out of, in words."""
        return f"of {self.places:,}"

    @property
    def opened_text(self) -> str:
        """When the batch was opened, in words."""
        return f"opened {self.batch.opened_at:%Y-%m-%d %H:%M} UTC"


@dataclass(frozen=True)
class Progress:
    """How far the newest batch has been worked off, by everybody, in tenths.

    Not to the place: a count that stands still after an answer would tell that its page was a check.
    """

    number: int
    places: int
    submitted: int

    @property
    def reached(self) -> int:
        """The submitted places, down to a whole step."""
        step = max(1, self.places // PROGRESS_STEPS)
        return self.submitted if self.submitted == self.places else self.submitted - self.submitted % step

    @property
    def text(self) -> str:
        """How far in words."""
        about = "about " if self.places >= 2 * PROGRESS_STEPS and self.reached < self.places else ""
        return f"{about}{self.reached} of {self.places}"


def queue_level(project: Project) -> QueueLevel:
    """How many places are free (or lapsed) for anybody, how many are held, and how many annotators got nothing.

    `waiting` counts the annotators who got nothing in the last half minute and since whose visit no batch
    was opened. Free places may remain that none of them may take: a query is due however many there are.
    Personal places are no part of it, nor is whoever is given less than everything: what they wait for is
    not another batch. Four queries.
    """
    now = timezone.now()
    places = Assignment.objects.filter(project=project, for_annotator__isnull=True)
    free = places.filter(state=AssignmentState.FREE, for_annotator__isnull=True)[:COUNT_MAX].count()
    held = places.filter(state=AssignmentState.OFFERED).aggregate(
        live=Count("pk", filter=Q(lease_until__gte=now)),
        lapsed=Count("pk", filter=Q(lease_until__lt=now, for_annotator__isnull=True)),
    )
    newest = (
        Batch.objects.filter(project=project, personal=False)
        .order_by("-number")
        .values_list("opened_at", flat=True)
        .first()
    )
    since = max(newest or now - WAITING, now - WAITING)
    waiting = QueueCursor.objects.filter(project=project, empty_at__gt=since).count()
    return QueueLevel(free=min(free + held["lapsed"], COUNT_MAX), offered=held["live"], waiting=waiting)


def batch_progress(project: Project) -> Progress | None:
    """How far the newest batch for everybody has come; None without one, or when it is too large to count.

    Two queries, over the places of one batch.
    """
    batch = Batch.objects.filter(project=project, personal=False).order_by("-number").first()
    if batch is None or batch.n_items > PROGRESS_MAX:
        return None
    counted = Assignment.objects.filter(batch_item__batch=batch).aggregate(
        places=Count("pk"), submitted=Count("pk", filter=Q(state=AssignmentState.SUBMITTED))
    )
    return Progress(number=batch.number, **counted)


def places_held(project: Project, annotator: User, assignment_ids: Iterable[int]) -> list[int]:
    """Which of these places `annotator` holds. One query."""
    held = Assignment.objects.filter(
        pk__in=list(assignment_ids), project=project, annotator=annotator, state=AssignmentState.OFFERED
    )
    return list(held.order_by("pk").values_list("pk", flat=True))


def batches_of(project: Project) -> QuerySet[Batch]:
    """The batches of a project, newest first, those with checks for one person among them. One query."""
    return Batch.objects.filter(project=project).order_by("-number")


def batch_of(project: Project, number: int) -> Batch:
    """One batch by its number; raises NotFound. One query."""
    batch = Batch.objects.filter(project=project, number=number).first()
    if batch is None:
        raise NotFound(f"This project has no batch {number}.")
    return batch


def batches_summarised(batches: Sequence[Batch]) -> list[BatchSummary]:
    """The same batches with their streams and the state of their places. Two queries."""
    pks = [batch.pk for batch in batches]
    streams: Counter[tuple[int, str]] = Counter()
    for batch_id, stream, n in _counted(BatchItem.objects.filter(batch__in=pks), "batch", "stream"):
        streams[batch_id, stream] = n
    states: Counter[tuple[int, str]] = Counter()
    for batch_id, state, n in _counted(
        Assignment.objects.filter(batch_item__batch__in=pks), "batch_item__batch", "state"
    ):
        states[batch_id, state] = n
    return [
        BatchSummary(
            batch=batch,
            streams={stream: n for (pk, stream), n in sorted(streams.items()) if pk == batch.pk},
            free=states[batch.pk, AssignmentState.FREE],
            offered=states[batch.pk, AssignmentState.OFFERED],
            submitted=states[batch.pk, AssignmentState.SUBMITTED],
        )
        for batch in batches
    ]


def ledger_of(batch: Batch, *, stream: str = "") -> QuerySet[BatchItem]:
    """Why each item is in a batch, in the order they are served; of one stream alone where it is named. One query."""
    rows = BatchItem.objects.filter(batch=batch).select_related("item", "batch").order_by("rank")
    return rows.filter(stream=stream) if stream else rows


def ledger_of_item(project: Project, item_id: int) -> QuerySet[BatchItem]:
    """Every time an item was put in a batch, and why; newest first. One query."""
    rows = BatchItem.objects.filter(item_id=item_id, item__project=project)
    return rows.select_related("batch").order_by("-pk")


def _counted(
    rows: QuerySet[Assignment] | QuerySet[BatchItem], batch: str, kind: str
) -> list[tuple[int, str, int]]:
    return list(rows.values_list(batch, kind).annotate(n=Count("pk")).order_by())
