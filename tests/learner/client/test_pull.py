"""`crossguard pull` from a running server: whole, gone on with after a cut, wrong bytes, full disk, Ctrl-C."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from django.core.files.storage import default_storage

from annotator.accounts.models import ApiToken
from annotator.projects.models import Project
from annotator.runtime.embedded import REPOSITORY
from learner.client import Crossguard, Patience, pull
from learner.client.__main__ import main
from learner.client.errors import HashWrong, NotFound, Refused, Unreachable
from learner.client.pulling import MARKER, Step, Wanted
from learner.client.verify import findings_of
from learner.snapshots.models import Snapshot
from tests.factories import make_project
from tests.learner.client.proxy import BadNetwork

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("signed_in")]
QUICK: Final = Patience(tries=3, first=0.0, timeout=20.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pulled"


def is_right(folder: Path) -> bool:
    findings = findings_of(folder)
    return len(findings) > 5 and all(finding.is_good for finding in findings)


def size_of(shelf: Project) -> int:
    return Snapshot.objects.get(project=shelf).size


def test_a_snapshot_comes_whole_and_is_not_fetched_again(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = main(["pull", "shelf@latest", str(folder)])
    told = capsys.readouterr()
    (folder / "card.json").write_text("{}")
    again = main(["pull", "shelf@1.0", str(folder)])

    assert (first, again) == (0, 0)
    assert is_right(folder)
    assert not list(folder.glob(".*"))
    assert "were there, every hash is right" in told.out
    assert told.err == ""  # no terminal, no progress
    assert "1 files fetched" in capsys.readouterr().out


def test_a_pull_goes_on_where_the_connection_was_cut(
    live_server: Any, token: str, shelf: Project, folder: Path
) -> None:
    with (
        BadNetwork(live_server.url, cuts=[45_000] * 4) as network,
        Crossguard(network.url, token, patience=QUICK) as crossguard,
    ):
        pull(crossguard, "shelf", "1", folder)

    assert is_right(folder)
    assert network.n_cut >= 2
    assert b"range: bytes=" in network.asked.lower()
    assert b"if-range: " in network.asked.lower()
    assert network.n_bytes < size_of(shelf) * 1.5 + 50_000  # and not from the beginning each time


def test_a_pull_that_was_given_up_is_resumed_by_the_next(live_server: Any, token: str, folder: Path) -> None:
    with (
        BadNetwork(live_server.url, cuts=[60_000, *[10] * 20]) as network,
        Crossguard(network.url, token, patience=QUICK) as crossguard,
        pytest.raises(Unreachable),
    ):
        pull(crossguard, "shelf", "1", folder)
    left = {path.name for path in folder.iterdir()}
    steps: list[Step] = []
    with Crossguard(live_server.url, token, patience=QUICK) as crossguard:
        done = pull(crossguard, "shelf", "1", folder, tell=steps.append)

    assert MARKER in left
    assert "manifest.json" not in left
    assert done.there
    assert is_right(folder)
    assert not list(folder.glob(".*"))


def test_a_file_that_came_wrong_is_fetched_once_more(live_server: Any, token: str, folder: Path) -> None:
    steps: list[Step] = []
    with (
        BadNetwork(live_server.url, spoil=(b"PAR1", b"PAR2"), spoil_times=1) as network,
        Crossguard(network.url, token, patience=QUICK) as crossguard,
    ):
        pull(crossguard, "shelf", "1", folder, tell=steps.append)

    assert [step.words for step in steps if step.words] == ["came wrong; once more"]
    assert is_right(folder)


def test_a_file_that_came_wrong_twice_is_named_and_not_kept(
    live_server: Any, token: str, folder: Path
) -> None:
    with (
        BadNetwork(live_server.url, spoil=(b"PAR1", b"PAR2"), spoil_times=99) as network,
        Crossguard(network.url, token, patience=QUICK) as crossguard,
        pytest.raises(HashWrong, match=r"batches\.parquet came twice"),
    ):
        pull(crossguard, "shelf", "1", folder)

    assert not (folder / "batches.parquet").exists()
    assert not list(folder.glob("*.parquet"))


def test_a_part_of_nothing_or_of_too_much_is_begun_anew(live_server: Any, token: str, folder: Path) -> None:
    sha256 = Snapshot.objects.get().manifest["files"]["items.parquet"]["sha256"]
    folder.mkdir()
    (folder / MARKER).write_text(Snapshot.objects.get().sha256)
    (folder / f".items.parquet.{sha256[:16]}.part").write_bytes(b"x" * 5_000_000)
    with Crossguard(live_server.url, token, patience=QUICK) as crossguard:
        pull(crossguard, "shelf", "1", folder)

    assert is_right(folder)


def test_only_the_files_that_are_wanted_come(live_server: Any, token: str, tmp_path: Path) -> None:
    with Crossguard(live_server.url, token, patience=QUICK) as crossguard:
        pull(crossguard, "shelf", "1", tmp_path / "some", wanted=Wanted(("items.*", "card.json")))
        with pytest.raises(NotFound, match='No file fits "itens"'):
            pull(crossguard, "shelf", "1", tmp_path / "none", wanted=Wanted(("itens",)))
        with pytest.raises(NotFound, match="no csv files"):
            pull(crossguard, "shelf", "1", tmp_path / "none", wanted=Wanted(formats=("csv",)))

    names = sorted(path.name for path in (tmp_path / "some").iterdir())
    assert names == ["card.json", "items.parquet", "manifest.json"]
    assert not (tmp_path / "none").exists()


def test_nothing_of_anybodys_is_written_over(live_server: Any, token: str, folder: Path) -> None:
    folder.mkdir()
    (folder / "README.md").write_text("Mine.")
    with (
        Crossguard(live_server.url, token, patience=QUICK) as crossguard,
        pytest.raises(Refused, match="holds something else"),
    ):
        pull(crossguard, "shelf", "1", folder)

    assert [path.read_text() for path in folder.iterdir()] == ["Mine."]


def test_a_file_that_the_server_lost_is_said_by_the_server(
    live_server: Any, token: str, folder: Path
) -> None:
    directory = Snapshot.objects.get().directory
    default_storage.delete(f"{directory}/items.parquet")
    with (
        Crossguard(live_server.url, token, patience=QUICK) as crossguard,
        pytest.raises(Unreachable, match="Restore it from the backup"),
    ):
        pull(crossguard, "shelf", "1", folder)


def test_a_revoked_token_and_a_project_of_others_are_told_in_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_project("others")
    not_mine = main(["pull", "others@1", str(folder)])
    no_version = main(["pull", "shelf@7", str(folder)])
    no_name = main(["pull", "shelf@newest", str(folder)])
    ApiToken.objects.update(revoked_at="2026-01-01T00:00:00Z")
    revoked = main(["pull", "shelf@1", str(folder)])

    assert (not_mine, no_version, no_name, revoked) == (4, 4, 5, 3)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(".")[0] for line in lines] == [
        'crossguard: You have no project "others"',
        "crossguard: shelf has no snapshot 7",
        'crossguard: "shelf@newest" names no snapshot',
        "crossguard: This API token is unknown, expired or revoked",
    ]
    assert not folder.exists()


def test_a_full_disk_leaves_what_the_next_pull_goes_on_with(folder: Path) -> None:
    size = Snapshot.objects.get().manifest["files"]["items.parquet"]["bytes"]
    command = f'ulimit -f {size // 1024 // 2}; exec "$0" -m learner.client pull shelf@1 "$1"'
    full = subprocess.run(
        ["bash", "-c", command, sys.executable, str(folder)],
        cwd=REPOSITORY, check=False, capture_output=True, text=True,
    )  # fmt: skip
    parts = [path.stat().st_size for path in folder.glob(".*.part")]

    assert full.returncode == 7, full.stderr
    assert full.stderr.startswith(f"crossguard: The disk of {folder} is full.")
    assert full.stderr.count("\n") == 1
    assert len(parts) == 1
    assert parts[0] > 0
    assert main(["pull", "shelf@1", str(folder)]) == 0
    assert is_right(folder)


def test_ctrl_c_leaves_what_the_next_pull_goes_on_with(live_server: Any, folder: Path) -> None:
    with BadNetwork(live_server.url, hold_after=60_000) as network:
        process = subprocess.Popen(
            [sys.executable, "-m", "learner.client", "pull", "shelf@1", str(folder)],
            cwd=REPOSITORY, env={**os.environ, "CROSSGUARD_SERVER": network.url}, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert network.held.wait(30)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=30)

    assert process.returncode == 130, told
    assert told == "crossguard: stopped. The same command goes on where it can.\n"
    assert (folder / MARKER).exists()
    assert main(["pull", "shelf@1", str(folder)]) == 0
    assert is_right(folder)


def test_a_manifest_that_is_not_the_frozen_one_is_refused(live_server: Any, token: str, folder: Path) -> None:
    with (
        BadNetwork(live_server.url, spoil=(b'"README.md"', b'"../ETC.md"'), spoil_times=9) as network,
        Crossguard(network.url, token, patience=QUICK) as crossguard,
        pytest.raises(HashWrong, match="not the one that was frozen"),
    ):
        pull(crossguard, "shelf", "1", folder)

    assert not folder.exists()
