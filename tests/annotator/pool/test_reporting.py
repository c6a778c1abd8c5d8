"""The report on an ingest: what is counted, by whom it is made, and where it is shown."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from annotator.pool import reporting
from annotator.pool.cases import case_open
from annotator.pool.models import Ingest, IngestReport, Item
from annotator.pool.reporting import facts_of, report_of, report_run
from annotator.pool.services import Upload, ingest_create, ingest_run
from annotator.projects.models import Project, Role
from annotator.runs import RunStatus
from tests.annotator.pool.files import file_of
from tests.factories import make_member, make_project

pytestmark = pytest.mark.django_db
ENGLISH = (
    "The rules of the game are short, and whoever reads them once can play it with friends the same evening. "
)
GERMAN = "Die Regeln des Spiels sind kurz, und wer sie einmal liest, kann es mit Freunden für sich üben. "
ROWS = [
    {"url": "https://a.example/1", "title": "One", "text": ENGLISH * 3},
    {"url": "https://a.example/2", "title": "One", "text": ENGLISH * 3},
    {"url": "https://a.example/3", "title": "Drei", "text": GERMAN * 3},
    {"url": "https://b.example/", "title": "404 Not Found", "text": "Nothing here."},
    {"url": "https://c.example/", "title": "", "text": ""},
]


@pytest.fixture(autouse=True)
def _own_storage(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


def taken_in(project: Project, rows: list[dict[str, str]]) -> Ingest:
    upload = Upload("rows.csv", io.BytesIO(file_of(rows, "csv")))
    ingest = ingest_run(ingest_create(project, upload, by=None).pk)
    assert ingest is not None
    return ingest


def reported(ingest: Ingest) -> dict[str, Any]:
    report = report_of(ingest)
    assert report is not None
    made = report_run(report.pk)
    assert made is not None
    assert made.status == RunStatus.DONE, made.error
    facts = facts_of(made)
    assert facts is not None
    return facts


@pytest.mark.parametrize("chunk", [1, 2, 1_000])
def test_what_came_in_is_counted_however_it_is_read(
    project: Project, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr(reporting, "PAGES", reporting.PAGES.replace("LIMIT 1000", f"LIMIT {chunk}"))

    facts = reported(taken_in(project, ROWS))

    assert facts["n_items"] == 5
    assert facts["kinds"] == {"readable": 3, "error": 1, "empty": 1}
    assert facts["languages"] == {"English": 2, "German": 1, "": 2}
    assert facts["sites"]["top"][0] == {"site": "a.example", "n": 3}
    assert (facts["sites"]["n"], facts["sites"]["effective"], facts["sites"]["top_share"]) == (3, 2.3, 1.0)
    assert facts["same"] == {"n_groups": 1, "n_pages": 2, "largest": 2}
    assert facts["alike"] == {"n_read": 5, "n_clusters": 1, "n_pages": 2, "largest": 2}


def test_what_the_project_had_before_is_told_apart(project: Project) -> None:
    taken_in(project, ROWS[:2])

    facts = reported(
        taken_in(project, [*ROWS, {"url": "https://a.example/1", "title": "One", "text": "Changed"}])
    )

    assert facts["n_items"] == 3
    assert facts["pool"] == {
        "rows_read": 6, "rows_known": 3, "rows_changed": 1, "known_sites": 1, "items_on_known_sites": 1,
    }  # fmt: skip


def test_nothing_is_said_of_withheld_pages(project: Project) -> None:
    ingest = taken_in(project, ROWS)
    Item.objects.filter(project=project, url="https://b.example/").update(withheld=True)

    facts = reported(ingest)

    assert facts["n_items"] == 4
    assert "b.example" not in str(facts)


def test_a_report_made_before_names_no_site_that_is_withheld_since(project: Project) -> None:
    ingest = taken_in(project, ROWS)
    reported(ingest)
    item = Item.objects.get(project=project, url="https://b.example/")

    case_open(project, item.pk, by=project.created_by)

    report = IngestReport.objects.get(ingest=ingest)
    assert "b.example" not in str((report.facts, facts_of(report)))
    assert {row["n"] for row in (facts_of(report) or {})["sites"]["top"]} == {3, 1}


def test_of_many_pages_some_are_compared(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "ALIKE_MAX", 1)

    facts = reported(taken_in(project, ROWS))

    assert facts["alike"]["n_read"] <= 2
    assert facts["n_items"] == 5


def test_an_ingest_that_added_nothing_has_an_empty_report(project: Project) -> None:
    taken_in(project, ROWS)

    facts = reported(taken_in(project, ROWS))

    assert (facts["n_items"], facts["sites"]["effective"], facts["sites"]["top_share"]) == (0, 0, None)


def test_a_report_is_made_once(project: Project) -> None:
    ingest = taken_in(project, ROWS)
    reported(ingest)
    report = IngestReport.objects.get(ingest=ingest)

    assert report_run(report.pk) is None
    assert report_run(report.pk + 1) is None


def test_the_page_waits_for_the_report_and_shows_it(client: Client, project: Project) -> None:
    ingest = taken_in(project, ROWS)
    client.force_login(make_member(project, Role.SCIENTIST))
    address = f"/projects/pilot/ingests/{ingest.pk}/"

    assert "data-poll" in client.get(address).content.decode()
    reported(ingest)
    page = client.get(address).content.decode()

    assert "data-poll" not in page
    assert "error page, 1 (20.0 %)" in page
    assert "As concentrated as 2.3 sites" in page


def test_the_api_gives_the_report(client: Client, project: Project) -> None:
    ingest = taken_in(project, ROWS)
    client.force_login(make_member(project, Role.SCIENTIST))
    address = f"/api/v1/projects/pilot/ingests/{ingest.pk}/report/"

    assert client.get(address).json()["facts"] is None
    facts = reported(ingest)

    assert client.get(address).json()["facts"] == facts
    IngestReport.objects.all().delete()
    assert client.get(address).status_code == 404
