"""Copies of the logs: a snapshot has the same bytes with them, without them, and with some of them damaged."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import ProgrammingError, connection
from django.utils import timezone

from annotator.judgments.models import Judgment
from annotator.projects.models import Project
from annotator.queue.models import Stream
from annotator.runs import alone
from learner.snapshots.content import EVERYTHING, Choice, Content
from learner.snapshots.freezing import tables_freeze
from learner.snapshots.log_copying import LOGS_KEY, logs_copy, logs_copy_all
from learner.snapshots.models import LogStretch
from learner.snapshots.rowsets import rows_read
from learner.snapshots.stretches import LOGS
from tests.factories import GAMES, make_items, make_judgment, make_member, make_project, make_resolution
from tests.learner.snapshots.shelf import make_shelf, serve

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shelf() -> Project:
    return make_shelf()


def frozen(project: Project, folder: Path, choice: Choice = EVERYTHING) -> dict[str, dict[str, int | str]]:
    folder.mkdir()
    return tables_freeze(project, choice, folder, lambda _stage, _progress: None).files


def more(project: Project) -> None:
    """What comes after the copies: two judgments on a page that has some, and a page that is resolved."""
    for first in Judgment.objects.filter(project=project).order_by("pk")[:1]:
        make_judgment(first.item, make_member(project), [GAMES])
        make_judgment(first.item, first.annotator, [GAMES], supersedes=first)
    make_resolution(make_items(project, 1)[0], [GAMES])


def copied(project: Project) -> dict[str, LogStretch]:
    return {stretch.log: stretch for stretch in logs_copy(project, rows_least=1)}


@pytest.mark.parametrize(
    "choice", [EVERYTHING, Choice(content=Content(streams=("explore",)))], ids=["all", "part"]
)
def test_a_snapshot_is_the_same_with_copies_and_without(
    shelf: Project, choice: Choice, tmp_path: Path
) -> None:
    more(make_project("other"))
    made = copied(shelf)
    more(shelf)
    more(Project.objects.get(slug="other"))

    with_copies = frozen(shelf, tmp_path / "with", choice)
    LogStretch.objects.all().delete()

    assert sorted(made) == ["judgments", "ledger", "resolutions"]
    assert made["judgments"].n_rows == 120
    assert with_copies == frozen(shelf, tmp_path / "without", choice)


def test_rows_that_came_after_the_moment_are_left_out_of_copies_as_well(
    shelf: Project, tmp_path: Path
) -> None:
    choice = Choice(as_of=timezone.now())
    expected = frozen(shelf, tmp_path / "before", choice)
    more(shelf)
    serve(shelf, make_items(shelf, 2), Stream.EXPLORE)
    copied(shelf)

    assert frozen(shelf, tmp_path / "after", choice) == expected


def test_copies_are_read(shelf: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copied(shelf)
    asked: list[int] = []
    read = rows_read

    def noted(*told: object, **named: object) -> object:
        asked.append(told[2]["after"])  # type: ignore[index]
        return read(*told, **named)  # type: ignore[arg-type]

    monkeypatch.setattr("learner.snapshots.stretches.rows_read", noted)
    frozen(shelf, tmp_path / "with")

    last = {stretch.log: stretch.last_id for stretch in LogStretch.objects.all()}
    assert sorted(asked) == sorted(last.values())


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_where_a_copy_is_not_what_was_written_the_database_is_read(
    shelf: Project, harm: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    expected = frozen(shelf, tmp_path / "before")
    for stretch in copied(shelf).values():
        default_storage.delete(stretch.stored)
        if harm == "damaged":
            default_storage.save(stretch.stored, ContentFile(b"PAR1 and nothing else"))

    assert frozen(shelf, tmp_path / "after") == expected
    assert caplog.text.count("has no sound copy") == 3


def test_what_is_new_is_copied_once_there_is_enough_of_it(shelf: Project) -> None:
    first = copied(shelf)
    more(shelf)

    assert logs_copy(shelf, rows_least=3) == []

    second = copied(shelf)
    assert sorted(second) == ["judgments", "resolutions"]
    assert second["judgments"].n_rows == 2
    assert second["judgments"].first_id == first["judgments"].last_id + 1
    assert copied(shelf) == {}


def test_a_copy_between_others_that_is_not_there_is_missed_by_no_snapshot(
    shelf: Project, tmp_path: Path
) -> None:
    """An operator may delete a row; what it covered is read from the database, and copied again."""
    first = copied(shelf)["judgments"]
    more(shelf)
    copied(shelf)
    expected = frozen(shelf, tmp_path / "before")
    first.delete()

    assert frozen(shelf, tmp_path / "after") == expected

    assert copied(shelf)["judgments"].n_rows == 122
    assert LogStretch.objects.filter(project=shelf, log="judgments").count() == 1
    assert frozen(shelf, tmp_path / "again") == expected


def test_a_copy_whose_file_is_gone_is_made_again(shelf: Project) -> None:
    gone = copied(shelf)["judgments"]
    default_storage.delete(gone.stored)

    assert list(copied(shelf)) == ["judgments"]
    assert default_storage.size(gone.stored) == gone.size


def test_one_worker_copies_at_a_time_and_a_project_that_fails_holds_up_no_other(
    shelf: Project, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []

    def fails(project: Project) -> None:
        asked.append(project.slug)
        raise OSError("the storage is full")

    monkeypatch.setattr("learner.snapshots.log_copying.logs_copy", fails)
    make_project("second")
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOGS_KEY])
            logs_copy_all()
            assert asked == []
            cursor.execute("SELECT pg_advisory_unlock(%s)", [LOGS_KEY])
    finally:
        other.close()

    logs_copy_all()

    assert asked == [shelf.slug, "second"]
    assert caplog.text.count("the storage is full") >= 2
    with alone(LOGS_KEY) as is_alone:
        assert is_alone


@pytest.mark.parametrize("table", [log.table for log in LOGS])
def test_rows_of_a_log_cannot_be_changed(shelf: Project, table: str) -> None:
    with pytest.raises(ProgrammingError, match="Cannot update"), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET id = id")


def test_a_copy_that_was_read_otherwise_is_made_again(shelf: Project) -> None:
    old = copied(shelf)["judgments"]
    LogStretch.objects.filter(pk=old.pk).update(shape="of another day", stored=f"{old.stored}.old")
    default_storage.save(f"{old.stored}.old", ContentFile(b"old"))

    made = copied(shelf)

    assert list(made) == ["judgments"]
    assert not default_storage.exists(f"{old.stored}.old")
    assert LogStretch.objects.filter(project=shelf).count() == 3


def test_what_a_worker_left_that_died_while_storing_is_written_again(shelf: Project, tmp_path: Path) -> None:
    stretch = copied(shelf)["ledger"]
    LogStretch.objects.filter(pk=stretch.pk).delete()
    default_storage.delete(stretch.stored)
    default_storage.save(stretch.stored, ContentFile(b"half of it"))
    expected = frozen(shelf, tmp_path / "before")

    assert copied(shelf)["ledger"].sha256 == stretch.sha256
    assert frozen(shelf, tmp_path / "after") == expected


@contextmanager
def writing(judgment: Judgment) -> Iterator[int]:
    """Somebody whose transaction has written a judgment and is not over yet: its id is seen by nobody."""
    other = connection.copy()
    try:
        other.ensure_connection()
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(
                """
                INSERT INTO judgment (project_id, item_id, annotator_id, client_id, labels, unsure, verdict, seconds,
                                      note, late, taxonomy_id, guideline_id, created_at, supersedes_id, assignment_id)
                SELECT project_id, item_id, annotator_id, gen_random_uuid(), labels, unsure, verdict, seconds, note,
                       late, taxonomy_id, guideline_id, created_at, id, assignment_id
                FROM judgment WHERE id = %s RETURNING id
                """,
                [judgment.pk],
            )
            ((pk,),) = cursor.fetchall()
        yield pk
        other.commit()
    finally:
        other.close()


def test_a_row_whose_writer_is_slow_is_missed_by_no_copy(shelf: Project, tmp_path: Path) -> None:
    first = Judgment.objects.filter(project=shelf).earliest("pk")
    with writing(first) as slow:
        later = make_judgment(first.item, make_member(shelf), [GAMES]).pk
        assert slow < later
        assert "judgments" not in copied(shelf)

    assert copied(shelf)["judgments"].n_rows == 122
    with_copies = frozen(shelf, tmp_path / "with")
    LogStretch.objects.all().delete()
    assert with_copies == frozen(shelf, tmp_path / "without")


def test_few_rows_are_not_worth_a_copy(shelf: Project) -> None:
    assert logs_copy(shelf) == []
    assert logs_copy(make_project("empty"), rows_least=1) == []
