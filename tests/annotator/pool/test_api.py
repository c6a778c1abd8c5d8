"""API operations of the pool."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from annotator.pool.models import Ingest, Item
from annotator.pool.services import ingest_run
from annotator.projects.models import Project, Role
from tests.annotator.pool.archives import zip_of
from tests.annotator.pool.files import file_of, pages
from tests.factories import make_items, make_member, make_project

pytestmark = pytest.mark.django_db
BASE = "/api/v1/projects/pilot"


@pytest.fixture(autouse=True)
def _own_storage(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def scientist(client: Client, project: Project) -> Client:
    client.force_login(make_member(project, Role.SCIENTIST))
    return client


def upload(content: bytes, name: str = "rows.csv", **fields: str) -> dict[str, object]:
    return {"file": SimpleUploadedFile(name, content), **fields}


def test_a_file_is_handed_in_and_followed(scientist: Client) -> None:
    content = file_of([*pages(2), {"url": "", "title": "", "text": ""}], "csv")

    answer = scientist.post(f"{BASE}/ingests/", upload(content))

    assert answer.status_code == 202
    created = answer.json()
    assert created["status"] == "pending"
    assert answer.headers["Location"] == created["status_url"] == f"{BASE}/ingests/{created['id']}/"
    ingest_run(created["id"])
    done = scientist.get(created["status_url"]).json()
    assert (done["status"], done["rows_added"], done["rows_refused"]) == ("done", 2, 1)
    refused = scientist.get(f"{created['status_url']}refused/").json()["results"]
    assert refused == [{"line": 6, "reason": "no_url", "detail": "The row has no address.", "value": ""}]
    assert [row["id"] for row in scientist.get(f"{BASE}/ingests/").json()["results"]] == [created["id"]]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "file"),
        (upload(b""), "is empty"),
        (upload(b"address\nx\n"), 'no column "url"'),
        (upload(b"url\nx\n", format="xml"), "format"),
    ],
)
def test_a_bad_upload_is_refused_in_one_shape(
    scientist: Client, fields: dict[str, object], words: str
) -> None:
    answer = scientist.post(f"{BASE}/ingests/", fields)

    assert answer.status_code == 400
    assert words in answer.json()["error"]["message"]
    assert not Ingest.objects.exists()


def test_an_upload_over_the_limit_is_refused_before_it_is_read(scientist: Client, settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 100

    answer = scientist.post(f"{BASE}/ingests/", upload(b"x" * (2 * 1024 * 1024)))

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("role", [None, Role.ANNOTATOR])
def test_outsiders_and_annotators_are_refused(client: Client, project: Project, role: Role | None) -> None:
    (item,) = make_items(project, 1)
    user = make_member(project if role else make_project(), role or Role.ADMIN)
    client.force_login(user)
    refused = 403 if role else 404

    assert client.post(f"{BASE}/ingests/", upload(b"url\nhttps://a.example\n")).status_code == refused
    for address in ("ingests/", "ingests/1/", "ingests/1/refused/", "items/", f"items/{item.pk}/"):
        assert client.get(f"{BASE}/{address}").status_code == refused


def test_items_are_listed_filtered_and_read(scientist: Client, project: Project) -> None:
    chess = make_items(project, 3, topic="chess")
    make_items(project, 2, topic="poker")

    page = scientist.get(f"{BASE}/items/", {"text": "chess", "page_size": "2"}).json()
    rest = scientist.get(page["next"]).json()
    one = scientist.get(f"{BASE}/items/{chess[0].pk}/").json()

    assert [row["id"] for row in [*page["results"], *rest["results"]]] == [
        item.pk for item in reversed(chess)
    ]
    assert rest["next"] is None
    assert one["item"]["url"] == chess[0].url
    assert one["title"] == f"chess {chess[0].pk}"
    assert set(page["results"][0]) >= {"split", "pooled", "known_labels", "metadata"}


@pytest.mark.parametrize("query", ["split=none", "text=%00", f"text={'a' * 201}"])
def test_a_filter_that_makes_no_sense_is_refused(scientist: Client, query: str) -> None:
    assert scientist.get(f"{BASE}/items/?{query}").status_code == 400


def test_an_item_of_another_project_is_not_found(scientist: Client) -> None:
    (other,) = make_items(make_project(), 1)

    assert scientist.get(f"{BASE}/items/{other.pk}/").status_code == 404
    assert Item.objects.filter(pk=other.pk).exists()


def test_the_meaning_of_lists_comes_with_the_archive(scientist: Client, project: Project) -> None:
    content = zip_of({"casino.txt": b"a.example\n"})

    answer = scientist.post(
        f"{BASE}/ingests/", upload(content, "lists.zip", names="list,category\ncasino,gambling\n")
    )

    assert answer.status_code == 202
    assert answer.json()["list_names"] == {"casino": "gambling"}
    ingest_run(answer.json()["id"])
    assert Item.objects.get(project=project).known_labels == ["gambling"]
    wrong = scientist.post(f"{BASE}/ingests/", upload(content, "lists.zip", names="casino"))
    assert wrong.status_code == 400
