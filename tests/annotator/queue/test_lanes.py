"""What is given to whom: benign items only, around opt-outs, checks, qualification; and to nobody else."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.accounts.models import User
from annotator.pool.models import Item
from annotator.projects.models import Membership, Project, Standing
from annotator.queue.claiming import cursor_forget
from annotator.queue.models import (
    Assignment,
    AssignmentState,
    Batch,
    Exposure,
    LostLease,
    OptOut,
    Purpose,
    QueueCursor,
    Skip,
)
from annotator.queue.places import (
    assignment_claim,
    assignment_release,
    assignment_skip,
    assignment_take_submit,
)
from annotator.queue.selectors import queue_level
from annotator.queue.services import places_add
from annotator.queue.terms import exposure_add
from tests.factories import VIOLENCE, make_batch, make_items, make_member, make_personal, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(overlap=1, exposure_budget=3)


@pytest.fixture
def items(project: Project) -> list[Item]:
    """Six items in the order in which they are served; the second and the fourth are expected to show violence."""
    items = make_items(project, 6)
    make_batch(project, items)
    severe = Assignment.objects.filter(item__in=[items[1], items[3]])
    severe.update(severity=3, expected=[VIOLENCE])
    return items


@pytest.fixture
def ann(project: Project) -> User:
    return make_member(project)


def claimed(project: Project, annotator: User) -> Assignment:
    place = assignment_claim(project, annotator)
    assert place is not None
    return place


def worked_off(project: Project, annotator: User) -> list[int]:
    """Claim and submit until nothing is left; the items, in the order in which they came."""
    given = []
    while (place := assignment_claim(project, annotator)) is not None:
        given.append(place.item_id)
        assignment_take_submit(project, annotator, place.pk)
    return given


def ids(items: list[Item], *positions: int) -> list[int]:
    return [items[position].pk for position in positions]


def lapse(place: Assignment) -> None:
    Assignment.objects.filter(pk=place.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def set_member(annotator: User, **columns: object) -> None:
    Membership.objects.filter(user=annotator).update(**columns)


def test_only_benign_items_are_given_when_the_budget_is_spent(
    project: Project, items: list[Item], ann: User
) -> None:
    exposure_add(ann, 3)

    assert worked_off(project, ann) == ids(items, 0, 2, 4, 5)
    assert set(QueueCursor.objects.values_list("benign", flat=True)) == {True}


def test_the_rest_comes_when_the_budget_has_recovered(project: Project, items: list[Item], ann: User) -> None:
    exposure_add(ann, 3)
    worked_off(project, ann)
    Exposure.objects.all().delete()

    assert worked_off(project, ann) == ids(items, 1, 3)


def test_a_harmful_place_that_lapsed_or_came_back_waits_for_somebody_else_in_a_rest(
    project: Project, items: list[Item], ann: User
) -> None:
    Assignment.objects.update(severity=3)
    bob, eve = make_member(project), make_member(project)
    lapse(claimed(project, bob))
    assignment_release(project, eve, [claimed(project, eve).pk])
    lapse(claimed(project, bob))
    exposure_add(ann, 3)

    assert assignment_claim(project, ann) is None
    assert claimed(project, make_member(project)).item_id == items[0].pk


def test_a_page_that_was_judged_harmful_leaves_the_benign_lane(
    project: Project, items: list[Item], ann: User
) -> None:
    exposure_add(ann, 3)
    Assignment.objects.filter(item=items[0]).update(severity=2)

    assert claimed(project, ann).item_id == items[2].pk


def test_waiting_for_benign_items_asks_for_no_batch(project: Project, items: list[Item], ann: User) -> None:
    Assignment.objects.update(severity=3)
    exposure_add(ann, 3)

    assert assignment_claim(project, ann) is None
    assert queue_level(project).waiting == 0


def test_pages_are_passed_over_that_somebody_opted_out_of_and_come_when_they_opt_in(
    project: Project, items: list[Item], ann: User
) -> None:
    opt_out = OptOut.objects.create(project=project, annotator=ann, category=VIOLENCE)
    given = worked_off(project, ann)
    opt_out.delete()
    cursor_forget(project, ann)

    assert given == ids(items, 0, 2, 4, 5)
    assert worked_off(project, ann) == ids(items, 1, 3)


def test_an_opt_out_narrows_nobody_elses_queue(project: Project, items: list[Item], ann: User) -> None:
    OptOut.objects.create(project=project, annotator=ann, category=VIOLENCE)

    assert worked_off(project, make_member(project)) == [item.pk for item in items]


@pytest.mark.parametrize("purpose", [Purpose.GOLD, Purpose.RETEST])
def test_a_check_comes_first_when_one_is_due(
    project: Project, items: list[Item], ann: User, purpose: Purpose
) -> None:
    place = make_personal(make_items(project, 1, pooled=False)[0], ann, purpose)
    before = claimed(project, ann)
    assignment_release(project, ann, [before.pk])
    set_member(ann, check_share=1)

    check = claimed(project, ann)

    assert before.purpose == Purpose.OVERLAP
    assert (check.pk, check.state, check.annotator) == (place.pk, AssignmentState.OFFERED, ann)


def test_the_queue_goes_on_when_a_check_is_due_and_none_is_there(
    project: Project, items: list[Item], ann: User
) -> None:
    set_member(ann, check_share=1)

    assert claimed(project, ann).item_id == items[0].pk


def test_a_retest_is_of_what_one_has_judged_and_gold_is_not(
    project: Project, items: list[Item], ann: User
) -> None:
    judged = claimed(project, ann)
    assignment_take_submit(project, ann, judged.pk)
    make_personal(items[0], ann, Purpose.GOLD)
    retest = make_personal(items[0], ann, Purpose.RETEST)
    set_member(ann, check_share=1)

    assert claimed(project, ann).pk == retest.pk
    assert not assignment_take_submit(project, ann, retest.pk).late
    assert claimed(project, ann).item_id == items[1].pk


def test_a_check_is_as_light_as_everything_else_in_a_rest_and_around_an_opt_out(
    project: Project, items: list[Item], ann: User
) -> None:
    make_personal(make_items(project, 1, pooled=False)[0], ann, Purpose.GOLD, [VIOLENCE])
    set_member(ann, check_share=1)
    opt_out = OptOut.objects.create(project=project, annotator=ann, category=VIOLENCE)
    around = claimed(project, ann)
    assignment_release(project, ann, [around.pk])
    opt_out.delete()
    exposure_add(ann, 3)

    light = claimed(project, ann)

    assert {around.purpose, light.purpose} == {Purpose.OVERLAP}


def test_a_lapsed_personal_place_waits_for_its_person(project: Project, items: list[Item], ann: User) -> None:
    make_personal(make_items(project, 1, pooled=False)[0], ann, Purpose.GOLD)
    set_member(ann, check_share=1)
    check = claimed(project, ann)
    lapse(check)

    assert worked_off(project, make_member(project)) == [item.pk for item in items]
    assert claimed(project, ann).pk == check.pk
    assert not LostLease.objects.filter(assignment=check).exists()


def test_a_personal_place_that_was_given_back_can_still_be_judged_and_is_never_late(
    project: Project, ann: User
) -> None:
    make_personal(make_items(project, 1, pooled=False)[0], ann, Purpose.GOLD)
    set_member(ann, check_share=1)
    check = claimed(project, ann)
    assignment_release(project, ann, [check.pk])

    outcome = assignment_take_submit(project, ann, check.pk)

    filled = Assignment.objects.get(pk=check.pk)
    assert not outcome.late
    assert (filled.state, filled.annotator) == (AssignmentState.SUBMITTED, ann)


def test_whoever_is_qualifying_is_given_qualification_and_nothing_else(
    project: Project, items: list[Item], ann: User
) -> None:
    practice = make_items(project, 2, pooled=False)
    places = [make_personal(item, ann, Purpose.QUALIFICATION) for item in practice]
    make_personal(make_items(project, 1, pooled=False)[0], ann, Purpose.GOLD)
    set_member(ann, standing=Standing.QUALIFYING, check_share=1)

    assert set(worked_off(project, ann)) == {place.item_id for place in places}
    assert not QueueCursor.objects.exists()
    assert Batch.objects.filter(fallback=True).count() == 0
    assert queue_level(project).waiting == 0


def test_what_is_held_waits_while_somebody_is_sent_back_to_qualification(
    project: Project, items: list[Item], ann: User
) -> None:
    held = claimed(project, ann)
    set_member(ann, standing=Standing.QUALIFYING)
    nothing = assignment_claim(project, ann)
    set_member(ann, standing=Standing.QUALIFIED)

    assert nothing is None
    assert claimed(project, ann).pk == held.pk


def test_a_qualification_place_is_not_given_when_somebody_is_qualified(
    project: Project, items: list[Item], ann: User
) -> None:
    make_personal(make_items(project, 1, pooled=False)[0], ann, Purpose.QUALIFICATION)
    set_member(ann, check_share=1)

    assert worked_off(project, ann) == [item.pk for item in items]


def test_a_withheld_place_is_given_to_nobody(project: Project, items: list[Item], ann: User) -> None:
    Assignment.objects.filter(item__in=items[:5]).update(state=AssignmentState.WITHHELD)

    assert worked_off(project, ann) == ids(items, 5)


def test_a_skip_counts_as_seen_once_at_what_was_expected(
    project: Project, items: list[Item], ann: User
) -> None:
    Assignment.objects.filter(item=items[0]).update(severity=2)
    place = claimed(project, ann)

    assignment_skip(project, ann, place.pk, "distress")
    assignment_skip(project, ann, place.pk, "distress")

    assert Skip.objects.filter(annotator=ann).count() == 1
    assert [(one.points, one.items) for one in Exposure.objects.filter(annotator=ann)] == [(1.0, 1)]


def test_a_skipped_check_is_not_given_again(project: Project, items: list[Item], ann: User) -> None:
    make_personal(make_items(project, 1, pooled=False)[0], ann, Purpose.GOLD)
    set_member(ann, check_share=1)

    assignment_skip(project, ann, claimed(project, ann).pk, "unclear")

    assert claimed(project, ann).purpose == Purpose.OVERLAP


def test_personal_places_are_no_part_of_the_queues_level_nor_of_the_overlap(ann: User) -> None:
    project = make_project(overlap=1, overlap_max=2)
    items = make_items(project, 1)
    make_batch(project, items)
    make_personal(items[0], ann, Purpose.GOLD)

    assert queue_level(project).free == 1
    assert places_add([items[0].pk]) == {items[0].pk}
    assert places_add([items[0].pk]) == set()
    assert list(Assignment.objects.filter(purpose=Purpose.OVERLAP).values_list("place", flat=True)) == [1, 2]


@pytest.mark.parametrize("due", [Purpose.GOLD, Purpose.RETEST])
def test_the_check_that_is_due_is_the_one_that_is_given_and_any_other_only_without_it(
    project: Project, items: list[Item], ann: User, due: Purpose
) -> None:
    first, second = make_items(project, 2, pooled=False)
    places = {
        Purpose.GOLD: make_personal(first, ann, Purpose.GOLD),
        Purpose.RETEST: make_personal(second, ann, Purpose.RETEST),
    }
    Assignment.objects.filter(pk=places[due].pk).update(priority=2**45)  # later than the other by its lot
    set_member(ann, check_share=1)
    project.retest_share = 1.0 if due == Purpose.RETEST else 0.0

    given = claimed(project, ann)
    other = assignment_claim(project, ann, holding=[given.pk])

    assert given.pk == places[due].pk
    assert other is not None
    assert (other.for_annotator, other.purpose) == (ann, ({*places} - {due}).pop())
