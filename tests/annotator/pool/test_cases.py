"""Sealing a page in its case and giving it back: nothing left outside, nothing changed on return."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import DatabaseError, connection

from annotator.errors import BadInput, Conflict, NotFound, Unavailable
from annotator.pool.cases import LOOKED, STOPPED, case_close, case_look, case_open
from annotator.pool.cleaning import content_hash
from annotator.pool.models import Case, CaseAccess, Evidence, Ingest, Item
from annotator.pool.pages import PageText
from annotator.pool.sealed import case_of, cases_of
from annotator.pool.selectors import ItemFilter, item_page, item_rows, items_of
from annotator.pool.services import Upload, ingest_create, ingest_run
from annotator.projects.access import Access, cases_for
from annotator.projects.models import LogEntry, Membership, Project, Role
from annotator.runs import RunStatus
from tests.factories import make_items, make_member, make_project

pytestmark = pytest.mark.django_db

MARKER = "zq7marker"
NUMBERS = '"price": 1.10, "tiny": 1e-30, "large": 123456789012345678901234567890'
METADATA = f'{{{NUMBERS}, "note": "{MARKER} \U0001f600 \\u00e9"}}'


@pytest.fixture
def project() -> Project:
    return make_project("pilot")


@pytest.fixture
def holder(project: Project) -> Access:
    return holder_of(project)


def holder_of(project: Project) -> Access:
    user = make_member(project, Role.LEAD)
    Membership.objects.filter(user=user).update(case_holder=True)
    return cases_for(user, project.slug)


def make_page(project: Project) -> Item:
    """A page whose every column holds the marker, in two versions of evidence."""
    item = make_items(
        project, 1, topic=f"{MARKER} \u202e tales", source=MARKER, traffic=0.1, known_labels=["games"],
        observed_at=datetime(2026, 3, 1, 12, 30, 59, 123457, UTC), raw_url=f"HTTPS://{MARKER}.example/?a=%20",
    )[0]  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("UPDATE item SET metadata = %s::jsonb WHERE id = %s", [METADATA, item.pk])
    page = PageText(f"{MARKER} again", f"{MARKER}\n\ttold", f'{MARKER} \U0001f479 \\ "quoted"\r\n\u2028')
    Evidence.objects.create(
        item=item, version=2, content_hash=content_hash(page), captured_at=item.observed_at, **page._asdict()
    )
    return item


def rows_of(item: Item) -> list[str]:
    """Item and evidence as the database spells them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT TO_JSONB(i)::text FROM item i WHERE id = %s", [item.pk])
        rows = cursor.fetchall()
        cursor.execute("SELECT TO_JSONB(e)::text FROM evidence e WHERE item_id = %s ORDER BY id", [item.pk])
        return [text for (text,) in rows + cursor.fetchall()]


def test_nothing_but_a_hash_is_left_outside_when_a_case_opens(project: Project) -> None:
    item, user = make_page(project), make_member(project)

    case = case_open(project, item.pk, by=user).case

    newest = Evidence.objects.get(item=item, version=2)
    assert not any(MARKER in row for row in rows_of(item))
    item.refresh_from_db()
    assert (item.withheld, item.pooled, item.known_labels) == (True, False, None)
    assert item.url == f"withheld:{newest.content_hash.hex}"
    assert (case.number, case.content_hash, case.opened_by) == (1, newest.content_hash, user)
    assert [(row.user, row.what) for row in CaseAccess.objects.all()] == [(user, STOPPED)]
    line = LogEntry.objects.get(project=project, level="warning").text
    assert "case 1 is open" in line
    assert "There is none: an admin has to name one" in line
    assert MARKER not in line


def test_the_hash_of_the_address_stands_in_when_a_page_has_no_evidence(project: Project) -> None:
    item = make_items(project, 1)[0]
    Evidence.objects.filter(item=item).delete()

    case = case_open(project, item.pk, by=make_member(project)).case

    assert case.content_hash == item.url_hash


def test_one_case_is_open_and_each_person_is_logged_once_when_a_page_is_stopped_again(
    project: Project,
) -> None:
    item = make_page(project)
    ann, bob = make_member(project), make_member(project)

    opened = [case_open(project, item.pk, by=user) for user in (ann, ann, bob)]

    assert [one.first for one in opened] == [True, False, True]
    assert len({one.case.pk for one in opened}) == Case.objects.count() == 1
    assert MARKER in opened[2].case.sealed["item"]["raw_url"]
    assert [row.user for row in CaseAccess.objects.order_by("pk")] == [ann, bob]


def test_cases_are_numbered_within_their_project(project: Project) -> None:
    other = make_project()
    pages = [*make_items(project, 2), *make_items(other, 1)]

    numbers = [case_open(page.project, page.pk, by=make_member(page.project)).case.number for page in pages]

    assert numbers == [1, 2, 1]


def test_every_byte_comes_back_when_a_case_is_closed_as_released(project: Project, holder: Access) -> None:
    item = make_page(project)
    Item.objects.filter(pk=item.pk).update(pooled=False)
    before = rows_of(item)
    case = case_open(project, item.pk, by=make_member(project)).case

    closed = case_close(holder, case, Case.Outcome.RELEASED, reference=" R-7 ")

    assert rows_of(item) == before
    assert (closed.outcome, closed.reference, closed.closed_by) == ("released", "R-7", holder.user)
    assert closed.sealed == {}
    last = CaseAccess.objects.latest("pk")
    assert (last.user, last.what) == (holder.user, "Closed: Released: the stop was a mistake (report R-7)")
    with pytest.raises(Conflict, match="holds nothing any more"):
        case_look(holder, closed)


def test_the_page_stays_sealed_when_a_case_is_closed_as_kept(project: Project, holder: Access) -> None:
    item = make_page(project)
    case = case_open(project, item.pk, by=make_member(project)).case

    case_close(holder, case, Case.Outcome.KEPT, reference="R-8")

    assert Item.objects.get(pk=item.pk).withheld
    assert MARKER in case_look(holder, case).address
    with pytest.raises(Conflict, match="closed already"):
        case_close(holder, case, Case.Outcome.RELEASED)
    assert Item.objects.get(pk=item.pk).withheld


@pytest.mark.parametrize(
    ("outcome", "reference", "sentence"),
    [
        ("", "", "not an outcome"),
        ("gone", "", '"gone"'),
        ("kept", "x" * 121, "120 characters"),
        ("kept", "\x00", "NUL"),
    ],
)
def test_a_case_stays_open_when_its_end_cannot_be_read(
    project: Project, holder: Access, outcome: str, reference: str, sentence: str
) -> None:
    case = case_open(project, make_page(project).pk, by=holder.user).case

    with pytest.raises(BadInput, match=sentence):
        case_close(holder, case, outcome, reference=reference)

    assert Case.objects.get().closed_at is None


def test_nothing_is_released_when_what_was_sealed_has_been_changed(project: Project, holder: Access) -> None:
    case = case_open(project, make_page(project).pk, by=holder.user).case
    sealed = case.sealed
    sealed["evidence"][1]["text"] += "."
    Case.objects.filter(pk=case.pk).update(sealed=sealed)

    with pytest.raises(Unavailable, match="not what was sealed"):
        case_close(holder, case, Case.Outcome.RELEASED)

    assert Case.objects.get().closed_at is None
    assert Item.objects.get(pk=case.item_id).withheld


def test_a_released_page_is_sealed_in_the_same_case_when_it_is_stopped_again(
    project: Project, holder: Access
) -> None:
    item = make_page(project)
    case = case_close(holder, case_open(project, item.pk, by=holder.user).case, Case.Outcome.RELEASED)

    again = case_open(project, item.pk, by=holder.user)

    assert (again.case.pk, again.case.number, again.first) == (case.pk, 1, True)
    assert (again.case.outcome, again.case.closed_at, again.case.closed_by) == ("", None, None)
    assert not any(MARKER in row for row in rows_of(item))


def test_each_look_is_logged_before_it_shows_all_versions(project: Project, holder: Access) -> None:
    item = make_page(project)
    case = case_open(project, item.pk, by=make_member(project)).case

    seen = [case_look(holder, case) for _ in range(2)]

    assert [version.title for version in seen[0].versions] == [
        f'{MARKER} <span class="unseen" title="Right-to-left override">U+202E</span> tales {item.pk}',
        f"{MARKER} again",
    ]
    assert {str(name): text for name, text in seen[0].metadata}["note"] == f"{MARKER} \U0001f600 \u00e9"
    assert seen[1].address_as_it_came == f"HTTPS[://]{MARKER}[.]example/?a=%20"
    looks = CaseAccess.objects.filter(what=LOOKED)
    assert [row.user for row in looks] == [holder.user] * 2


def test_only_case_holders_find_cases_and_reading_a_list_reads_nothing_sealed(
    project: Project, holder: Access, django_assert_num_queries: Any
) -> None:
    case_open(project, make_page(project).pk, by=holder.user)

    with django_assert_num_queries(1) as queries:
        assert [case.number for case in cases_of(holder)] == [1]
    assert "sealed" not in queries[0]["sql"]
    assert case_of(holder, 1).number == 1
    with pytest.raises(NotFound, match="no case 2"):
        case_of(holder, 2)
    for role in Role:
        with pytest.raises(NotFound, match="nothing here"):
            cases_for(make_member(project, role), "pilot")


@pytest.mark.parametrize(
    "statement",
    ['DELETE FROM "case"', "DELETE FROM case_access", "UPDATE case_access SET what = 'Nothing'"],
)
def test_neither_a_case_nor_its_log_can_be_undone(project: Project, statement: str) -> None:
    case_open(project, make_page(project).pk, by=make_member(project))

    with pytest.raises(DatabaseError, match=r"Cannot .*delete rows"), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_withheld_page_is_listed_by_its_hash_alone(project: Project) -> None:
    item = make_page(project)
    content = case_open(project, item.pk, by=make_member(project)).case.content_hash.hex

    rows = item_rows(list(items_of(project, ItemFilter())))

    assert [(row.url.before + row.url.domain + row.url.after, row.title) for row in rows] == [
        (f"withheld:{content}", "")
    ]
    assert not items_of(project, ItemFilter(text=MARKER)).exists()
    assert item_page(Item.objects.get()).is_bare


FILE = f"url,title,text\nhttps://{MARKER}.example/,{MARKER},{MARKER}\n".encode()


def taken_in(project: Project) -> Ingest:
    ingest = ingest_create(project, Upload("rows.csv", io.BytesIO(FILE)), by=None)
    done = ingest_run(ingest.pk)
    assert done is not None
    return done


def test_a_withheld_page_does_not_come_back_when_its_address_is_taken_in_again(project: Project) -> None:
    taken_in(project)
    case_open(project, Item.objects.get().pk, by=make_member(project))

    again = taken_in(project)

    assert (again.rows_added, again.rows_known) == (0, 1)
    assert Item.objects.get().withheld
    assert Evidence.objects.get().text == ""


def test_no_upload_is_kept_when_an_ingest_is_done(project: Project) -> None:
    ingest = taken_in(project)

    assert ingest.file == ""
    assert default_storage.listdir(f"ingests/{project.pk}") == ([], [])


def test_uploads_of_broken_ingests_are_dropped_when_a_page_is_stopped(
    project: Project, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    taken_in(project)
    names = {
        status: default_storage.save(f"ingests/{status}", ContentFile(FILE))
        for status in (RunStatus.FAILED, RunStatus.DONE, RunStatus.RUNNING)
    }
    for status, name in names.items():
        Ingest.objects.create(
            project=project, filename="old.csv", file=name, format="csv", size=1, sha256=status, status=status
        )

    with django_capture_on_commit_callbacks(execute=True):
        case_open(project, Item.objects.get().pk, by=make_member(project))

    assert {status for status, name in names.items() if default_storage.exists(name)} == {RunStatus.RUNNING}
