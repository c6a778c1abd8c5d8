"""What the labelling seat reads of a million open places and a hundred annotators: short index ranges."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from annotator.accounts.models import User
from annotator.judgments.answers import Answer
from annotator.judgments.services import judgment_submit
from annotator.judgments.turns import judgment_turn
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Membership, Standing
from annotator.queue.claiming import Claimant, place_take
from annotator.queue.lanes import Lane
from annotator.queue.models import Assignment, AssignmentState, Exposure, OptOut, Purpose
from annotator.queue.places import (
    assignment_claim,
    assignment_release,
    assignment_renew,
    assignment_skip,
)
from annotator.queue.reserving import places_reserve, places_unreserve
from annotator.queue.terms import claim_terms
from tests.annotator.queue.million import Queue, make_queue
from tests.annotator.queue.plans import Plan, explained
from tests.factories import GAMES, VIOLENCE

# Whole in one process, as the long ones are: the million is made once.
pytestmark = [pytest.mark.django_db, pytest.mark.long]

BUFFERS_MAX = 160
# The longest range of a table: a person's exposure, minute by minute; all lapsed places; what each person has once.
ROWS_MAX = {"exposure": 250, "assignment": 100, "membership": 101, "queue_cursor": 200}
# A page or two each, however much is labelled: the planner rather reads than looks them up.
SMALL = {"project", "membership", "queue_cursor", "taxonomy_version", "guideline_version"}


@pytest.fixture(scope="module")
def million(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Queue]:
    """Made once, in a transaction that is undone after the last test of this file."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield make_queue()
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def _without_looking_back(million: Queue) -> Iterator[None]:
    """Undo each test at once: checking the deferred constraints of the million takes 20 seconds."""
    yield
    transaction.set_rollback(True)


@pytest.fixture(params=["newcomer", "veteran", "colleague"])
def annotator(request: pytest.FixtureRequest, million: Queue) -> User:
    """Nobody yet, who judged 20,000 of the first items, or who judged 100 and has opted out of much."""
    return million.people[{"veteran": 0, "newcomer": 1, "colleague": 50}[request.param]]


def access_of(million: Queue, annotator: User) -> Access:
    return project_for(annotator, million.project.slug, Can.LABEL)


def answer(*labels: str) -> Answer:
    return Answer(client_id=uuid4(), labels=labels, seconds=4.0)


def claimed(million: Queue, annotator: User) -> Assignment:
    place = assignment_claim(million.project, annotator)
    assert place is not None
    return place


def expose(annotator: User) -> None:
    """Spend the budget, in one minute."""
    minute = timezone.now().replace(second=0, microsecond=0)
    Exposure.objects.filter(annotator=annotator, minute=minute).delete()
    Exposure.objects.create(annotator=annotator, minute=minute, points=1000, items=300)


def set_member(annotator: User, **columns: object) -> None:
    Membership.objects.filter(user=annotator).update(**columns)


def assert_short(plans: list[Plan]) -> None:
    """No table is read as a whole, no index range is long, and few pages are touched."""
    assert plans
    for plan in plans:
        assert plan.scanned <= SMALL, f"{plan.scanned} read as a whole: {plan}"
        for table, rows in plan.rows_read.items():
            assert rows <= ROWS_MAX.get(table, 40), f"{rows} rows of {table}: {plan}"
        assert plan.buffers <= BUFFERS_MAX, str(plan)


def test_there_are_a_million_open_places_and_a_hundred_annotators(million: Queue) -> None:
    assert Assignment.objects.filter(state=AssignmentState.FREE, for_annotator=None).count() >= 1_000_000
    assert len(million.people) == 100


def test_a_claim_reads_a_short_range_whoever_claims(million: Queue, annotator: User) -> None:
    first = claimed(million, annotator)

    with explained() as plans:
        second = assignment_claim(million.project, annotator, holding=[first.pk])

    assert second is not None
    assert_short(plans)


def test_a_place_that_waits_for_somebody_is_found_in_a_short_range(million: Queue, annotator: User) -> None:
    mine = Assignment.objects.filter(
        project=million.project, annotator=annotator, state=AssignmentState.OFFERED
    )
    holding = list(mine.values_list("pk", flat=True))
    free = Assignment.objects.filter(project=million.project, state=AssignmentState.FREE, for_annotator=None)
    items = free.order_by("-priority").values_list("item", flat=True)[5_000:5_003]
    people = dict.fromkeys(items, annotator.pk)

    with explained() as plans:
        waiting = places_reserve(people, until=timezone.now() + timedelta(hours=1))
        place = place_take(Claimant(million.project.pk, annotator.pk, 900, holding))
        places_unreserve(million.project)

    assert place is not None
    assert place.item_id in waiting
    assert_short(plans)


def test_the_first_claim_of_a_newcomer_reads_a_short_range(million: Queue) -> None:
    with explained() as plans:
        place = claimed(million, million.people[1])

    assert place.state == AssignmentState.OFFERED
    assert len(plans) == 2
    assert_short(plans)


def test_a_claim_of_benign_items_reads_a_short_range(million: Queue, annotator: User) -> None:
    expose(annotator)
    first = claimed(million, annotator)

    with explained() as plans:
        second = assignment_claim(million.project, annotator, holding=[first.pk])

    assert second is not None
    assert second.severity < 2
    assert_short(plans)


def test_a_claim_around_an_opt_out_reads_a_short_range(million: Queue) -> None:
    annotator = million.people[2]
    OptOut.objects.create(project=million.project, annotator=annotator, category=VIOLENCE)
    claim_terms(million.project, annotator)  # what became of a category is in memory after the first call

    with explained() as plans:
        place = claimed(million, annotator)

    assert VIOLENCE not in place.expected
    assert_short(plans)


def test_a_claim_of_a_check_reads_a_short_range(million: Queue) -> None:
    annotator = million.people[3]
    set_member(annotator, check_share=1)

    with explained() as plans:
        place = claimed(million, annotator)

    assert place.purpose in {Purpose.GOLD, Purpose.RETEST}
    assert_short(plans)


def test_a_claim_at_qualification_reads_a_short_range(million: Queue) -> None:
    annotator = million.people[4]
    set_member(annotator, standing=Standing.QUALIFYING)

    with explained() as plans:
        place = claimed(million, annotator)

    assert place.purpose == Purpose.QUALIFICATION
    assert_short(plans)


def lapse(place: Assignment) -> None:
    Assignment.objects.filter(pk=place.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_a_claim_of_a_lapsed_place_reads_a_short_range(million: Queue) -> None:
    place = claimed(million, million.people[5])
    lapse(place)

    with explained() as plans:
        taken = claimed(million, million.people[6])

    assert taken.pk == place.pk
    assert_short(plans)


def test_a_claim_past_lapsed_places_that_one_may_not_take_reads_a_short_range(million: Queue) -> None:
    judged = million.veteran
    seconds = Assignment.objects.filter(place=2, batch_item__rank__lt=10)
    for place, holder in zip(seconds, million.people[1:], strict=False):
        Assignment.objects.filter(pk=place.pk).update(
            state=AssignmentState.OFFERED, annotator=holder, lease_until=timezone.now() - timedelta(seconds=1)
        )

    with explained() as plans:
        place = claimed(million, judged)

    assert place.batch_item.rank >= 20_000
    assert_short(plans)


def test_a_submit_touches_a_short_range(million: Queue, annotator: User) -> None:
    access = access_of(million, annotator)
    place = claimed(million, annotator)

    with explained() as plans:
        submitted = judgment_submit(access, place.pk, answer(VIOLENCE))

    assert submitted.created
    assert len(plans) <= 2
    assert_short(plans)


def test_a_submit_with_the_next_place_touches_short_ranges(million: Queue, annotator: User) -> None:
    access = access_of(million, annotator)
    place = claimed(million, annotator)
    prefetched = assignment_claim(million.project, annotator, holding=[place.pk])
    assert prefetched is not None

    with explained() as plans:
        turn = judgment_turn(access, place.pk, answer(GAMES), holding=[prefetched.pk])

    assert turn.submitted.created
    assert turn.place is not None
    assert len(plans) <= 3
    assert_short(plans)


def test_a_submit_with_the_next_benign_place_touches_short_ranges(million: Queue, annotator: User) -> None:
    access = access_of(million, annotator)
    place = claimed(million, annotator)
    expose(annotator)
    assert judgment_turn(access, place.pk, answer()).place is not None
    place = claimed(million, annotator)

    with explained() as plans:
        turn = judgment_turn(access, place.pk, answer(VIOLENCE))

    assert turn.place is not None
    assert turn.place.severity < 2
    assert_short(plans)


@pytest.mark.parametrize("act", ["renew", "skip", "release"])
def test_keeping_declining_and_giving_back_touch_short_ranges(
    million: Queue, annotator: User, act: str
) -> None:
    project, place = million.project, claimed(million, annotator)

    with explained() as plans:
        if act == "renew":
            assert assignment_renew(project, annotator, [place.pk]) is not None
        elif act == "skip":
            assignment_skip(project, annotator, place.pk, "other")
        else:
            known = timezone.now() + timedelta(days=1)
            assert assignment_release(project, annotator, [place.pk], known=known) == 1

    assert_short(plans)


def test_what_was_given_back_is_found_in_a_short_range(million: Queue) -> None:
    annotator, other = million.people[6], million.people[7]
    place = claimed(million, annotator)
    assignment_release(million.project, annotator, [place.pk])

    with explained() as plans:
        taken = claimed(million, other)

    assert taken.pk == place.pk
    assert_short(plans)


def rows_fetched() -> dict[str, tuple[int, int]]:
    """Rows of each table that this transaction has read: by scans of all of it, and by index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, seq_tup_read, idx_tup_fetch FROM pg_stat_xact_user_tables")
        return {table: (whole, by_index or 0) for table, whole, by_index in cursor.fetchall()}


@pytest.mark.parametrize("lane", [Lane.ALL, Lane.BENIGN])
def test_the_plan_that_is_kept_for_any_parameters_reads_as_little(million: Queue, lane: Lane) -> None:
    annotator = million.people[8]
    access, place = access_of(million, annotator), claimed(million, annotator)
    if lane == Lane.BENIGN:
        expose(annotator)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    before: dict[str, tuple[int, int]] = {}
    for turns in range(14):
        if turns == 4:
            before = rows_fetched()
        following = judgment_turn(access, place.pk, answer()).place
        assert following is not None
        place = following

    read = {table: (whole - before[table][0], by_index - before[table][1])
            for table, (whole, by_index) in rows_fetched().items()}  # fmt: skip
    assert {table for table, (whole, _) in read.items() if whole} <= SMALL
    assert read["assignment"][1] <= 10 * 10
    assert max(by_index for _, by_index in read.values()) <= 10 * 60  # exposure, by the minute
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT SUM(generic_plans) FROM pg_prepared_statements WHERE statement LIKE '%raised AS%'"
        )
        assert cursor.fetchone()[0] >= 10
