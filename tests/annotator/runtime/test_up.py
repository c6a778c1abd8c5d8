"""`manage.py up` as a person uses it: a process, a terminal, a browser's first request."""

import http.client
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from annotator.runtime import servers
from annotator.runtime.embedded import REPOSITORY, Layout
from tests.annotator.runtime.processes import processes_of, wait_for

START_SECONDS = 120.0
STOP_SECONDS = 10.0


@dataclass
class Instance:
    """One state directory with a port, and the commands on it."""

    home: Path
    port: int
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """That of a shell in which nothing but the state directory is set."""
        ours = {name for name in os.environ if name.startswith("CROSSGUARD_")} | {"DATABASE_URL", "REDIS_URL"}
        kept = {name: value for name, value in os.environ.items() if name not in ours}
        return {**kept, "CROSSGUARD_HOME": str(self.home), **self.settings}

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `manage.py` command to its end."""
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env=self.environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=START_SECONDS,
        )

    def begin(self, log: Path) -> subprocess.Popen[bytes]:
        """Start `manage.py up`."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(self.port)],
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def up(self, log: Path) -> subprocess.Popen[bytes]:
        """Start `manage.py up`, and return when it says that it is ready."""
        process = self.begin(log)
        ready = f"Crossguard is ready: http://127.0.0.1:{self.port}/"
        wait_for(
            lambda: ready in log.read_text() or process.poll() is not None, log.name, seconds=START_SECONDS
        )
        assert process.poll() is None, log.read_text()
        return process

    def status(self, path: str) -> int:
        """The status of a GET."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        finally:
            connection.close()


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """An instance of its own; nothing of it is left running."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        made = Instance(tmp_path / "home", probe.getsockname()[1])
    yield made
    for process in made.started:
        process.kill()
        process.wait()
    wait_for(lambda: processes_of(made.home) == [], "the end of every process")


def test_up_serves_refuses_a_second_and_stops_without_orphan_when_asked(
    instance: Instance, tmp_path: Path
) -> None:
    process = instance.up(tmp_path / "log")

    assert instance.status("/health/ready/") == 200
    names = ("postgres", "valkey", "gunicorn", "-Q interactive", "-Q training", "-Q bulk,training", "beat")
    wait_for(
        lambda: all(name in "\n".join(processes_of(instance.home)) for name in names),
        "every process of the stack",
    )

    second = instance.command("up", "--port", "0")
    assert second.returncode == 1
    assert second.stderr.startswith("Error: Crossguard runs already on ")
    assert second.stderr.count("\n") == 1

    other = Instance(tmp_path / "other", instance.port).command("up", "--port", str(instance.port))
    assert other.returncode == 1
    assert other.stderr.startswith(f"Error: Cannot listen on 127.0.0.1:{instance.port} ")
    assert other.stderr.count("\n") == 1

    assert instance.command("migrate", "--check").returncode == 0

    process.send_signal(signal.SIGINT)
    assert process.wait(STOP_SECONDS) == 0
    assert processes_of(instance.home) == []
    assert "Traceback" not in (tmp_path / "log").read_text()


def test_up_stops_at_once_when_the_first_migrations_run_and_the_next_up_goes_on(
    instance: Instance, tmp_path: Path
) -> None:
    log = tmp_path / "first"
    first = instance.begin(log)
    wait_for(
        lambda: any("CREATE" in command or "ALTER" in command for command in processes_of(instance.home)),
        "a migration under way",
        seconds=START_SECONDS,
    )
    first.send_signal(signal.SIGTERM)
    assert first.wait(STOP_SECONDS) == 0
    assert processes_of(instance.home) == []
    assert "Traceback" not in log.read_text()
    assert "gunicorn" not in log.read_text()

    instance.up(tmp_path / "second")

    assert instance.command("migrate", "--check").returncode == 0


def test_next_up_recovers_when_the_supervisor_was_killed(instance: Instance, tmp_path: Path) -> None:
    first = instance.up(tmp_path / "first")
    first.kill()
    first.wait()

    second = instance.up(tmp_path / "second")

    assert instance.status("/health/ready/") == 200
    second.send_signal(signal.SIGTERM)
    assert second.wait(STOP_SECONDS) == 0


def test_up_says_what_to_do_when_the_state_directory_cannot_be_written(instance: Instance) -> None:
    instance.home = Path("/proc/crossguard")  # closed to root also

    done = instance.command("up")

    assert done.returncode == 1
    assert done.stderr.startswith("Error: Cannot write the state directory /proc/crossguard ")
    assert "set CROSSGUARD_HOME" in done.stderr
    assert done.stderr.count("\n") == 1


def test_up_says_what_to_do_when_the_data_is_of_another_major_version(instance: Instance) -> None:
    data = instance.home / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n")

    done = instance.command("up", "--port", str(instance.port))

    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: {data} was made by PostgreSQL 12, but ")
    assert "set PG_BIN to the programs of PostgreSQL 12" in done.stderr
    assert done.stderr.count("\n") == 1
    assert (data / "PG_VERSION").read_text() == "12\n"


def test_up_says_what_to_do_when_the_data_directory_holds_something_else(instance: Instance) -> None:
    (instance.home / "postgres").mkdir(parents=True)
    (instance.home / "postgres" / "thesis.txt").write_text("mine")

    done = instance.command("up", "--port", str(instance.port))

    assert done.returncode == 1
    assert "is not a PostgreSQL data directory" in done.stderr
    assert (instance.home / "postgres" / "thesis.txt").read_text() == "mine"


def test_other_command_says_how_to_start_when_the_services_do_not_run(instance: Instance) -> None:
    done = instance.command("migrate")

    assert done.returncode == 1
    assert done.stderr.startswith(f"Error: The services of {instance.home} are not running: ")
    assert "manage.py up" in done.stderr
    assert done.stderr.count("\n") == 1


def test_other_command_names_the_setting_when_a_foreign_database_does_not_answer(instance: Instance) -> None:
    instance.settings = {
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
        "CROSSGUARD_SECRET_KEY": "x" * 50,
    }

    done = instance.command("migrate")

    assert done.returncode == 1
    assert done.stderr.startswith("Error: PostgreSQL does not answer (")
    assert done.stderr.endswith("correct DATABASE_URL.\n")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes identity")
@pytest.mark.parametrize("identity", list(servers.Identity)[1:])
def test_postgres_starts_as_root_when_it_takes_another_identity(
    instance: Instance, identity: servers.Identity
) -> None:
    layout = Layout(Path("/tmp", f"crossguard-identity-{instance.port}"))
    try:
        servers.state_prepare(layout, identity)
        servers.postgres_init(layout, identity)
        command = servers.guarded(
            servers.postgres_command(layout, lasting=False), death_signal=signal.SIGINT, identity=identity
        )
        with (layout.root / "log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True, cwd="/")
        wait_for(lambda: servers.postgres_ready(layout, process.pid), "PostgreSQL")

        servers.database_create(layout)

        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
    finally:
        subprocess.run(["rm", "-rf", str(layout.root)], check=True)
