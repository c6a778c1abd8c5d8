"""Judgments from several connections at once: none doubled, none lost."""

from functools import partial
from uuid import uuid4

import pytest

from annotator.errors import Conflict, NotFound
from annotator.judgments.answers import Answer
from annotator.judgments.models import Judgment, ReviewDue
from annotator.judgments.selectors import judgments_current
from annotator.judgments.services import Submitted, judgment_edit, judgment_submit, judgment_undo, place_of
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState
from annotator.queue.places import assignment_claim
from tests.connections import at_once
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def project() -> Project:
    project = make_project(overlap=1)
    make_batch(project, make_items(project, 20))
    return project


@pytest.fixture
def ann(project: Project) -> Access:
    return project_for(make_member(project), project.slug, Can.LABEL)


def claimed(access: Access) -> Assignment:
    place = assignment_claim(access.project, access.user)
    assert place is not None
    return place


def labels_of(call: "partial[Submitted]") -> list[str] | None:
    try:
        return call().judgment.labels
    except (Conflict, NotFound):
        return None


def test_one_judgment_is_stored_when_one_submit_arrives_five_times_at_once(ann: Access) -> None:
    for _ in range(4):
        place, given = claimed(ann), Answer(client_id=uuid4(), labels=(GAMES,))

        submitted = at_once(*(partial(judgment_submit, ann, place.pk, given) for _ in range(5)))

        assert len({one.judgment.pk for one in submitted}) == 1
        assert sorted(one.created for one in submitted) == [False, False, False, False, True]
    assert Judgment.objects.count() == ReviewDue.objects.count() == 4


def test_one_judgment_is_stored_when_a_late_submit_arrives_five_times_at_once(
    ann: Access, project: Project
) -> None:
    place, given = claimed(ann), Answer(client_id=uuid4(), labels=(GAMES,))
    bob = project_for(make_member(project), project.slug, Can.LABEL)
    Assignment.objects.filter(pk=place.pk).update(lease_until=project.created_at)
    assert claimed(bob).pk == place.pk

    submitted = at_once(*(partial(judgment_submit, ann, place.pk, given) for _ in range(5)))

    assert {one.judgment.pk for one in submitted} == {Judgment.objects.get().pk}
    assert Judgment.objects.get().late


def test_one_of_two_different_answers_on_one_item_is_stored_when_two_tabs_submit_at_once(ann: Access) -> None:
    place = claimed(ann)
    answers = [Answer(client_id=uuid4(), labels=(slug,)) for slug in (GAMES, GAMBLING)]

    stored = at_once(*(partial(labels_of, partial(judgment_submit, ann, place.pk, one)) for one in answers))

    assert stored.count(None) == 1
    assert [Judgment.objects.get().labels] == [labels for labels in stored if labels is not None]


def test_one_of_two_edits_of_one_judgment_wins_when_they_race(ann: Access) -> None:
    first = judgment_submit(ann, claimed(ann).pk, Answer(client_id=uuid4(), labels=(GAMES,))).judgment
    answers = [Answer(client_id=uuid4(), labels=labels) for labels in ((), (GAMBLING,))]

    stored = at_once(*(partial(labels_of, partial(judgment_edit, ann, first.pk, one)) for one in answers))

    assert stored.count(None) == 1
    assert judgments_current(ann.project).count() == 1
    assert Judgment.objects.count() == 2


def test_undo_and_edit_of_one_judgment_at_once_leave_one_of_both(ann: Access) -> None:
    first = judgment_submit(ann, claimed(ann).pk, Answer(client_id=uuid4(), labels=(GAMES,))).judgment

    def undo() -> list[str] | None:
        try:
            judgment_undo(ann)
        except (Conflict, NotFound):
            return None
        return []

    edit = partial(judgment_edit, ann, first.pk, Answer(client_id=uuid4(), labels=(GAMBLING,)))
    at_once(undo, partial(labels_of, edit))

    heads = Judgment.objects.filter(superseded_by__isnull=True)
    assert heads.count() == 1
    is_withdrawn = heads.get().verdict == "withdrawn"
    assert (Assignment.objects.get(pk=place_of(first)).state == AssignmentState.OFFERED) == is_withdrawn


def test_no_judgment_is_lost_or_doubled_when_the_lease_passes_on_while_both_submit(project: Project) -> None:
    people = [project_for(make_member(project), project.slug, Can.LABEL) for _ in range(3)]
    for _ in range(5):
        place = claimed(people[0])
        for person in people[1:]:
            Assignment.objects.filter(pk=place.pk).update(lease_until=project.created_at)
            assert claimed(person).pk == place.pk
        answers = [Answer(client_id=uuid4(), labels=(GAMES,)) for _ in people]

        at_once(
            *(
                partial(judgment_submit, who, place.pk, what)
                for who, what in zip(people, answers, strict=True)
            )
        )

        stored = Judgment.objects.filter(item=place.item_id)
        assert sorted(stored.values_list("late", flat=True)) == [False, True, True]
    assert Assignment.objects.filter(state=AssignmentState.SUBMITTED).count() == 5
