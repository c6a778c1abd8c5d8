"""The other commands against a running server, what they print, and their exit status."""

import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from annotator.accounts import throttling
from annotator.accounts.services import token_create
from annotator.judgments.models import Judgment
from annotator.pool.models import Ingest, Item
from annotator.pool.services import ingest_run
from annotator.projects import ndjson
from annotator.projects.models import Project, Role
from annotator.runs import RunStatus
from annotator.runtime.embedded import REPOSITORY
from learner.client import Crossguard, Patience
from learner.client.__main__ import main
from learner.client.arguments import parser_made
from learner.client.errors import BrokeOff, Refused
from learner.client.logins import SERVER, TOKEN, Login, login_path, login_read, login_store
from learner.client.shapes import End
from learner.snapshots.models import Snapshot, SnapshotRun
from learner.snapshots.services import snapshot_annotate, snapshot_run_execute
from tests.factories import GAMBLING, GAMES, make_items, make_member, make_resolution
from tests.learner.client.proxy import BadNetwork

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("signed_in")]
Told = pytest.CaptureFixture[str]


@pytest.fixture
def worker() -> Iterator[None]:
    """Does the ingests and snapshots that wait, as a worker would."""
    ended = threading.Event()

    def work() -> None:
        while not ended.wait(0.05):
            for ingest in Ingest.objects.filter(status=RunStatus.PENDING):
                ingest_run(ingest.pk)
            for run in SnapshotRun.objects.filter(status=RunStatus.PENDING):
                snapshot_run_execute(run.pk)
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    ended.set()
    thread.join()


def printed_lines(capsys: Told) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_projects_and_snapshots_are_listed(capsys: Told, shelf: Project) -> None:
    snapshot_annotate(Snapshot.objects.get(), "deprecated", "Use \x1b[31mv2.", by=shelf.created_by)
    assert main(["projects"]) == 0
    assert main(["snapshots", "shelf"]) == 0
    table = capsys.readouterr().out
    assert main(["projects", "--json"]) == 0
    projects = json.loads(capsys.readouterr().out)
    assert main(["snapshots", "shelf", "--json"]) == 0
    snapshots = json.loads(capsys.readouterr().out)

    assert "shelf    Scientist" in table or "shelf    scientist" in table
    assert "DEPRECATED: Use \ufffd[31mv2." in table  # nothing that a terminal obeys
    assert [row["slug"] for row in projects] == ["shelf"]
    assert [(row["number"], row["semantic"], row["n_items"]) for row in snapshots] == [(1, "1.0.0", 2)]


def test_a_snapshot_is_taken_waited_for_and_compared(capsys: Told, shelf: Project, worker: None) -> None:
    make_resolution(make_items(shelf, 1)[0], [GAMES])
    assert main(["snapshot", "shelf", "--method", "unanimous", "--format", "csv"]) == 0
    told = capsys.readouterr().out
    assert main(["diff", "shelf@1", "shelf@latest", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert main(["diff", "shelf@1.0", "shelf@2", "--markdown"]) == 0
    markdown = capsys.readouterr().out
    nothing = main(["snapshot", "shelf", "--category", "violence"])
    two_projects = main(["diff", "shelf@1", "other@1"])

    assert told == "shelf v2 (1.1.0): 3 items, 2 judgments.\n"
    assert "items.csv" in Snapshot.objects.get(number=2).manifest["files"]
    assert (found["added"], found["removed"], found["same"]) == (1, 0, 2)
    assert "# From v1 to v2" in markdown
    assert "- items added: 1\n" in markdown
    assert (nothing, two_projects) == (5, 5)
    assert "No resolved item fits this choice" in capsys.readouterr().err


def test_a_file_is_taken_in_and_refused_rows_are_told(
    capsys: Told, worker: None, tmp_path: Path, shelf: Project
) -> None:
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text("url,title\nhttps://chess.example/,Chess\n")
    bad.write_text("url,title\nhttps://go.example/,Go\nftp://files.example/,No page\n")

    statuses = [main(["ingest", "shelf", str(good)]), main(["ingest", "shelf", str(good), str(bad)])]

    told = capsys.readouterr()
    assert statuses == [0, 1]
    assert "1 rows read, 1 added, 0 known, 0 of them changed, 0 refused." in told.out
    assert "  line 3: " in told.out
    assert "ftp://files.example/" in told.out
    assert Item.objects.filter(project=shelf, url="https://go.example/").exists()
    assert told.err == ""


def test_a_file_that_cannot_be_read_is_refused_in_one_line(capsys: Told, tmp_path: Path) -> None:
    empty = tmp_path / "empty.csv"
    empty.write_text("")

    statuses = [main(["ingest", "shelf", str(empty)]), main(["ingest", "shelf", str(tmp_path / "none.csv")])]

    assert statuses == [5, 4]
    assert [line[:12] for line in capsys.readouterr().err.splitlines()] == ["crossguard: "] * 2


def test_judgments_and_items_come_as_lines(capsys: Told, shelf: Project) -> None:
    assert main(["judgments", "shelf", "--label", GAMES]) == 0
    judgments = printed_lines(capsys)
    assert main(["items", "shelf", "--category", GAMBLING, "--fields", "url,held", "--end"]) == 0
    *items, last = printed_lines(capsys)
    assert main(["judgments", "shelf", "--after", str(Judgment.objects.latest("pk").pk)]) == 0
    nothing = printed_lines(capsys)

    assert [row["labels"] for row in judgments] == [[GAMES]]
    assert judgments[0]["annotator"].startswith("annotator-")
    assert judgments[0]["note"] is None
    assert [set(row) for row in items] == [{"id", "url", "held"}]
    assert last["end"]["count"] == 1
    assert nothing == []


def test_a_filter_that_cannot_be_is_told_with_its_sentence(capsys: Told) -> None:
    assert main(["judgments", "shelf", "--since", "yesterday"]) == 5
    assert "since: Date has wrong format" in capsys.readouterr().err


def test_a_stream_that_is_cut_goes_on_and_none_comes_twice(
    live_server: Any, token: str, shelf: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ndjson, "CHUNK", 2)
    make_items(shelf, 30)
    patience = Patience(tries=3, first=0.0)
    with (
        BadNetwork(live_server.url, cuts=[2_000, 3_000, 5_000]) as network,
        Crossguard(network.url, token, patience=patience) as crossguard,
    ):
        *rows, end = crossguard.rows("shelf", "items", {})

    ids = [row["id"] for row in rows if not isinstance(row, End)]
    assert network.n_cut == 3
    assert ids == sorted(Item.objects.values_list("pk", flat=True))
    assert isinstance(end, End)
    assert end.count == 32


def test_a_stream_that_gets_no_further_ends_in_an_error(live_server: Any, token: str) -> None:
    with (
        BadNetwork(live_server.url, cuts=[700] * 99) as network,
        Crossguard(network.url, token, patience=Patience(tries=3, first=0.0)) as crossguard,
        pytest.raises(BrokeOff),
    ):
        list(crossguard.items("shelf"))


def test_the_client_gives_typed_rows(live_server: Any, token: str, shelf: Project) -> None:
    with Crossguard(live_server.url, token) as crossguard:
        judgment = next(crossguard.judgments("shelf", label=GAMES))
        item = next(crossguard.items("shelf", category=GAMES))
        snapshot = crossguard.snapshot("shelf", "v1")

    assert (judgment.item, judgment.labels, judgment.created_at.year) == (item.id, (GAMES,), 2026)
    assert item.held is not None
    assert item.held["labels"] == [GAMES]
    assert (snapshot.order, str(snapshot)) == ((1, 0, 0), "v1 (1.0.0)")


def test_a_busy_server_is_asked_again_when_it_says_so(
    live_server: Any, token: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.API_REQUESTS_A_MINUTE = 1
    monkeypatch.setattr(throttling, "OUTAGE", throttling.Outage())
    now, waited = [1_800_000_015.0], []
    monkeypatch.setattr(throttling, "seconds_now", lambda: now[0])

    def sleep(seconds: float) -> None:
        waited.append(seconds)
        now[0] += seconds

    with Crossguard(live_server.url, token, patience=Patience(sleep=sleep)) as crossguard:
        assert [row.slug for row in (*crossguard.projects(), *crossguard.projects())] == ["shelf"] * 2

    assert waited == [45.0]


def test_a_server_that_is_not_there_is_said_to_be_none(capsys: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    waited: list[float] = []
    with (
        Crossguard("http://127.0.0.1:9", "cg_x", patience=Patience(2, sleep=waited.append)) as crossguard,
        pytest.raises(Exception, match="does not answer"),
    ):
        crossguard.projects()

    assert waited == [0.5]
    monkeypatch.setenv(SERVER, "crossguard.example")
    assert main(["projects"]) == 5
    assert "is no address of a server. Write it as https://" in capsys.readouterr().err


def test_the_login_is_asked_without_echo_checked_and_kept_for_its_owner_alone(
    live_server: Any, token: str, tmp_path: Path
) -> None:
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path / "config")}
    environment.pop(TOKEN)
    environment.pop(SERVER)
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "learner.client", "login", "--server", live_server.url],
        cwd=REPOSITORY, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    )  # fmt: skip
    os.close(slave)
    shown = b""
    while b"not shown" not in shown:
        shown += os.read(master, 1024)
    os.write(master, f"{token}\n".encode())
    while b"Kept in" not in shown:
        shown += os.read(master, 1024)
    assert process.wait(30) == 0
    os.close(master)

    kept = login_path(environment)
    assert token.encode() not in shown
    assert b"Signed in to" in shown
    assert oct(kept.stat().st_mode & 0o777) == "0o600"
    assert login_read(environment) == Login(live_server.url, token)


def test_a_bad_token_is_not_kept_and_logout_forgets(
    live_server: Any, token: str, capsys: Told, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def logged_in(secret: str) -> int:
        done = subprocess.run(
            [sys.executable, "-m", "learner.client", "login", "--server", live_server.url],
            cwd=REPOSITORY, input=f"{secret}\n", check=False, capture_output=True, text=True,
        )  # fmt: skip
        return done.returncode

    kept = login_path(os.environ)
    assert [logged_in(secret) for secret in ("cg_wrong", "", "two words")] == [3, 2, 3]
    assert not kept.exists()
    assert logged_in(token) == 0
    assert main(["logout"]) == 0
    assert not kept.exists()
    assert main(["logout"]) == 0
    monkeypatch.delenv(TOKEN)
    capsys.readouterr()
    assert main(["projects"]) == 3
    assert f"crossguard login --server {live_server.url}" in capsys.readouterr().err


def test_the_environment_wins_and_a_stored_token_goes_to_its_own_server_alone(tmp_path: Path) -> None:
    environment = {"XDG_CONFIG_HOME": str(tmp_path)}
    login_store(environment, Login("https://one.example", "cg_one"))

    assert login_read(environment) == Login("https://one.example", "cg_one")
    assert login_read({**environment, TOKEN: "cg_two"}) == Login("https://one.example", "cg_two")
    with pytest.raises(Exception, match=r"no token for https://two\.example"):
        login_read({**environment, SERVER: "https://two.example"})


def test_a_lead_sees_names_and_a_pipe_that_closes_is_no_failure(
    shelf: Project, monkeypatch: pytest.MonkeyPatch, capsys: Told
) -> None:
    monkeypatch.setenv(TOKEN, token_create(make_member(shelf, Role.LEAD), "cli", days=1).secret)
    assert main(["judgments", "shelf"]) == 0
    assert {row["note"] for row in printed_lines(capsys)} == {"Mine."}
    make_items(shelf, 3_000)
    command = '"$0" -m learner.client items shelf | head -1; exit ${PIPESTATUS[0]}'

    done = subprocess.run(
        ["bash", "-c", command, sys.executable], cwd=REPOSITORY, check=False, capture_output=True, text=True
    )

    assert (done.returncode, done.stderr) == (141, "")
    assert done.stdout.count("\n") == 1


def test_the_help_names_every_command_and_exit_status() -> None:
    told = parser_made().format_help()

    for word in (
        "login",
        "pull",
        "diff",
        "ingest",
        "judgments",
        "verify",
        "exit status: 0 done",
        "CROSSGUARD_TOKEN",
    ):
        assert word in told


def test_what_names_no_project_is_refused_before_anything_is_asked() -> None:
    with Crossguard("http://127.0.0.1:9", "cg_x") as crossguard:
        for name in ("../admin", "", "a/b", "a b"):
            with pytest.raises(Exception, match="cannot be the short name"):
                list(crossguard.snapshots(name))
    with pytest.raises(Refused, match="no address"):
        Crossguard("ftp://x", "cg_x")
