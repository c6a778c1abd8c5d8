"""The over-block pack: pages come in and go out, and both stay on record."""

import pytest
from django.db import ProgrammingError, transaction

from annotator.errors import BadInput
from annotator.pool.models import Item
from annotator.projects.access import Access, Can, project_for
from learner.evaluation.lens.services import pack_add, pack_ids, pack_remove
from learner.evaluation.models import PackMember
from learner.evaluation.packs import pack_members, packs_of
from tests.factories import make_items, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture
def access() -> Access:
    project = make_project()
    return project_for(project.created_by, project.slug, Can.INSPECT)


def test_pages_are_in_a_pack_until_somebody_takes_them_out(access: Access) -> None:
    first, second = make_items(access.project, 2)

    assert pack_add(access, "health", [first.pk, second.pk, first.pk]) == 2
    assert pack_add(access, "health", [first.pk]) == 0
    assert pack_remove(access, "health", first.pk)
    assert not pack_remove(access, "health", first.pk)

    assert pack_members(access.project)["health"] == [second.pk]
    assert pack_members(access.project)["art"] == []
    assert PackMember.objects.count() == 3
    assert pack_add(access, "health", [first.pk]) == 1


def test_only_pages_of_the_project_that_are_not_withheld_come_in(access: Access) -> None:
    (hidden,) = make_items(access.project, 1)
    Item.objects.filter(pk=hidden.pk).update(withheld=True)
    (other,) = make_items(make_project(), 1)

    assert pack_add(access, "art", [hidden.pk, other.pk, 10**15]) == 0


def test_addresses_and_domains_are_found_and_the_others_named(access: Access) -> None:
    first, second = make_items(access.project, 2)

    ids, unknown = pack_ids(
        access.project, [first.url, second.registrable_domain, "https://nowhere.example/", "no address"]
    )

    assert ids == [first.pk, second.pk]
    assert unknown == ["https://nowhere.example/", "no address"]
    with pytest.raises(BadInput, match="Add them in parts"):
        pack_ids(access.project, ["a.example"] * 501)


def test_what_is_no_pack_is_refused(access: Access) -> None:
    with pytest.raises(BadInput, match='There is no pack "crime"'):
        pack_add(access, "crime", [])


def test_membership_is_never_changed_in_place(access: Access) -> None:
    (item,) = make_items(access.project, 1)
    pack_add(access, "reference", [item.pk], "From the library")

    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        PackMember.objects.update(inside=False)

    (pack,) = [pack for pack in packs_of(access.project) if pack.members]
    assert (pack.title, pack.members[0].note, pack.members[0].in_train) == (
        "Reference",
        "From the library",
        True,
    )
