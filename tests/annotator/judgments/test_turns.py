"""A turn: the answer is stored, counted and raised, and the next place is given, by one statement."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils import timezone

from annotator.errors import BadInput, Conflict, NotFound, Withheld
from annotator.judgments.answers import Answer
from annotator.judgments.models import Judgment, ReviewDue
from annotator.judgments.selectors import judgments_current, judgments_own
from annotator.judgments.services import judgment_edit, judgment_submit, judgment_undo, place_of
from annotator.judgments.turns import Turn, judgment_turn
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Membership, Project, Standing
from annotator.projects.selectors import guideline_current
from annotator.queue.models import Assignment, AssignmentState, Exposure, LostLease, OptOut, Purpose
from annotator.queue.places import assignment_claim, assignment_release
from annotator.queue.services import places_add
from annotator.queue.terms import exposure_add
from tests.factories import (
    GAMBLING,
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_member,
    make_personal,
    make_project,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(overlap=2)


@pytest.fixture
def items(project: Project) -> list[Item]:
    items = make_items(project, 4)
    make_batch(project, items)
    return items


@pytest.fixture
def ann(project: Project) -> Access:
    return project_for(make_member(project), project.slug, Can.LABEL)


def answer(*labels: str, **fields: Any) -> Answer:
    return Answer(client_id=uuid4(), labels=labels, **({"seconds": 60.0} | fields))


def claimed(access: Access) -> Assignment:
    place = assignment_claim(access.project, access.user)
    assert place is not None
    return place


def checking(access: Access, item: Item, purpose: Purpose) -> Assignment:
    """A personal place that `access` holds."""
    place = make_personal(item, access.user, purpose)
    standing = Standing.QUALIFYING if purpose == Purpose.QUALIFICATION else Standing.QUALIFIED
    Membership.objects.filter(user=access.user).update(check_share=1, standing=standing)
    held = claimed(access)
    assert held.pk == place.pk
    return held


def test_a_turn_stores_the_answer_and_gives_the_next_place(ann: Access, items: list[Item]) -> None:
    place = claimed(ann)

    turn = judgment_turn(ann, place.pk, answer(GAMES, note=" hm "))

    judgment = Judgment.objects.get()
    assert turn.submitted.created
    assert turn.submitted.judgment == judgment
    assert (judgment.labels, judgment.note, judgment.purpose) == ([GAMES], "hm", Purpose.OVERLAP)
    assert Assignment.objects.get(pk=place.pk).state == AssignmentState.SUBMITTED
    assert ReviewDue.objects.get().item_id == items[0].pk
    assert turn.place is not None
    assert (turn.place.item_id, turn.place.state) == (items[1].pk, AssignmentState.OFFERED)
    assert turn.place.item == items[1]


def test_a_turn_is_two_queries(
    ann: Access, items: list[Item], django_assert_num_queries: Callable[[int], Any]
) -> None:
    judgment_turn(ann, claimed(ann).pk, answer())
    place = claimed(ann)

    with django_assert_num_queries(
        4
    ):  # inside the test's own transaction, a savepoint and its end come on top
        turn = judgment_turn(ann, place.pk, answer(GAMES))
        assert turn.place is not None
        assert turn.place.item.url
        assert turn.submitted.judgment.guideline.number == 1


def test_what_the_page_holds_is_not_given_again(ann: Access, items: list[Item]) -> None:
    place = claimed(ann)
    prefetched = assignment_claim(ann.project, ann.user, holding=[place.pk])
    assert prefetched is not None

    beside = judgment_turn(ann, place.pk, answer(), holding=[prefetched.pk]).place
    held = judgment_turn(ann, prefetched.pk, answer()).place

    assert beside is not None
    assert beside.item_id == items[2].pk
    assert held is not None
    assert held.pk == beside.pk


def test_the_same_turn_again_gives_the_same_judgment_and_the_same_place(
    ann: Access, items: list[Item]
) -> None:
    place, given = claimed(ann), answer(GAMES)
    first = judgment_turn(ann, place.pk, given)

    again = judgment_turn(ann, place.pk, given)

    assert (again.submitted.judgment, again.submitted.created) == (first.submitted.judgment, False)
    assert first.place is not None
    assert again.place is not None
    assert again.place.pk == first.place.pk
    assert Judgment.objects.count() == ReviewDue.objects.count() == 1


def test_an_answer_is_stored_when_nothing_is_left(ann: Access, items: list[Item]) -> None:
    turns: list[Turn] = []
    place: Assignment | None = claimed(ann)
    while place is not None:
        turns.append(judgment_turn(ann, place.pk, answer()))
        place = turns[-1].place

    assert len(turns) == Judgment.objects.count() == len(items)
    assert all(turn.submitted.created for turn in turns)


def test_an_answer_is_stored_and_nothing_given_when_the_project_is_paused(
    ann: Access, items: list[Item]
) -> None:
    place = claimed(ann)
    ann.project.paused = True

    turn = judgment_turn(ann, place.pk, answer())

    assert turn.submitted.created
    assert turn.place is None
    assert not Assignment.objects.filter(state=AssignmentState.OFFERED).exists()


def test_a_late_answer_is_kept_and_the_next_place_given(
    ann: Access, items: list[Item], project: Project
) -> None:
    others = [project_for(make_member(project), project.slug, Can.LABEL) for _ in range(2)]
    place = claimed(ann)
    Assignment.objects.filter(pk=place.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert [claimed(other).item_id for other in others] == [items[0].pk, items[1].pk]
    for other in others:
        judgment_submit(other, Assignment.objects.get(annotator=other.user).pk, answer())
    assert claimed(others[1]).item_id == items[2].pk
    Assignment.objects.filter(item=items[0], state=AssignmentState.FREE).update(
        state=AssignmentState.SUBMITTED, annotator=others[1].user, submitted_at=timezone.now()
    )

    turn = judgment_turn(ann, place.pk, answer(VIOLENCE))

    assert turn.submitted.judgment.late
    assert turn.place is not None
    assert turn.place.item_id != items[0].pk
    assert Exposure.objects.get(annotator=ann.user).points == 3


def test_nothing_is_stored_or_given_when_the_answer_cannot_be(ann: Access, items: list[Item]) -> None:
    place = claimed(ann)

    with pytest.raises(BadInput, match='"cats" is not a category'):
        judgment_turn(ann, place.pk, answer("cats"))
    with pytest.raises(BadInput, match="You say you hold 21 places"):
        judgment_turn(ann, place.pk, answer(), holding=range(21))
    assert not Judgment.objects.exists()
    assert list(Assignment.objects.filter(annotator=ann.user)) == [place]


def test_a_turn_on_a_place_never_held_is_refused(ann: Access, items: list[Item], project: Project) -> None:
    place = claimed(project_for(make_member(project), project.slug, Can.LABEL))

    with pytest.raises(NotFound, match="never been offered"):
        judgment_turn(ann, place.pk, answer())
    assert not Judgment.objects.exists()


def test_a_turn_on_a_page_that_was_stopped_is_refused(ann: Access, items: list[Item]) -> None:
    place = claimed(ann)
    Assignment.objects.filter(item=place.item_id).update(
        state=AssignmentState.WITHHELD, annotator=None, lease_until=None
    )
    LostLease.objects.create(assignment=place, annotator=ann.user)

    with pytest.raises(Withheld):
        judgment_turn(ann, place.pk, answer())
    assert not Judgment.objects.exists()


def test_exposure_adds_up_in_the_minute_at_what_was_seen(ann: Access, items: list[Item]) -> None:
    judgment_turn(ann, claimed(ann).pk, answer(GAMES))
    harmless = Exposure.objects.count()
    for _ in range(2):
        judgment_turn(ann, claimed(ann).pk, answer(unsure=(VIOLENCE,)))

    taken = list(Exposure.objects.filter(annotator=ann.user))
    assert harmless == 0
    assert (sum(one.points for one in taken), sum(one.items for one in taken)) == (6, 2)
    assert all((one.minute.second, one.minute.microsecond) == (0, 0) for one in taken)


def test_a_page_that_could_not_be_judged_counts_at_what_was_expected(ann: Access, items: list[Item]) -> None:
    Assignment.objects.update(severity=2)
    judgment_turn(ann, claimed(ann).pk, answer(verdict="not-enough-evidence"))
    judgment_turn(ann, claimed(ann).pk, answer())

    assert sum(one.points for one in Exposure.objects.filter(annotator=ann.user)) == 1


def test_the_next_place_is_benign_when_this_answer_spends_the_budget(ann: Access, items: list[Item]) -> None:
    ann.project.exposure_budget = 3
    Assignment.objects.filter(item__in=items[1:3]).update(severity=3)

    turn = judgment_turn(ann, claimed(ann).pk, answer(VIOLENCE))

    assert turn.place is not None
    assert turn.place.item_id == items[3].pk


def test_what_is_expected_of_the_free_places_rises_and_never_falls(ann: Access, items: list[Item]) -> None:
    judgment_turn(ann, claimed(ann).pk, answer(VIOLENCE))
    raised = Assignment.objects.get(item=items[0], place=2)
    Assignment.objects.filter(item=items[1]).update(severity=2)
    judgment_turn(ann, claimed(ann).pk, answer(GAMES))
    kept = Assignment.objects.get(item=items[1], place=2)

    assert (raised.severity, raised.state) == (3, AssignmentState.FREE)
    assert kept.severity == 2


@pytest.fixture
def disputed(project: Project) -> Item:
    """A page of which two people can hold a place at once; nothing else is open."""
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    return item


def test_a_place_that_is_added_knows_what_people_saw_who_held_all_others(
    project: Project, ann: Access, disputed: Item
) -> None:
    bob = project_for(make_member(project), project.slug, Can.LABEL)
    first, second = claimed(ann), claimed(bob)

    judgment_submit(ann, first.pk, answer(VIOLENCE))
    judgment_submit(bob, second.pk, answer(GAMES))
    places_add([disputed.pk])

    added = Assignment.objects.get(item=disputed, place=3)
    assert (added.severity, added.expected) == (3, [GAMES, VIOLENCE])


@pytest.mark.parametrize("is_released", [True, False], ids=["released", "lapsed"])
def test_a_place_that_comes_back_knows_what_others_saw_meanwhile(
    project: Project, ann: Access, disputed: Item, *, is_released: bool
) -> None:
    bob, eve, guarded, resting = (
        project_for(make_member(project), project.slug, Can.LABEL) for _ in range(4)
    )
    held = claimed(bob)
    judgment_submit(ann, claimed(ann).pk, answer(VIOLENCE))
    assert Assignment.objects.get(pk=held.pk).severity == 0  # else a reload would cover it before their eyes
    OptOut.objects.create(project=project, annotator=guarded.user, category=VIOLENCE)
    exposure_add(resting.user, 3)
    resting.project.exposure_budget = 3

    if is_released:
        assignment_release(project, bob.user, [held.pk])
    else:
        Assignment.objects.filter(pk=held.pk).update(lease_until=timezone.now() - timedelta(seconds=1))

    assert assignment_claim(guarded.project, guarded.user) is None
    assert assignment_claim(resting.project, resting.user) is None
    given = claimed(eve)
    assert (given.pk, given.severity) == (held.pk, 3)


def test_an_answer_by_the_long_way_tells_what_was_seen_too(
    project: Project, ann: Access, items: list[Item]
) -> None:
    place = claimed(ann)
    assignment_release(project, ann.user, [place.pk])

    judgment_submit(ann, place.pk, answer(GAMES, unsure=(VIOLENCE,)))

    known = Assignment.objects.filter(item=items[0]).order_by("place").values_list("severity", "expected")
    assert list(known) == [(3, [GAMES, VIOLENCE])] * 2


def test_an_edit_raises_what_is_expected_too(ann: Access, items: list[Item]) -> None:
    judgment = judgment_turn(ann, claimed(ann).pk, answer()).submitted.judgment

    judgment_edit(ann, judgment.pk, answer(VIOLENCE))

    assert Assignment.objects.get(item=items[0], place=2).severity == 3


@pytest.mark.parametrize(
    "fields",
    [{"seconds": 1.9}, {"seconds": None}],  # without: it was offered just now
)
def test_a_judgment_in_less_than_reading_time_is_marked(
    ann: Access, items: list[Item], fields: dict[str, Any]
) -> None:
    Assignment.objects.update(reading_seconds=2)

    judgment_turn(ann, claimed(ann).pk, answer(**fields))

    assert Judgment.objects.get().fast


@pytest.mark.parametrize("fields", [{"seconds": 2.0}, {"seconds": 1.9, "verdict": "language"}])
def test_a_judgment_is_not_marked_when_there_was_time_or_nothing_to_read(
    ann: Access, items: list[Item], fields: dict[str, Any]
) -> None:
    Assignment.objects.update(reading_seconds=2)

    judgment_turn(ann, claimed(ann).pk, answer(**fields))

    assert not Judgment.objects.get().fast


def test_the_time_since_the_offer_counts_when_the_client_measured_none(
    ann: Access, items: list[Item]
) -> None:
    place = claimed(ann)
    Assignment.objects.filter(pk=place.pk).update(
        reading_seconds=2, offered_at=timezone.now() - timedelta(seconds=3)
    )

    judgment_turn(ann, place.pk, answer(seconds=None))

    assert not Judgment.objects.get().fast


def test_a_correction_after_an_undo_is_not_fast(ann: Access, items: list[Item]) -> None:
    Assignment.objects.update(reading_seconds=2)
    place = claimed(ann)
    judgment_turn(ann, place.pk, answer(GAMES))
    judgment_undo(ann)

    corrected = judgment_turn(ann, place.pk, answer(seconds=0.5)).submitted.judgment

    assert not corrected.fast
    assert corrected.supersedes is not None
    assert list(judgments_current(ann.project)) == [corrected]


def test_a_clause_of_the_guideline_is_kept_with_the_judgment(ann: Access, items: list[Item]) -> None:
    place, given = claimed(ann), answer(GAMES, clause=" 1.1 ")

    stored = judgment_turn(ann, place.pk, given).submitted.judgment
    again = judgment_turn(ann, place.pk, given).submitted

    assert stored.clause == guideline_current(ann.project).clause("1.1")
    assert (again.judgment, again.created) == (stored, False)
    with pytest.raises(Conflict, match="says something else"):
        judgment_turn(ann, place.pk, replace(given, clause=""))


def test_a_clause_that_there_is_not_is_refused_by_its_number(ann: Access, items: list[Item]) -> None:
    with pytest.raises(BadInput, match=r'"9\.9" is not a clause of guideline v1'):
        judgment_turn(ann, claimed(ann).pk, answer(GAMES, clause="9.9"))
    assert not Judgment.objects.exists()


@pytest.mark.parametrize("purpose", [Purpose.GOLD, Purpose.QUALIFICATION])
def test_a_check_is_judged_like_any_page_and_counts_for_nothing_but_the_check(
    ann: Access, items: list[Item], purpose: Purpose
) -> None:
    place = checking(ann, make_items(ann.project, 1, pooled=False)[0], purpose)

    judgment = judgment_turn(ann, place.pk, answer(VIOLENCE)).submitted.judgment

    assert (judgment.purpose, judgment.late) == (purpose, False)
    assert not ReviewDue.objects.exists()
    assert not judgments_current(ann.project).exists()
    assert list(judgments_own(ann.project, ann.user)) == [judgment]
    assert Exposure.objects.get(annotator=ann.user).points == 3


def test_a_retest_stands_beside_the_first_judgment(ann: Access, items: list[Item]) -> None:
    first = judgment_turn(ann, claimed(ann).pk, answer(GAMES)).submitted.judgment
    assignment_release(ann.project, ann.user, [claimed(ann).pk])
    place = checking(ann, items[0], Purpose.RETEST)

    retest = judgment_turn(ann, place.pk, answer(GAMBLING)).submitted.judgment

    assert (retest.purpose, retest.item, retest.supersedes) == (Purpose.RETEST, items[0], None)
    assert list(judgments_current(ann.project)) == [first]
    assert set(judgments_own(ann.project, ann.user)) == {first, retest}
    assert ReviewDue.objects.count() == 1


def test_a_retest_is_undone_and_given_again_without_touching_the_first_judgment(
    ann: Access, items: list[Item]
) -> None:
    first = judgment_turn(ann, claimed(ann).pk, answer(GAMES)).submitted.judgment
    assignment_release(ann.project, ann.user, [claimed(ann).pk])
    place = checking(ann, items[0], Purpose.RETEST)
    wrong = judgment_turn(ann, place.pk, answer(GAMBLING)).submitted.judgment

    reopened = judgment_undo(ann)
    again = judgment_turn(ann, place.pk, answer(VIOLENCE)).submitted.judgment

    assert reopened.pk == place.pk
    assert reopened.state == AssignmentState.OFFERED
    assert again.supersedes is not None
    assert again.supersedes.supersedes == wrong
    assert set(judgments_own(ann.project, ann.user)) == {first, again}


def test_a_retest_given_back_is_judged_once_and_beside(ann: Access, items: list[Item]) -> None:
    judgment_turn(ann, claimed(ann).pk, answer(GAMES))
    assignment_release(ann.project, ann.user, [claimed(ann).pk])
    place = checking(ann, items[0], Purpose.RETEST)
    assignment_release(ann.project, ann.user, [place.pk])

    retest = judgment_submit(ann, place.pk, answer()).judgment

    assert (retest.purpose, retest.late, retest.assignment_id) == (Purpose.RETEST, False, place.pk)
    with pytest.raises(Conflict, match="judged this item already"):
        judgment_submit(ann, place.pk, answer(GAMES))


def test_gold_can_be_edited_and_stays_a_check(ann: Access, items: list[Item]) -> None:
    place = checking(ann, make_items(ann.project, 1, pooled=False)[0], Purpose.GOLD)
    first = judgment_turn(ann, place.pk, answer(GAMES)).submitted.judgment

    edited = judgment_edit(ann, first.pk, answer(GAMBLING)).judgment

    assert (edited.purpose, edited.supersedes) == (Purpose.GOLD, first)
    assert not ReviewDue.objects.exists()


def test_an_answer_that_was_explained_stays_as_it_is(ann: Access, items: list[Item]) -> None:
    place = checking(ann, make_items(ann.project, 1, pooled=False)[0], Purpose.QUALIFICATION)
    judgment = judgment_turn(ann, place.pk, answer(GAMES)).submitted.judgment

    with pytest.raises(Conflict, match="stays as it is"), transaction.atomic():
        judgment_undo(ann)
    with pytest.raises(Conflict, match="stays as it is"):
        judgment_edit(ann, judgment.pk, answer())
    assert Judgment.objects.count() == 1


def test_a_withheld_page_is_passed_over_by_undo_and_refused_to_an_edit(
    ann: Access, items: list[Item]
) -> None:
    kept = judgment_turn(ann, claimed(ann).pk, answer(GAMES)).submitted.judgment
    sealed = judgment_turn(ann, claimed(ann).pk, answer(GAMES)).submitted.judgment
    Item.objects.filter(pk=sealed.item_id).update(withheld=True)

    with pytest.raises(Withheld):
        judgment_edit(ann, sealed.pk, answer())
    reopened = judgment_undo(ann)

    assert reopened.item_id == kept.item_id
    assert Assignment.objects.get(pk=place_of(sealed)).state == AssignmentState.SUBMITTED
