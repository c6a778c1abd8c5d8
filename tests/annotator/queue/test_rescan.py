"""The search behind the cursor: bounded steps, and nothing that may be taken is ever missed."""

import pytest
from django.utils import timezone

from annotator.queue.claiming import Claimant, cursor_rescan
from annotator.queue.lanes import RESCAN_SPAN, Lane
from annotator.queue.models import Assignment, AssignmentState, Exposure
from annotator.queue.places import assignment_claim
from tests.annotator.queue.million import Queue, Size, make_queue
from tests.annotator.queue.plans import explained

pytestmark = pytest.mark.django_db

JUDGED = 12_000


@pytest.fixture
def queue() -> Queue:
    """Everything that the first person has not judged is gone."""
    queue = make_queue(Size(items=13_000, people=20, veteran=JUDGED, others=1))
    left = Assignment.objects.exclude(state=AssignmentState.SUBMITTED)
    left.filter(batch_item__rank__gte=JUDGED).update(
        state=AssignmentState.WITHHELD, annotator=None, lease_until=None
    )
    return queue


def spend_the_budget(queue: Queue) -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    Exposure.objects.create(annotator=queue.veteran, minute=minute, points=1000, items=300)


def test_places_that_one_may_not_take_are_walked_over_once(queue: Queue) -> None:
    claimant = Claimant(queue.project.pk, queue.veteran.pk, queue.project.lease_seconds)

    with explained() as first:
        assert assignment_claim(queue.project, queue.veteran) is None
    with explained() as second:
        assert not cursor_rescan(claimant)

    assert max(plan.rows_read.get("assignment", 0) for plan in first) >= 2 * JUDGED
    assert max(plan.rows_read.get("assignment", 0) for plan in second) <= RESCAN_SPAN
    assert max(plan.buffers for plan in second) <= 12 * RESCAN_SPAN


@pytest.mark.parametrize("lane", [Lane.ALL, Lane.BENIGN])
def test_the_search_comes_to_its_end_and_finds_what_is_there(queue: Queue, lane: Lane) -> None:
    if lane == Lane.BENIGN:
        spend_the_budget(queue)
    assert assignment_claim(queue.project, queue.veteran) is None
    free = Assignment.objects.filter(state=AssignmentState.FREE, for_annotator=None, severity=0)
    last = free.latest("priority")
    mine = Assignment.objects.filter(item=last.item_id, annotator=queue.veteran)
    mine.update(annotator=queue.people[1])

    claims = 1
    while (place := assignment_claim(queue.project, queue.veteran)) is None:
        claims += 1

    assert place.item_id == last.item_id
    assert claims <= 2 * JUDGED // RESCAN_SPAN
