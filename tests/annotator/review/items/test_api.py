"""The items of a project as scripts list them: what is held true, why they were served, filters, NDJSON."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from annotator.pool.models import Evidence, Ingest, Item, Split
from annotator.projects.models import Project, Role
from annotator.queue.models import Purpose
from annotator.review.models import Method
from annotator.runs import RunStatus
from tests.factories import (
    GAMBLING,
    GAMES,
    make_batch,
    make_items,
    make_member,
    make_personal,
    make_project,
    make_resolution,
)

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/projects/pilot/items/"
LONG_AGO = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def items(project: Project) -> list[Item]:
    """Games (held), gambling (held by a lead), one that was served and one of the holdout, a day apart each."""
    items = [
        *make_items(project, 3, source="crawl-7"),
        *make_items(project, 1, split=Split.HOLDOUT),
    ]
    for day, item in enumerate(items):
        Item.objects.filter(pk=item.pk).update(created_at=LONG_AGO + timedelta(days=day))
    make_batch(project, items[:3])
    make_resolution(items[0], [GAMES], created_at=LONG_AGO)
    lead = make_member(project, Role.LEAD)
    make_resolution(
        items[1], [GAMES, GAMBLING], method=Method.ADJUDICATED, resolved_by=lead, reason="So.", created_at=LONG_AGO
    )  # fmt: skip
    return items


@pytest.fixture
def scientist(client: Client, project: Project) -> Client:
    client.force_login(make_member(project, Role.SCIENTIST))
    return client


def ids(client: Client, **query: Any) -> list[int]:
    answer = client.get(ADDRESS, query)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def lines(client: Client, **query: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of the stream, and what its last line says."""
    answer = client.get(ADDRESS, {**query, "format": "ndjson"})
    assert answer.status_code == 200, answer.content
    *rows, last = [json.loads(line) for line in answer.getvalue().decode().splitlines()]
    return rows, last["end"]


def test_an_item_says_what_is_held_true_of_it_and_what_first_served_it(
    scientist: Client, items: list[Item]
) -> None:
    rows = {row["id"]: row for row in scientist.get(ADDRESS).json()["results"]}

    assert rows[items[1].pk]["held"] == {
        "labels": [GAMBLING, GAMES], "verdict": "labelled", "method": "adjudicated",
        "resolved_at": "2026-03-01T09:00:00+00:00",
    }  # fmt: skip
    assert [rows[item.pk]["held"] is None for item in items] == [False, False, True, True]
    assert [rows[item.pk]["stream"] for item in items] == ["explore", "explore", "explore", None]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"category": GAMBLING}, [1]),
        ({"category": GAMES}, [1, 0]),
        ({"category": GAMES, "method": "unanimous"}, [0]),
        ({"verdict": "unreachable"}, []),
        ({"resolved": "true"}, [1, 0]),
        ({"resolved": "false"}, [3, 2]),
        ({"stream": "explore"}, [2, 1, 0]),
        ({"stream": "gold"}, []),
        ({"source": "crawl-7", "since": "2026-03-02"}, [2, 1]),
        ({"source": ""}, [3]),
        ({"split": "holdout"}, [3]),
        ({"until": "2026-03-02"}, [1, 0]),
        ({"text": "nowhere"}, []),
    ],
)
def test_a_filter_narrows(
    scientist: Client, items: list[Item], query: dict[str, str], expected: list[int]
) -> None:
    assert ids(scientist, **query) == [items[n].pk for n in expected]
    assert [row["id"] for row in lines(scientist, **query)[0]] == [items[n].pk for n in reversed(expected)]


def test_what_changed_since_is_what_is_new_seen_again_erased_or_resolved(
    scientist: Client, items: list[Item]
) -> None:
    moment = datetime(2026, 5, 1, tzinfo=UTC)
    after = moment + timedelta(days=1)
    assert ids(scientist, changed_since=moment.isoformat()) == []

    make_resolution(items[2], [GAMES], created_at=after)
    first = Evidence.objects.get(item=items[3])
    Evidence.objects.create(item=items[3], version=2, content_hash=first.content_hash, added_at=after)
    Item.objects.filter(pk=items[0].pk).update(erased_at=after)

    assert ids(scientist, changed_since=moment.isoformat()) == [items[3].pk, items[2].pk, items[0].pk]


def test_a_check_of_one_person_is_no_stream_of_an_item(
    scientist: Client, project: Project, items: list[Item]
) -> None:
    make_personal(items[3], make_member(project), Purpose.GOLD)

    assert ids(scientist, stream="gold") == []
    assert scientist.get(ADDRESS).json()["results"][0]["stream"] is None


def test_what_is_held_of_a_withheld_page_is_not_told(scientist: Client, items: list[Item]) -> None:
    Item.objects.filter(pk=items[1].pk).update(withheld=True)

    assert ids(scientist, category=GAMBLING) == []
    rows = {row["id"]: row for row in scientist.get(ADDRESS).json()["results"]}
    assert rows[items[1].pk]["held"] is None


@pytest.mark.parametrize(
    "query",
    [
        {"stream": "river"}, {"category": "no slug!"}, {"resolved": "perhaps"}, {"since": "9999-12-31"},
        {"method": "reopened"},
        {"changed_since": "yesterday"}, {"changed_since": "0001-01-01T00:00:00Z"}, {"after": "1.5"},
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_refused(scientist: Client, query: dict[str, str]) -> None:
    answer = scientist.get(ADDRESS, query)

    assert answer.status_code == 400
    assert next(iter(query)) in answer.json()["error"]["message"]


def test_a_stream_ends_with_where_to_go_on(scientist: Client, project: Project, items: list[Item]) -> None:
    rows, end = lines(scientist, fields="id,held")
    more = make_items(project, 1)[0]
    later, then = lines(scientist, after=end["after"])

    assert [row["id"] for row in rows] == [item.pk for item in items]
    assert end == {"count": 4, "after": items[-1].pk}
    assert [row["id"] for row in later] == [more.pk]
    assert then == {"count": 1, "after": items[-1].pk}  # it is of this minute


def test_nothing_is_settled_that_came_beside_an_ingest_that_runs(
    scientist: Client, project: Project, items: list[Item]
) -> None:
    """Its rows may have lower ids, and are not there yet."""
    Ingest.objects.create(
        project=project, filename="a.csv", file="a", format="csv", size=1, sha256="0", status=RunStatus.RUNNING,
        started_at=LONG_AGO + timedelta(days=1, minutes=2), heartbeat_at=timezone.now(),
    )  # fmt: skip

    _, end = lines(scientist)

    assert end == {"count": 4, "after": items[1].pk}


def test_the_ledger_of_an_item_says_each_time_why(scientist: Client, items: list[Item]) -> None:
    rows = scientist.get(f"{ADDRESS}{items[0].pk}/ledger/").json()["results"]

    assert [(row["batch"], row["stream"], row["reason"]) for row in rows] == [
        (1, "explore", "drawn at random")
    ]
    assert scientist.get(f"{ADDRESS}{items[3].pk}/ledger/").json()["results"] == []
    assert scientist.get(f"{ADDRESS}999999/ledger/").status_code == 404


def test_a_line_says_what_the_page_says(scientist: Client, items: list[Item]) -> None:
    Item.objects.filter(pk=items[0].pk).update(
        observed_at=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), traffic=0.1, metadata={"a": ["é", None]},
        known_labels=[GAMES],
    )  # fmt: skip

    listed = scientist.get(ADDRESS).json()["results"]
    streamed, _ = lines(scientist)

    assert streamed == listed[::-1]
    assert [list(row) for row in streamed] == [list(row) for row in listed]
