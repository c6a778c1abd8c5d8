"""What leads see of the harm that their team looks at: sums, and only from three people on."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotator.accounts.models import User
from annotator.judgments.models import Verdict
from annotator.projects.models import Project, Role
from annotator.projects.services import membership_end
from annotator.queue.models import Exposure
from annotator.review.people.care import team_care
from tests.factories import (
    GAMES,
    VIOLENCE,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project("pilot", overlap=3, exposure_budget=6)


def judged_by(project: Project, people: list[User], labels: list[str]) -> None:
    """One page that all of them judged alike."""
    [item] = make_items(project, 1)
    make_batch(project, [item])
    for person in people:
        make_judgment(item, person, labels)


def expose(person: User, points: float) -> None:
    minute = timezone.now().replace(second=0, microsecond=0)
    Exposure.objects.create(annotator=person, minute=minute, points=points, items=1)


def test_nothing_is_shown_when_fewer_than_three_people_judged(project: Project) -> None:
    people = [make_member(project) for _ in range(3)]
    judged_by(project, people[:2], [VIOLENCE])

    assert team_care(project, timezone.now()) is None


def test_harmful_pages_and_people_on_lighter_pages_are_added_up_from_three_people_on(
    project: Project,
) -> None:
    people = [make_member(project) for _ in range(3)]
    judged_by(project, people, [VIOLENCE, GAMES])
    judged_by(project, people, [GAMES])
    expose(people[0], 6)
    expose(people[1], 5)

    care = team_care(project, timezone.now())

    assert care is not None
    assert (care.people, care.lighter, sum(care.hours)) == (3, 1, 3)


def test_an_undo_an_edit_and_yesterday_add_nothing(project: Project) -> None:
    people = [make_member(project) for _ in range(3)]
    judged_by(project, people, [GAMES])
    [item] = make_items(project, 1)
    make_batch(project, [item])
    first = make_judgment(item, people[0], [VIOLENCE])
    edited = make_judgment(item, people[0], [VIOLENCE], supersedes=first)
    make_judgment(item, people[0], verdict=Verdict.WITHDRAWN, supersedes=edited)
    make_judgment(item, people[1], [VIOLENCE], created_at=timezone.now() - timedelta(hours=30))

    care = team_care(project, timezone.now())

    assert care is not None
    assert sum(care.hours) == 1


def test_taking_somebody_out_of_the_project_changes_no_sum(project: Project) -> None:
    people = [make_member(project) for _ in range(3)]
    judged_by(project, people, [VIOLENCE])
    expose(people[0], 6)
    before = team_care(project, timezone.now())

    membership_end(project, people[0].username, by=project.created_by)

    assert before is not None
    assert team_care(project, timezone.now()) == before


def test_the_sums_cost_four_queries(project: Project, django_assert_max_num_queries: object) -> None:
    people = [make_member(project) for _ in range(4)]
    judged_by(project, people[:3], [VIOLENCE])

    with django_assert_max_num_queries(4):  # type: ignore[operator]
        team_care(project, timezone.now())


@pytest.mark.parametrize("n", [2, 3])
def test_the_overview_shows_the_card_only_from_three_people_on(
    project: Project, client: Client, n: int
) -> None:
    people = [make_member(project) for _ in range(n)]
    judged_by(project, people, [VIOLENCE])
    expose(people[0], 6)
    client.force_login(make_member(project, Role.LEAD))

    html = client.get("/projects/pilot/").content.decode()

    assert ("people on lighter pages now" in html) == (n == 3)
    assert ("Shown from three people on" in html) == (n == 2)
    assert "#care" not in html  # a lead may not open the settings
