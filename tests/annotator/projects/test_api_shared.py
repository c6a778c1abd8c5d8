"""What all operations of the API share: ETags, the choice of fields, cursors."""

import pytest
from django.test import Client

from annotator.projects.models import LogEntry, Project, Role
from annotator.projects.services import log_write
from tests.factories import make_items, make_member, make_project

pytestmark = pytest.mark.django_db
BASE = "/api/v1/projects/pilot"


@pytest.fixture
def scientist(client: Client) -> Client:
    project = make_project("pilot")
    make_items(project, 3)
    client.force_login(make_member(project, Role.SCIENTIST))
    return client


@pytest.mark.parametrize("path", ["/", "/taxonomy/", "/items/", "/judgments/", "/snapshots/", "/progress/"])
def test_what_the_caller_has_is_not_sent_again(scientist: Client, path: str) -> None:
    first = scientist.get(f"{BASE}{path}")

    again = scientist.get(f"{BASE}{path}", headers={"if-none-match": first["ETag"]})

    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert again["ETag"] == first["ETag"]
    assert first["Cache-Control"] == "private, no-cache"


def test_other_rows_and_other_fields_are_sent(scientist: Client) -> None:
    first = scientist.get(f"{BASE}/items/")
    known = {"if-none-match": first["ETag"]}
    narrower = scientist.get(f"{BASE}/items/?fields=id", headers=known)
    make_items(Project.objects.get(slug="pilot"), 1)
    longer = scientist.get(f"{BASE}/items/", headers=known)

    assert (narrower.status_code, longer.status_code) == (200, 200)
    assert len(longer.json()["results"]) == len(first.json()["results"]) + 1


def test_a_refusal_has_no_etag(scientist: Client) -> None:
    answer = scientist.get("/api/v1/projects/other/", headers={"if-none-match": "*"})

    assert answer.status_code == 404
    assert "ETag" not in answer


@pytest.mark.parametrize(
    ("path", "fields"),
    [("/items/", "id,url"), ("/", "slug, name"), ("/items/", "id,id")],
)
def test_the_answer_has_the_fields_that_are_named(scientist: Client, path: str, fields: str) -> None:
    answer = scientist.get(f"{BASE}{path}", {"fields": fields}).json()

    rows = answer.get("results", [answer])
    assert {frozenset(row) for row in rows} == {frozenset(fields.replace(" ", "").split(","))}


@pytest.mark.parametrize("fields", ["", "id,", "id,nothing", "id;url", "__class__", "\x00", "url.host"])
def test_a_name_that_is_no_field_is_refused_with_those_there_are(scientist: Client, fields: str) -> None:
    answer = scientist.get(f"{BASE}/items/", {"fields": fields})

    assert answer.status_code == 400
    assert "is none of them. There are id, ingest, url" in answer.json()["error"]["message"]


def test_the_fields_stay_chosen_on_the_next_page(scientist: Client) -> None:
    first = scientist.get(f"{BASE}/items/", {"fields": "id", "page_size": "2"}).json()

    second = scientist.get(first["next"]).json()

    assert [set(row) for row in (*first["results"], *second["results"])] == [{"id"}] * 3
    assert second["next"] is None


def test_the_log_is_listed_by_level(scientist: Client) -> None:
    project = Project.objects.get(slug="pilot")
    log_write(project, "query", "Twenty items.")
    log_write(project, "training", "It failed.", level=LogEntry.Level.ERROR)

    everything = scientist.get(f"{BASE}/log/").json()["results"]
    errors = scientist.get(f"{BASE}/log/?level=error&fields=text").json()["results"]

    assert [row["stage"] for row in everything][:2] == ["training", "query"]
    assert errors == [{"text": "It failed."}]
    assert scientist.get(f"{BASE}/log/?level=loud").status_code == 400
