"""`manage.py ingest`, also killed in the middle."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from annotator.pool.models import Evidence, Ingest, Item, RefusedRow
from annotator.runs import STALE_AFTER, RunStatus
from tests.annotator.pool.archives import zip_of
from tests.annotator.pool.files import file_of, pages
from tests.factories import make_project

ROOT = Path(settings.BASE_DIR)
WAIT_SECONDS = 60


@pytest.fixture(autouse=True)
def _own_storage(settings: Settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.mark.django_db
def test_a_file_is_taken_in_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = make_project("pilot")
    file = tmp_path / "rows.csv"
    file.write_bytes(file_of([*pages(3), *pages(1), {"url": "", "title": "", "text": ""}], "csv"))

    call_command("ingest", "pilot", str(file))

    output = capsys.readouterr()
    assert output.out == "rows.csv: 5 rows read, 3 added, 1 known already, 1 refused\n"
    assert "reading lines" in output.err
    assert Item.objects.filter(project=project).count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.csv", None, "cannot be read: No such file"),
        ("rows.csv", b"address\nx\n", 'has no column "url"'),
        ("rows.csv", b"url\n", "has no rows"),
    ],
)
def test_the_command_fails_with_the_sentence_when_the_file_is_bad(
    tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    make_project("pilot")
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(CommandError, match=words) as failed:
        call_command("ingest", "pilot", str(tmp_path / name))

    assert failed.value.returncode == 1


@pytest.mark.django_db
def test_the_command_fails_when_there_is_no_such_project(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match='no project "nowhere"'):
        call_command("ingest", "nowhere", str(tmp_path / "rows.csv"))


@pytest.mark.django_db
def test_the_format_may_overrule_the_name(tmp_path: Path) -> None:
    project = make_project("pilot")
    (tmp_path / "rows.csv").write_bytes(file_of(pages(2), "tsv"))

    call_command("ingest", "pilot", str(tmp_path / "rows.csv"), format="tsv", verbosity=0)

    assert Item.objects.filter(project=project).count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_second_run_completes_what_a_killed_one_began(tmp_path: Path) -> None:
    project = make_project("pilot")
    file = tmp_path / "rows.csv"
    bad = {"url": "ftp://files.example/", "title": "", "text": ""}
    file.write_bytes(file_of([*pages(20_000), bad, *pages(500)], "csv"))

    process = _command(file)
    _wait(lambda: Ingest.objects.filter(rows_read__gt=0).exists())
    process.send_signal(signal.SIGKILL)
    process.communicate()
    killed = Ingest.objects.get(project=project)
    left = Item.objects.filter(project=project).count()
    _forget_worker(killed)
    second = _command(file)
    output, _ = second.communicate(timeout=WAIT_SECONDS)

    assert 0 < killed.rows_read < 20_501, "the process was not killed in the middle"
    assert killed.rows_read == left, "a chunk was half committed"
    assert second.returncode == 0
    assert output == b"rows.csv: 20,501 rows read, 20,000 added, 500 known already, 1 refused\n"
    ingest = Ingest.objects.get(project=project)
    assert (ingest.status, ingest.attempt) == (RunStatus.DONE, 2)
    assert Item.objects.filter(project=project).count() == 20_000
    assert Evidence.objects.filter(item__project=project).count() == 20_000
    assert RefusedRow.objects.filter(ingest=ingest).count() == 1


def _command(file: Path) -> "subprocess.Popen[bytes]":
    database = settings.DATABASES["default"]["NAME"]
    url = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{database}"
    environment = {**os.environ, "DATABASE_URL": url, "CROSSGUARD_MEDIA": str(settings.MEDIA_ROOT)}
    command = [sys.executable, "manage.py", "ingest", "pilot", str(file)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )


def _forget_worker(ingest: Ingest) -> None:
    # As if the time after which a silent worker counts as dead had passed.
    Ingest.objects.filter(pk=ingest.pk).update(heartbeat_at=timezone.now() - 2 * STALE_AFTER)


def _wait(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.005)


@pytest.mark.django_db
def test_the_meaning_of_lists_comes_from_a_file(tmp_path: Path) -> None:
    project = make_project("pilot")
    (tmp_path / "lists.zip").write_bytes(zip_of({"casino.txt": b"a.example\n"}))
    (tmp_path / "names.csv").write_text("list,category\ncasino,gambling\n")

    call_command("ingest", "pilot", str(tmp_path / "lists.zip"), names=tmp_path / "names.csv", verbosity=0)

    assert Item.objects.get(project=project).known_labels == ["gambling"]
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("ingest", "pilot", str(tmp_path / "lists.zip"), names=tmp_path / "none.csv", verbosity=0)
