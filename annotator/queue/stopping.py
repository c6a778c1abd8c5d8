"""The stop: a page leaves every queue at once, and comes back only when its case is closed as a mistake.

A stop takes the item's lock, then waits for whoever has one of its places in hand: a submit, a claim, a skip.
What they committed stays, and what they left of places is withheld. Nobody who holds a place waits for an item.
"""

from django.db import transaction

from annotator.pool.cases import case_close, case_open
from annotator.pool.models import Case
from annotator.projects.access import Access
from annotator.queue.claiming import returned_priority
from annotator.queue.models import Assignment, AssignmentState, LostLease, Purpose, Recheck, Skip
from annotator.queue.places import assignment_known
from annotator.queue.terms import exposure_add

OPEN = (AssignmentState.FREE, AssignmentState.OFFERED)
CHECKS = (Purpose.GOLD, Purpose.QUALIFICATION)
GRAVEST = 3


@transaction.atomic
def page_stop(access: Access, assignment_id: int) -> Case:
    """The restricted case of the page in this place, open; the page is out of every queue and sealed.

    1. Open the case: the item is locked and sealed.
    2. Wait for everybody who has a place of the item in hand, then withhold all that is free or offered.
    3. Whoever held one is remembered: what they send next is told why it is refused.

    Stopping twice is harmless. It counts as the gravest page for this person's ration, once. Raises NotFound for
    a place that they never held.
    """
    place = assignment_known(access.project, access.user, assignment_id)
    opened = case_open(access.project, place.item_id, by=access.user)
    _withhold(place.item_id)
    if opened.first:
        exposure_add(access.user, GRAVEST)
        skip = Skip(
            project=access.project, item_id=place.item_id, annotator=access.user, reason=Skip.Reason.DISTRESS
        )
        Skip.objects.bulk_create([skip], ignore_conflicts=True)
    return opened.case


@transaction.atomic
def case_settle(access: Access, case: Case, outcome: str, *, reference: str = "") -> Case:
    """The case, closed as `case_close` does; the places of a released page are free again, to the front of the queue.

    The person who stopped it is not given it again. Places of gold stay closed: the page is in doubt.
    """
    closed = case_close(access, case, outcome, reference=reference)
    if closed.outcome == Case.Outcome.RELEASED:
        withheld = Assignment.objects.filter(item_id=case.item_id, state=AssignmentState.WITHHELD)
        cancelled = Recheck.objects.filter(project=access.project, cancelled_at__isnull=False).values("batch")
        withheld = withheld.exclude(batch_item__batch__in=cancelled)
        withheld.exclude(purpose__in=CHECKS).update(state=AssignmentState.FREE, priority=returned_priority())
    return closed


def _withhold(item_id: int) -> None:
    places = list(Assignment.objects.select_for_update().filter(item=item_id).order_by("pk"))
    LostLease.objects.bulk_create(
        [
            LostLease(assignment=place, annotator_id=place.annotator_id)
            for place in places
            if place.state == AssignmentState.OFFERED and place.annotator_id is not None
        ],
        ignore_conflicts=True,
    )
    Assignment.objects.filter(item=item_id, state__in=OPEN).update(
        state=AssignmentState.WITHHELD, annotator=None, offered_at=None, lease_until=None
    )
