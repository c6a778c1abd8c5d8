"""The pages and the API of the imports."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from annotator.judgments.imports.services import import_run
from annotator.judgments.models import Judgment, JudgmentImport
from annotator.projects.models import Project, Role
from tests.annotator.judgments.imports.test_services import task
from tests.factories import GAMES, VIOLENCE, make_member, make_project

pytestmark = pytest.mark.django_db
PAGE = "/projects/pilot/imports/"
API = "/api/v1/projects/pilot/imports/"


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def lead(project: Project) -> Client:
    client = Client()
    client.force_login(make_member(project, Role.LEAD, "lena"))
    return client


def file_of(content: Any, name: str = "export.json") -> SimpleUploadedFile:
    """An upload of this content."""
    return SimpleUploadedFile(name, content if isinstance(content, bytes) else json.dumps(content).encode())


def read(run_id: int) -> JudgmentImport:
    """The import after a worker had it."""
    import_run(run_id)
    return JudgmentImport.objects.get(pk=run_id)


def test_a_lead_hands_in_maps_and_reads_what_came_of_it(lead: Client, project: Project) -> None:
    make_member(project, username="ann")
    answer = lead.post(
        PAGE, {"file": file_of([task(1, ("ann", ["Games"]), ("<i>eve</i>", ["Odd <b>label</b>"]))])}
    )
    run = read(JudgmentImport.objects.get().pk)
    assert answer["Location"] == f"{PAGE}{run.pk}/"

    page = lead.get(f"{PAGE}{run.pk}/").content.decode()
    assert '<option value="games" selected>' in page
    assert '<option value="ann" selected>' in page
    assert "Odd &lt;b&gt;label&lt;/b&gt;" in page
    assert "<i>eve" not in page

    sent = {
        "url": "url", "title": "title", "text": "text",
        "label": ["Games", "Odd <b>label</b>"], "category": [GAMES, VIOLENCE],
        "annotator": ["ann", "<i>eve</i>"], "member": ["ann", ""],
    }  # fmt: skip
    assert lead.post(f"{PAGE}{run.pk}/", sent).status_code == 302
    read(run.pk)

    assert set(Judgment.objects.values_list("annotator__username", flat=True)) == {
        "ann",
        "imported: <i>eve</i>",
    }
    done = lead.get(f"{PAGE}{run.pk}/").content.decode()
    assert "Imported" in done
    assert "Import 2 judgments" not in done
    item = Judgment.objects.earliest("pk").item_id
    shown = lead.get(f"/projects/pilot/items/{item}/review/").content.decode()
    assert "imported, given 2024-05-01" in shown
    assert "imported: &lt;i&gt;eve&lt;/i&gt;" in shown


def test_a_mapping_that_is_not_whole_says_what_is_missing(lead: Client) -> None:
    lead.post(PAGE, {"file": file_of([task(1, ("ann", ["Odd"]))])})
    run = read(JudgmentImport.objects.get().pk)

    answer = lead.post(f"{PAGE}{run.pk}/", {"url": "url", "label": ["Odd"], "category": [""]})

    assert answer.status_code == 422
    assert (
        "Say what each label is, or leave it out: &quot;Odd&quot; is not mapped yet."
        in answer.content.decode()
    )
    assert not Judgment.objects.exists()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty"),
        (b'{"a": 1}', "Choose the format it is in"),
        (b"\x00\x01", "neither JSON nor"),
    ],
)
def test_a_file_that_is_none_is_refused_on_the_page(lead: Client, content: bytes, sentence: str) -> None:
    answer = lead.post(PAGE, {"file": file_of(content)})

    assert answer.status_code == 422
    assert sentence in answer.content.decode()


def test_a_file_without_addresses_is_told_so(lead: Client) -> None:
    lead.post(PAGE, {"file": file_of(b'{"text": "words", "label": ["games"]}\n', "ann.jsonl")})
    run = read(JudgmentImport.objects.get().pk)

    assert "No field of this file holds addresses" in lead.get(f"{PAGE}{run.pk}/").content.decode()


def test_what_was_refused_is_a_file_without_formulas(lead: Client) -> None:
    bad = task(1) | {"data": {"url": "=cmd()"}}
    lead.post(PAGE, {"file": file_of([bad, task(2, ("ann", ["games"]))])})
    run = read(JudgmentImport.objects.get().pk)
    lead.post(f"{PAGE}{run.pk}/", {"url": "url", "label": ["games"], "category": [GAMES]})
    read(run.pk)

    lines = lead.get(f"{PAGE}{run.pk}/refused/").getvalue().decode().splitlines()

    assert lines[0] == "line,reason,detail,value"
    assert lines[1].startswith("1,")
    assert lines[1].endswith(",'=cmd()")


def test_an_import_that_waits_can_be_cancelled(lead: Client) -> None:
    lead.post(PAGE, {"file": file_of([task(1, ("ann", ["games"]))])})
    run = read(JudgmentImport.objects.get().pk)

    lead.post(f"{PAGE}{run.pk}/cancel/")

    assert "Cancelled by lena." in lead.get(f"{PAGE}{run.pk}/").content.decode()
    assert lead.post(f"{PAGE}{run.pk}/cancel/").status_code == 409


def test_the_api_does_what_the_pages_do(lead: Client) -> None:
    created = lead.post(API, {"file": file_of([task(1, ("ann", ["Games"])), "odd"])})
    assert created.status_code == 202
    run = read(created.json()["id"])
    found = lead.get(f"{API}{run.pk}/").json()
    assert (found["phase"], found["status"], found["found"]["labels"]) == ("mapping", "done", {"Games": 1})

    body = {"url": "url", "labels": {"Games": "sport"}}
    refused = lead.post(f"{API}{run.pk}/start/", body, content_type="application/json")
    assert (refused.status_code, refused.json()["error"]["code"]) == (400, "bad_input")
    body = {"url": "url", "labels": {"Games": GAMES}}
    assert lead.post(f"{API}{run.pk}/start/", body, content_type="application/json").status_code == 202
    read(run.pk)

    done = lead.get(f"{API}{run.pk}/").json()
    assert (done["status"], done["judgments_added"], done["refused"]) == ("done", 1, 1)
    (row,) = lead.get(f"{API}{run.pk}/refused/").json()["results"]
    assert (row["line"], row["reason"]) == (2, "not_an_object")
    (judged,) = lead.get("/api/v1/projects/pilot/judgments/").json()["results"]
    assert (judged["imported"], judged["assignment"], judged["given_at"]) == (
        True,
        None,
        "2024-05-01T10:00:00Z",
    )
    assert lead.post(f"{API}{run.pk}/cancel/").status_code == 409
    assert [one["id"] for one in lead.get(API).json()["results"]] == [run.pk]
