"""Every change of an annotator's place: claimed, renewed, given back, skipped, submitted, reopened."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, NotFound, Withheld
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.queue.claiming import Claimant, cursor_rescan, failing_alone, place_take, returned_priority
from annotator.queue.lanes import CATCH_UP
from annotator.queue.models import Assignment, AssignmentState, LostLease, Purpose, Skip
from annotator.queue.services import batch_open_fallback
from annotator.queue.terms import EXPOSE, ClaimTerms, claim_terms

HOLDING_MAX = 20  # places that one page may show at a time
CLAIM_TRIES = 5
SKIP_NOTE_MAX = 500
SKIP_REASONS = tuple(reason for reason in Skip.Reason if reason is not Skip.Reason.LATE)

TAKE_ANOTHER = """
UPDATE assignment
SET state = 'submitted', annotator_id = %(annotator)s, lease_until = NULL, submitted_at = %(now)s,
    for_annotator_id = NULL, reserved_until = NULL,
    offered_at = COALESCE(offered_at, %(now)s)
WHERE id = (
    SELECT id FROM assignment
    WHERE item_id = %(item)s AND purpose = 'overlap' AND recheck = %(recheck)s
      AND (state = 'free' OR (state = 'offered' AND annotator_id = %(annotator)s))
    ORDER BY state = 'free', place LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id
"""

FREE = f"""
UPDATE assignment
SET state = 'free', annotator_id = NULL, offered_at = NULL, lease_until = NULL, priority = %(priority)s,
    {CATCH_UP.format(place="assignment")}
WHERE id = ANY(%(places)s) AND annotator_id = %(annotator)s AND state = 'offered'
"""  # noqa: S608 - our own constants only

SKIP = f"""
WITH skipped AS (
    INSERT INTO skip (item_id, annotator_id, project_id, reason, note, created_at)
    VALUES (%(item)s, %(annotator)s, %(project)s, %(reason)s, %(note)s, STATEMENT_TIMESTAMP())
    ON CONFLICT (item_id, annotator_id) DO NOTHING RETURNING %(severity)s::int AS severity
)
{EXPOSE.format(source="skipped")}
"""  # noqa: S608 - our own constants only


@dataclass(frozen=True)
class PlaceOutcome:
    """What a submit found: the place that counts it, or that it came too late for any."""

    assignment: Assignment
    late: bool


def assignment_claim(project: Project, annotator: User, *, holding: Sequence[int] = ()) -> Assignment | None:
    """The place to show `annotator` next, offered to them under a lease; None when there is nothing for them.

    Places in `holding` are those the page shows already; any other place that the annotator holds comes
    first. With nothing left, a marked random batch is opened where that is allowed, so that nobody waits
    for the query model. Two statements as a rule.
    """
    holding_checked(holding)
    if project.paused:
        return None
    return claim_on(project, annotator, claim_terms(project, annotator), holding=holding)


def holding_checked(holding: Sequence[int]) -> None:
    """Raises BadInput for more places than one page may show."""
    if len(holding) > HOLDING_MAX:
        raise BadInput(
            f"You say you hold {len(holding)} places; {HOLDING_MAX} at a time are enough. Submit some first."
        )


def claim_on(
    project: Project, annotator: User, terms: ClaimTerms, *, holding: Sequence[int] = ()
) -> Assignment | None:
    """As `assignment_claim` in a project that is not paused, on terms that are known. One statement as a rule."""
    claimant = Claimant(project.pk, annotator.pk, project.lease_seconds, holding, terms)
    place = _take(claimant)
    if place is not None or terms.qualifying:
        return place
    if cursor_rescan(claimant):
        place = _take(claimant)
    if place is None and batch_open_fallback(project, benign_only=terms.benign_only, avoid=terms.left_out):
        place = _take(claimant)
    return place


def _take(claimant: Claimant) -> Assignment | None:
    """As `place_take`; tried again when two tabs of one annotator reach for two places of one item."""
    for attempt in range(1, CLAIM_TRIES + 1):
        try:
            with failing_alone():
                return place_take(claimant)
        except IntegrityError:
            if attempt == CLAIM_TRIES:
                raise
    return None


def assignment_renew(project: Project, annotator: User, assignment_ids: Iterable[int]) -> datetime | None:
    """The new end of the leases, or None when the annotator holds none of these places any more.

    A lease that has run out is renewed too, as long as nobody took the place. One query.
    """
    until = timezone.now() + timedelta(seconds=project.lease_seconds)
    return until if _held(project, annotator, assignment_ids).update(lease_until=until) else None


@transaction.atomic
def assignment_release(
    project: Project, annotator: User, assignment_ids: Iterable[int], *, known: datetime | None = None
) -> int:
    """Give places back unjudged, to the front of the queue; how many were.

    `known` is the end of the lease as a page that closes knows it. A place whose lease was renewed since
    is shown by another page (a reload overtakes the farewell of the page before it) and stays.
    """
    held = _held(project, annotator, assignment_ids)
    if known is not None:
        held = held.filter(lease_until__lte=known)
    ids = list(held.select_for_update().order_by("pk").values_list("pk", flat=True))
    return _free(annotator, ids)


@transaction.atomic
def assignment_skip(
    project: Project, annotator: User, assignment_id: int, reason: str, *, note: str = ""
) -> None:
    """Decline an item for good: the place goes to somebody else, the item never to this annotator again.

    It counts as seen, at the severity that was expected. Skipping twice is harmless. Raises BadInput for an
    unknown reason, NotFound for a place never held, Conflict for an item judged already, Withheld for one that
    was stopped.
    """
    if reason not in SKIP_REASONS:
        raise BadInput(f'"{reason}" is not a reason to skip. Use one of: {", ".join(SKIP_REASONS)}.')
    note = note_checked(note, SKIP_NOTE_MAX)
    place = assignment_known(project, annotator, assignment_id, lock=True)
    withheld_refuse(place)
    if place.state == AssignmentState.SUBMITTED and place.annotator_id == annotator.pk:
        raise Conflict("You have judged this item already. Undo the judgment first, then skip.")
    held = Assignment.objects.filter(
        item_id=place.item_id, annotator=annotator, state=AssignmentState.OFFERED
    )
    _free(annotator, list(held.values_list("pk", flat=True)))
    _skip(place, annotator, reason, note)


@transaction.atomic
def assignment_take_submit(project: Project, annotator: User, assignment_id: int) -> PlaceOutcome:
    """The place that this annotator's judgment fills, by compare-and-set, or word that it is late.

    1. The place is still theirs, lapsed or not: it is filled.
    2. It is not, but it is a personal one that waits for them again, or the item has another free place, or
       one that they hold: that one is filled.
    3. Every place has gone to others: late. The item is not offered to them again.

    Raises NotFound for a place they never held, Conflict when they have filled a place of the item already,
    Withheld when it was stopped. Of two submits at once on two places of the item, one raises IntegrityError.
    """
    now = timezone.now()
    mine = _held(project, annotator, [assignment_id])
    if mine.update(state=AssignmentState.SUBMITTED, submitted_at=now, lease_until=None):
        return PlaceOutcome(Assignment.objects.get(pk=assignment_id), late=False)
    place = assignment_known(project, annotator, assignment_id)
    withheld_refuse(place)
    if _is_judged(annotator, place):
        raise Conflict(
            "You have judged this item already. Change it in your own judgments.", code="already_judged"
        )
    other = _take_again(place, annotator, now)
    if other is not None:
        return PlaceOutcome(Assignment.objects.get(pk=other), late=False)
    _skip(place, annotator, Skip.Reason.LATE, "", seen=False)
    return PlaceOutcome(place, late=True)


def _is_judged(annotator: User, place: Assignment) -> bool:
    """Whether this person has filled a place of the item; a retest is beside the first judgment, a recheck after it."""
    if place.purpose == Purpose.RETEST:
        return place.state == AssignmentState.SUBMITTED
    filled = Assignment.objects.filter(
        item_id=place.item_id,
        annotator=annotator,
        state=AssignmentState.SUBMITTED,
        recheck__gte=place.recheck,
    )
    return filled.exclude(purpose=Purpose.RETEST).exists()


def _take_again(place: Assignment, annotator: User, now: datetime) -> int | None:
    """Fill a place that is free or theirs: this one if it is personal, else any of the item; its id."""
    if place.purpose != Purpose.OVERLAP:
        free = Assignment.objects.filter(pk=place.pk, for_annotator=annotator, state=AssignmentState.FREE)
        filled = free.update(
            state=AssignmentState.SUBMITTED, annotator=annotator, submitted_at=now, offered_at=now
        )
        return place.pk if filled else None
    with connection.cursor() as cursor:
        cursor.execute(
            TAKE_ANOTHER,
            {"annotator": annotator.pk, "item": place.item_id, "now": now, "recheck": place.recheck},
        )
        row = cursor.fetchone()
    return None if row is None else int(row[0])


def _skip(place: Assignment, annotator: User, reason: str, note: str, *, seen: bool = True) -> None:
    """Never offer the item to this person again; it counts as `seen` unless that is counted elsewhere."""
    parameters: dict[str, Any] = {
        "project": place.project_id,
        "item": place.item_id,
        "annotator": annotator.pk,
        "reason": reason,
        "note": note,
        "severity": place.severity if seen else 0,
    }
    with connection.cursor() as cursor:
        cursor.execute(SKIP, parameters)


@transaction.atomic
def assignment_reopen(project: Project, annotator: User, assignment_id: int) -> bool:
    """Whether a submitted place is offered to its annotator again: by compare-and-set, never on a withheld item.

    The item is locked first, as by whoever withholds it: else its places could be withheld a moment too early.
    """
    mine = Assignment.objects.filter(
        pk=assignment_id, project=project, annotator=annotator, state=AssignmentState.SUBMITTED
    )
    items = Item.objects.filter(pk__in=mine.values("item"), withheld=False)
    if not items.select_for_update(no_key=True).exists():
        return False
    until = timezone.now() + timedelta(seconds=project.lease_seconds)
    return mine.update(state=AssignmentState.OFFERED, submitted_at=None, lease_until=until) == 1


def assignment_known(
    project: Project, annotator: User, assignment_id: int, *, lock: bool = False
) -> Assignment:
    """A place that this annotator holds, has submitted, or held once; raises NotFound for any other."""
    places = Assignment.objects.filter(pk=assignment_id, project=project)
    place = (places.select_for_update() if lock else places).first()
    is_theirs = place is not None and (
        place.annotator_id == annotator.pk
        or LostLease.objects.filter(assignment_id=assignment_id, annotator=annotator).exists()
    )
    if place is None or not is_theirs:
        raise NotFound(f"You have never been offered assignment {assignment_id}. Claim one first.")
    return place


def withheld_refuse(place: Assignment) -> None:
    """Raise Withheld when the page of this place was stopped, or the place was taken out of the queue. One query."""
    if (
        place.state == AssignmentState.WITHHELD
        or Item.objects.filter(pk=place.item_id, withheld=True).exists()
    ):
        raise Withheld


def note_checked(note: str, length: int) -> str:
    """The note, trimmed; raises BadInput when it is too long or cannot be stored."""
    if len(note) > length:
        raise BadInput(f"The note has {len(note)} characters; {length} fit. Shorten it.")
    if "\x00" in note:
        raise BadInput("The note holds a NUL character, which cannot be stored. Remove it.")
    return note.strip()


def _held(project: Project, annotator: User, assignment_ids: Iterable[int]) -> QuerySet[Assignment]:
    return Assignment.objects.filter(
        pk__in=list(assignment_ids), project=project, annotator=annotator, state=AssignmentState.OFFERED
    )


def _free(annotator: User, assignment_ids: list[int]) -> int:
    lost = [LostLease(assignment_id=pk, annotator=annotator) for pk in assignment_ids]
    LostLease.objects.bulk_create(lost, ignore_conflicts=True)
    parameters: dict[str, Any] = {
        "annotator": annotator.pk,
        "places": assignment_ids,
        "priority": returned_priority(),
    }
    with connection.cursor() as cursor:
        cursor.execute(FREE, parameters)
        return int(cursor.rowcount)
