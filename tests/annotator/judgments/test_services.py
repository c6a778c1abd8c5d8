"""Submitting, changing and undoing judgments; flags."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, NotFound
from annotator.judgments.answers import Answer
from annotator.judgments.models import Flag, Judgment, ReviewDue, Verdict
from annotator.judgments.selectors import judgment_withdrawn, judgments_current, judgments_own
from annotator.judgments.services import flag_add, judgment_edit, judgment_submit, judgment_undo
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from annotator.queue.models import Assignment, AssignmentState, Skip
from annotator.queue.places import assignment_claim, assignment_release
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db


def answer(*labels: str, **fields: Any) -> Answer:
    return Answer(client_id=uuid4(), labels=labels, **fields)


def access_of(project: Project, user: User) -> Access:
    return project_for(user, project.slug, Can.LABEL)


def claimed(access: Access) -> Assignment:
    place = assignment_claim(access.project, access.user)
    assert place is not None
    return place


def taken_over(place: Assignment, by: Access) -> Assignment:
    """The place after its lease ran out and `by` claimed it."""
    Assignment.objects.filter(pk=place.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    taken = claimed(by)
    assert taken.pk == place.pk
    return taken


@pytest.fixture
def project() -> Project:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 3))
    return project


@pytest.fixture
def ann(project: Project) -> Access:
    return access_of(project, make_member(project, username="ann"))


@pytest.fixture
def bob(project: Project) -> Access:
    return access_of(project, make_member(project, Role.LEAD, username="bob"))


def test_a_judgment_fills_its_place_and_tells_the_review(ann: Access) -> None:
    place = claimed(ann)

    submitted = judgment_submit(ann, place.pk, answer(GAMES, GAMBLING, seconds=3.5, note=" hm "))

    judgment = Judgment.objects.get()
    assert submitted.created
    assert submitted.judgment == judgment
    assert (judgment.labels, judgment.unsure, judgment.note) == ([GAMBLING, GAMES], [], "hm")
    assert (judgment.late, judgment.taxonomy.number, judgment.guideline.number) == (False, 1, 1)
    assert Assignment.objects.get(pk=place.pk).state == AssignmentState.SUBMITTED
    assert ReviewDue.objects.get().item_id == place.item_id


def test_the_same_client_id_gives_the_same_judgment_once(ann: Access) -> None:
    place = claimed(ann)
    given = answer(GAMES, seconds=1)
    first = judgment_submit(ann, place.pk, given)

    again = judgment_submit(ann, place.pk, replace(given, seconds=2))

    assert (again.judgment, again.created) == (first.judgment, False)
    assert Judgment.objects.count() == ReviewDue.objects.count() == 1


@pytest.mark.parametrize(
    "changed", [{"labels": ()}, {"unsure": (GAMBLING,)}, {"labels": (), "verdict": "language"}, {"note": "x"}]
)
def test_the_same_client_id_with_another_answer_is_refused(ann: Access, changed: dict[str, Any]) -> None:
    place = claimed(ann)
    given = answer(GAMES)
    judgment_submit(ann, place.pk, given)

    with pytest.raises(Conflict, match=f"client_id {given.client_id} belongs to judgment"):
        judgment_submit(ann, place.pk, replace(given, **changed))


def test_the_same_client_id_on_another_item_is_refused(ann: Access) -> None:
    given = answer(GAMES)
    judgment_submit(ann, claimed(ann).pk, given)

    with pytest.raises(Conflict, match="says something else"):
        judgment_submit(ann, claimed(ann).pk, given)


def test_a_second_judgment_on_an_item_is_refused(ann: Access) -> None:
    place = claimed(ann)
    judgment_submit(ann, place.pk, answer(GAMES))

    with pytest.raises(Conflict, match="judged this item already"):
        judgment_submit(ann, place.pk, answer(GAMES))
    assert Judgment.objects.count() == 1


def test_a_judgment_after_the_lease_counts_while_nobody_took_the_place(ann: Access) -> None:
    place = claimed(ann)
    Assignment.objects.filter(pk=place.pk).update(lease_until=timezone.now() - timedelta(hours=1))

    submitted = judgment_submit(ann, place.pk, answer(GAMES))

    assert not submitted.judgment.late


def test_a_judgment_on_a_place_given_back_takes_it_again(ann: Access) -> None:
    place = claimed(ann)
    assignment_release(ann.project, ann.user, [place.pk], known=timezone.now() + timedelta(days=1))

    submitted = judgment_submit(ann, place.pk, answer(GAMES))

    assert not submitted.judgment.late
    assert Assignment.objects.get(pk=place.pk).annotator == ann.user


def test_a_judgment_that_comes_too_late_is_kept_and_marked(ann: Access, bob: Access) -> None:
    place = claimed(ann)
    taken_over(place, bob)

    submitted = judgment_submit(ann, place.pk, answer(GAMES))
    other = judgment_submit(bob, place.pk, answer())

    assert (submitted.judgment.late, other.judgment.late) == (True, False)
    assert Skip.objects.get().reason == Skip.Reason.LATE
    assert Assignment.objects.get(pk=place.pk).annotator == bob.user
    assert judgments_current(ann.project).filter(item=place.item_id).count() == 2
    assert claimed(ann).item_id != place.item_id


def test_a_judgment_on_a_place_never_held_is_refused(ann: Access, bob: Access) -> None:
    place = claimed(ann)

    with pytest.raises(NotFound, match="never been offered"):
        judgment_submit(bob, place.pk, answer(GAMES))
    with pytest.raises(NotFound, match="never been offered"):
        judgment_submit(ann, 10**15, answer(GAMES))
    assert not Judgment.objects.exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (answer("cats"), '"cats" is not a category'),
        (answer(unsure=("dogs",)), '"dogs" is not a category'),
        (answer(GAMES, unsure=(GAMES,)), '"games" is both present and unsure'),
        (
            answer(GAMES, verdict="unreachable"),
            'The verdict "unreachable" goes without labels, but names games',
        ),
        (answer(verdict="withdrawn"), '"withdrawn" is not a verdict'),
        (answer(verdict="dunno"), '"dunno" is not a verdict'),
        (answer(note="x" * 2001), "The note has 2001 characters; 2000 fit"),
        (answer(note="a\x00b"), "NUL character"),
        (answer(seconds=-1), "-1 seconds on a page is not possible"),
        (answer(seconds=float("nan")), "nan seconds"),
    ],
)
def test_an_answer_that_cannot_be_is_refused(ann: Access, given: Answer, message: str) -> None:
    place = claimed(ann)

    with pytest.raises(BadInput, match=message):
        judgment_submit(ann, place.pk, given)
    assert not Judgment.objects.exists()
    assert Assignment.objects.get(pk=place.pk).state == AssignmentState.OFFERED


def test_none_of_these_is_a_labelled_judgment_without_labels(ann: Access) -> None:
    judgment = judgment_submit(ann, claimed(ann).pk, answer()).judgment

    assert (judgment.verdict, judgment.labels, judgment.unsure) == (Verdict.LABELLED, [], [])


def test_undo_withdraws_the_last_judgment_and_offers_its_place_again(ann: Access) -> None:
    place = claimed(ann)
    first = judgment_submit(ann, place.pk, answer(GAMES)).judgment

    reopened = judgment_undo(ann)

    withdrawn = Judgment.objects.get(supersedes=first)
    assert (reopened.pk, reopened.state, reopened.annotator) == (place.pk, AssignmentState.OFFERED, ann.user)
    assert (withdrawn.verdict, withdrawn.labels) == (Verdict.WITHDRAWN, [])
    assert judgment_withdrawn(ann.project, ann.user, place.item_id) == first
    assert not judgments_current(ann.project).exists()
    assert ReviewDue.objects.count() == 2


def test_the_answer_after_an_undo_supersedes_the_withdrawn_one(ann: Access) -> None:
    place = claimed(ann)
    judgment_submit(ann, place.pk, answer(GAMES))
    judgment_undo(ann)

    judgment_submit(ann, place.pk, answer(GAMBLING))

    assert [j.labels for j in judgments_current(ann.project)] == [[GAMBLING]]
    assert Judgment.objects.count() == 3
    assert judgment_withdrawn(ann.project, ann.user, place.item_id) is None


def test_undo_twice_goes_one_judgment_further_back(ann: Access) -> None:
    places = []
    for _ in range(2):
        place = claimed(ann)
        judgment_submit(ann, place.pk, answer(GAMES))
        places.append(place)

    assert [judgment_undo(ann).pk, judgment_undo(ann).pk] == [places[1].pk, places[0].pk]
    with pytest.raises(NotFound, match="no judgment to undo"):
        judgment_undo(ann)


def test_undo_of_a_late_judgment_leaves_the_place_to_its_holder(ann: Access, bob: Access) -> None:
    place = claimed(ann)
    taken_over(place, bob)
    judgment_submit(ann, place.pk, answer(GAMES))

    judgment_undo(ann)
    again = judgment_submit(ann, place.pk, answer(GAMBLING)).judgment

    assert again.late
    assert Assignment.objects.get(pk=place.pk).annotator == bob.user


def test_undo_never_touches_somebody_elses_judgment(ann: Access, bob: Access) -> None:
    judgment_submit(ann, claimed(ann).pk, answer(GAMES))

    with pytest.raises(NotFound):
        judgment_undo(bob)


def test_an_edit_supersedes_the_judgment_and_keeps_the_place(ann: Access) -> None:
    first = judgment_submit(ann, claimed(ann).pk, answer(GAMES)).judgment
    given = answer(unsure=(GAMES,))

    edited = judgment_edit(ann, first.pk, given)
    replayed = judgment_edit(ann, first.pk, given)

    assert (edited.judgment.supersedes, edited.judgment.assignment) == (first, first.assignment)
    assert (replayed.judgment, replayed.created) == (edited.judgment, False)
    assert list(judgments_own(ann.project, ann.user)) == [edited.judgment]
    assert ReviewDue.objects.count() == 2


def test_an_edit_of_what_was_changed_or_is_not_ones_own_is_refused(ann: Access, bob: Access) -> None:
    first = judgment_submit(ann, claimed(ann).pk, answer(GAMES)).judgment
    judgment_edit(ann, first.pk, answer())

    for access in (ann, bob):
        with pytest.raises(NotFound, match=f"no judgment {first.pk} that stands"):
            judgment_edit(access, first.pk, answer(GAMBLING))


def test_a_flag_is_kept_once_while_it_is_open(ann: Access, bob: Access) -> None:
    place = claimed(ann)

    first, again = flag_add(ann, place.pk, "phone number of a child"), flag_add(ann, place.pk)

    assert first == again
    assert Flag.objects.get().note == "phone number of a child"
    with pytest.raises(NotFound, match="never been offered"):
        flag_add(bob, place.pk)


@pytest.mark.parametrize("change", ["UPDATE judgment SET note = 'x'", "DELETE FROM judgment"])
def test_the_database_refuses_to_change_a_judgment(ann: Access, change: str) -> None:
    judgment_submit(ann, claimed(ann).pk, answer(GAMES))

    with (
        pytest.raises(ProgrammingError, match="Cannot update or delete rows from judgment"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(change)
    assert Judgment.objects.get().note == ""


def test_no_submit_needs_the_broker(
    ann: Access, settings: Any, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

    with django_capture_on_commit_callbacks() as callbacks:
        judgment_submit(ann, claimed(ann).pk, answer(GAMES))

    assert callbacks == []
