"""The pages and API of batches: the ledger of what was served and why."""

import pytest
from django.test import Client
from django.urls import reverse

from annotator.errors import BadInput, Conflict
from annotator.pool.models import Item
from annotator.projects.models import Project, Role
from annotator.queue.models import Assignment, Batch, BatchItem, Stream
from annotator.queue.selectors import batches_of, batches_summarised
from annotator.queue.services import BatchChoice, batch_open
from tests.factories import VIOLENCE, make_batch, make_items, make_judgment, make_member, make_project

pytestmark = pytest.mark.django_db


def choice(item: Item, **fields: object) -> BatchChoice:
    facts: dict[str, object] = {
        "stream": Stream.QUERY,
        "strategy": "uncertainty",
        "score": 0.91,
        "reason": "closest to the line between Games and Gambling",
        "classifier_number": 3,
        "pool_size": 120,
        "inclusion_probability": None,
        "seed": 5,
        **fields,
    }
    return BatchChoice(item_id=item.pk, **facts)  # type: ignore[arg-type]


def opened(project: Project, items: list[Item], fingerprint: str = "f") -> Batch:
    return batch_open(
        project,
        [choice(item) for item in items],
        fingerprint=fingerprint,
        reason="12 places left",
        seed=5,
        classifier_number=3,
        pool_size=120,
    )


@pytest.fixture
def project() -> Project:
    return make_project("pilot", overlap=2)


@pytest.fixture
def lead(project: Project, client: Client) -> Client:
    client.force_login(make_member(project, Role.LEAD), backend="annotator.accounts.backends.AccountBackend")
    return client


def test_opening_a_batch_writes_ledger_and_places_and_takes_the_items_from_the_pool(project: Project) -> None:
    items = make_items(project, 3)

    batch = opened(project, items)

    assert (batch.number, batch.n_items) == (1, 3)
    assert list(BatchItem.objects.order_by("rank").values_list("item_id", flat=True)) == [i.pk for i in items]
    assert Assignment.objects.count() == 6
    assert not Item.objects.filter(pooled=True).exists()


def test_opening_twice_with_one_fingerprint_opens_once(project: Project) -> None:
    items = make_items(project, 2)

    assert opened(project, items) == opened(project, items)
    assert Assignment.objects.count() == 4


def test_an_item_that_another_batch_took_is_left_out(project: Project) -> None:
    items = make_items(project, 3)
    opened(project, items[:2], "a")

    second = opened(project, items[1:], "b")

    assert (second.number, second.n_items) == (2, 1)
    with pytest.raises(Conflict, match="None of the 3 chosen items"):
        opened(project, items, "c")
    with pytest.raises(BadInput, match="names an item twice"):
        opened(project, [items[0], items[0]], "d")


def test_the_items_of_another_project_are_never_taken(project: Project) -> None:
    theirs = make_items(make_project(), 1)

    with pytest.raises(Conflict):
        opened(project, theirs)


def test_the_list_says_how_far_each_batch_is_worked_off(lead: Client, project: Project) -> None:
    items = make_items(project, 3)
    opened(project, items[:2], "a")
    make_batch(project, items[2:])
    make_judgment(items[0], make_member(project))

    summaries = batches_summarised(list(batches_of(project)))
    html = lead.get(reverse("queue:batches", args=["pilot"])).content.decode()

    assert [(s.batch.number, s.submitted, s.places, s.streams) for s in summaries] == [
        (2, 0, 2, {"explore": 1}),
        (1, 1, 4, {"query": 2}),
    ]
    assert "1 of 4" in html
    assert "12 places left" in html


def test_the_ledger_says_why_each_item_was_served(lead: Client, project: Project) -> None:
    items = make_items(project, 1)
    batch = opened(project, items)

    page = lead.get(reverse("queue:batch", args=["pilot", batch.number])).content.decode()
    part = lead.get(reverse("queue:item_ledger", args=["pilot", items[0].pk])).content.decode()

    for html in (page, part):
        for fact in ("closest to the line", "uncertainty", "0.910", "v3", "120"):
            assert fact in html
    assert "<html" not in part


def test_the_ledger_says_what_was_expected_of_each_item(lead: Client, project: Project) -> None:
    [harmful] = make_items(project, 1, topic=VIOLENCE)
    batch = opened(project, [harmful, *make_items(project, 1)])

    page = lead.get(reverse("queue:batch", args=["pilot", batch.number])).content.decode()
    part = lead.get(reverse("queue:item_ledger", args=["pilot", harmful.pk])).content.decode()
    rows = lead.get(f"/api/v1/projects/pilot/batches/{batch.number}/items/").json()["results"]

    assert "Severity 3" in page
    assert "Expected before it was served: Violence (severity 3)" in part
    assert {row["item"]: (row["severity"], row["expected"]) for row in rows}[harmful.pk] == (3, [VIOLENCE])
    assert {row["severity"] for row in rows} == {0, 3}


def test_the_ledger_of_one_stream_is_shown_when_it_is_chosen(lead: Client, project: Project) -> None:
    first, second = make_items(project, 2)
    choices = [choice(first), choice(second, stream=Stream.RARE, reason="likely games")]
    number = batch_open(
        project, choices, fingerprint="f", reason="", seed=5, classifier_number=3, pool_size=2
    ).number
    address = reverse("queue:batch", args=["pilot", number])

    page = lead.get(address, {"stream": "rare"})

    assert [row.item_id for row, _ in page.context["rows"]] == [second.pk]
    assert "?stream=query" in page.content.decode()
    assert lead.get(address, {"stream": "nonsense"}).status_code == 400


def test_the_api_lists_batches_and_their_items(lead: Client, project: Project) -> None:
    batch = opened(project, make_items(project, 2))

    batches = lead.get("/api/v1/projects/pilot/batches/").json()["results"]
    items = lead.get(f"/api/v1/projects/pilot/batches/{batch.number}/items/").json()["results"]

    assert batches[0]["number"] == 1
    assert {row["strategy"] for row in items} == {"uncertainty"}
    assert lead.get("/api/v1/projects/pilot/batches/9/items/").status_code == 404


@pytest.mark.parametrize("name", ["batches", "batch", "item_ledger"])
def test_annotators_do_not_see_why_an_item_is_served(client: Client, project: Project, name: str) -> None:
    batch = opened(project, make_items(project, 1))
    client.force_login(make_member(project), backend="annotator.accounts.backends.AccountBackend")
    args = {"batches": [], "batch": [batch.number], "item_ledger": [BatchItem.objects.get().item_id]}[name]

    assert client.get(reverse(f"queue:{name}", args=["pilot", *args])).status_code == 403
