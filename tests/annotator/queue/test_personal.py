"""Places for one person: opened once, with their ledger, and offered to nobody else."""

import pytest

from annotator.accounts.models import User
from annotator.pool.models import Item
from annotator.projects.models import Membership, Project
from annotator.queue.models import Assignment, AssignmentState, Batch, BatchItem, Lesson, Purpose, Stream
from annotator.queue.personal import (
    Draw,
    LessonDraft,
    PersonalChoice,
    places_personal_end,
    places_personal_open,
)
from annotator.queue.places import assignment_claim
from tests.factories import GAMES, VIOLENCE, make_batch, make_items, make_member, make_personal, make_project

pytestmark = pytest.mark.django_db

DRAW = Draw("gold-balanced", "Gold for ann", pool_size=7, seed=42)


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def ann(project: Project) -> User:
    return make_member(project, username="ann")


def open_for(user: User, items: list[Item], *labels: str, purpose: Purpose = Purpose.GOLD) -> int:
    choices = [PersonalChoice(item.pk, frozenset(labels), 0.5) for item in items]
    return places_personal_open(items[0].project, user, purpose, choices, draw=DRAW)


def test_places_and_ledger_are_written_once_when_they_are_opened_twice(project: Project, ann: User) -> None:
    items = make_items(project, 2)

    opened = [open_for(ann, items, GAMES) for _ in range(2)]

    assert opened == [2, 0]
    batch = Batch.objects.get()
    assert (batch.personal, batch.n_items, batch.pool_size, batch.seed) == (True, 2, 7, 42)
    rows = BatchItem.objects.values_list("stream", "strategy", "inclusion_probability", "seed", "expected")
    assert list(rows) == [(Stream.GOLD, "gold-balanced", 0.5, 42, [GAMES])] * 2
    places = Assignment.objects.values_list("for_annotator", "purpose", "state")
    assert list(places) == [(ann.pk, Purpose.GOLD, AssignmentState.FREE)] * 2


def test_a_withheld_page_is_left_out(project: Project, ann: User) -> None:
    (item,) = make_items(project, 1, withheld=True)

    assert open_for(ann, [item]) == 0
    assert not Batch.objects.exists()


def test_severity_is_that_of_what_was_expected_or_is_known_by_now(project: Project, ann: User) -> None:
    harmless, grave = make_items(project, 2)
    make_batch(project, [harmless, grave])

    choices = [
        PersonalChoice(item.pk, frozenset({label}), None)
        for item, label in ((harmless, GAMES), (grave, VIOLENCE))
    ]
    places_personal_open(project, ann, Purpose.GOLD, choices, draw=DRAW)

    places = Assignment.objects.filter(for_annotator=ann).order_by("item")
    assert [(place.severity, place.expected) for place in places] == [(1, [GAMES]), (3, [VIOLENCE])]
    assert all(place.reading_seconds > 1 for place in places)


def test_places_are_opened_all_the_same_when_no_number_is_left(project: Project, ann: User) -> None:
    items = make_items(project, 40)
    make_batch(project, items[:2])

    opened = open_for(ann, items, GAMES)

    assert opened == 40
    assert Assignment.objects.filter(for_annotator=ann).count() == 40


def test_what_others_saw_of_the_page_is_known_of_a_check(project: Project, ann: User) -> None:
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    Assignment.objects.filter(item=item).update(severity=3, expected=[VIOLENCE])

    place = make_personal(item, ann, Purpose.RETEST, [GAMES])

    assert (place.severity, place.expected) == (3, [GAMES, VIOLENCE])


def test_nobody_else_is_offered_the_place_and_its_owner_only_when_a_check_is_due(
    project: Project, ann: User
) -> None:
    (item,) = make_items(project, 1)
    open_for(ann, [item], GAMES)
    others = make_member(project)

    assert assignment_claim(project, others) is None
    assert assignment_claim(project, ann) is None
    Membership.objects.filter(user=ann).update(check_share=1)
    place = assignment_claim(project, ann)

    assert place is not None
    assert (place.item_id, place.purpose) == (item.pk, Purpose.GOLD)


def test_a_lesson_comes_with_each_qualification_place(project: Project, ann: User) -> None:
    (item,) = make_items(project, 1)
    draft = LessonDraft(attempt=2, explanation="It is chess.", clause_id=None)
    choices = [PersonalChoice(item.pk, frozenset({GAMES}), None, draft)]

    places_personal_open(project, ann, Purpose.QUALIFICATION, choices, draw=DRAW)

    lesson = Lesson.objects.get()
    assert (lesson.attempt, lesson.labels, lesson.explanation) == (2, [GAMES], "It is chess.")
    assert lesson.assignment.purpose == Purpose.QUALIFICATION


def test_only_free_gold_is_closed_when_an_item_is_gold_no_more(project: Project, ann: User) -> None:
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    open_for(ann, [item], GAMES)

    assert places_personal_end([item.pk]) == 1

    states = Assignment.objects.order_by("pk").values_list("purpose", "state")
    assert list(states) == [
        (Purpose.OVERLAP, AssignmentState.FREE),
        (Purpose.OVERLAP, AssignmentState.FREE),
        (Purpose.GOLD, AssignmentState.WITHHELD),
    ]
