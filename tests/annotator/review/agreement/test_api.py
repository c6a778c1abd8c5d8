"""Agreement over the API: the numbers of the page, typed, and pairs for leads alone."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotator.accounts.models import User
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Clause, Project, Role
from annotator.review.agreement.breakdowns import breakdown_of
from annotator.review.agreement.reports import agreement_measure
from tests.annotator.review.crowd import Said, make_judgments
from tests.factories import CATEGORIES, GAMES, make_batch, make_items, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def judged(project: Project, people: list[User]) -> list[Item]:
    items = make_items(project, 20)
    make_batch(project, items)
    clause = Clause.objects.get(guideline__project=project)
    said = [
        Said(item, person, [GAMES] if at % 2 and (at > 3 or person == people[0]) else [], clause=clause)
        for at, item in enumerate(items)
        for person in people[:3]
    ]
    make_judgments(project, said)
    agreement_measure(project)
    return items


def read(client: Client, project: Project, status: int = 200, **query: str) -> Any:
    answer = client.get(reverse("api:agreement-read", args=[project.slug]), query)
    assert answer.status_code == status
    return answer.json()


@pytest.mark.usefixtures("judged")
def test_the_numbers_are_those_of_the_page(
    client: Client, project: Project, lead: Access, people: list[User]
) -> None:
    client.force_login(lead.user)

    body = read(client, project, category=GAMES)

    found = breakdown_of(project, category=GAMES)
    assert found is not None
    assert body["category"] == GAMES
    assert [(row["category"], row["guideline"]) for row in body["by_guideline"]] == [
        (part.category, part.guideline) for part in found.versions
    ]
    assert {row["category"] for row in body["by_guideline"]} == {"", *CATEGORIES}
    games = next(row for row in body["by_guideline"] if row["category"] == GAMES)
    assert games["alpha"]["n_items"] == 20
    assert games["alpha"]["low"] < games["alpha"]["value"] < games["alpha"]["high"]
    assert games["masi"] is None
    [period] = body["by_period"]
    assert (period["unit"], period["alpha"]) == ("week", games["alpha"])
    names = sorted(person.username for person in people[:3])
    assert [(row["first"], row["second"]) for row in body["by_pair"]] == [
        (names[0], names[1]),
        (names[0], names[2]),
        (names[1], names[2]),
    ]
    [clause] = body["by_clause"]
    assert (clause["clause"], clause["category"], clause["masi"]["n_items"]) == ("1.1", "", 20)
    assert [row["guideline"] for row in body["guidelines"]] == [1]


@pytest.mark.usefixtures("judged")
def test_pairs_are_null_for_a_scientist(client: Client, project: Project) -> None:
    client.force_login(make_member(project, Role.SCIENTIST))

    body = read(client, project)

    assert body["by_pair"] is None
    assert body["by_guideline"] != []


def test_there_are_no_parts_before_the_first_measurement(
    client: Client, project: Project, lead: Access
) -> None:
    client.force_login(lead.user)

    body = read(client, project)

    assert (body["computed_at"], body["categories"]) == (None, [])
    assert (body["by_guideline"], body["by_period"], body["by_pair"], body["by_clause"]) == ([], [], [], [])


@pytest.mark.usefixtures("judged")
def test_an_unknown_category_is_named(client: Client, project: Project, lead: Access) -> None:
    client.force_login(lead.user)

    body = read(client, project, status=400, category="chess")

    assert '"chess" is not a category of this project.' in body["error"]["message"]
