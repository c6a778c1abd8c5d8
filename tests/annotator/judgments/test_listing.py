"""The judgments of a project as scripts list them: filters, names and pseudonyms, pages and NDJSON."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from annotator.accounts.models import User
from annotator.judgments.models import Judgment, Verdict
from annotator.pool.models import Item, Split
from annotator.projects import ndjson
from annotator.projects.models import Clause, Project, Role
from annotator.projects.pseudonyms import pseudonym
from annotator.queue.models import Purpose
from tests.factories import (
    GAMBLING,
    GAMES,
    make_batch,
    make_items,
    make_judgment,
    make_member,
    make_personal,
    make_project,
)

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/projects/pilot/judgments/"
LONG_AGO = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.fixture
def project() -> Project:
    return make_project("pilot", overlap=2)


@pytest.fixture
def items(project: Project) -> list[Item]:
    """Two of the train side and one of the holdout, each with two places."""
    items = [
        *make_items(project, 2, source="crawl-7"),
        *make_items(project, 1, split=Split.HOLDOUT),
    ]
    make_batch(project, items)
    return items


@pytest.fixture
def ann(project: Project) -> User:
    return make_member(project, username="ann")


@pytest.fixture
def bob(project: Project) -> User:
    return make_member(project, username="bob")


@pytest.fixture
def given(items: list[Item], ann: User, bob: User) -> list[Judgment]:
    """Of both on the first item, of Ann on the others; the last holds no labels."""
    return [
        make_judgment(items[0], ann, [GAMES], created_at=LONG_AGO, note="Only I know."),
        make_judgment(items[0], bob, [GAMBLING], created_at=LONG_AGO),
        make_judgment(items[1], ann, [GAMES], created_at=LONG_AGO + timedelta(days=2)),
        make_judgment(items[2], ann, verdict=Verdict.UNREACHABLE, created_at=LONG_AGO + timedelta(days=4)),
    ]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def as_role(project: Project, role: Role) -> Client:
    return signed_in(make_member(project, role))


def ids(client: Client, **query: Any) -> list[int]:
    answer = client.get(ADDRESS, query)
    assert answer.status_code == 200, answer.content
    return [row["id"] for row in answer.json()["results"]]


def lines(client: Client, **query: Any) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of the stream, and what its last line says."""
    answer = client.get(ADDRESS, query, headers={"accept": "application/x-ndjson"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/x-ndjson")
    *rows, last = [json.loads(line) for line in answer.getvalue().decode().splitlines()]
    return rows, last["end"]


def test_a_scientist_reads_everybodys_under_the_pseudonyms_of_the_snapshots(
    project: Project, given: list[Judgment], ann: User, bob: User
) -> None:
    client = as_role(project, Role.SCIENTIST)

    listed = client.get(ADDRESS).json()["results"]
    streamed, _ = lines(client)

    names = {pseudonym(project, ann.pk), pseudonym(project, bob.pk)}
    assert {row["annotator"] for row in listed} == {row["annotator"] for row in streamed} == names
    assert {row[name] for row in (*listed, *streamed) for name in ("client_id", "assignment", "note")} == {
        None
    }
    for text in (client.get(ADDRESS).content.decode(), json.dumps(streamed)):
        assert not any(word in text for word in ("Only I know", '"ann"', '"bob"', str(given[0].client_id)))


def test_a_lead_reads_names_and_an_annotator_their_own_alone(
    project: Project, given: list[Judgment], ann: User
) -> None:
    of_lead, of_ann = as_role(project, Role.LEAD), signed_in(ann)

    assert {row["annotator"] for row in of_lead.get(ADDRESS).json()["results"]} == {"ann", "bob"}
    assert ids(of_ann) == [given[3].pk, given[2].pk, given[0].pk]
    assert of_ann.get(ADDRESS).json()["results"][2]["note"] == "Only I know."


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"label": GAMES}, [2, 0]),
        ({"verdict": "unreachable"}, [3]),
        ({"since": "2026-03-03"}, [3, 2]),
        ({"until": "2026-03-03"}, [2, 1, 0]),
        ({"since": "2026-03-02", "until": "2026-03-04"}, [2]),
        ({"annotator": "bob"}, [1]),
        ({"stream": "explore"}, [3, 2, 1, 0]),
        ({"stream": "audit"}, []),
        ({"split": "holdout"}, [3]),
        ({"source": "crawl-7"}, [2, 1, 0]),
        ({"source": ""}, [3]),
        ({"label": GAMES, "annotator": "bob"}, []),
    ],
)
def test_a_filter_narrows(
    project: Project, given: list[Judgment], query: dict[str, str], expected: list[int]
) -> None:
    client = as_role(project, Role.LEAD)

    assert ids(client, **query) == [given[n].pk for n in expected]
    assert [row["id"] for row in lines(client, **query)[0]] == [given[n].pk for n in reversed(expected)]


def test_a_scientist_filters_by_pseudonym_and_not_by_name(
    project: Project, given: list[Judgment], bob: User
) -> None:
    client = as_role(project, Role.SCIENTIST)

    assert ids(client, annotator=pseudonym(project, bob.pk)) == [given[1].pk]
    refused = client.get(ADDRESS, {"annotator": "bob"})
    assert refused.status_code == 400
    assert 'nobody called "bob"' in refused.json()["error"]["message"]


@pytest.mark.parametrize(
    "query",
    [{"stream": "audit"}, {"split": "train"}, {"source": ""}, {"annotator": "bob"}, {"history": "true"}],
)
def test_an_annotator_learns_by_no_filter_why_a_page_was_served(
    given: list[Judgment], ann: User, query: dict[str, str]
) -> None:
    for form in ("json", "ndjson"):
        answer = signed_in(ann).get(ADDRESS, {**query, "format": form})

        assert answer.status_code == 403
        assert answer.json()["error"]["code"] == "forbidden"


@pytest.mark.parametrize(
    "query",
    [
        {"verdict": "maybe"}, {"item": "x"}, {"since": "yesterday"}, {"since": "0001-01-01"}, {"until": "9999-12-31"},
        {"label": "no slug!"}, {"after": "-1"}, {"after": "x"}, {"history": "perhaps"}, {"fields": "nothing"},
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_is_refused_in_json(project: Project, query: dict[str, str]) -> None:
    client = as_role(project, Role.LEAD)

    for kind in ("application/json", "application/x-ndjson"):
        answer = client.get(ADDRESS, query, headers={"accept": kind})

        assert (answer.status_code, answer["Content-Type"]) == (400, "application/json")
        assert next(iter(query)) in answer.json()["error"]["message"]


def test_the_history_has_what_was_changed_and_undone(
    project: Project, given: list[Judgment], ann: User
) -> None:
    changed = make_judgment(given[0].item, ann, [GAMBLING], supersedes=given[0], created_at=LONG_AGO)
    undone = make_judgment(
        given[2].item, ann, verdict=Verdict.WITHDRAWN, supersedes=given[2], created_at=LONG_AGO
    )
    client = as_role(project, Role.SCIENTIST)

    rows, _ = lines(client, history="true")

    stands = {row["id"]: row["stands"] for row in rows}
    assert stands == {
        given[0].pk: False, given[1].pk: True, given[2].pk: False, given[3].pk: True,
        changed.pk: True, undone.pk: False,
    }  # fmt: skip
    assert {row["id"]: row["supersedes"] for row in rows}[changed.pk] == given[0].pk
    assert ids(client) == [changed.pk, given[3].pk, given[1].pk]


def test_checks_of_annotators_and_withheld_pages_are_left_out(
    project: Project, items: list[Item], given: list[Judgment], ann: User
) -> None:
    place = make_personal(make_items(project, 1)[0], ann, Purpose.GOLD)
    make_judgment(place.item, ann, [GAMES], purpose=Purpose.GOLD)
    Item.objects.filter(pk=items[0].pk).update(withheld=True)

    for history in ("true", "false"):
        assert ids(as_role(project, Role.SCIENTIST), history=history) == [given[3].pk, given[2].pk]


def test_a_stream_tells_that_it_is_whole_and_goes_on_after_its_end(
    project: Project, given: list[Judgment], items: list[Item], bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ndjson, "CHUNK", 2)
    client = as_role(project, Role.SCIENTIST)

    rows, end = lines(client, fields="id,labels")
    more = make_judgment(items[1], bob, created_at=LONG_AGO)
    later, then = lines(client, after=end["after"])

    assert [row["id"] for row in rows] == [judgment.pk for judgment in given]
    assert set(rows[0]) == {"id", "labels"}
    assert end == {"count": 4, "after": given[-1].pk}
    assert ([row["id"] for row in later], then) == ([more.pk], {"count": 1, "after": more.pk})
    assert ids(client, after=given[2].pk) == [more.pk, given[3].pk]
    assert lines(client, after=more.pk) == ([], {"count": 0, "after": more.pk})


def test_what_is_younger_than_a_minute_comes_again(
    project: Project, given: list[Judgment], items: list[Item], bob: User
) -> None:
    """A lower id may still be committed."""
    fresh = make_judgment(items[1], bob, created_at=timezone.now())

    rows, end = lines(as_role(project, Role.SCIENTIST))

    _, then = lines(as_role(project, Role.SCIENTIST), after=fresh.pk)

    assert rows[-1]["id"] == fresh.pk
    assert end == {"count": 5, "after": given[-1].pk}
    assert then == {"count": 0, "after": fresh.pk - 1}  # also where the stream went on after a cut


def test_a_stream_asks_the_database_a_fixed_number_of_times_a_chunk(
    project: Project,
    given: list[Judgment],
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    monkeypatch.setattr(ndjson, "CHUNK", 2)
    client = as_role(project, Role.SCIENTIST)

    with django_assert_max_num_queries(2 + 1 + 3 + 2):  # session and person, access, keys, rows
        lines(client)


@pytest.mark.parametrize("role", [Role.LEAD, Role.SCIENTIST])
def test_a_line_says_what_the_page_says(
    project: Project, items: list[Item], given: list[Judgment], bob: User, role: Role
) -> None:
    """Lines are written from columns and pages from objects: field by field the same, in one order."""
    clause = Clause.objects.filter(guideline__project=project).first()
    make_judgment(items[1], bob, seconds=None, clause=clause, evidence=1, unsure=[GAMES])
    client = as_role(project, role)

    listed = client.get(ADDRESS, {"history": "true"}).json()["results"]
    streamed, _ = lines(client, history="true")

    assert streamed == listed[::-1]
    assert [list(row) for row in streamed] == [list(row) for row in listed]
    assert {row["clause"] for row in streamed} == {"", clause.number if clause else None}
