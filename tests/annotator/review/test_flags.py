"""Flags are closed once, by a lead of their project."""

import pytest
from django.test import Client

from annotator.accounts.models import User
from annotator.errors import NotFound
from annotator.judgments.models import Flag
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.review.services import flag_close
from tests.factories import make_items, make_project

pytestmark = pytest.mark.django_db


def test_flag_closes_once_when_closed_twice(
    lead: Access, project: Project, item: Item, people: list[User]
) -> None:
    flag = Flag.objects.create(project=project, item=item, annotator=people[0], note="A live chat.")

    flag_close(lead, flag.pk)
    closed_at = Flag.objects.get().closed_at
    flag_close(lead, flag.pk)

    assert closed_at is not None
    assert Flag.objects.get().closed_at == closed_at


def test_flag_is_not_found_when_it_is_of_another_project(
    lead: Access, item: Item, people: list[User]
) -> None:
    other = make_project()
    (foreign,) = make_items(other, 1)
    flag = Flag.objects.create(project=other, item=foreign, annotator=people[0])

    with pytest.raises(NotFound):
        flag_close(lead, flag.pk)

    assert Flag.objects.get().closed_at is None


def test_flags_are_listed_and_closed_over_the_api(
    lead: Access, project: Project, item: Item, people: list[User], client: Client
) -> None:
    flag = Flag.objects.create(project=project, item=item, annotator=people[0], note="A live chat.")
    client.force_login(lead.user)
    base = f"/api/v1/projects/{project.slug}/flags/"

    listed = client.get(base, {"fields": "id,note"}).json()["results"]
    closed = client.post(f"{base}{flag.pk}/close/")

    assert listed == [{"id": flag.pk, "note": "A live chat."}]
    assert closed.status_code == 204
    assert client.get(base).json()["results"] == []
    assert client.post(f"{base}{flag.pk + 1}/close/").status_code == 404
