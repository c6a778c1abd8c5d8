"""A stop against whatever else goes on, each on a connection of its own: what was acknowledged stays, nothing is left
to be offered."""

from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest

from annotator.errors import CrossguardError, NotFound, Withheld
from annotator.judgments.answers import Answer
from annotator.judgments.models import Judgment
from annotator.judgments.services import flag_add, judgment_edit, judgment_submit, judgment_undo
from annotator.judgments.turns import judgment_turn
from annotator.pool.models import Case, Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState, Skip
from annotator.queue.places import assignment_claim, assignment_release, assignment_renew, assignment_skip
from annotator.queue.stopping import page_stop
from annotator.review.services import review_sweep
from tests.connections import at_once
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 6
NEUTRAL = "This page was taken out of the queue. Nothing is wrong with your work."


@pytest.fixture
def project() -> Project:
    return make_project(overlap=2, overlap_max=3)


def access_of(project: Project) -> Access:
    return project_for(make_member(project), project.slug, Can.LABEL)


def claimed(access: Access) -> Assignment:
    place = assignment_claim(access.project, access.user)
    assert place is not None
    return place


def answer(*labels: str) -> Answer:
    return Answer(client_id=uuid4(), labels=labels)


def tried(call: Callable[[], object]) -> object:
    """What the call gave, or why it was refused."""
    try:
        return call()
    except CrossguardError as error:
        return error


def assert_nothing_is_offered(item_id: int) -> None:
    assert Item.objects.get(pk=item_id).withheld
    states = set(Assignment.objects.filter(item=item_id).values_list("state", flat=True))
    assert states <= {AssignmentState.WITHHELD, AssignmentState.SUBMITTED}


def test_every_door_says_the_same_neutral_sentence_when_the_page_was_stopped_by_somebody_else(
    project: Project,
) -> None:
    make_batch(project, make_items(project, 1))
    ann, bob = access_of(project), access_of(project)
    place = claimed(bob)
    page_stop(ann, claimed(ann).pk)

    doors: list[Callable[[], object]] = [
        partial(judgment_submit, bob, place.pk, answer(GAMES)),
        partial(judgment_turn, bob, place.pk, answer(GAMES)),
        partial(assignment_skip, project, bob.user, place.pk, Skip.Reason.OTHER),
        partial(flag_add, bob, place.pk, "What is this?"),
    ]
    for door in doors:
        with pytest.raises(Withheld) as refused:
            door()
        assert (refused.value.message, refused.value.code) == (NEUTRAL, "withheld")

    assert assignment_renew(project, bob.user, [place.pk]) is None
    assert assignment_release(project, bob.user, [place.pk]) == 0
    assert not Judgment.objects.exists()
    assert not Skip.objects.filter(annotator=bob.user).exists()
    assert_nothing_is_offered(place.item_id)


def test_a_judgment_can_be_neither_changed_nor_undone_when_its_page_is_withheld(project: Project) -> None:
    make_batch(project, make_items(project, 1))
    ann, bob = access_of(project), access_of(project)
    place = claimed(ann)
    stored = judgment_submit(ann, place.pk, answer(GAMES)).judgment
    assert claimed(bob).item_id == place.item_id
    page_stop(bob, Assignment.objects.get(annotator=bob.user).pk)

    with pytest.raises(Withheld):
        judgment_edit(ann, stored.pk, answer(GAMBLING))
    with pytest.raises(CrossguardError, match="no judgment to undo"):
        judgment_undo(ann)

    assert Judgment.objects.get().labels == [GAMES]


def test_the_same_answer_is_replayed_when_it_was_acknowledged_before_the_stop(project: Project) -> None:
    make_batch(project, make_items(project, 1))
    ann, bob = access_of(project), access_of(project)
    place, given = claimed(ann), answer(GAMES)
    stored = judgment_submit(ann, place.pk, given).judgment
    page_stop(bob, claimed(bob).pk)

    again = judgment_submit(ann, place.pk, given)

    assert (again.judgment.pk, again.created) == (stored.pk, False)


@pytest.mark.parametrize(
    "work", ["submit", "turn", "late", "skip", "release", "undo", "renew", "stop", "sweep"]
)
def test_nothing_of_the_page_is_offered_and_no_acknowledged_answer_is_lost_when_a_stop_races(
    project: Project, work: str
) -> None:
    for _ in range(ROUNDS):
        item = make_items(project, 1)[0]
        make_batch(project, [item])
        ann, bob = access_of(project), access_of(project)
        mine, theirs = claimed(ann), claimed(bob)
        assert mine.item_id == theirs.item_id == item.pk
        given = answer(GAMBLING)
        if work == "undo":
            judgment_submit(bob, theirs.pk, given)
        if work == "late":
            assignment_release(project, bob.user, [theirs.pk])
            make_judgment(item, make_member(project), [GAMES])
        if work == "sweep":
            judgment_submit(bob, theirs.pk, given)
            judgment_submit(ann, mine.pk, answer(GAMES))
        works: dict[str, Callable[[], object]] = {
            "submit": partial(judgment_submit, bob, theirs.pk, given),
            "late": partial(judgment_submit, bob, theirs.pk, given),
            "turn": partial(judgment_turn, bob, theirs.pk, given),
            "skip": partial(assignment_skip, project, bob.user, theirs.pk, Skip.Reason.OTHER),
            "release": partial(assignment_release, project, bob.user, [theirs.pk]),
            "undo": partial(judgment_undo, bob),
            "renew": partial(assignment_renew, project, bob.user, [theirs.pk]),
            "stop": partial(page_stop, bob, theirs.pk),
            "sweep": partial(review_sweep, project),
        }

        case, outcome = at_once(partial(tried, partial(page_stop, ann, mine.pk)), partial(tried, works[work]))

        assert isinstance(case, Case), case
        # An undo passes over a page that was withheld before it looked, and then there is nothing to undo.
        expected = NotFound if work == "undo" else Withheld
        assert not isinstance(outcome, CrossguardError) or isinstance(outcome, Withheld | expected), outcome
        assert_nothing_is_offered(item.pk)
        if work in ("submit", "turn", "late"):
            assert Judgment.objects.filter(client_id=given.client_id).exists() == (
                not isinstance(outcome, Withheld)
            )
    assert Case.objects.count() == ROUNDS


def test_nobody_is_given_a_stopped_page_when_claims_race_with_the_stop(project: Project) -> None:
    for _ in range(ROUNDS):
        item = make_items(project, 1)[0]
        make_batch(project, [item])
        ann = access_of(project)
        mine = claimed(ann)
        others = [access_of(project) for _ in range(3)]

        at_once(
            partial(page_stop, ann, mine.pk),
            *(partial(assignment_claim, project, access.user) for access in others),
        )

        assert_nothing_is_offered(item.pk)
        for access in others:
            assert assignment_claim(project, access.user) is None


def test_numbers_have_no_gap_when_two_pages_are_stopped_at_once(project: Project) -> None:
    for _ in range(ROUNDS):
        make_batch(project, make_items(project, 2))
        people = [access_of(project), access_of(project)]
        first = claimed(people[0])
        second = assignment_claim(project, people[0].user, holding=[first.pk])
        assert second is not None

        at_once(*(partial(page_stop, people[0], place.pk) for place in (first, second)))

    assert sorted(Case.objects.values_list("number", flat=True)) == list(range(1, ROUNDS * 2 + 1))
