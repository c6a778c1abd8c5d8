"""Claiming, renewing, giving back, skipping."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.errors import BadInput, Conflict, NotFound
from annotator.projects.models import LogEntry
from annotator.queue.models import Assignment, AssignmentState, Batch, LostLease, QueueCursor, Skip
from annotator.queue.places import (
    assignment_claim,
    assignment_release,
    assignment_renew,
    assignment_skip,
    assignment_take_submit,
)
from annotator.queue.selectors import queue_level
from annotator.queue.services import places_add
from tests.factories import make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db


def lapse(assignment: Assignment) -> None:
    Assignment.objects.filter(pk=assignment.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_first_places_come_before_second_ones_in_the_order_of_the_batch() -> None:
    project = make_project(overlap=2)
    items = make_items(project, 3)
    make_batch(project, items)
    ann, bob = make_member(project), make_member(project)

    places: list[Assignment] = []
    for annotator in (ann, ann, bob, bob):
        place = assignment_claim(
            project, annotator, holding=[p.pk for p in places if p.annotator_id == annotator.pk]
        )
        assert place is not None
        places.append(place)

    assert [(p.item_id, p.place) for p in places] == [
        (items[0].pk, 1),
        (items[1].pk, 1),
        (items[2].pk, 1),
        (items[0].pk, 2),
    ]
    assert all(p.lease_until and p.lease_until > timezone.now() for p in places)


def test_the_place_held_already_comes_back_unless_the_page_shows_it() -> None:
    project = make_project()
    make_batch(project, make_items(project, 3))
    ann = make_member(project)
    first = assignment_claim(project, ann)
    assert first is not None

    again = assignment_claim(project, ann)
    prefetched = assignment_claim(project, ann, holding=[first.pk])

    assert again is not None
    assert again.pk == first.pk
    assert again.offered_at == first.offered_at
    assert prefetched is not None
    assert prefetched.pk != first.pk


def test_nothing_is_given_when_everything_was_judged_or_skipped() -> None:
    project = make_project(overlap=3)
    make_batch(project, make_items(project, 2))
    ann = make_member(project)
    judged, skipped = assignment_claim(project, ann), None
    assert judged is not None
    assignment_take_submit(project, ann, judged.pk)
    skipped = assignment_claim(project, ann)
    assert skipped is not None
    assignment_skip(project, ann, skipped.pk, Skip.Reason.DISTRESS)

    assert assignment_claim(project, ann) is None
    assert Assignment.objects.filter(state=AssignmentState.FREE).count() == 5
    assert queue_level(project).waiting == 1


def test_a_lapsed_place_goes_to_somebody_else_before_fresh_ones() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 3))
    ann, bob = make_member(project), make_member(project)
    lapsed = assignment_claim(project, ann)
    assert lapsed is not None
    lapse(lapsed)

    taken = assignment_claim(project, bob)

    assert taken is not None
    assert (taken.pk, taken.annotator_id) == (lapsed.pk, bob.pk)
    assert LostLease.objects.filter(assignment=lapsed, annotator=ann).exists()


def test_ones_own_lapsed_place_comes_first() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 3))
    ann = make_member(project)
    mine = assignment_claim(project, ann)
    assert mine is not None
    lapse(mine)

    again = assignment_claim(project, ann)

    assert again is not None
    assert again.pk == mine.pk
    assert not LostLease.objects.exists()


def test_a_place_given_back_is_the_next_one_served_to_somebody_who_is_far_ahead() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 5))
    ann, bob = make_member(project), make_member(project)
    first = assignment_claim(project, ann)
    assert first is not None
    for _ in range(2):
        ahead = assignment_claim(project, bob)
        assert ahead is not None
        assignment_take_submit(project, bob, ahead.pk)

    released = assignment_release(project, ann, [first.pk], known=timezone.now() + timedelta(days=1))
    taken = assignment_claim(project, bob)

    assert released == 1
    assert taken is not None
    assert taken.pk == first.pk


def test_a_place_whose_lease_was_renewed_since_is_not_released() -> None:
    project = make_project()
    make_batch(project, make_items(project, 1))
    ann = make_member(project)
    old_page = assignment_claim(project, ann)
    assert old_page is not None
    assert old_page.lease_until is not None
    assignment_claim(project, ann)  # the page was reloaded: the same place, a new lease

    assert assignment_release(project, ann, [old_page.pk], known=old_page.lease_until) == 0
    assert Assignment.objects.get(pk=old_page.pk).state == AssignmentState.OFFERED


def test_a_third_place_is_served_before_fresh_ones_and_never_a_fourth() -> None:
    project = make_project(overlap=2, overlap_max=3)
    items = make_items(project, 4)
    make_batch(project, items)
    ann = make_member(project)

    assert places_add([items[3].pk]) == {items[3].pk}
    assert places_add([items[3].pk]) == set()
    place = assignment_claim(project, ann)

    assert place is not None
    assert (place.item_id, place.place) == (items[3].pk, 3)


def test_a_lapsed_lease_is_renewed_while_nobody_took_the_place() -> None:
    project = make_project()
    make_batch(project, make_items(project, 1))
    ann, bob = make_member(project), make_member(project)
    place = assignment_claim(project, ann)
    assert place is not None
    lapse(place)

    until = assignment_renew(project, ann, [place.pk])

    assert until is not None
    assert until > timezone.now()
    assert assignment_renew(project, bob, [place.pk]) is None


def test_skipping_gives_the_place_to_somebody_else_for_good() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 1))
    ann, bob = make_member(project), make_member(project)
    place = assignment_claim(project, ann)
    assert place is not None

    assignment_skip(project, ann, place.pk, "language", note="Finnish")
    assignment_skip(project, ann, place.pk, "language")

    assert assignment_claim(project, ann) is None
    taken = assignment_claim(project, bob)
    assert taken is not None
    assert taken.pk == place.pk
    assert Skip.objects.get().note == "Finnish"


def test_skipping_is_refused_with_an_unknown_reason_for_a_strange_place_and_after_judging() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 1))
    ann, bob = make_member(project), make_member(project)
    place = assignment_claim(project, ann)
    assert place is not None

    with pytest.raises(BadInput, match='"bored" is not a reason'):
        assignment_skip(project, ann, place.pk, "bored")
    with pytest.raises(BadInput, match='"late" is not a reason'):
        assignment_skip(project, ann, place.pk, "late")
    with pytest.raises(NotFound, match="never been offered"):
        assignment_skip(project, bob, place.pk, "other")
    assignment_take_submit(project, ann, place.pk)
    with pytest.raises(Conflict, match="judged this item already"):
        assignment_skip(project, ann, place.pk, "other")
    assert not Skip.objects.exists()


def test_a_paused_project_serves_nothing() -> None:
    project = make_project(paused=True)
    make_batch(project, make_items(project, 1))

    assert assignment_claim(project, make_member(project)) is None


def test_a_random_batch_is_opened_and_marked_when_the_queue_is_empty_after_the_first_batch() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 1))
    make_items(project, 30)
    ann, bob = make_member(project, username="ann"), make_member(project)
    worked_off = assignment_claim(project, bob)
    assert worked_off is not None

    place = assignment_claim(project, ann)

    batch = Batch.objects.get(fallback=True)
    assert place is not None
    assert place.batch_item.batch_id == batch.pk
    assert (batch.n_items, batch.pool_size) == (10, 30)
    assert place.batch_item.inclusion_probability == pytest.approx(10 / 30)
    assert "nothing left for somebody" in LogEntry.objects.get(stage="queue").text


def test_only_one_random_batch_is_open_at_a_time() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 1))
    make_items(project, 30)
    ann, bob = make_member(project), make_member(project)
    assignment_claim(project, bob)
    for _ in range(10):
        place = assignment_claim(project, ann)
        assert place is not None
        assignment_skip(project, ann, place.pk, "other")

    assert assignment_claim(project, ann) is not None  # all ten were begun and given back
    assert Batch.objects.filter(fallback=True).count() == 2


def test_the_query_model_has_a_minute_before_the_first_random_batch() -> None:
    project = make_project()
    items = make_items(project, 3)
    ann = make_member(project)

    assert assignment_claim(project, ann) is None
    type(items[0]).objects.update(created_at=timezone.now() - timedelta(seconds=61))
    assert assignment_claim(project, ann) is not None


def test_a_free_place_behind_the_cursor_is_found_again() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 3))
    ann = make_member(project)
    first = assignment_claim(project, ann)
    assert first is not None
    assignment_take_submit(project, ann, first.pk)
    QueueCursor.objects.filter(annotator=ann).update(fresh=2**62, returned=-1)

    assert assignment_claim(project, ann) is not None


def test_the_search_behind_the_cursor_rests_for_half_a_minute() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 2))
    ann, bob = make_member(project), make_member(project)
    place = assignment_claim(project, ann)
    assert place is not None
    assignment_skip(project, ann, place.pk, "other")
    second = assignment_claim(project, ann)
    assert second is not None
    assignment_take_submit(project, ann, second.pk)
    assert assignment_claim(project, ann) is None
    before = QueueCursor.objects.get(annotator=ann)

    assert assignment_claim(project, ann) is None

    after = QueueCursor.objects.get(annotator=ann)
    assert before.rescanned_at == after.rescanned_at
    assert after.rescan is None
    assert assignment_claim(project, bob) is not None


def test_too_many_held_places_are_refused() -> None:
    project = make_project()

    with pytest.raises(BadInput, match="You say you hold 21 places"):
        assignment_claim(project, make_member(project), holding=list(range(21)))


def test_the_queue_level_counts_lapsed_places_as_free() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 4))
    ann, bob = make_member(project), make_member(project)
    lapsed = assignment_claim(project, ann)
    assert lapsed is not None
    lapse(lapsed)
    Assignment.objects.filter(pk=lapsed.pk).update(lease_until=timezone.now() - timedelta(hours=1))
    held = assignment_claim(project, bob)
    assert held is not None
    lapse(held)
    assignment_renew(project, bob, [held.pk])

    level = queue_level(project)

    assert (level.free, level.offered, level.waiting) == (3, 1, 0)
