"""The invariants of places, attacked from several connections at once."""

from collections import Counter
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.db.utils import ProgrammingError

from annotator.accounts.models import User
from annotator.errors import Conflict
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState, Batch
from annotator.queue.places import assignment_claim, assignment_release, assignment_take_submit
from annotator.queue.services import batch_open_fallback, places_add
from tests.connections import at_once
from tests.factories import make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)


def work_off(project: Project, annotator: User) -> list[int]:
    """Claim and submit until nothing is left; the items that were given."""
    given = []
    while (place := assignment_claim(project, annotator)) is not None:
        given.append(place.item_id)
        assignment_take_submit(project, annotator, place.pk)
    return given


def test_overlap_is_never_exceeded_when_six_annotators_work_the_queue_off_together() -> None:
    project = make_project(overlap=2)
    items = make_items(project, 30)
    make_batch(project, items)
    people = [make_member(project) for _ in range(6)]

    given = at_once(*(partial(work_off, project, person) for person in people))

    times = Counter(item for items_given in given for item in items_given)
    assert times == {item.pk: 2 for item in items}
    assert all(len(set(items_given)) == len(items_given) for items_given in given)
    assert Assignment.objects.filter(state=AssignmentState.SUBMITTED).count() == 60


def test_one_place_goes_to_one_annotator_when_all_reach_for_it() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 1))
    people = [make_member(project) for _ in range(6)]

    places = at_once(*(partial(assignment_claim, project, person) for person in people))

    assert len([place for place in places if place is not None]) == 1


def test_two_tabs_of_one_annotator_never_get_two_places_of_one_item() -> None:
    project = make_project(overlap=3)
    make_batch(project, make_items(project, 2))
    ann = make_member(project)

    at_once(*(partial(assignment_claim, project, ann, holding=[-tab]) for tab in range(4)))

    held = Assignment.objects.filter(annotator=ann)
    assert held.count() == len(set(held.values_list("item_id", flat=True)))


def test_a_place_is_filled_once_when_submitted_twice_at_once() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 1))
    ann = make_member(project)
    place = assignment_claim(project, ann)
    assert place is not None

    def submit() -> bool:
        try:
            return not assignment_take_submit(project, ann, place.pk).late
        except (Conflict, IntegrityError):
            return False

    assert sorted(at_once(submit, submit, submit)) == [False, False, True]


def test_a_release_and_a_submit_at_once_leave_one_of_both() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 1))
    ann = make_member(project)
    place = assignment_claim(project, ann)
    assert place is not None
    assert place.lease_until is not None
    known = place.lease_until

    at_once(
        lambda: assignment_take_submit(project, ann, place.pk).late,
        lambda: bool(assignment_release(project, ann, [place.pk], known=known)),
    )

    after = Assignment.objects.get()
    assert (after.state, after.annotator) == (AssignmentState.SUBMITTED, ann)


def test_one_place_is_added_when_two_sweeps_ask_for_it() -> None:
    project = make_project(overlap=2, overlap_max=3)
    items = make_items(project, 1)
    make_batch(project, items)

    added = at_once(*(partial(places_add, [items[0].pk]) for _ in range(4)))

    assert sorted(map(len, added)) == [0, 0, 0, 1]
    assert Assignment.objects.count() == 3


def test_one_random_batch_is_opened_when_all_annotators_run_dry_together() -> None:
    project = make_project(overlap=2)
    make_batch(project, make_items(project, 1))
    make_items(project, 40)

    at_once(*(partial(batch_open_fallback, project) for _ in range(5)))

    assert Batch.objects.filter(fallback=True).count() == 1


def test_overlap_of_five_is_not_exceeded_by_adding_and_claiming_at_once() -> None:
    project = make_project(overlap=2, overlap_max=5)
    items = make_items(project, 2)
    make_batch(project, items)
    people = [make_member(project) for _ in range(8)]
    adding = [partial(places_add, [item.pk for item in items]) for _ in range(4)]

    for _ in range(2):
        at_once(*adding, *(partial(assignment_claim, project, person) for person in people[:4]))
    for person in people:
        assignment_claim(project, person)

    places = Assignment.objects.filter(project=project)
    assert sorted(places.values_list("item", "place")) == [
        (item.pk, n) for item in items for n in range(1, 6)
    ]
    offered = list(places.exclude(annotator=None).values_list("item", "annotator"))
    assert len(offered) == len(set(offered))


def test_the_database_refuses_a_place_beyond_five_two_places_for_one_annotator_and_deleting_places() -> None:
    project = make_project(overlap=2)
    items = make_items(project, 1)
    make_batch(project, items)
    ann = make_member(project)
    assignment_claim(project, ann)
    other = Assignment.objects.get(place=2)

    with pytest.raises(IntegrityError, match="assignment_annotator_once"), transaction.atomic():
        Assignment.objects.filter(pk=other.pk).update(
            state="offered", annotator=ann, lease_until=Assignment.objects.get(place=1).lease_until
        )
    with pytest.raises(IntegrityError, match="assignment_place_1_to_5"), transaction.atomic():
        Assignment.objects.filter(pk=other.pk).update(place=6)
    with pytest.raises(ProgrammingError, match="Cannot delete rows"), transaction.atomic():
        other.delete()
