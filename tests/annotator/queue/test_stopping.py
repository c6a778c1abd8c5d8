"""The stop: every place of the page goes at once, and comes back only when the case is released."""

from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.errors import NotFound
from annotator.judgments.services import place_of
from annotator.pool.models import Case, CaseAccess, Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import LogEntry, Membership, Project
from annotator.queue.models import Assignment, AssignmentState, Exposure, LostLease, Purpose, Skip
from annotator.queue.places import assignment_claim
from annotator.queue.services import places_add
from annotator.queue.stopping import case_settle, page_stop
from tests.factories import make_batch, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(overlap=3, overlap_max=3)


@pytest.fixture
def item(project: Project) -> Item:
    items = make_items(project, 1)
    make_batch(project, items)
    return items[0]


def access_of(project: Project, *, case_holder: bool = False) -> Access:
    user = make_member(project)
    Membership.objects.filter(user=user).update(case_holder=case_holder)
    return project_for(user, project.slug, Can.LABEL)


def claimed(access: Access) -> Assignment:
    place = assignment_claim(access.project, access.user)
    assert place is not None
    return place


def states(item: Item) -> list[str]:
    return list(Assignment.objects.filter(item=item).order_by("place").values_list("state", flat=True))


def test_every_place_that_is_free_or_held_is_withheld_and_what_was_submitted_stays(
    project: Project, item: Item
) -> None:
    judged = make_judgment(item, make_member(project), ["games"])
    ann, bob = access_of(project), access_of(project)
    held = [claimed(access) for access in (ann, bob)]

    case = page_stop(ann, held[0].pk)

    assert states(item) == ["submitted", "withheld", "withheld"]
    judged.refresh_from_db()
    assert judged.labels == ["games"]
    assert (case.item_id, case.opened_by) == (item.pk, ann.user)
    assert set(LostLease.objects.values_list("assignment", "annotator")) == {
        (held[0].pk, ann.user.pk),
        (held[1].pk, bob.user.pk),
    }
    assert assignment_claim(project, make_member(project)) is None


def test_a_stop_counts_as_the_gravest_page_once_however_often_it_arrives(
    project: Project, item: Item
) -> None:
    ann, bob = access_of(project), access_of(project)
    places = {access: claimed(access).pk for access in (ann, bob)}

    cases = {page_stop(access, places[access]).pk for access in (ann, ann, bob)}

    assert len(cases) == Case.objects.count() == 1
    points = dict(Exposure.objects.values_list("annotator", "points"))
    assert points == {ann.user.pk: 3.0, bob.user.pk: 3.0}
    assert CaseAccess.objects.count() == 2


@pytest.mark.parametrize("when", ["held", "lapsed", "submitted", "given back"])
def test_whoever_was_offered_the_page_may_stop_it(project: Project, item: Item, when: str) -> None:
    ann = access_of(project)
    place = claimed(ann)
    if when == "submitted":
        place.state, place.submitted_at = AssignmentState.SUBMITTED, timezone.now()
    if when == "given back":
        LostLease.objects.create(assignment=place, annotator=ann.user)
        place.state, place.annotator, place.lease_until = AssignmentState.FREE, None, None
    if when == "lapsed":
        place.lease_until = timezone.now() - timedelta(hours=1)
    place.save()

    page_stop(ann, place.pk)

    assert Item.objects.get(pk=item.pk).withheld
    assert not {"free", "offered"} & set(states(item))


def test_nothing_is_stopped_when_the_place_was_never_theirs(project: Project, item: Item) -> None:
    held = claimed(access_of(project))
    free = Assignment.objects.filter(item=item, state="free").first()
    assert free is not None
    elsewhere = access_of(make_project())

    for access, pk in ((access_of(project), held.pk), (access_of(project), free.pk), (elsewhere, held.pk)):
        with pytest.raises(NotFound, match="never been offered"):
            page_stop(access, pk)

    assert not Item.objects.get(pk=item.pk).withheld
    assert not Case.objects.exists()


def test_personal_places_are_withheld_too(project: Project, item: Item) -> None:
    ann, bob = access_of(project), access_of(project)
    first = Assignment.objects.filter(item=item).first()
    assert first is not None
    gold = Assignment.objects.create(
        project=project, batch_item=first.batch_item, item=item, place=1, priority=1, purpose=Purpose.GOLD,
        for_annotator=bob.user,
    )  # fmt: skip

    page_stop(ann, claimed(ann).pk)

    gold.refresh_from_db()
    assert gold.state == AssignmentState.WITHHELD


def test_no_place_is_added_to_a_withheld_page(item: Item, project: Project) -> None:
    judged = make_judgment(item, make_member(project))
    Assignment.objects.filter(item=item).exclude(pk=place_of(judged)).update(item=make_items(project, 1)[0])
    page_stop(project_for(judged.annotator, project.slug, Can.LABEL), place_of(judged))

    assert places_add([item.pk]) == set()

    assert states(item) == ["submitted"]


def test_the_places_are_free_again_when_the_case_is_released_but_not_for_whoever_stopped_it(
    project: Project, item: Item
) -> None:
    ann, bob, holder = access_of(project), access_of(project), access_of(project, case_holder=True)
    make_judgment(item, make_member(project), [])
    url = item.url
    case = page_stop(ann, claimed(ann).pk)

    case_settle(holder, case, Case.Outcome.RELEASED)

    assert states(item) == ["submitted", "free", "free"]
    item.refresh_from_db()
    assert (item.url, item.withheld, item.pooled) == (url, False, False)
    assert claimed(bob).item_id == item.pk
    assert assignment_claim(project, ann.user) is None
    assert Skip.objects.get(annotator=ann.user).item_id == item.pk


def test_nothing_is_offered_when_the_case_is_closed_as_kept(project: Project, item: Item) -> None:
    ann, holder = access_of(project), access_of(project, case_holder=True)
    case = page_stop(ann, claimed(ann).pk)

    case_settle(holder, case, Case.Outcome.KEPT, reference="R-1")

    assert states(item) == ["withheld"] * 3
    assert assignment_claim(project, make_member(project)) is None


def test_an_admin_is_told_who_is_missing_unless_there_is_a_case_holder(project: Project, item: Item) -> None:
    access_of(project, case_holder=True)
    ann = access_of(project)

    page_stop(ann, claimed(ann).pk)

    assert "has to name one" not in LogEntry.objects.get(stage="pool").text
