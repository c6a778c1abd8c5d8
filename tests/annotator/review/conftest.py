"""A project with a lead, people and disagreements."""

from collections.abc import Callable

import pytest
from django.test import Client

from annotator.accounts.models import User
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from annotator.review.models import Disagreement
from annotator.review.services import review_sweep
from tests.factories import GAMBLING, GAMES, make_batch, make_items, make_judgment, make_member, make_project


@pytest.fixture
def project() -> Project:
    return make_project()


@pytest.fixture
def people(project: Project) -> list[User]:
    return [make_member(project) for _ in range(4)]


@pytest.fixture
def item(project: Project) -> Item:
    (item,) = make_items(project, 1)
    make_batch(project, [item])
    return item


@pytest.fixture
def lead(project: Project) -> Access:
    return project_for(make_member(project, Role.LEAD), project.slug, Can.RESOLVE)


@pytest.fixture
def pages(client: Client, lead: Access) -> Client:
    """A browser in which the lead has signed in."""
    client.force_login(lead.user)
    return client


@pytest.fixture
def dispute(project: Project, people: list[User]) -> Callable[[], Disagreement]:
    """Makes an item on which three people said three things: games, gambling, none of these."""

    def disputed() -> Disagreement:
        (item,) = make_items(project, 1)
        make_batch(project, [item])
        answers: list[list[str]] = [[GAMES], [GAMBLING], []]
        for person, labels in zip(people, answers, strict=False):
            make_judgment(item, person, labels)
            review_sweep(project)
        return Disagreement.objects.get(item=item, closed_at__isnull=True)

    return disputed
