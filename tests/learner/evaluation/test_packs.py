"""The over-block pack: pages come in and go out, and both stay on record."""

from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client

from annotator.errors import BadInput, Conflict
from annotator.pool.models import Item, Split
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import LogEntry, Project, Role
from annotator.queue.models import BatchItem, Stream
from learner.core.pack import LIMIT
from learner.evaluation.evidence import evidence_of
from learner.evaluation.lens.services import pack_add, pack_ids, pack_remove, pack_rule_set
from learner.evaluation.models import Evaluation, PackDraw, PackMember, PackRule
from learner.evaluation.pack_audits import pack_audits_open
from learner.evaluation.packs import pack_members, packs_asked, packs_of
from learner.evaluation.responses import response_of
from learner.evaluation.selectors import audited_resolutions
from tests.factories import make_batch, make_items, make_member, make_project, make_resolution, make_wave
from tests.learner.evaluation.release import make_evaluated, make_evaluation

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


def test_people_set_the_limit_and_the_quota_of_a_slice_in_versions(access: Access) -> None:
    first = pack_rule_set(access, "health", limit=0.01, quota=2, based_on=0, note="clinics complain")
    second = pack_rule_set(access, "health", limit=0.05, quota=0, based_on=1)

    asked = packs_asked(access.project)
    assert (first.number, second.number) == (1, 2)
    assert (asked["health"].limit, asked["health"].quota, asked["health"].newest) == (0.05, 0, second)
    assert (asked["art"].limit, asked["art"].quota, asked["art"].newest) == (LIMIT, 0, None)
    assert LogEntry.objects.filter(project=access.project, text__contains="at most 1.00% of Health").exists()
    with pytest.raises(ProgrammingError, match="Cannot update or delete"), transaction.atomic():
        PackRule.objects.update(limit=0.5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"limit": 0.0}, "over 0 and at most 50%"),
        ({"limit": 0.6}, "over 0 and at most 50%"),
        ({"quota": -1}, "0 to 20 pages"),
        ({"quota": 21}, "0 to 20 pages"),
        ({"limit": LIMIT, "quota": 0}, "already"),
        ({"pack": "crime"}, "no pack"),
    ],
)
def test_a_rule_that_cannot_be_is_refused(access: Access, given: dict[str, Any], said: str) -> None:
    asked: dict[str, Any] = {"pack": "health", "limit": 0.01, "quota": 1} | given

    with pytest.raises(BadInput, match=said):
        pack_rule_set(access, asked.pop("pack"), based_on=0, **asked)
    assert not PackRule.objects.exists()


def test_of_two_who_set_a_rule_the_second_looks_again(access: Access) -> None:
    pack_rule_set(access, "art", limit=0.01, quota=0, based_on=0)

    with pytest.raises(Conflict, match="meanwhile"):
        pack_rule_set(access, "art", limit=0.03, quota=0, based_on=0)


def test_the_gate_goes_by_the_limit_of_now(access: Access) -> None:
    version = make_evaluated(access.project)
    facts = Evaluation.objects.get().facts["pack"][0] | {"name": "recovery-crisis"}
    evaluation = make_evaluation(version, pack=[facts])

    def limits() -> list[float | None]:
        return [limit for _, _, limit in evidence_of(evaluation, serving=None, missing=[]).pack or ()]

    assert limits() == [0.05]
    pack_rule_set(access, "recovery-crisis", limit=0.01, quota=0, based_on=0)
    assert limits() == [0.01]


def waved(project: Project, items: list[Item]) -> None:
    make_wave(make_batch(project, items), {item.pk: 0.5 for item in items})


def test_each_wave_brings_the_quota_of_each_slice_once(access: Access) -> None:
    project = access.project
    pages = make_items(project, 6, split=Split.HOLDOUT)
    train = make_items(project, 3)
    pack_add(access, "health", [page.pk for page in (*pages, *train)])
    pack_add(access, "art", [page.pk for page in pages[:1]])
    assert pack_audits_open(project) is None
    pack_rule_set(access, "health", limit=0.02, quota=2, based_on=0)
    pack_rule_set(access, "art", limit=0.02, quota=3, based_on=0)
    assert pack_audits_open(project) is None  # no wave yet

    waved(project, make_items(project, 1, split=Split.HOLDOUT))
    batch = pack_audits_open(project)
    again = pack_audits_open(project)

    assert (batch is not None, again) == (True, None)
    draws = list(PackDraw.objects.filter(project=project))
    assert {draw.item for draw in draws} <= set(pages)
    assert sorted(draw.pack for draw in draws if draw.pack == "health") == ["health", "health"]
    assert {draw.chance for draw in draws if draw.pack == "health"} == {2 / 6}
    ledger = BatchItem.objects.filter(batch=batch)
    assert {(row.stream, row.inclusion_probability) for row in ledger} == {(Stream.AUDIT, None)}
    assert [len(pack.members) for pack in packs_of(project) if pack.n_audited] != []


def test_pages_of_a_quota_stand_for_nothing_when_a_classifier_is_judged(access: Access) -> None:
    project = access.project
    pages = make_items(project, 4, split=Split.HOLDOUT)
    audited = make_items(project, 2, split=Split.HOLDOUT)
    pack_add(access, "health", [page.pk for page in pages])
    pack_rule_set(access, "health", limit=0.02, quota=4, based_on=0)
    waved(project, audited)
    pack_audits_open(project)
    for item in (*pages, *audited):
        make_resolution(item, [])

    held = {row.item_id for row in audited_resolutions(project)}

    assert held == {item.pk for item in audited}
    assert response_of(project).drawn == 2


def test_the_page_sets_a_rule_and_says_what_cannot_be(access: Access) -> None:
    client = Client()
    client.force_login(make_member(access.project, Role.SCIENTIST))
    home = f"/projects/{access.project.slug}/pack/"

    done = client.post(f"{home}health/rule/", {"number": 0, "limit": "1.5", "quota": 3, "note": "more"})
    page = client.get(home).content.decode()

    assert done.status_code == 302
    assert "at most 1.5 % flagged; 3 audited with each batch" in page
    for bad in ({}, {"number": 1, "limit": "nan", "quota": 1}, {"number": 1, "limit": 90, "quota": 1}):
        assert client.post(f"{home}health/rule/", bad).status_code == 400
    assert client.post(f"{home}crime/rule/", {"number": 0, "limit": 1, "quota": 0}).status_code == 400
