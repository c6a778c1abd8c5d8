"""What adaptive overlap saved and whether it was right: on the page of agreement and by the API."""

import pytest
from django.test import Client
from django.utils import timezone

from annotator.accounts.models import User
from annotator.agreement.intervals import Tally
from annotator.pool.models import Item
from annotator.projects.models import Project, Role
from annotator.queue.models import Stopping
from annotator.review.agreement.saved import Spent, adaptive_report
from annotator.review.models import OverlapCheck
from annotator.review.services import review_sweep
from tests.annotator.review.adaptive.opening import GOOD, POOR, opened
from tests.annotator.review.knowing import know_skills
from tests.factories import (
    GAMES,
    VIOLENCE,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project(overlap=3, overlap_max=5, adaptive=True)


@pytest.fixture
def people(project: Project) -> list[User]:
    people = [make_member(project) for _ in range(5)]
    know_skills(project, dict.fromkeys(people, GOOD))
    return people


def answered(item: Item, people: list[User], *answers: list[str]) -> None:
    for person, labels in zip(people, answers, strict=False):
        make_judgment(item, person, labels)
        review_sweep(item.project)


def test_only_pages_whose_places_are_all_answered_count(project: Project, people: list[User]) -> None:
    answered(opened(project), people, [GAMES], [GAMES])  # two of three
    answered(opened(project), people, [GAMES])  # waits
    answered(opened(project), people, [GAMES], [], [GAMES], [GAMES])
    know_skills(project, dict.fromkeys(people, POOR), prevalence=0.4)
    answered(opened(project), people, [GAMES], [], [GAMES], [], [])  # five of three
    answered(opened(project, stopping=Stopping.CHECK), people, [GAMES], [GAMES], [GAMES])

    report = adaptive_report(project, timezone.now())

    assert report.adaptive.n_items == 3
    assert report.adaptive.n_fixed == 9
    assert report.full == Spent(1, 3, 3)
    assert Spent(2, 7, 6).saved == -1
    assert report.since is not None
    assert (report.is_on, report.why_not) == (True, "")


def checked(project: Project, n: int, foreseen: list[str], held: list[str]) -> None:
    for item in make_items(project, n):
        OverlapCheck.objects.create(
            project=project, item=item, labels=foreseen, probability=0.97, n_judgments=2
        )
        make_resolution(item, held)


def test_stopping_is_compared_with_what_full_overlap_holds(project: Project) -> None:
    checked(project, 18, [GAMES], [GAMES])
    checked(project, 1, [GAMES], [])
    checked(project, 1, [], [VIOLENCE])
    (pending,) = make_items(project, 1)
    OverlapCheck.objects.create(project=project, item=pending, labels=[], probability=0.97, n_judgments=2)

    found = adaptive_report(project, timezone.now()).checked

    assert (found.same, found.missed, found.is_enough) == (Tally(18, 20), 1, True)
    assert (found.percent, found.ends.low, found.ends.high) == (90, 70, 97)


def test_page_and_api_say_what_was_saved_and_why_nothing_is(
    client: Client, people: list[User], project: Project
) -> None:
    client.force_login(make_member(project, Role.LEAD))
    answered(opened(project), people, [GAMES], [GAMES])
    checked(project, 20, [GAMES], [GAMES])
    page, api = (
        f"/projects/{project.slug}/agreement/?part=adaptive",
        f"/api/v1/projects/{project.slug}/agreement/adaptive/",
    )

    working = client.get(page).content.decode()
    told = client.get(api).json()
    know_skills(project, n_deep=12)
    waiting = client.get(page).content.decode()
    Project.objects.update(adaptive=False)
    off = client.get(page).content.decode()

    assert "33 %" in working
    assert "2 spent where fixed overlap asks for at least 3, on 1 page since" in working
    assert "20 of 20 checked pages" in working
    assert told["adaptive"] == {"n_items": 1, "n_judgments": 2, "n_fixed": 3}
    assert told["checked"] == {"n": 20, "same": 20, "missed_harmful": 0}
    assert "On, and waiting." in waiting
    assert "12 of the 100 pages are judged that it takes" in waiting
    assert "<strong>Off.</strong>" in off
    assert "12 of the 100 pages" in off


def test_empty_project_says_that_nothing_is_known(client: Client) -> None:
    empty = make_project()
    client.force_login(make_member(empty, Role.SCIENTIST))

    text = client.get(f"/projects/{empty.slug}/agreement/?part=adaptive").content.decode()

    assert "skills are not measured yet" in text
    assert "Saved" not in text


def test_page_of_a_project_with_one_place_an_item_is_shown_all_the_same(client: Client) -> None:
    single = make_project(overlap=1, overlap_max=1)
    know_skills(single)
    client.force_login(make_member(single, Role.LEAD))

    text = client.get(f"/projects/{single.slug}/agreement/?part=adaptive").content.decode()

    assert "Skills are known well enough to stop earlier." in text
