"""Items that are asked about in full all the same: what shows how often stopping was right."""

import pytest
from django.utils import timezone

from annotator.accounts.models import User
from annotator.agreement.overlap import NoSkills
from annotator.projects.models import Project
from annotator.queue.models import Stopping, Stream
from annotator.queue.starting import stopping_drawn
from annotator.review.adaptive import adaptive_now
from annotator.review.agreement.reports import agreement_measure
from annotator.review.models import OverlapCheck, Resolution
from annotator.review.services import Swept
from tests.annotator.review.adaptive.opening import GOOD, judge, opened, opened_batch, places
from tests.annotator.review.knowing import know_skills, look_again
from tests.factories import GAMBLING, GAMES, VIOLENCE, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


def test_item_drawn_for_the_check_is_asked_about_in_full_and_keeps_what_would_have_been(
    project: Project, people: list[User]
) -> None:
    know_skills(project, dict.fromkeys(people, GOOD))
    item = opened(project, stopping=Stopping.CHECK)
    assert places(item) == 3

    assert judge(item, people, [GAMES], [GAMES]) == Swept()
    look_again(item.pk, project)
    judge(item, people[2:], [GAMBLING, GAMES])

    check = OverlapCheck.objects.get(item=item)
    assert (check.labels, check.n_judgments) == ([GAMES], 2)
    assert check.probability > 0.95
    assert places(item) == 4  # the third differs: as with fixed overlap
    assert not Resolution.objects.exists()


def test_check_is_drawn_for_some_and_audits_are_never_drawn(project: Project) -> None:
    know_skills(project)
    items = {item.pk: Stream.QUERY for item in make_items(project, 400)}

    drawn = stopping_drawn(project, items, seed=7)

    n = sum(one == Stopping.CHECK for one in drawn.values())
    assert 5 < n < 45
    assert n + sum(one == Stopping.ADAPTIVE for one in drawn.values()) == 400
    assert drawn == stopping_drawn(project, items, seed=7)


def test_hundred_pages_with_three_judgments_make_skills_known(people: list[User]) -> None:
    project = make_project(overlap=3, overlap_max=3, adaptive=True)
    team = [make_member(project) for _ in range(3)]
    items = make_items(project, 100)
    for number, item in enumerate(items):
        opened_batch(project, item)
        for person in team:
            make_judgment(item, person, [GAMES] if number < 30 else [])

    agreement_measure(project)

    project.refresh_from_db()
    assert project.skills_enough
    adaptive = adaptive_now(project, [person.pk for person in team], timezone.now())
    assert not isinstance(adaptive, NoSkills)
    assert adaptive.skills[GAMES].is_known
    assert not adaptive.skills[VIOLENCE].is_known  # nobody ever named it
    assert places(opened(project)) == 2
