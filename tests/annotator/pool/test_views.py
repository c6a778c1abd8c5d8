"""The pages of the pool."""

import io
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django import Settings

from annotator.pool.models import Ingest, IngestReport, Item, Split
from annotator.pool.reporting import report_run
from annotator.pool.services import Upload, ingest_create, ingest_run
from annotator.projects.models import Project, Role
from annotator.runs import RunStatus
from tests.annotator.pool.archives import zip_of
from tests.annotator.pool.files import file_of, pages
from tests.factories import VIOLENCE, make_items, make_member, make_project

pytestmark = pytest.mark.django_db
STAFF = {Role.LEAD, Role.SCIENTIST, Role.ADMIN}


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


def taken_in(project: Project, content: bytes) -> Ingest:
    ingest = ingest_run(ingest_create(project, Upload("rows.csv", io.BytesIO(content)), by=None).pk)
    assert ingest is not None
    return ingest


def upload(name: str = "rows.csv", content: bytes = b"") -> dict[str, object]:
    return {"file": SimpleUploadedFile(name, content or file_of(pages(2), "csv")), "format": ""}


@pytest.mark.parametrize("role", list(Role))
def test_only_staff_sees_ingests_and_items(client: Client, project: Project, role: Role) -> None:
    ingest = taken_in(project, file_of(pages(1), "csv"))
    item = Item.objects.get(project=project)
    client.force_login(make_member(project, role))
    addresses = [
        "ingests/",
        f"ingests/{ingest.pk}/",
        f"ingests/{ingest.pk}/refused/",
        "items/",
        f"items/{item.pk}/",
    ]

    statuses = {client.get(f"/projects/pilot/{address}").status_code for address in addresses}

    assert statuses == ({200} if role in STAFF else {403})


def test_an_upload_becomes_a_pending_ingest(scientist: Client, project: Project) -> None:
    answer = scientist.post("/projects/pilot/ingests/", upload())

    ingest = Ingest.objects.get(project=project)
    assert answer.headers["Location"] == f"/projects/pilot/ingests/{ingest.pk}/"
    assert (ingest.status, ingest.filename) == (RunStatus.PENDING, "rows.csv")
    assert ingest.created_by is not None


def test_an_upload_that_was_put_on_disk_is_taken_in_as_well(
    scientist: Client, project: Project, settings: Settings
) -> None:
    settings.FILE_UPLOAD_MAX_MEMORY_SIZE = 100

    scientist.post("/projects/pilot/ingests/", upload("rows.parquet", file_of(pages(40), "parquet")))
    ingest_run(Ingest.objects.get(project=project).pk)

    assert Item.objects.filter(project=project).count() == 40


def test_an_annotator_may_not_upload(client: Client, project: Project) -> None:
    client.force_login(make_member(project, Role.ANNOTATOR))

    assert client.post("/projects/pilot/ingests/", upload()).status_code == 403
    assert not Ingest.objects.exists()


def test_a_bad_file_is_refused_on_the_form(scientist: Client) -> None:
    answer = scientist.post("/projects/pilot/ingests/", upload(content=b"address\nx\n"))

    assert answer.status_code == 422
    assert "has no column &quot;url&quot;" in answer.content.decode()
    assert not Ingest.objects.exists()


def test_a_form_of_another_site_is_refused(project: Project) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member(project, Role.SCIENTIST))

    assert client.post("/projects/pilot/ingests/", upload()).status_code == 403
    assert not Ingest.objects.exists()


def test_an_upload_over_the_limit_is_refused_before_it_is_read(scientist: Client, settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 100

    answer = scientist.post("/projects/pilot/ingests/", upload(content=b"x" * (2 * 1024 * 1024)))

    assert answer.status_code == 413
    assert "CROSSGUARD_UPLOAD_MAX_BYTES" in answer.content.decode()


def test_a_running_ingest_is_polled_and_a_finished_one_is_not(scientist: Client, project: Project) -> None:
    ingest = ingest_create(project, Upload("rows.csv", io.BytesIO(file_of(pages(1), "csv"))), by=None)
    address = f"/projects/pilot/ingests/{ingest.pk}/"

    waiting = scientist.get(address, headers={"HX-Request": "true"}).content.decode()
    ingest_run(ingest.pk)
    measured = scientist.get(address, headers={"HX-Request": "true"}).content.decode()
    report_run(IngestReport.objects.get(ingest=ingest).pk)
    done = scientist.get(address, headers={"HX-Request": "true"}).content.decode()

    assert f'hx-get="{address}"' in waiting
    assert "<html" not in waiting
    assert f'hx-get="{address}"' in measured
    assert f'hx-get="{address}"' not in done


def test_refused_rows_are_shown_by_reason_and_downloaded(scientist: Client, project: Project) -> None:
    ingest = taken_in(project, b"url\nftp://a.example/\nhttps://b.example/\n=1+1\n")

    page = scientist.get(f"/projects/pilot/ingests/{ingest.pk}/").content.decode()
    download = scientist.get(f"/projects/pilot/ingests/{ingest.pk}/refused/")

    assert "Not http or https" in page
    assert (
        download.headers["Content-Disposition"]
        == f'attachment; filename="pilot-ingest-{ingest.pk}-refused.csv"'
    )
    lines = download.getvalue().decode().splitlines()
    assert lines[0] == "line,reason,detail,value"
    assert lines[1].startswith("2,not_http,")
    assert lines[2].endswith(",'=1+1")


def test_items_are_found_by_text_site_and_split(scientist: Client, project: Project) -> None:
    (chess,) = make_items(project, 1, topic="chess")
    (poker,) = make_items(project, 1, topic="poker", split=Split.HOLDOUT)

    def found(query: str) -> set[int]:
        return {row.item.pk for row in scientist.get(f"/projects/pilot/items/?{query}").context["rows"]}

    assert found("") == {chess.pk, poker.pk}
    assert found("text=CHESS") == {chess.pk}
    assert found(f"text=poker+{poker.pk}") == {poker.pk}, "by its title"
    assert found(f"domain={chess.registrable_domain}") == {chess.pk}
    assert found(f"domain=https://www.{chess.registrable_domain}/x") == {chess.pk}
    assert found("split=holdout") == {poker.pk}
    assert found("text=%25") == set(), "a percent sign is itself"


@pytest.mark.parametrize(
    "query", ["text=%00", "split=none", "before=x", "before=99999999999999999999", "before=-1"]
)
def test_a_filter_that_makes_no_sense_is_said_and_nothing_breaks(scientist: Client, query: str) -> None:
    answer = scientist.get(f"/projects/pilot/items/?{query}")

    assert answer.status_code == 200
    assert answer.context["form"].errors


def test_items_are_paged_by_id_newest_first(scientist: Client, project: Project) -> None:
    ids = [item.pk for item in make_items(project, 120)]
    seen: list[int] = []
    before: int | str | None = ""

    while before is not None:
        context = scientist.get(f"/projects/pilot/items/?before={before}").context
        seen += [row.item.pk for row in context["rows"]]
        before = context["next_before"]

    assert seen == ids[::-1]


def test_an_item_shows_its_address_inert_and_its_evidence(scientist: Client, project: Project) -> None:
    content = b'url,text,html\nhttps://play.example.com/a?q=1,,"<title>T</title><p>One <b>two</b></p>"\n'
    taken_in(project, content)
    item = Item.objects.get(project=project)

    page = scientist.get(f"/projects/pilot/items/{item.pk}/").content.decode()

    assert "hxxps://play." in page
    assert "One two" in page
    assert 'href="https://play' not in page


def test_an_item_of_another_project_is_not_found(scientist: Client) -> None:
    (other,) = make_items(make_project(), 1)

    assert scientist.get(f"/projects/pilot/items/{other.pk}/").status_code == 404


@pytest.mark.parametrize(
    ("topic", "known", "is_covered"),
    [
        ("chess", None, False),
        (VIOLENCE, None, True),
        ("chess", [VIOLENCE], True),
        ("chess", ["games"], False),
    ],
)
def test_the_text_of_an_item_starts_covered_when_it_may_be_harmful(
    scientist: Client, project: Project, topic: str, known: list[str] | None, *, is_covered: bool
) -> None:
    (item,) = make_items(project, 1, topic=topic, known_labels=known)

    html = scientist.get(f"/projects/pilot/items/{item.pk}/").content.decode()

    before, *covered = html.split('<details class="shield">')
    assert bool(covered) == is_covered
    assert ("A page about" in before) != is_covered


def test_lists_without_a_meaning_are_asked_for_and_then_taken_in(scientist: Client, project: Project) -> None:
    content = zip_of(
        {"gambling.txt": b"a.example\n", "gamess.txt": b"b.example\n", "casino.txt": b"c.example\n"}
    )
    scientist.post(
        "/projects/pilot/ingests/", {"file": SimpleUploadedFile("lists.zip", content), "format": ""}
    )
    failed = Ingest.objects.get()
    ingest_run(failed.pk)

    page = scientist.get(f"/projects/pilot/ingests/{failed.pk}/").content.decode()

    assert "What the lists mean" in page
    assert '<option value="games" selected>' in page
    answer = {"list": ["casino", "gamess"], "category": ["leave-out", "games"], "format": "lists"}
    scientist.post("/projects/pilot/ingests/", answer | {"file": SimpleUploadedFile("lists.zip", content)})
    again = ingest_run(Ingest.objects.latest("pk").pk)
    assert again is not None
    assert (again.status, again.rows_added) == (RunStatus.DONE, 2)


def test_a_second_try_keeps_what_was_said_before(scientist: Client, project: Project) -> None:
    names = {"casino": "gambling", "odd": ""}
    failed = Ingest.objects.create(
        project=project,
        filename="l.zip",
        file="",
        format="lists",
        size=1,
        sha256="",
        list_names=names,
        status="failed",
    )

    page = scientist.get(f"/projects/pilot/ingests/{failed.pk}/").content.decode()

    assert (
        '<input type="hidden" name="list" value="casino"><input type="hidden" name="category" value="gambling">'
        in page
    )


def test_a_meaning_that_is_no_plain_text_is_refused(scientist: Client) -> None:
    sent = {"list": ["a\x00"], "category": ["games"], "format": "lists"}
    content = zip_of({"a.txt": b"a.example\n"})

    answer = scientist.post(
        "/projects/pilot/ingests/", sent | {"file": SimpleUploadedFile("lists.zip", content)}
    )

    assert answer.status_code == 422
    assert "plain text" in answer.content.decode()
