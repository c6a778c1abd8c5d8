"""Putting a disagreement on hold, and asking for more judgments: what a lead does when they cannot decide yet."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from annotator.errors import BadInput, Conflict, NotFound, Withheld
from annotator.pool.models import Item, Split
from annotator.projects.access import Access
from annotator.projects.loop_settings import OVERLAP_MAX
from annotator.queue.models import Assignment, AssignmentState, Purpose
from annotator.queue.reserving import places_reserve
from annotator.queue.services import places_add
from annotator.review.desk.leases import lease_refuse_others
from annotator.review.models import NO_HOLD, NO_LEASE, NOTHING_WAITS, Disagreement, Method, Resolution
from annotator.review.reliable import people_trusted
from annotator.review.selectors import disagreement_of

HOLD_REASON_MAX = 1000
WAITS_FOR_ANSWERS = "Waits for answers to a question."
ASKED_FOR = timedelta(hours=1)  # how long a place waits for the person whom a lead named


@transaction.atomic
def disagreement_hold(access: Access, disagreement_id: int, *, reason: str) -> Disagreement:
    """The disagreement on hold, by compare-and-set: it leaves the patterns and waits in a list of its own.

    Raises BadInput without a reason, Conflict when it is closed, on hold already, or open before another lead.
    """
    reason = reason.strip()
    if not reason:
        raise BadInput("Say why it has to wait: whoever finds it on hold will read it.")
    if len(reason) > HOLD_REASON_MAX:
        raise BadInput(f"The reason has {len(reason)} characters; {HOLD_REASON_MAX} are kept.")
    if "\x00" in reason:
        raise BadInput("The reason holds a NUL character, which cannot be stored. Remove it.")
    row = _open_row(access, disagreement_id)
    if row.hold_by is not None:
        raise Conflict(f"{row.hold_by.username} has put this on hold already: {row.hold_reason}")
    row.hold_by, row.hold_at, row.hold_reason = access.user, timezone.now(), reason
    for column, value in NO_LEASE.items():
        setattr(row, column, value)
    row.save(update_fields=["hold_by", "hold_at", "hold_reason", *NO_LEASE])
    return row


@transaction.atomic
def disagreement_release(access: Access, disagreement_id: int) -> Disagreement:
    """The disagreement among the others again. Releasing twice releases once.

    Raises Conflict when it is closed, or open before another lead.
    """
    row = _open_row(access, disagreement_id)
    Disagreement.objects.filter(pk=row.pk).update(**NO_HOLD)
    row.hold_by, row.hold_at, row.hold_reason = None, None, ""
    return row


def waiting_start(access: Access, disagreement_id: int, *, since: datetime) -> None:
    """Put an open disagreement on hold until answers come; one that is on hold already stays as it is.

    `since` is the moment of the question, by which `waiting_end` knows its hold again. Runs in the transaction that
    asks. Raises as `disagreement_hold`.
    """
    row = _open_row(access, disagreement_id)
    if row.hold_by is None:
        hold = {"hold_by": access.user, "hold_at": since, "hold_reason": WAITS_FOR_ANSWERS}
        Disagreement.objects.filter(pk=row.pk).update(**hold, **NO_LEASE)


def waiting_end(disagreement_id: int | None, asked_by: int, *, since: datetime) -> bool:
    """Whether the hold of the question asked then was ended by this call; another hold stays. One statement at most."""
    if disagreement_id is None:
        return False
    held = Disagreement.objects.filter(pk=disagreement_id, hold_by=asked_by, hold_at=since)
    return bool(held.update(**NO_HOLD))


@transaction.atomic
def judgment_ask(access: Access, disagreement_id: int, *, n: int = 1, annotator: str = "") -> None:
    """`n` more places on the item, at the front of the queue, up to the project's maximum.

    A place for one `annotator` waits for them for `ASKED_FOR`, then it is anybody's; they are not told.

    1. Lock the item, as the sweep and other leads do.
    2. Open the places; raises Conflict, saying why not, when not all can be had: then none is opened.
    3. Close the disagreement, as the sweep would: it comes back if the judgment leaves people apart. What a lead
       decided stays in dispute meanwhile, for no rule will settle it.

    Raises Conflict also when it is closed, or open before another lead; BadInput for nobody who can be asked.
    """
    if annotator and n != 1:
        raise BadInput("One person judges an item once. Ask one of them, or several of anybody.")
    item_id = disagreement_of(access.project, disagreement_id).item_id
    item = Item.objects.select_for_update(no_key=True).get(pk=item_id)
    if item.withheld:
        raise Withheld
    row = _open_row(access, disagreement_id)
    if _waits(item_id):
        raise Conflict("A place is open on this item already: it waits for somebody to judge it.")
    person = _asked(access, item, annotator) if annotator else None
    left = places_left(access, item_id)
    if left < n or not all(places_add([item_id]) for _ in range(n)):
        raise Conflict(_why_not(access, item_id, n, left))
    if person is not None and not places_reserve({item_id: person}, until=timezone.now() + ASKED_FOR):
        raise Conflict(f"{annotator} has judged this item, or has it in hand. Ask somebody else.")
    newest = Resolution.objects.filter(item=item_id, superseded_by__isnull=True).first()
    if newest is None or newest.method != Method.ADJUDICATED:
        Disagreement.objects.filter(pk=row.pk).update(closed_at=timezone.now(), entry=None, **NOTHING_WAITS)


def places_left(access: Access, item_id: int) -> int:
    """How many more places the item may get. One query."""
    return max(0, access.project.overlap_max - _newest_place(item_id))


def _newest_place(item_id: int) -> int:
    places = Assignment.objects.filter(item=item_id, purpose=Purpose.OVERLAP)
    return places.aggregate(newest=Max("place"))["newest"] or 0


def _asked(access: Access, item: Item, annotator: str) -> int:
    """The account of somebody who may be asked by name.

    Raises BadInput for nobody, Conflict on an item of a holdout site: who judges what evaluations rest on is left to
    chance.
    """
    if item.split == Split.HOLDOUT:
        raise Conflict("Evaluations rest on this page, so nobody is chosen for it. Ask anybody.")
    found = people_trusted(access.project).filter(user__username=annotator).first()
    if found is None:
        raise BadInput(f'"{annotator}" is no annotator here whose answers count now. Ask somebody else.')
    return found.user_id


def _open_row(access: Access, disagreement_id: int) -> Disagreement:
    """The open disagreement, locked; raises NotFound, Withheld, or Conflict when it is closed or another's."""
    rows = Disagreement.objects.select_for_update(of=("self",)).select_related("item", "lease_by", "hold_by")
    row = rows.filter(project=access.project, pk=disagreement_id).first()
    if row is None:
        raise NotFound(f"There is no disagreement {disagreement_id} in this project.")
    if row.item.withheld:
        raise Withheld
    if row.closed_at is not None:
        raise Conflict(f"This disagreement was settled at {row.closed_at:%Y-%m-%d %H:%M} UTC. Look again.")
    lease_refuse_others(access, row)
    return row


def _waits(item_id: int) -> bool:
    waiting = [AssignmentState.FREE, AssignmentState.OFFERED]
    return Assignment.objects.filter(item=item_id, purpose=Purpose.OVERLAP, state__in=waiting).exists()


def _why_not(access: Access, item_id: int, wanted: int, left: int) -> str:
    if 0 < left < wanted:
        return f"{left} more can be had, not {wanted}: {access.project.overlap_max} places are the most."
    n = Assignment.objects.filter(item=item_id, purpose=Purpose.OVERLAP).count()
    most = access.project.overlap_max
    if not n:
        return "No batch has taken this item, so it has no places. Decide, or put it on hold."
    more = ", or ask an admin for a higher maximum overlap" if most < OVERLAP_MAX else ""
    return f"All {n} places on this item are taken, and {most} are the most. Decide, put it on hold{more}."
