"""Places for one person: gold, retests of what they judged before, qualification. Nobody else is offered them.

They are opened ahead of need, so that a claim that gives one stays one statement, and on screen they are like any
other. Each has its line in the ledger: stream, strategy, probability, seed.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Final

from django.db import connection, transaction
from django.db.models import Max, Min
from django.db.models.functions import Length

from annotator.accounts.models import User
from annotator.pool.models import Evidence, Item
from annotator.projects.models import Project
from annotator.projects.selectors import taxonomy_current
from annotator.queue.expecting import Expected, expected_of
from annotator.queue.models import Assignment, AssignmentState, Batch, BatchItem, Lesson, Purpose, Stream
from annotator.queue.reading import reading_seconds
from annotator.queue.services import BATCH_LOCK

STREAMS: Final = {
    Purpose.GOLD: Stream.GOLD,
    Purpose.QUALIFICATION: Stream.GOLD,
    Purpose.RETEST: Stream.RETEST,
}
PRIORITY_BITS: Final = 40
NUMBERS_TRIED: Final = 20
"""For each number wanted: about half of them are places."""


@dataclass(frozen=True)
class LessonDraft:
    """What the person reads after their answer."""

    attempt: int
    explanation: str
    clause_id: int | None


@dataclass(frozen=True)
class PersonalChoice:
    """One item for one person: what it is known to show, how likely it was, and the lesson of a qualification."""

    item_id: int
    labels: frozenset[str]
    inclusion_probability: float | None
    lesson: LessonDraft | None = None


@dataclass(frozen=True)
class Draw:
    """How the choices came about: for the ledger."""

    strategy: str
    reason: str
    pool_size: int
    seed: int


@transaction.atomic
def places_personal_open(
    project: Project, annotator: User, purpose: Purpose, choices: Sequence[PersonalChoice], *, draw: Draw
) -> int:
    """How many places of this purpose were opened for `annotator`: a batch, its ledger, the places, their lessons.

    1. Wait behind whoever opens a batch of this project: batch numbers rise, and two calls open a place once.
    2. Leave out what was opened before for this person and purpose, and items that are withheld.
    3. Write. The order of serving is drawn from the seed, so that gold and retests come mixed.

    Twelve queries, or three when nothing is left.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [BATCH_LOCK, project.pk])
    kept = _new(project, annotator, purpose, choices)
    if not kept:
        return 0
    batch = Batch.objects.create(
        project=project,
        number=(Batch.objects.filter(project=project).aggregate(newest=Max("number"))["newest"] or 0) + 1,
        reason=draw.reason,
        fingerprint=f"{purpose}-{annotator.pk}-{draw.seed:x}",
        seed=draw.seed,
        classifier_number=None,
        pool_size=draw.pool_size,
        personal=True,
        n_items=len(kept),
    )
    rows = _write_ledger(batch, purpose, kept, draw)
    places = _write_places(batch, annotator, purpose, rows)
    lessons = {choice.item_id: choice for choice in kept if choice.lesson is not None}
    Lesson.objects.bulk_create(_lesson(place, lessons[place.item_id]) for place in places if lessons)
    return len(places)


def places_personal_end(item_ids: Collection[int]) -> int:
    """How many free gold and qualification places on these items are served no more. One query.

    What somebody holds already stays theirs.
    """
    checks = Assignment.objects.filter(
        item__in=item_ids, purpose__in=[Purpose.GOLD, Purpose.QUALIFICATION], state=AssignmentState.FREE
    )
    return checks.update(state=AssignmentState.WITHHELD)


def _new(
    project: Project, annotator: User, purpose: Purpose, choices: Sequence[PersonalChoice]
) -> list[PersonalChoice]:
    wanted = {choice.item_id: choice for choice in choices}
    served = Item.objects.filter(project=project, withheld=False, pk__in=wanted)
    open_ids = set(served.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    opened = Assignment.objects.filter(item__in=wanted, for_annotator=annotator, purpose=purpose)
    open_ids -= set(opened.values_list("item_id", flat=True))
    return [choice for item_id, choice in wanted.items() if item_id in open_ids]


def _write_ledger(
    batch: Batch, purpose: Purpose, choices: Sequence[PersonalChoice], draw: Draw
) -> list[BatchItem]:
    expected = _expected(batch.project, choices)
    return BatchItem.objects.bulk_create(
        BatchItem(
            batch=batch,
            item_id=choice.item_id,
            rank=rank,
            stream=STREAMS[purpose],
            strategy=draw.strategy,
            score=None,
            reason=draw.reason[:200],
            classifier_number=None,
            pool_size=draw.pool_size,
            inclusion_probability=choice.inclusion_probability,
            seed=draw.seed,
            severity=expected[choice.item_id].severity,
            expected=list(expected[choice.item_id].categories),
        )
        for rank, choice in enumerate(choices)
    )


def _expected(project: Project, choices: Sequence[PersonalChoice]) -> dict[int, Expected]:
    """What was expected of each item when it was served to others, or is known by now: as their later places are."""
    taxonomy = taxonomy_current(project)
    shared = Assignment.objects.filter(
        item__in=[choice.item_id for choice in choices], purpose=Purpose.OVERLAP
    )
    known: defaultdict[int, set[str]] = defaultdict(set)
    for item_id, expected in shared.values_list("item_id", "expected"):
        known[item_id].update(expected)
    return {
        choice.item_id: expected_of(taxonomy, choice.labels | known[choice.item_id]) for choice in choices
    }


def _write_places(
    batch: Batch, annotator: User, purpose: Purpose, rows: Sequence[BatchItem]
) -> list[Assignment]:
    rng = random.Random(batch.seed)
    seconds = _reading_seconds([row.item_id for row in rows])
    numbers = _numbers_left(batch.project, len(rows), rng)
    return Assignment.objects.bulk_create(
        Assignment(
            pk=number,
            project=batch.project,
            batch_item=row,
            item_id=row.item_id,
            place=1,
            priority=rng.getrandbits(PRIORITY_BITS),
            purpose=purpose,
            for_annotator=annotator,
            severity=row.severity,
            expected=row.expected,
            reading_seconds=seconds.get(row.item_id, reading_seconds(0)),
        )
        for row, number in zip_longest(rows, numbers)
    )


def _numbers_left(project: Project, n: int, rng: random.Random) -> list[int]:
    """Up to `n` numbers that the batch now served left over, at random. Three queries.

    Numbers from the sequence would be higher than those served beside them, and so tell which places are checks. Where
    the project has no batch yet, or its numbers are used up, there is nothing to hide among.
    """
    free = Assignment.objects.filter(
        project=project, state=AssignmentState.FREE, for_annotator=None, priority__gte=0
    )
    served = free.order_by("priority", "id").values_list("batch_item__batch", flat=True).first()
    first = Assignment.objects.filter(batch_item__batch=served or _newest_batch(project), place=1)
    ends = first.aggregate(low=Min("pk"), high=Max("pk"))
    if ends["low"] is None:
        return []
    span = range(ends["low"], ends["high"] + 1)
    drawn = rng.sample(span, min(NUMBERS_TRIED * n, len(span)))
    taken = set(Assignment.objects.filter(pk__in=drawn).values_list("pk", flat=True))
    return [number for number in drawn if number not in taken][:n]


def _newest_batch(project: Project) -> int | None:
    shared = Batch.objects.filter(project=project, personal=False).order_by("-number")
    return shared.values_list("pk", flat=True).first()


def _reading_seconds(item_ids: Collection[int]) -> dict[int, float]:
    evidence = Evidence.objects.filter(item__in=item_ids).order_by("item", "-version").distinct("item")
    n_chars = evidence.annotate(n=Length("title") + Length("description") + Length("text"))
    return {item_id: reading_seconds(n) for item_id, n in n_chars.values_list("item_id", "n")}


def _lesson(place: Assignment, choice: PersonalChoice) -> Lesson:
    assert choice.lesson is not None
    return Lesson(
        assignment=place,
        attempt=choice.lesson.attempt,
        labels=sorted(choice.labels),
        explanation=choice.lesson.explanation,
        clause_id=choice.lesson.clause_id,
    )
