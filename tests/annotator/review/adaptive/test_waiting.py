"""A further place waits for whoever tells best what is in doubt."""

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.utils import timezone

from annotator.accounts.models import User
from annotator.pool.models import Item, Split
from annotator.projects.models import Membership, Project, Standing
from annotator.queue.models import Assignment, AssignmentState, Skip, Stopping, Stream
from annotator.review.services import review_sweep
from tests.annotator.review.adaptive.opening import GOOD, POOR, judge, opened, opened_batch, places
from tests.annotator.review.knowing import know_skills
from tests.factories import GAMBLING, GAMES, make_items, make_judgment

pytestmark = pytest.mark.django_db


def waiting_for(item: Item) -> int | None:
    free = Assignment.objects.get(item=item, state=AssignmentState.FREE)
    return free.for_annotator_id


def at_work(project: Project, people: Sequence[User]) -> None:
    """Everybody has judged a page of their own just now."""
    for person in people:
        (item,) = make_items(project, 1)
        opened_batch(project, item)
        make_judgment(item, person)
    review_sweep(project)


def test_further_place_waits_for_whoever_tells_what_is_doubted_best(
    project: Project, people: list[User]
) -> None:
    ada, bo, cy, di, *_ = people
    know_skills(project, {ada: POOR, bo: POOR, cy: (0.95, 0.99), di: GOOD})
    at_work(project, people)
    item = opened(project)

    judge(item, [ada, bo], [GAMES], [])

    assert waiting_for(item) == di.pk
    place = Assignment.objects.get(item=item, state=AssignmentState.FREE)
    assert place.reserved_until is not None
    assert timedelta(minutes=9) < place.reserved_until - timezone.now() <= timedelta(minutes=10)


def test_nobody_gets_more_than_three_nor_what_they_know_and_who_is_away_gets_none(
    project: Project, people: list[User]
) -> None:
    ada, bo, cy, di, eve, _ = people
    know_skills(project, {ada: POOR, bo: POOR, cy: (0.95, 0.99), di: GOOD, eve: GOOD})
    at_work(project, [ada, bo, cy, di])  # eve has gone home
    items = [opened(project) for _ in range(7)]
    Skip.objects.create(item=items[0], annotator=di, project=project, reason=Skip.Reason.OTHER)
    for item in items:
        make_judgment(item, ada, [GAMES])
        make_judgment(item, bo, [])

    review_sweep(project)

    assert [waiting_for(item) for item in items] == [cy.pk, di.pk, di.pk, di.pk, cy.pk, cy.pk, None]


def test_warned_people_and_those_worse_than_the_team_are_not_asked_first(
    project: Project, people: list[User]
) -> None:
    ada, bo, cy, di, *_ = people
    know_skills(project, {ada: POOR, bo: POOR, cy: (0.8, 0.9), di: GOOD})
    Membership.objects.filter(user=di).update(standing=Standing.WARNED)
    at_work(project, people)
    item = opened(project)

    judge(item, [ada, bo], [GAMES], [])

    assert waiting_for(item) is None


def test_places_of_fixed_overlap_wait_for_nobody(project: Project, people: list[User]) -> None:
    know_skills(project, dict.fromkeys(people, GOOD))
    at_work(project, people)
    audit = opened(project, stream=Stream.AUDIT, split=Split.HOLDOUT)
    check = opened(project, stopping=Stopping.CHECK)

    for item in (audit, check):
        judge(item, people, [GAMES], [], [GAMBLING])

    assert (places(audit), waiting_for(audit)) == (4, None)
    assert (places(check), waiting_for(check)) == (4, None)


def test_sweep_gives_back_what_waited_in_vain(project: Project, people: list[User]) -> None:
    know_skills(project, {people[0]: POOR, people[1]: POOR, people[2]: GOOD})
    at_work(project, people)
    item = opened(project)
    judge(item, people, [GAMES], [])
    Assignment.objects.filter(item=item, reserved_until__isnull=False).update(reserved_until=timezone.now())

    review_sweep(project)  # nothing else is due

    assert waiting_for(item) is None
