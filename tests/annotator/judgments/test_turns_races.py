"""Turns from several connections at once: overlap, exposure, checks and rations hold, and nobody waits for ever."""

from collections import Counter
from functools import partial
from itertools import cycle
from uuid import uuid4

import pytest
from django.db.models import Sum

from annotator.judgments.answers import Answer
from annotator.judgments.models import Judgment, ReviewDue
from annotator.judgments.turns import Turn, judgment_turn
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Membership, Project
from annotator.queue.models import Assignment, AssignmentState, Exposure, Purpose, QueueCursor, Skip
from annotator.queue.places import assignment_claim, assignment_skip
from tests.connections import at_once
from tests.factories import (
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_member,
    make_personal,
    make_project,
)

pytestmark = pytest.mark.django_db(transaction=True)


def member_of(project: Project) -> Access:
    return project_for(make_member(project), project.slug, Can.LABEL)


def claimed(access: Access, *held: Assignment) -> Assignment:
    place = assignment_claim(access.project, access.user, holding=[one.pk for one in held])
    assert place is not None
    return place


def answer(*labels: str) -> Answer:
    return Answer(client_id=uuid4(), labels=labels, seconds=9.0)


def work_off(access: Access) -> list[int]:
    """Turn after turn until nothing is left, every second page harmful; the items that were given."""
    given, labels = [], cycle([(VIOLENCE,), (GAMES,)])
    place = assignment_claim(access.project, access.user)
    while place is not None:
        given.append(place.item_id)
        place = judgment_turn(access, place.pk, answer(*next(labels))).place
    return given


def test_overlap_is_filled_and_never_exceeded_when_six_people_take_turns_together() -> None:
    project = make_project(overlap=3, exposure_budget=0)
    items = make_items(project, 25)
    make_batch(project, items)
    people = [member_of(project) for _ in range(6)]

    given = at_once(*(partial(work_off, person) for person in people))

    times = Counter(item for items_given in given for item in items_given)
    assert times == {item.pk: 3 for item in items}
    assert all(len(set(items_given)) == len(items_given) for items_given in given)
    assert Judgment.objects.filter(late=False).count() == ReviewDue.objects.count() == 75


def test_rations_hold_when_six_people_take_turns_together() -> None:
    project = make_project(overlap=2, exposure_budget=9)
    make_batch(project, make_items(project, 40))
    people = [member_of(project) for _ in range(6)]

    at_once(*(partial(work_off, person) for person in people))

    judged = Counter(Judgment.objects.filter(labels=[VIOLENCE]).values_list("annotator", flat=True))
    taken = dict(Exposure.objects.values_list("annotator").annotate(Sum("points")))
    assert taken == {annotator: 3.0 * n for annotator, n in judged.items()}
    assert set(QueueCursor.objects.values_list("benign", flat=True)) == {False, True}
    assert not Assignment.objects.filter(state=AssignmentState.OFFERED).exists()


def test_one_judgment_is_stored_when_one_turn_arrives_five_times_at_once() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 40))
    ann = member_of(project)
    for n in range(1, 5):
        place, given = claimed(ann), answer(VIOLENCE)

        turns = at_once(*(partial(judgment_turn, ann, place.pk, given) for _ in range(5)))

        assert {turn.submitted.judgment.pk for turn in turns} == {Judgment.objects.latest("pk").pk}
        assert sorted(turn.submitted.created for turn in turns) == [False, False, False, False, True]
        assert all(turn.place is not None and turn.place.pk != place.pk for turn in turns)
        assert Exposure.objects.aggregate(points=Sum("points"))["points"] == 3 * n
    assert Judgment.objects.count() == 4


def test_two_tabs_lose_no_exposure_and_get_different_items_when_they_take_turns_at_once() -> None:
    project = make_project(overlap=2, exposure_budget=0)
    make_batch(project, make_items(project, 30))
    ann = member_of(project)

    def turn(place: Assignment, other: Assignment) -> Turn:
        return judgment_turn(ann, place.pk, answer(VIOLENCE), holding=[other.pk])

    for n in range(1, 6):
        left = claimed(ann)
        right = claimed(ann, left)

        turns = at_once(partial(turn, left, right), partial(turn, right, left))

        assert all(one.submitted.created and one.place is not None for one in turns)
        assert Exposure.objects.aggregate(points=Sum("points"))["points"] == 6 * n
    mine = Assignment.objects.filter(annotator=ann.user).values_list("item_id", flat=True)
    assert len(set(mine)) == len(mine)


def test_a_check_is_given_once_when_a_person_reaches_for_it_from_four_tabs() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 10))
    ann = member_of(project)
    check = make_personal(make_items(project, 1, pooled=False)[0], ann.user, Purpose.GOLD)
    Membership.objects.filter(user=ann.user).update(check_share=1)

    places = at_once(*(partial(assignment_claim, project, ann.user, holding=[check.pk]) for _ in range(4)))

    given = [place for place in places if place is not None]
    assert sum(place.pk == check.pk for place in given) == 1
    assert Assignment.objects.get(pk=check.pk).annotator == ann.user


@pytest.mark.parametrize("purpose", [Purpose.GOLD, Purpose.RETEST])
def test_a_check_is_judged_once_when_two_answers_arrive_at_once(purpose: Purpose) -> None:
    project = make_project(overlap=1)
    ann = member_of(project)
    items = make_items(project, 1)
    make_batch(project, items)
    if purpose == Purpose.RETEST:
        judgment_turn(ann, claimed(ann).pk, answer(GAMES))
    make_personal(items[0], ann.user, purpose)
    Membership.objects.filter(user=ann.user).update(check_share=1)
    place, given = claimed(ann), answer(VIOLENCE)

    turns = at_once(*(partial(judgment_turn, ann, place.pk, given) for _ in range(4)))

    assert place.purpose == purpose
    assert len({turn.submitted.judgment.pk for turn in turns}) == 1
    assert Judgment.objects.filter(purpose=purpose).count() == 1


def test_a_skip_counts_once_when_it_arrives_four_times_at_once() -> None:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 2))
    Assignment.objects.update(severity=3)
    ann = member_of(project)
    place = claimed(ann)

    at_once(*(partial(assignment_skip, project, ann.user, place.pk, "distress") for _ in range(4)))

    assert Skip.objects.count() == 1
    assert Exposure.objects.get().points == 3
    assert Assignment.objects.get(pk=place.pk).state == AssignmentState.FREE
