"""What people write on the data card: who may, in versions, and that a snapshot waits for it."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.utils import timezone

from annotator.errors import BadInput, Conflict
from annotator.projects.models import LogEntry, Project, Role
from learner.core.cards.sections import BY_SLUG, SECTION_MAX, SECTIONS
from learner.snapshots.content import Choice
from learner.snapshots.models import CardSection, SnapshotRun
from learner.snapshots.sections.selectors import card_missing, card_written
from learner.snapshots.sections.services import card_section_write
from learner.snapshots.services import snapshot_run_start
from tests.factories import GAMES, make_card, make_items, make_member, make_project
from tests.learner.snapshots.test_services import card_of, resolve, take

pytestmark = pytest.mark.django_db(transaction=True)
LICENCE, PEOPLE = BY_SLUG["licence"], BY_SLUG["annotators"]
ADDRESS = "/projects/pilot/snapshots/card/licence/"


@pytest.fixture(autouse=True)
def _storage(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def project() -> Project:
    project = make_project("pilot", described=False)
    resolve(make_items(project, 1)[0], [GAMES])
    return project


def signed_in(project: Project, role: Role) -> Client:
    client = Client()
    client.force_login(make_member(project, role))
    return client


def test_a_snapshot_waits_for_every_required_section_and_names_those_that_are_missing(
    project: Project,
) -> None:
    card_section_write(project, LICENCE, "mit", by=project.created_by, based_on=0)

    with pytest.raises(
        BadInput, match="Intended use, Out-of-scope use, Ethical notes, Maintenance, Contact"
    ) as e:
        snapshot_run_start(project, by=None)

    assert e.value.details == {
        "missing": ["intended-use", "out-of-scope-use", "ethical-notes", "maintenance", "contact"],
        "write_at": "/projects/pilot/snapshots/card/",
    }
    assert not SnapshotRun.objects.exists()


def test_a_moment_before_the_card_was_whole_is_told_as_what_it_is(project: Project) -> None:
    """Nobody can write what was missing then: to ask for it would send people round in circles."""
    before = timezone.now()
    for section in (section for section in SECTIONS if section.required):
        card_section_write(project, section, "Written by now.", by=project.created_by, based_on=0)

    with pytest.raises(
        BadInput, match=r"the data card was not complete: .*Contact\. A snapshot has the card"
    ):
        snapshot_run_start(project, by=None, choice=Choice(as_of=before))

    assert not SnapshotRun.objects.exists()
    snapshot_run_start(project, by=None)


def test_every_door_says_what_is_missing_and_where_to_write_it(project: Project, tmp_path: Path) -> None:
    client = signed_in(project, Role.SCIENTIST)

    page = client.post("/projects/pilot/snapshots/")
    answer = client.post("/api/v1/projects/pilot/snapshots/", {}, content_type="application/json")
    with pytest.raises(CommandError, match="Licence, Maintenance, Contact"):
        call_command("snapshot", "pilot", out=tmp_path / "out", stdout=StringIO())

    assert page.status_code == 422
    assert f'<a href="{ADDRESS}">Licence</a>' in page.content.decode()
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["code"], error["details"]["write_at"]) == (
        "card_incomplete",
        "/projects/pilot/snapshots/card/",
    )
    assert f'href="{ADDRESS}"' in client.get("/projects/pilot/snapshots/card/missing/").content.decode()
    assert not SnapshotRun.objects.exists()


def test_a_scientist_writes_a_section_and_the_next_snapshot_has_it(project: Project) -> None:
    make_card(project)
    client = signed_in(project, Role.SCIENTIST)
    before = take(project)

    client.post(ADDRESS, {"text": "cc-by-4.0\n\n# Sampling\nName **us**.", "based_on": 1})

    after = take(project)
    assert (before.number, after.number) == (1, 2)  # the tables are the same, the card is not
    card = card_of(after)
    assert "license: cc-by-4.0" in card
    assert "## Licence\n\ncc-by-4.0\n\n#### Sampling\nName **us**.\n\n*Written by people" in card
    assert "About licence." in card_of(before)
    assert take(project) == after
    assert LogEntry.objects.filter(text__startswith="Data card: Licence written by").count() == 1


def test_the_page_shows_what_was_written_inert_and_keeps_its_history(project: Project) -> None:
    client = signed_in(project, Role.ADMIN)
    client.post(ADDRESS, {"text": "<script>alert(1)</script> [here](https://evil.example)", "based_on": 0})
    client.post(ADDRESS, {"text": "Under **no** licence.", "based_on": 1})

    page = client.get(ADDRESS).content.decode()
    card = client.get("/projects/pilot/snapshots/card/").content.decode()

    assert "<script>alert" not in page
    assert "href=&quot;https" not in page
    assert 'href="https' not in page
    assert "Version 2" in page
    assert "Version 1" in page
    assert "Under <strong>no</strong> licence." in card


@pytest.mark.parametrize("role", [Role.LEAD, Role.ANNOTATOR])
def test_others_may_not_write(project: Project, role: Role) -> None:
    client = signed_in(project, role)

    assert client.post(ADDRESS, {"text": "mit", "based_on": 0}).status_code == 403
    api = "/api/v1/projects/pilot/card-sections/licence/"
    assert client.post(api, {"text": "mit", "based_on": 0}).status_code == 403
    assert not CardSection.objects.exists()


def test_a_lead_reads_what_is_missing_and_is_offered_no_form(project: Project) -> None:
    client = signed_in(project, Role.LEAD)

    page = client.get(ADDRESS)
    card = client.get("/projects/pilot/snapshots/card/").content.decode()

    assert page.status_code == 200
    assert "<textarea" not in page.content.decode()
    assert "by a scientist or an admin" in card


def test_the_api_lists_and_writes_sections(project: Project) -> None:
    client = signed_in(project, Role.SCIENTIST)
    address = "/api/v1/projects/pilot/card-sections/"

    written = client.post(
        f"{address}licence/", {"text": "mit", "based_on": 0}, content_type="application/json"
    )
    listed = client.get(address).json()

    assert (written.status_code, written.json()["number"]) == (200, 1)
    assert [row["section"] for row in listed] == [section.slug for section in SECTIONS]
    licence = next(row for row in listed if row["section"] == "licence")
    assert (licence["text"], licence["is_missing"], licence["number"]) == ("mit", False, 1)
    assert next(row for row in listed if row["section"] == "contact")["is_missing"]
    unknown = client.post(f"{address}colour/", {"text": "x", "based_on": 0}, content_type="application/json")
    assert unknown.status_code == 404
    assert "intended-use" in unknown.json()["error"]["message"]


def test_who_writes_on_top_of_what_they_did_not_read_is_told_who_was_faster(project: Project) -> None:
    client = signed_in(project, Role.SCIENTIST)
    card_section_write(project, LICENCE, "mit", by=project.created_by, based_on=0)

    page = client.post(ADDRESS, {"text": "cc0-1.0", "based_on": 0})

    assert page.status_code == 422
    assert f"{project.created_by.username} wrote version 1" in page.content.decode()
    assert "cc0-1.0" in page.content.decode()  # what was typed is still there
    assert CardSection.objects.get().text == "mit"


def test_of_two_who_write_at_once_one_is_told(project: Project) -> None:
    together = Barrier(2)

    def write(text: str) -> str:
        try:
            together.wait(10)
            card_section_write(project, LICENCE, text, by=project.created_by, based_on=0)
        except Conflict as error:
            return error.message
        finally:
            connection.close()
        return "saved"

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(write, ["mit", "odbl"]))

    assert said[1] == "saved"
    assert "wrote version 1 of Licence in the meantime" in said[0]
    assert CardSection.objects.count() == 1


def test_the_same_text_again_is_no_new_version_and_an_empty_one_takes_it_back(project: Project) -> None:
    by = project.created_by
    card_section_write(project, LICENCE, "mit", by=by, based_on=0)

    assert card_section_write(project, LICENCE, " mit\r\n", by=by, based_on=1).number == 1
    assert card_section_write(project, LICENCE, "", by=by, based_on=1).number == 2

    assert LICENCE in card_missing(card_written(project))
    assert PEOPLE not in card_missing(card_written(project))


def test_an_empty_first_text_and_one_that_is_too_long_are_refused(project: Project) -> None:
    by = project.created_by

    with pytest.raises(BadInput, match="Licence is empty"):
        card_section_write(project, LICENCE, " \n", by=by, based_on=0)
    with pytest.raises(BadInput, match="Licence has 20,001 characters"):
        card_section_write(project, LICENCE, "x" * (SECTION_MAX + 1), by=by, based_on=0)

    assert not CardSection.objects.exists()


def test_the_card_of_a_past_moment_has_the_words_of_then(project: Project) -> None:
    make_card(project)
    card_section_write(project, LICENCE, "mit", by=project.created_by, based_on=1)

    def licence(**moment: datetime) -> str:
        return next(row.text for row in card_written(project, **moment) if row.section == LICENCE)

    assert licence() == "mit"
    assert licence(as_of=datetime(2024, 6, 1, tzinfo=UTC)) == "About licence."
    assert licence(as_of=datetime(2023, 6, 1, tzinfo=UTC)) == ""


def test_what_was_written_cannot_be_changed_or_deleted(project: Project) -> None:
    row = card_section_write(project, LICENCE, "mit", by=project.created_by, based_on=0)

    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        CardSection.objects.filter(pk=row.pk).update(text="other")
    with pytest.raises(DatabaseError, match="append_only"), transaction.atomic():
        CardSection.objects.raw("DELETE FROM card_section WHERE id = %s RETURNING *", [row.pk])[0]

    assert CardSection.objects.get().text == "mit"
