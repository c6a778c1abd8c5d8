"""Looking at items again: new places on old items, for whoever comes, and nothing more than that."""

from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, NotFound
from annotator.judgments.answers import Answer
from annotator.judgments.models import Judgment, Verdict
from annotator.judgments.selectors import judgments_current
from annotator.judgments.services import judgment_submit, judgment_undo
from annotator.judgments.turns import judgment_turn
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import LogEntry, Project
from annotator.queue.models import Assignment, AssignmentState, BatchItem, LostLease, Purpose, Recheck, Stream
from annotator.queue.places import assignment_claim
from annotator.queue.rechecking import RECHECK_MAX, recheck_end, recheck_open, rechecks_of
from annotator.queue.services import places_add
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_personal,
    make_project,
    publish_operations,
    split_into,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project("pilot", gold_share=0, gold_share_new=0, retest_share=0)


@pytest.fixture
def ann(project: Project) -> User:
    return make_member(project, username="ann")


@pytest.fixture
def bo(project: Project) -> User:
    return make_member(project, username="bo")


@pytest.fixture
def item(project: Project, ann: User, bo: User) -> Item:
    """Judged by ann and bo, who see games."""
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    for person in (ann, bo):
        make_judgment(item, person, [GAMES])
    return item


def access_of(project: Project, user: User) -> Access:
    return project_for(user, project.slug, Can.LABEL)


def again(project: Project, *items: Item) -> Recheck:
    return recheck_open(project, [item.pk for item in items], by=project.created_by, reason="Games is split")


def answer(*labels: str) -> Answer:
    return Answer(client_id=uuid4(), labels=labels, seconds=9.0)


def test_a_recheck_is_a_batch_of_new_places_that_says_why_and_estimates_nothing(
    project: Project, item: Item
) -> None:
    recheck = again(project, item)

    row = BatchItem.objects.get(batch=recheck.batch)
    assert (row.stream, row.strategy, row.inclusion_probability) == (Stream.RECHECK, "recheck", None)
    assert row.reason == "Recheck: Games is split"
    places = Assignment.objects.filter(batch_item=row).order_by("place")
    assert [(place.place, place.recheck, place.purpose) for place in places] == [
        (1, 1, Purpose.OVERLAP),
        (2, 1, Purpose.OVERLAP),
    ]
    assert "opened batch 2, a recheck of 1 items: Games is split" in LogEntry.objects.latest("id").text


def test_who_judged_before_may_again_once_and_the_new_answer_supersedes(
    project: Project, item: Item, ann: User
) -> None:
    assert assignment_claim(project, ann) is None
    again(project, item)

    place = assignment_claim(project, ann)
    assert place is not None
    submitted = judgment_submit(access_of(project, ann), place.pk, answer(GAMBLING))

    assert (place.item_id, place.recheck) == (item.pk, 1)
    earlier = submitted.judgment.supersedes
    assert earlier is not None
    assert (earlier.labels, earlier.annotator) == ([GAMES], ann)
    assert judgments_current(project).filter(annotator=ann).get() == submitted.judgment
    assert assignment_claim(project, ann) is None  # once


def test_a_turn_brings_the_recheck_and_takes_its_answer(project: Project, item: Item, ann: User) -> None:
    (other,) = make_items(project, 1)
    make_batch(project, [other])
    again(project, item)
    place = assignment_claim(project, ann)
    assert place is not None

    turn = judgment_turn(access_of(project, ann), place.pk, answer(), holding=[])

    assert turn.place is not None
    assert turn.place.item_id == item.pk
    last = judgment_turn(access_of(project, ann), turn.place.pk, answer(GAMES), holding=[])
    assert last.submitted.judgment.supersedes is not None
    assert last.place is None


def test_an_undone_answer_of_a_recheck_is_given_again(project: Project, item: Item, ann: User) -> None:
    again(project, item)
    place = assignment_claim(project, ann)
    assert place is not None
    access = access_of(project, ann)
    judgment_submit(access, place.pk, answer(GAMBLING))

    back = judgment_undo(access)
    judgment_submit(access, back.pk, answer(VIOLENCE))

    chain = Judgment.objects.filter(annotator=ann).order_by("pk").values_list("labels", "verdict")
    assert list(chain) == [
        ([GAMES], "labelled"),
        ([GAMBLING], "labelled"),
        ([], "withdrawn"),
        ([VIOLENCE], "labelled"),
    ]
    assert back.pk == place.pk


def test_a_check_on_the_item_is_no_judgment_to_supersede(project: Project, item: Item) -> None:
    cyd = make_member(project, username="cyd")
    make_personal(item, cyd, Purpose.GOLD)
    make_judgment(item, cyd, [GAMES], purpose=Purpose.GOLD)
    again(project, item)

    assert assignment_claim(project, cyd) is None


def test_a_third_place_of_a_recheck_is_one_more_of_the_recheck(
    project: Project, item: Item, ann: User
) -> None:
    again(project, item)
    cyd = make_member(project)
    for person in (ann, cyd):
        place = assignment_claim(project, person)
        assert place is not None
        judgment_submit(access_of(project, person), place.pk, answer())

    assert places_add([item.pk]) == {item.pk}

    assert list(
        Assignment.objects.filter(item=item).order_by("recheck", "place").values_list("recheck", "place")
    ) == [(0, 1), (0, 2), (1, 1), (1, 2), (1, 3)]
    assert places_add([item.pk]) == set()


def test_a_place_cannot_be_filled_twice_by_one_person(project: Project, item: Item, ann: User) -> None:
    again(project, item)
    first, second = Assignment.objects.filter(item=item, recheck=1).order_by("place")
    columns = {"state": AssignmentState.SUBMITTED, "annotator": ann, "submitted_at": first.item.created_at}
    Assignment.objects.filter(pk=first.pk).update(**columns)

    with pytest.raises(IntegrityError, match="assignment_annotator_once"), transaction.atomic():
        Assignment.objects.filter(pk=second.pk).update(**columns)


def test_an_item_in_an_open_recheck_or_never_asked_about_is_left_out(project: Project, item: Item) -> None:
    (pooled,) = make_items(project, 1)
    again(project, item)

    with pytest.raises(Conflict, match="None of these items"):
        again(project, item, pooled)


def test_it_may_be_looked_at_a_third_time_when_the_second_is_done(
    project: Project, item: Item, ann: User, bo: User
) -> None:
    again(project, item)
    for person in (ann, bo):
        place = assignment_claim(project, person)
        assert place is not None
        judgment_submit(access_of(project, person), place.pk, answer())

    again(project, item)

    place = assignment_claim(project, ann)
    assert place is not None
    assert place.recheck == 2


@pytest.mark.parametrize("reason", ["", " ", "x" * 181, "\x00"])
def test_a_recheck_needs_a_reason(project: Project, item: Item, reason: str) -> None:
    with pytest.raises(BadInput, match="Say why"):
        recheck_open(project, [item.pk], by=project.created_by, reason=reason)


def test_a_recheck_is_limited(project: Project) -> None:
    with pytest.raises(BadInput, match="at most 10,000 items"):
        recheck_open(project, range(1, RECHECK_MAX + 2), by=project.created_by, reason="All")


def test_a_cancelled_recheck_serves_nothing_more_and_lets_whoever_holds_a_place_finish(
    project: Project, item: Item, ann: User, bo: User
) -> None:
    recheck = again(project, item)
    place = assignment_claim(project, ann)
    assert place is not None

    recheck_end(project, recheck.batch.number, by=project.created_by)

    assert assignment_claim(project, bo) is None
    judgment_submit(access_of(project, ann), place.pk, answer(GAMBLING))
    (summary,) = rechecks_of(project)
    assert (summary.submitted, summary.places, summary.is_open) == (1, 1, False)
    with pytest.raises(Conflict, match="cancelled already"):
        recheck_end(project, recheck.batch.number, by=project.created_by)
    with pytest.raises(NotFound, match="is no recheck"):
        recheck_end(project, 1, by=project.created_by)


def test_a_page_is_as_grave_when_it_comes_again_as_it_was_found_to_be(
    project: Project, item: Item, ann: User
) -> None:
    access = access_of(project, make_member(project))
    (grave,) = make_items(project, 1)
    make_batch(project, [grave])
    place = assignment_claim(project, access.user)
    assert place is not None
    judgment_submit(access, place.pk, answer(VIOLENCE))
    publish_operations(project, split_into(VIOLENCE, "gore", "fights"))

    again(project, grave)

    place = Assignment.objects.filter(item=grave, recheck=1).first()
    assert place is not None
    assert (place.severity, place.expected) == (3, ["gore", "fights"])


def test_a_place_that_was_lost_is_replaced_by_one_of_the_same_recheck(
    project: Project, item: Item, ann: User
) -> None:
    again(project, item)
    place = assignment_claim(project, ann)
    assert place is not None
    Assignment.objects.filter(pk=place.pk).update(annotator=make_member(project))
    LostLease.objects.create(assignment=place, annotator=ann)

    submitted = judgment_submit(access_of(project, ann), place.pk, answer(VIOLENCE))

    assert submitted.judgment.assignment is not None
    assert submitted.judgment.assignment.recheck == 1
    assert submitted.judgment.assignment_id != place.pk
    assert submitted.judgment.verdict == Verdict.LABELLED
