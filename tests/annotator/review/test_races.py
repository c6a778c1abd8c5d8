"""Two connections at once: no resolution is written twice, and nothing is decided on what has changed."""

from collections.abc import Callable
from functools import partial
from uuid import uuid4

import pytest
from django.db import transaction
from django.db.models import Count

from annotator.accounts.models import User
from annotator.errors import Conflict
from annotator.judgments.models import ReviewDue, Verdict
from annotator.judgments.selectors import judgments_current
from annotator.pool.models import Item
from annotator.projects.access import Can, project_for
from annotator.projects.models import Project, Role
from annotator.queue.models import Assignment
from annotator.review.acts.spread_acts import Chosen, spread_apply
from annotator.review.acts.spreading import spread_of
from annotator.review.desk.leases import lease_next, lease_take
from annotator.review.models import AdjudicationEntry, Disagreement, Resolution, Scope
from annotator.review.reliable import AT_ONCE
from annotator.review.selectors import resolutions_current
from annotator.review.services import (
    Adjudication,
    BasedOn,
    Swept,
    resolution_adjudicate,
    review_sweep,
)
from tests.annotator.review.knowing import know_skills
from tests.connections import at_once
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)


def judged(project: Project, people: list[User], n: int) -> list[Item]:
    items = make_items(project, n)
    make_batch(project, items)
    for item in items:
        for person in people[:2]:
            make_judgment(item, person, [GAMES])
    return items


def test_each_item_is_resolved_once_when_two_sweeps_run_at_once(project: Project, people: list[User]) -> None:
    items = judged(project, people, 30)

    first, second = at_once(lambda: review_sweep(project, 40), lambda: review_sweep(project, 40))
    rest = review_sweep(project)

    assert first.resolved + second.resolved + rest.resolved == len(items)
    assert Resolution.objects.count() == len(items)
    assert not ReviewDue.objects.exists()


def test_item_waits_for_the_next_sweep_when_somebody_holds_it(project: Project, people: list[User]) -> None:
    held, free = judged(project, people, 2)

    with transaction.atomic():
        Item.objects.select_for_update(no_key=True).get(pk=held.pk)
        (during,) = at_once(lambda: review_sweep(project))
    after = review_sweep(project)

    assert (during.resolved, after.resolved) == (1, 1)
    assert {row.item_id for row in resolutions_current(project)} == {held.pk, free.pk}


def test_judgment_is_not_held_up_when_a_sweep_holds_its_item(project: Project, people: list[User]) -> None:
    (item,) = judged(project, people, 1)

    with transaction.atomic():
        review_sweep(project)
        (late,) = at_once(lambda: make_judgment(item, people[2]))

    assert late.late
    review_sweep(project)
    assert late.pk in resolutions_current(project).get().judgments


def test_one_lead_wins_when_two_decide_at_once(project: Project, dispute: Callable[[], Disagreement]) -> None:
    item = dispute().item
    judgments = judgments_current(project).filter(item=item).values_list("pk", flat=True)
    answers = [GAMES, GAMBLING]
    leads = [project_for(make_member(project, Role.LEAD), project.slug, Can.RESOLVE) for _ in range(2)]
    based_on = BasedOn(frozenset(judgments), None)

    def decide(number: int) -> Resolution | Conflict:
        answer = Adjudication(frozenset({answers[number]}), Verdict.LABELLED, "I looked at it.")
        try:
            return resolution_adjudicate(leads[number], item.pk, adjudication=answer, based_on=based_on)
        except Conflict as conflict:
            return conflict

    outcomes = at_once(lambda: decide(0), lambda: decide(1))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["Conflict", "Resolution"]
    assert Resolution.objects.filter(item=item).count() == 1
    assert Disagreement.objects.get(item=item).closed_at is not None


def test_leads_who_go_on_at_once_are_given_different_items(
    project: Project, dispute: Callable[[], Disagreement]
) -> None:
    rows = [dispute() for _ in range(3)]
    leads = [project_for(make_member(project, Role.LEAD), project.slug, Can.RESOLVE) for _ in range(4)]

    given = at_once(*(partial(lease_next, lead) for lead in leads))

    assert sorted(row.pk for row in given if row is not None) == [row.pk for row in rows]


def test_one_lead_gets_the_lease_when_two_open_an_item_at_once(
    project: Project, dispute: Callable[[], Disagreement]
) -> None:
    row = dispute()
    leads = [project_for(make_member(project, Role.LEAD), project.slug, Can.RESOLVE) for _ in range(4)]

    leases = at_once(*(partial(lease_take, lead, row.pk) for lead in leads))

    assert [lease is not None and lease.is_own for lease in leases].count(True) == 1
    assert len({lease.by for lease in leases if lease is not None}) == 1


def test_one_lead_wins_when_two_spread_to_the_same_pages_at_once(
    project: Project, people: list[User]
) -> None:
    items = judged(project, people[:1], 6)
    Item.objects.filter(project=project).update(registrable_domain="arcade.example")
    leads = [project_for(make_member(project, Role.LEAD), project.slug, Can.RESOLVE) for _ in range(2)]
    for lead, item, label in zip(leads, items[:2], (GAMES, GAMBLING), strict=True):
        seen = judgments_current(project).filter(item=item).values_list("pk", flat=True)
        answer = Adjudication(frozenset({label}), Verdict.LABELLED, "I looked at it.")
        resolution_adjudicate(lead, item.pk, adjudication=answer, based_on=BasedOn(frozenset(seen), None))
    spreads = [spread_of(lead, item.pk, Scope.SITE) for lead, item in zip(leads, items[:2], strict=True)]

    def spread(number: int) -> AdjudicationEntry | Conflict:
        found = spreads[number]
        chosen = Chosen(found.source.pk, Scope.SITE, tuple(line.seen for line in found.open_lines))
        try:
            return spread_apply(leads[number], items[number].pk, chosen=chosen, client_id=uuid4())
        except Conflict as conflict:
            return conflict

    outcomes = at_once(lambda: spread(0), lambda: spread(1), lambda: review_sweep(project))

    assert sorted(type(outcome).__name__ for outcome in outcomes) == [
        "AdjudicationEntry", "Conflict", "Swept"
    ]  # fmt: skip
    held = Resolution.objects.filter(item__in=items[2:], superseded_by__isnull=True)
    assert held.values_list("labels").distinct().count() == 1
    assert Resolution.objects.filter(item__in=items[2:]).count() == 4


def test_each_item_stops_once_and_each_place_waits_once_when_two_sweeps_run_at_once(
    people: list[User],
) -> None:
    project = make_project(overlap=3, overlap_max=5, adaptive=True)
    team = [make_member(project) for _ in range(4)]
    know_skills(project, dict.fromkeys(team[:2], (0.6, 0.9)) | {team[2]: (0.98, 0.999)})
    project.refresh_from_db()
    items = make_items(project, 20)
    make_batch(project, items)
    for number, item in enumerate(items):
        make_judgment(item, team[0], [GAMES])
        make_judgment(item, team[1], [GAMES] if number % 2 else [])
    make_judgment(items[0], team[2], [GAMES])  # at work; a late one where the place is not open yet

    at_once(lambda: review_sweep(project, 15), lambda: review_sweep(project, 15))
    review_sweep(project)

    assert not ReviewDue.objects.exists()
    per_item = Assignment.objects.values("item").annotate(n=Count("pk")).values_list("n", flat=True)
    assert set(per_item) <= {2, 3}
    assert Assignment.objects.filter(reserved_until__isnull=False).count() <= 2 * AT_ONCE
    assert review_sweep(project) == Swept()
