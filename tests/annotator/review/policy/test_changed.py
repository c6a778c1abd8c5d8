"""Pages that changed since they were judged: which they are, and having them looked at again."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotator.errors import BadInput, Conflict
from annotator.pool.models import Evidence, Item
from annotator.projects.access import Access, Can, project_for
from annotator.projects.models import Project, Role
from annotator.queue.models import BatchItem
from annotator.review.policy.changed import changed_pages, changed_recheck
from tests.factories import (
    GAMES,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def project() -> Project:
    return make_project("pilot", gold_share=0, gold_share_new=0, retest_share=0)


@pytest.fixture
def guide(project: Project) -> Access:
    return project_for(make_member(project, Role.LEAD, "lee"), "pilot", Can.GUIDE)


def judged(project: Project, n: int = 1) -> list[Item]:
    items = make_items(project, n)
    make_batch(project, items)
    for item in items:
        make_judgment(item, make_member(project), [GAMES])
    return items


def change(item: Item, likeness: float = 0.4, version: int = 2, minutes: int = 1) -> None:
    Evidence.objects.create(
        item=item,
        version=version,
        title="Now",
        text="other",
        content_hash=item.url_hash,
        added_at=timezone.now() + timedelta(minutes=minutes),
        likeness=likeness,
    )


def changed_ids(project: Project, alike: int = 100) -> list[int]:
    return [row.row.item.pk for row in changed_pages(project, alike=alike).shown]


def test_a_page_that_came_again_after_its_judgment_is_listed_with_how_alike_it_stayed(
    project: Project,
) -> None:
    changed, _ = judged(project, 2)
    change(changed)

    pages = changed_pages(project)

    (row,) = pages.shown
    assert (pages.n_items, row.row.item, row.percent, row.row.title) == (1, changed, 40, "Now")
    assert row.judged_at < row.changed_at
    assert changed_ids(make_project()) == []


def test_a_page_that_was_judged_or_decided_since_is_not_listed(project: Project) -> None:
    again, decided, unjudged = [*judged(project, 2), *make_items(project, 1)]
    for item in (again, decided, unjudged):
        change(item, minutes=-1)
    make_resolution(decided, [GAMES], resolved_by=project.created_by)

    assert changed_ids(project) == []


def test_the_greatest_change_since_counts(project: Project) -> None:
    (item,) = judged(project)
    change(item, 0.3)
    change(item, 0.97, version=3, minutes=2)

    assert [row.percent for row in changed_pages(project).shown] == [30]
    assert changed_ids(project, 50) == [item.pk]
    assert changed_ids(project, 20) == []


@pytest.mark.parametrize("columns", [{"withheld": True}, {"erased_at": timezone.now()}])
def test_withheld_and_erased_pages_are_not_listed(project: Project, columns: dict[str, object]) -> None:
    (item,) = judged(project)
    change(item)
    Item.objects.filter(pk=item.pk).update(**columns)

    assert changed_ids(project) == []


def test_the_chosen_ones_are_looked_at_again(project: Project, guide: Access) -> None:
    first, second = judged(project, 2)
    change(first)
    change(second)

    recheck = changed_recheck(guide, [first.pk], alike=100, reason="it changed")

    assert list(BatchItem.objects.filter(batch=recheck.batch_id).values_list("item", flat=True)) == [first.pk]
    assert {row.row.item.pk: row.is_rechecked for row in changed_pages(project).shown} == {
        first.pk: True, second.pk: False,
    }  # fmt: skip
    with pytest.raises(Conflict, match="looked at again already"):
        changed_recheck(guide, [first.pk], alike=100, reason="again")
    assert changed_recheck(guide, None, alike=100, reason="the rest").batch.n_items == 1


def test_nothing_is_never_everything(project: Project, guide: Access) -> None:
    change(judged(project)[0])

    with pytest.raises(BadInput, match="Choose the pages"):
        changed_recheck(guide, [], alike=100, reason="it changed")


def test_the_page_lists_them_and_opens_a_recheck(client: Client, project: Project, guide: Access) -> None:
    item, other = judged(project, 2)
    change(item)
    change(other, 0.99)
    client.force_login(guide.user)

    page = client.get("/projects/pilot/changed/?alike=95").content.decode()

    assert f'value="{item.pk}"' in page
    assert f'value="{other.pk}"' not in page
    assert "1 page changed so much." in page
    assert client.post("/projects/pilot/changed/", {"reason": "changed"}).status_code == 400
    assert client.post("/projects/pilot/changed/", {"reason": "changed", "item": "x"}).status_code == 400
    assert client.post("/projects/pilot/changed/", {"reason": "", "item": item.pk}).status_code == 422
    assert client.get("/projects/pilot/changed/?alike=x").status_code == 422
    answer = client.post("/projects/pilot/changed/", {"reason": "changed", "item": item.pk})
    assert answer.status_code == 302
    assert BatchItem.objects.filter(item=item, stream="recheck").count() == 1


def test_the_api_lists_them_and_opens_a_recheck(client: Client, project: Project, guide: Access) -> None:
    (item,) = judged(project)
    change(item)
    client.force_login(guide.user)
    address = "/api/v1/projects/pilot/changed/"

    found = client.get(address).json()

    assert (found["n_items"], found["shown"][0]["item"], found["shown"][0]["likeness"]) == (1, item.pk, 0.4)
    sent = {"items": [item.pk], "reason": "changed"}
    opened = client.post(address, sent, content_type="application/json")
    assert (opened.status_code, opened.json()["n_items"]) == (201, 1)
    assert client.post(address, sent, content_type="application/json").status_code == 409


def test_a_page_that_was_judged_as_it_was_before_is_listed_though_the_answer_came_later(
    project: Project,
) -> None:
    """It was open while the crawl ran: the time of the answer says nothing, the version that was shown does."""
    before, after = make_items(project, 2)
    make_batch(project, [before, after])
    for item, version in ((before, 1), (after, 2)):
        change(item, minutes=-1)
        make_judgment(item, make_member(project), [GAMES], evidence=version)

    assert changed_ids(project) == [before.pk]
