"""A place that waits for one person first, for a time: given to them before others, then anybody's; nobody is told."""

from datetime import timedelta
from functools import partial

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from annotator.accounts.models import User
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.queue.claiming import Claimant, place_take
from annotator.queue.models import Assignment, AssignmentState, OptOut, Purpose
from annotator.queue.places import assignment_claim, assignment_release
from annotator.queue.reserving import places_reserve, places_unreserve
from annotator.queue.selectors import queue_level
from annotator.queue.services import places_add
from annotator.queue.terms import ClaimTerms
from tests.annotator.queue.plans import explained
from tests.connections import at_once
from tests.factories import (
    GAMES,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_personal,
    make_project,
)

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture
def project() -> Project:
    return make_project(overlap=1, overlap_max=3)


@pytest.fixture
def ann(project: Project) -> User:
    return make_member(project)


@pytest.fixture
def bo(project: Project) -> User:
    return make_member(project)


def doubted(project: Project, judge: User, n: int = 1) -> list[Item]:
    """Items with one judgment and one more free place, behind them ten fresh ones."""
    items = make_items(project, n)
    make_batch(project, items)
    for item in items:
        make_judgment(item, judge, [GAMES])
    make_batch(project, make_items(project, 10))
    places_add([item.pk for item in items])
    return items


def reserve(item: Item, person: User, until: timedelta = HOUR) -> set[int]:
    return places_reserve({item.pk: person.pk}, until=timezone.now() + until)


def test_person_gets_the_place_first_and_it_is_an_ordinary_one_then(
    project: Project, ann: User, bo: User
) -> None:
    (item,) = doubted(project, make_member(project))
    assert reserve(item, ann) == {item.pk}

    for_bo = assignment_claim(project, bo)
    for_ann = assignment_claim(project, ann)

    assert for_bo is not None
    assert for_bo.item_id != item.pk
    assert for_ann is not None
    assert (for_ann.item_id, for_ann.for_annotator_id, for_ann.reserved_until) == (item.pk, None, None)
    assert for_ann.purpose == Purpose.OVERLAP


def test_check_that_is_due_comes_first_and_one_that_is_not_does_not(project: Project, ann: User) -> None:
    (item,) = doubted(project, make_member(project))
    reserve(item, ann)
    (other,) = make_items(project, 1)
    make_batch(project, [other])
    gold = make_personal(other, ann, Purpose.GOLD)
    claimant = partial(Claimant, project.pk, ann.pk, 900)

    with_check = place_take(claimant(terms=ClaimTerms(check=Purpose.GOLD)))
    assert with_check is not None
    assert with_check.pk == gold.pk
    without = place_take(claimant(holding=[gold.pk]))
    assert without is not None
    assert without.item_id == item.pk


def test_time_runs_out_and_the_place_is_anybodys_even_behind_their_cursor(
    project: Project, ann: User, bo: User
) -> None:
    (item,) = doubted(project, make_member(project))
    reserve(item, ann, -timedelta(seconds=1))
    passed = assignment_claim(project, bo)
    assert passed is not None

    assert places_unreserve(project) == 1
    assert places_unreserve(project) == 0

    found = assignment_claim(project, bo, holding=[passed.pk])
    assert found is not None
    assert found.item_id == item.pk


def test_place_given_back_waits_for_nobody(project: Project, ann: User, bo: User) -> None:
    (item,) = doubted(project, make_member(project))
    reserve(item, ann)
    place = assignment_claim(project, ann)
    assert place is not None
    assignment_release(project, ann, [place.pk])

    found = assignment_claim(project, bo)

    assert found is not None
    assert found.item_id == item.pk


def test_reserved_place_is_never_one_too_many_and_never_for_somebody_who_judged(
    project: Project, ann: User, bo: User
) -> None:
    (item,) = doubted(project, ann)

    assert reserve(item, ann) == set()  # judged it
    assert reserve(item, bo) == {item.pk}
    assert reserve(item, bo) == set()  # no free place is left
    assert places_add([item.pk]) == {item.pk}
    assert reserve(item, bo) == set()  # one waits for them already
    assert places_add([item.pk]) == set()
    assert Assignment.objects.filter(item=item).count() == 3


def test_opted_out_person_is_not_given_it(project: Project, ann: User) -> None:
    (item,) = doubted(project, make_member(project))
    Assignment.objects.filter(item=item).update(expected=[GAMES])
    reserve(item, ann)
    OptOut.objects.create(project=project, annotator=ann, category=GAMES)

    place = assignment_claim(project, ann)

    assert place is not None
    assert place.item_id != item.pk


def test_reserved_places_are_no_part_of_what_is_free_for_all(project: Project, ann: User) -> None:
    (item,) = doubted(project, make_member(project))
    before = queue_level(project).free
    reserve(item, ann)

    assert queue_level(project).free == before - 1


def test_database_refuses_a_place_that_somebody_holds_and_waits_for_another(
    project: Project, ann: User, bo: User
) -> None:
    (item,) = doubted(project, make_member(project))
    free = Assignment.objects.filter(item=item, state=AssignmentState.FREE)

    with pytest.raises(IntegrityError, match="assignment_personal_or_overlap"), transaction.atomic():
        free.update(for_annotator=ann)
    with pytest.raises(IntegrityError, match="assignment_personal_or_overlap"), transaction.atomic():
        free.update(
            for_annotator=ann,
            reserved_until=timezone.now(),
            state="offered",
            annotator=bo,
            lease_until=timezone.now(),
        )


@pytest.mark.django_db(transaction=True)
def test_two_who_reserve_at_once_reserve_one_place_once(project: Project, ann: User, bo: User) -> None:
    (item,) = doubted(project, make_member(project))

    reserved = at_once(lambda: reserve(item, ann), lambda: reserve(item, bo))

    assert sorted(map(len, reserved)) == [0, 1]
    assert Assignment.objects.filter(item=item, reserved_until__isnull=False).count() == 1


@pytest.mark.django_db(transaction=True)
def test_place_is_given_once_when_its_time_runs_out_while_it_is_claimed(
    project: Project, ann: User, bo: User
) -> None:
    items = doubted(project, make_member(project), 5)
    for item in items:
        reserve(item, ann, -timedelta(seconds=1))

    at_once(
        lambda: places_unreserve(project),
        lambda: assignment_claim(project, ann) and 0,
        lambda: assignment_claim(project, bo) and 0,
    )

    places = Assignment.objects.filter(item__in=items)
    assert places.count() == 10
    assert not places.exclude(state=AssignmentState.FREE).filter(reserved_until__isnull=False).exists()


def test_looking_for_a_reserved_place_reads_a_few_rows_of_an_index(project: Project, ann: User) -> None:
    items = doubted(project, make_member(project), 3)
    make_batch(project, make_items(project, 2_000))
    for item in items:
        reserve(item, ann)
    connection_analyze()

    with explained() as plans:
        assignment_claim(project, ann)
        places_unreserve(project)

    for plan in plans:
        assert "assignment" not in plan.scanned, str(plan)
        assert plan.rows_read.get("assignment", 0) <= 40, str(plan)


def connection_analyze() -> None:
    with transaction.get_connection().cursor() as cursor:
        cursor.execute("ANALYZE assignment")
