"""Taking files in: what is written, what is refused, once and whole whatever happens in between."""

import io
import threading
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from annotator.errors import BadInput, TooLarge
from annotator.judgments.models import Judgment
from annotator.pool import services
from annotator.pool.models import Evidence, Ingest, Item, RefusedRow, Signature, Split
from annotator.pool.selectors import refused_by_reason, refused_cells
from annotator.pool.services import Upload, ingest_create, ingest_run
from annotator.pool.signatures import signatures_write
from annotator.projects.models import LogEntry, Project
from annotator.runs import STALE_AFTER, RunStatus
from tests.annotator.pool.archives import packed, record, zip_of
from tests.annotator.pool.files import KINDS, file_of, pages
from tests.factories import make_items, make_project

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _own_storage(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path


def created(project: Project, content: bytes, name: str = "rows.csv") -> Ingest:
    return ingest_create(project, Upload(name, io.BytesIO(content)), by=None)


def taken_in(project: Project, content: bytes, name: str = "rows.csv") -> Ingest:
    ingest = ingest_run(created(project, content, name).pk)
    assert ingest is not None
    return ingest


def counts(ingest: Ingest) -> tuple[int, int, int, int]:
    return ingest.rows_read, ingest.rows_added, ingest.rows_known, ingest.rows_refused


@pytest.mark.parametrize("kind", [*KINDS, "csv.gz", "parquet.gz"])
def test_every_column_is_kept_whatever_the_kind_of_file(kind: str) -> None:
    project = make_project()
    rows = pages(
        1,
        labels="gambling|games",
        source="log",
        observed_at="2026-03-01T10:00:00",
        traffic="2.5",
        grade="5\tb\\n",
    )

    ingest = taken_in(project, file_of(rows, kind), f"rows.{kind}")

    assert (ingest.status, counts(ingest)) == (RunStatus.DONE, (1, 1, 0, 0))
    item = Item.objects.get(project=project)
    assert (item.url, item.raw_url) == ("https://www.site0.example/a", "https://www.site0.example/a")
    assert (item.host, item.registrable_domain) == ("www.site0.example", "site0.example")
    assert (item.known_labels, item.source, item.traffic) == (["gambling", "games"], "log", 2.5)
    assert item.observed_at is not None
    assert item.observed_at.isoformat() == "2026-03-01T10:00:00+00:00"
    assert item.metadata == {"grade": "5\tb\\n"}
    assert (item.pooled, item.ingest_id) == (True, ingest.pk)
    evidence = Evidence.objects.get(item=item)
    assert (evidence.title, evidence.text) == ("Title 0", "Text 0.\nMore.")
    assert (evidence.version, evidence.captured_at) == (1, item.observed_at)


def test_an_address_alone_is_an_item_without_evidence() -> None:
    project = make_project()

    taken_in(project, b"url\nexample.com/a\n")

    assert Item.objects.get(project=project).url == "https://example.com/a"
    assert not Evidence.objects.filter(item__project=project).exists()


def test_the_same_file_twice_adds_nothing() -> None:
    project = make_project()
    content = file_of(pages(30), "csv")
    taken_in(project, content)

    again = taken_in(project, content)

    assert counts(again) == (30, 0, 30, 0)
    assert Item.objects.filter(project=project).count() == 30


def test_an_address_is_taken_once_however_it_is_spelled() -> None:
    project = make_project()
    content = b"url\nhttps://example.com/a\nEXAMPLE.com/a#top\nhttps://example.com/a?utm_source=x\nhttp://example.com/a\n"

    ingest = taken_in(project, content)

    assert counts(ingest) == (4, 2, 2, 0)
    assert Item.objects.get(project=project, url="https://example.com/a").raw_url == "https://example.com/a"


def test_two_projects_may_have_the_same_address() -> None:
    first, second = make_project(), make_project()
    content = file_of(pages(3), "csv")

    assert counts(taken_in(first, content)) == counts(taken_in(second, content)) == (3, 3, 0, 0)


def test_every_page_of_a_site_is_on_one_side() -> None:
    project = make_project(holdout_percent=50)
    rows = [
        {"url": f"https://sub{page}.site{site}.example/{page}"} for site in range(60) for page in range(3)
    ]

    taken_in(project, file_of(rows, "csv"))

    sides = {(item.registrable_domain, item.split) for item in Item.objects.filter(project=project)}
    assert len(sides) == 60
    assert {split for _, split in sides} == set(Split)


def test_refused_rows_are_kept_with_line_reason_and_value() -> None:
    project = make_project()
    content = (
        b"url,labels,traffic\nhttps://a.example/,games,1\n,games,1\nftp://b.example/,,\n"
        b"https://c.example/,weather,\nhttps://d.example/,,lots\nhttps://e.example/\nhttps://f.example/\xe9,,\n"
    )

    ingest = taken_in(project, content)

    assert counts(ingest) == (7, 1, 0, 6)
    rows = RefusedRow.objects.filter(ingest=ingest).order_by("line")
    assert [(row.line, row.reason, row.value) for row in rows] == [
        (3, "no_url", ""),
        (4, "not_http", "ftp://b.example/"),
        (5, "unknown_category", "weather"),
        (6, "traffic", "lots"),
        (7, "wrong_width", "https://e.example/"),
        (8, "not_utf8", ""),
    ]
    assert '"weather" is not a category of this project' in rows[2].detail
    by_reason = {count.reason.value: (count.count, count.first.line) for count in refused_by_reason(ingest)}
    assert by_reason["no_url"] == (1, 3)


def test_a_file_of_refused_rows_only_is_taken_in_and_adds_nothing() -> None:
    ingest = taken_in(make_project(), b"url\nftp://a.example/\n")

    assert (ingest.status, counts(ingest)) == (RunStatus.DONE, (1, 0, 0, 1))


def test_no_refused_cell_is_a_formula_to_a_spreadsheet() -> None:
    ingest = taken_in(make_project(), b'url\n"=HYPERLINK(""x"")"\n" @SUM(1)"\n+1\nhttp://localhost/\n')

    cells = list(refused_cells(ingest))

    assert cells[0] == ("line", "reason", "detail", "value")
    assert [value for *_, value in cells[1:]] == ['\'=HYPERLINK("x")', "'@SUM(1)", "'+1", "http://localhost/"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("rows.csv", b""),
        ("rows.csv", b"address\nx\n"),
        ("rows.csv.gz", b"url\nx\n"),
        ("rows.parquet", b"PAR1xxPAR1"),
    ],
)
def test_nothing_is_kept_when_the_beginning_shows_a_bad_file(name: str, content: bytes) -> None:
    project = make_project()

    with pytest.raises(BadInput):
        created(project, content, name)

    assert not Ingest.objects.filter(project=project).exists()
    assert not list(Path(django_settings.MEDIA_ROOT).iterdir())


def test_a_file_over_the_configured_size_is_refused_at_once(settings: Settings) -> None:
    settings.INGEST_MAX_BYTES = 100

    with pytest.raises(TooLarge, match="100 is the most"):
        created(make_project(), file_of(pages(10), "csv"))


def test_no_row_is_written_when_the_end_of_the_file_is_missing() -> None:
    project = make_project()
    content = file_of([{"url": f"https://site{n}.example/{n * 7919}"} for n in range(60_000)], "csv.gz")

    ingest = taken_in(project, content[:-9], "rows.csv.gz")

    assert ingest.status == RunStatus.FAILED
    assert ingest.error == "rows.csv.gz ends too early, as after a broken download. Copy or pack it again."
    assert not Item.objects.filter(project=project).exists()
    assert default_storage.listdir(f"ingests/{project.pk}") == ([], [])
    assert LogEntry.objects.filter(project=project, level="error", text__contains="ends too early").exists()


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("C:\\lists\\rows.csv", "rows.csv"),
        ("../../rows.csv", "rows.csv"),
        ("caf\udce9.csv", "caf?.csv"),
        ("..", ".."),
    ],
)
def test_only_the_name_of_a_file_is_kept(sent: str, kept: str) -> None:
    assert created(make_project(), file_of(pages(1), "csv"), sent).filename == kept


def test_a_running_ingest_of_the_same_bytes_is_joined() -> None:
    project = make_project()
    content = file_of(pages(3), "csv")

    assert created(project, content).pk == created(project, content, "copy.csv").pk


def test_an_ingest_goes_on_where_its_worker_died(monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project()
    monkeypatch.setattr(services, "CHUNK_ROWS", 10)
    ingest = created(
        project, file_of([*pages(35), {"url": "", "title": "", "text": ""}, *pages(14, first=30)], "csv")
    )

    with pytest.raises(ZeroDivisionError):
        ingest_run(ingest.pk, on_progress=_die_after(rows=20))
    _forget_worker(ingest)
    finished = ingest_run(ingest.pk)

    assert finished is not None
    assert (finished.status, finished.attempt, counts(finished)) == (RunStatus.DONE, 2, (50, 44, 5, 1))
    assert Item.objects.filter(project=project).count() == 44
    assert RefusedRow.objects.get(ingest=ingest).line == 72  # each page before it takes two lines


def test_an_overtaken_worker_writes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    project = make_project()
    monkeypatch.setattr(services, "CHUNK_ROWS", 10)
    ingest = created(project, file_of(pages(30), "csv"))

    def overtake(run: Ingest) -> None:
        if run.done:
            Ingest.objects.filter(pk=run.pk).update(attempt=99)

    ingest_run(ingest.pk, on_progress=overtake)

    ingest.refresh_from_db()
    assert (ingest.status, ingest.rows_read) == (RunStatus.RUNNING, 10)
    assert Item.objects.filter(project=project).count() == 10


def test_an_ingest_held_by_a_live_worker_is_left_alone() -> None:
    ingest = created(make_project(), file_of(pages(3), "csv"))
    Ingest.objects.filter(pk=ingest.pk).update(
        status=RunStatus.RUNNING, heartbeat_at=timezone.now(), attempt=1
    )

    assert ingest_run(ingest.pk) is None


def test_items_that_were_there_before_keep_their_evidence() -> None:
    project = make_project()
    (item,) = make_items(project, 1)
    before = Evidence.objects.get(item=item).text

    ingest = taken_in(project, f"url,text\n{item.url},other\n".encode())

    assert counts(ingest) == (1, 0, 1, 0)
    assert Evidence.objects.get(item=item, version=1).text == before


@pytest.mark.django_db(transaction=True)
def test_each_address_is_added_once_when_two_files_are_taken_in_at_a_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project = make_project()
    monkeypatch.setattr(services, "CHUNK_ROWS", 40)
    rows = pages(1_000)
    ingests = [created(project, file_of(order, "csv")) for order in (rows, rows[::-1])]

    threads = [threading.Thread(target=_run_and_close, args=(ingest.pk,)) for ingest in ingests]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    finished = [Ingest.objects.get(pk=ingest.pk) for ingest in ingests]
    assert [ingest.status for ingest in finished] == [RunStatus.DONE, RunStatus.DONE]
    assert (
        sum(ingest.rows_added for ingest in finished) == Item.objects.filter(project=project).count() == 1_000
    )
    assert sum(ingest.rows_known for ingest in finished) == 1_000
    evidence = Counter(Evidence.objects.filter(item__project=project).values_list("item_id", flat=True))
    assert set(evidence.values()) == {1}


def _run_and_close(ingest_id: int) -> None:
    try:
        ingest_run(ingest_id)
    finally:
        connection.close()


def _die_after(*, rows: int) -> Any:
    def show(ingest: Ingest) -> None:
        if Ingest.objects.get(pk=ingest.pk).rows_read >= rows:
            raise ZeroDivisionError

    return show


def _forget_worker(ingest: Ingest) -> None:
    Ingest.objects.filter(pk=ingest.pk).update(
        status=RunStatus.RUNNING, finished_at=None, heartbeat_at=timezone.now() - 2 * STALE_AFTER
    )


def test_memory_does_not_grow_with_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CHUNK_ROWS", 500)
    peaks = []
    for n in (2_000, 8_000):
        # One site: what is remembered of sites is bounded, but by more than this file has.
        rows = [{"url": f"https://site.example/{page}", "text": "word " * 200} for page in range(n)]
        ingest = created(make_project(), file_of(rows, "csv"))
        tracemalloc.start()
        ingest_run(ingest.pk)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()

    assert peaks[1] < 1.3 * peaks[0]


def test_a_project_and_an_ingest_cannot_be_deleted_from_under_their_items() -> None:
    project = make_project()
    ingest = Ingest.objects.create(
        project=project, filename="a.csv", file="a.csv", format=Ingest.Format.CSV, size=1, sha256=""
    )

    for row in (ingest, project):
        table = row._meta.db_table
        with pytest.raises(DatabaseError, match=f"Cannot delete rows from {table}"), transaction.atomic():
            type(row)._default_manager.raw(f"DELETE FROM {table} WHERE id = %s RETURNING *", [row.pk])[0]

    assert Ingest.objects.filter(pk=ingest.pk).exists()


def test_a_warc_file_becomes_items_with_evidence_and_the_time_of_capture() -> None:
    project = make_project()
    page = b"<html><title>A page</title><body><p>Words to read.</p></body></html>"
    content = packed(
        record("https://a.example/", page), record("https://b.example/", b"", status="404 Not Found")
    )

    ingest = taken_in(project, content, "crawl.warc.gz")

    assert (ingest.status, counts(ingest)) == (RunStatus.DONE, (2, 1, 0, 1))
    evidence = Evidence.objects.get(item__project=project)
    assert (evidence.title, evidence.text) == ("A page", "Words to read.")
    assert evidence.captured_at is not None
    assert evidence.captured_at.isoformat() == "2026-03-01T10:00:00+00:00"
    item = Item.objects.get(project=project)
    assert (item.source, item.metadata) == ("crawl.warc.gz", {"http_status": 200})
    assert RefusedRow.objects.get(ingest=ingest).reason == "http_status"


def test_a_warc_file_that_ends_too_early_brings_nothing() -> None:
    project = make_project()
    content = packed(record("https://a.example/", b"<p>a"), record("https://b.example/", b"<p>b"))[:-20]

    ingest = taken_in(project, content, "crawl.warc.gz")

    assert ingest.status == RunStatus.FAILED
    assert "Before that come 1 whole records" in ingest.error
    assert not Item.objects.filter(project=project).exists()


def test_lists_become_items_with_known_labels_and_are_no_judgments() -> None:
    project = make_project()
    content = zip_of({"games.txt": b"a.example\nb.example\n", "gambling.txt": b"www.b.example\n"})

    ingest = taken_in(project, content, "lists.zip")

    assert counts(ingest) == (3, 2, 1, 0)
    known = dict(Item.objects.filter(project=project).values_list("url", "known_labels"))
    assert known == {"https://a.example/": ["games"], "https://b.example/": ["gambling", "games"]}
    assert not Judgment.objects.exists()


def test_lists_that_nobody_knows_bring_nothing_and_are_asked_for() -> None:
    project = make_project()
    content = zip_of({"games.txt": b"a.example\n", "casino.txt": b"b.example\n"})

    failed = taken_in(project, content, "lists.zip")

    assert (failed.status, failed.lists_unknown, failed.file) == (RunStatus.FAILED, ("casino",), "")
    assert not Item.objects.filter(project=project).exists()
    upload = Upload("lists.zip", io.BytesIO(content), names={"casino": "gambling"})
    again = ingest_run(ingest_create(project, upload, by=None).pk)
    assert again is not None
    assert counts(again) == (2, 2, 0, 0)


def test_an_interrupted_ingest_of_lists_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "CHUNK_ROWS", 2)
    project = make_project()
    content = zip_of(
        {"games.txt": b"".join(b"s%d.example\n" % n for n in range(5)), "gambling.txt": b"s4.example\n"}
    )
    ingest = created(project, content, "lists.zip")
    commit, done = services._chunk_commit, list[None]()

    def once(*arguments: Any) -> None:
        if done:
            raise DatabaseError("gone")
        done.append(commit(*arguments))

    monkeypatch.setattr(services, "_chunk_commit", once)
    with pytest.raises(DatabaseError):
        ingest_run(ingest.pk)
    monkeypatch.setattr(services, "_chunk_commit", commit)
    Ingest.objects.filter(pk=ingest.pk).update(status=RunStatus.PENDING)

    again = ingest_run(ingest.pk)

    assert again is not None
    assert counts(again) == (6, 5, 1, 0)
    assert Item.objects.get(project=project, url="https://s4.example/").known_labels == ["gambling", "games"]


def versions(project: Project) -> list[tuple[int, str, str]]:
    rows = Evidence.objects.filter(item__project=project).order_by("item", "version")
    return [
        (row.version, row.text, row.captured_at.date().isoformat() if row.captured_at else "") for row in rows
    ]


def seen(text: str, at: str = "") -> bytes:
    return f"url,title,text,observed_at\nhttps://a.example/,A,{text},{at}\n".encode()


def test_a_known_page_that_says_something_else_gets_a_new_version() -> None:
    project = make_project()
    taken_in(project, seen("one two three four", "2026-03-01"))

    ingest = taken_in(project, seen("one two three five", "2026-04-01"))

    assert (counts(ingest), ingest.rows_changed) == ((1, 0, 1, 0), 1)
    assert versions(project) == [
        (1, "one two three four", "2026-03-01"),
        (2, "one two three five", "2026-04-01"),
    ]
    newest = Evidence.objects.get(item__project=project, version=2)
    assert newest.added_at is not None
    assert newest.likeness == pytest.approx(0.5)
    assert Item.objects.filter(project=project).count() == 1


@pytest.mark.parametrize(
    ("first", "again", "n"),
    [
        (("one", "2026-03-01"), ("one", "2026-04-01"), 1),  # as it was
        (("one", "2026-03-01"), ("two", "2026-02-01"), 1),  # seen before what is held
        (("one", "2026-03-01"), ("", "2026-04-01"), 1),  # a list of addresses says nothing of a page
        (("one", ""), ("two", ""), 2),
        (("one", ""), ("two", "2026-04-01"), 2),
        (("one", "2026-03-01"), ("two", ""), 2),
        (("", ""), ("two", ""), 2),
    ],
)
def test_a_new_version_is_what_was_seen_later_and_says_something_else(
    first: tuple[str, str], again: tuple[str, str], n: int
) -> None:
    project = make_project()
    taken_in(project, seen(*first))

    ingest = taken_in(project, seen(*again))

    assert (len(versions(project)), ingest.rows_changed) == (n, n - 1)


@pytest.mark.parametrize("chunk_rows", [1, 2, 10])
def test_a_file_with_a_page_twice_brings_both_once_however_it_is_cut(
    monkeypatch: pytest.MonkeyPatch, chunk_rows: int
) -> None:
    monkeypatch.setattr(services, "CHUNK_ROWS", chunk_rows)
    project = make_project()
    content = (
        seen("one") + b"https://a.example/,A,two,\nhttps://b.example/,B,other,\nhttps://a.example/,A,one,\n"
    )
    first = taken_in(project, content)

    again = taken_in(project, content)

    assert (counts(first), first.rows_changed) == ((4, 2, 2, 0), 1)
    assert (counts(again), again.rows_changed) == ((4, 0, 4, 0), 0)
    assert versions(project) == [(1, "one", ""), (2, "two", ""), (1, "other", "")]


def test_a_changed_page_is_looked_for_by_its_new_text_where_it_was_served() -> None:
    project = make_project()
    taken_in(project, seen("a b c d e f g"))
    item = Item.objects.get(project=project)
    signatures_write([item.pk])
    before = Signature.objects.get(pk=item.pk).bands

    taken_in(project, seen("h i j k l m n"))

    assert Signature.objects.get(pk=item.pk).bands != before


def test_withheld_and_erased_pages_take_no_new_version() -> None:
    project = make_project()
    taken_in(project, b"url,text\nhttps://a.example/,one\nhttps://b.example/,one\n")
    Item.objects.filter(project=project, url="https://a.example/").update(withheld=True)
    Item.objects.filter(project=project, url="https://b.example/").update(erased_at=timezone.now())

    ingest = taken_in(project, b"url,text\nhttps://a.example/,two\nhttps://b.example/,two\n")

    assert (counts(ingest), ingest.rows_changed) == ((2, 0, 2, 0), 0)
