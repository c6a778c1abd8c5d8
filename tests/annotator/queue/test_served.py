"""The ledger over all batches: what narrows it, by page and by API."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from annotator.pool.models import Item
from annotator.projects.models import Project, Role
from annotator.projects.selectors import taxonomy_current
from annotator.queue import served_views
from annotator.queue.models import Batch, BatchItem, Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.queue.templatetags.ledger_words import reason_words, strategy_words
from tests.factories import make_items, make_member, make_project

pytestmark = pytest.mark.django_db


def opened(project: Project, items: list[Item], stream: Stream, strategy: str, chance: float | None) -> Batch:
    choices = [
        BatchChoice(
            item_id=item.pk,
            stream=stream,
            strategy=strategy,
            score=0.9,
            reason=f"why {item.pk}",
            classifier_number=None,
            pool_size=90,
            inclusion_probability=chance,
            seed=1,
        )
        for item in items
    ]
    named: dict[str, Any] = {"reason": "due", "seed": 1, "classifier_number": None, "pool_size": 90}
    return batch_open(project, choices, fingerprint=f"{stream} {strategy}", **named)


@pytest.fixture
def project() -> Project:
    """Two batches: three pages by strategy, and two at random."""
    project = make_project("pilot")
    items = make_items(project, 5)
    opened(project, items[:3], Stream.QUERY, "uncertainty", None)
    opened(project, items[3:], Stream.EXPLORE, "uniform", 0.25)
    return project


@pytest.fixture
def sam(project: Project, client: Client) -> Client:
    client.force_login(make_member(project, Role.SCIENTIST, username="sam"))
    return client


def listed(client: Client, **asked: Any) -> list[int]:
    answer = client.get(reverse("api:ledger-list", args=["pilot"]), asked)
    assert answer.status_code == 200, answer.content
    return [row["item"] for row in answer.json()["results"]]


def today() -> datetime:
    return datetime.now(UTC)


def test_all_lines_come_newest_first(sam: Client) -> None:
    assert listed(sam) == list(BatchItem.objects.order_by("-pk").values_list("item_id", flat=True))


@pytest.mark.parametrize(
    ("asked", "n"),
    [
        ({"stream": "explore"}, 2),
        ({"strategy": "uncertainty"}, 3),
        ({"strategy": "nobody knows it"}, 0),
        ({"chance": "drawn"}, 2),
        ({"chance": "chosen"}, 3),
        ({"batch": 1}, 3),
        ({"batch": 1, "stream": "explore"}, 0),
        ({"batch": 77}, 0),
    ],
)
def test_what_is_asked_narrows_page_and_api(sam: Client, asked: dict[str, Any], n: int) -> None:
    assert len(listed(sam, **asked)) == n
    text = sam.get(reverse("queue:ledger", args=["pilot"]), asked).content.decode()
    assert text.count("why ") == n
    assert ("No line matches" in text) == (n == 0)


def test_an_item_is_found_by_its_number(sam: Client) -> None:
    item = Item.objects.latest("pk")

    assert listed(sam, item=item.pk) == [item.pk]


def test_days_are_those_on_which_a_batch_was_opened(sam: Client) -> None:
    day, next_day = today().date(), (today() + timedelta(days=1)).date()

    assert len(listed(sam, since=day - timedelta(days=1), until=next_day)) == 5
    assert listed(sam, since=next_day + timedelta(days=1)) == []
    assert listed(sam, until=day - timedelta(days=2)) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("stream", "gold"), ("batch", "x"), ("item", 2**70), ("since", "yesterday"), ("chance", "0")],
)
def test_what_cannot_be_asked_is_named(sam: Client, name: str, value: Any) -> None:
    answer = sam.get(reverse("api:ledger-list", args=["pilot"]), {name: value})

    assert answer.status_code == 400
    assert answer.json()["error"]["message"].startswith(f"{name}: ")
    page = sam.get(reverse("queue:ledger", args=["pilot"]), {name: value})
    assert (page.status_code, page.content.decode().count("why ")) == (200, 5)


def test_the_page_goes_on_where_it_ended(sam: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served_views, "PAGE", 3)
    address = reverse("queue:ledger", args=["pilot"])
    third = BatchItem.objects.order_by("-pk")[2]

    first = sam.get(address).content.decode()
    second = sam.get(address, {"before": third.pk}).content.decode()

    assert f"before={third.pk}" in first
    assert (first.count("why "), second.count("why ")) == (3, 2)


def test_checks_for_one_person_and_other_projects_are_left_out(sam: Client, project: Project) -> None:
    other = make_project("other")
    opened(other, make_items(other, 1), Stream.QUERY, "uncertainty", None)
    personal = Batch.objects.create(
        project=project, number=9, reason="", fingerprint="p", seed=1, pool_size=1, personal=True, n_items=1
    )
    item = make_items(project, 1)[0]
    BatchItem.objects.create(
        batch=personal, item=item, rank=0, stream=Stream.GOLD, strategy="gold", pool_size=1, seed=1
    )

    assert len(listed(sam)) == 5
    assert listed(sam, item=item.pk) == []


def test_the_address_of_a_withheld_page_is_not_shown(sam: Client) -> None:
    item = Item.objects.latest("pk")
    Item.objects.filter(pk=item.pk).update(withheld=True)

    text = sam.get(reverse("queue:ledger", args=["pilot"]), {"item": item.pk}).content.decode()

    assert "withheld" in text
    assert item.host not in text


def test_reasons_name_categories_and_strategies_in_words() -> None:
    taxonomy = taxonomy_current(make_project("named"))

    assert reason_words("close to the threshold of games", taxonomy) == "close to the threshold of Games"
    assert (
        reason_words("drawn at random from 30 pool items", taxonomy) == "drawn at random from 30 pool items"
    )
    assert strategy_words("expected_change") == "expected change"
