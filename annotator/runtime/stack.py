"""What `manage.py up` runs, and in which order it starts and stops."""

import http.client
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from signal import SIGINT, SIGQUIT, SIGTERM

from django.core.management import call_command
from django.db import connections

from annotator.runtime import embedded, servers
from annotator.runtime.embedded import Layout
from annotator.runtime.instance import instance_lock, port_check
from annotator.runtime.servers import Identity
from annotator.runtime.supervise import Program, Stopped, Supervisor

SERVICES = ["postgres", "redis"]
SERVICE_SECONDS = 60.0
# Its warning of root is about pickled messages, and ours are JSON.
CELERY = [sys.executable, "-W", "ignore:::celery.platforms", "-m", "celery", "--quiet", "-A", "annotator"]
WORKERS = {"interactive": ("interactive", "2"), "training": ("training", "1"), "bulk": ("bulk,training", "2")}
"""The queues that each kind of worker takes from, and its processes: a training waits for no ingest and no snapshot."""
WORKER_NICENESS = 5  # no annotator waits for the model, on a machine of two cores either
DEMO_SECONDS = 600.0
READY_SECONDS = 60.0
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - read, never bound


@dataclass(frozen=True)
class Door:
    """Where the web server listens, and the host name that it answers to."""

    host: str
    port: int
    name: str = "localhost"

    @property
    def reachable_host(self) -> str:
        """The host to ask from this machine."""
        return ANY_ADDRESS.get(self.host, self.host)

    @property
    def address(self) -> str:
        """The address for the browser."""
        host = self.reachable_host
        return f"http://[{host}]:{self.port}/" if ":" in host else f"http://{host}:{self.port}/"

    def answers(self) -> bool:
        """Whether /health/ready/ says 200."""
        connection = http.client.HTTPConnection(self.reachable_host, self.port, timeout=2)
        try:
            connection.request("GET", "/health/ready/", headers={"Host": self.name})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def stack_run(door: Door, *, demo: bool, write: Callable[[str], None]) -> None:
    """Start everything, say so when it is ready, keep it running until asked to stop, stop everything.

    Raises
    ------
    CrossguardError
        If something cannot be started, or ends again and again; everything else has been stopped then.
    """
    layout = Layout(embedded.home())
    identity = servers.postgres_identity()
    servers.state_prepare(layout, identity)
    with instance_lock(layout.root, address=door.address) as held:
        port_check(door.host, door.port)
        supervisor = Supervisor(_environment(door), write, held)
        supervisor.listen()
        with _stopped_in_order(supervisor):
            _start_services(supervisor, layout, identity)
            with supervisor.interruptible():
                _migrate()
            _start_site(supervisor, door, demo=demo)
            # The site is what people wait for: both cores are its own until it answers.
            for program in (*map(_worker, WORKERS), _beat(layout)):
                supervisor.start(program)
            supervisor.say(_greeting(door, layout, demo=demo))
            supervisor.watch()


@contextmanager
def _stopped_in_order(supervisor: Supervisor) -> Iterator[None]:
    try:
        yield
    except Stopped:
        pass
    finally:
        supervisor.stop(keep=SERVICES)
        supervisor.stop()


def _start_services(supervisor: Supervisor, layout: Layout, identity: Identity) -> None:
    if embedded.is_redis_local():
        supervisor.start(Program("redis", servers.valkey_command(layout), ((SIGTERM, 3.0),), SIGTERM))
    if embedded.is_local():
        servers.postgres_init(layout, identity)
        command = servers.postgres_command(layout)
        # Asked first to disconnect everybody and write everything, then to leave the rest to the next start.
        stop = ((SIGINT, 3.0), (SIGQUIT, 0.5))
        pid = supervisor.start(Program("postgres", command, stop, SIGINT, identity)).process.pid
        supervisor.wait_until(
            lambda: servers.postgres_ready(layout, pid), seconds=SERVICE_SECONDS, what="PostgreSQL"
        )
        servers.database_create(layout)
    if embedded.is_redis_local():
        supervisor.wait_until(lambda: servers.valkey_ready(layout), seconds=SERVICE_SECONDS, what="Valkey")


def _migrate() -> None:
    # In this process, which has read the models already: a process of its own would cost two seconds more.
    # Left half-way, the migration under way is rolled back, and the next start goes on from there.
    call_command("migrate", interactive=False, verbosity=0)
    connections.close_all()


def _start_site(supervisor: Supervisor, door: Door, *, demo: bool) -> None:
    supervisor.start(_web(door))
    if demo and not _demo_is_made():
        command = [sys.executable, str(embedded.REPOSITORY / "manage.py"), "demo"]
        supervisor.run(Program("demo", command), seconds=DEMO_SECONDS)
    supervisor.wait_until(door.answers, seconds=READY_SECONDS, what=f"{door.address}health/ready/")


def _demo_is_made() -> bool:
    """Whether the demo is there; asked in this process, for another one would cost two seconds."""
    answer = call_command("demo", check=True, stdout=io.StringIO())
    connections.close_all()
    return bool(answer == "made")


def _web(door: Door) -> Program:
    host = f"[{door.host}]" if ":" in door.host else door.host
    command = [sys.executable, "-m", "gunicorn", "annotator.wsgi", "--bind", f"{host}:{door.port}"]
    command += ["--worker-class", "gthread", "--workers", "2", "--threads", "4", "--preload"]
    # Its control socket would lie in the home directory, one for all instances.
    return Program("web", [*command, "--no-control-socket", "--graceful-timeout", "3"])


def _worker(name: str) -> Program:
    queues, processes = WORKERS[name]
    command = [*CELERY, "worker", "-Q", queues, "-n", f"{name}@%h", "--pool", "prefork"]
    command += ["--concurrency", processes, "--without-gossip", "--without-mingle", "--loglevel", "INFO"]
    return Program(name, command, niceness=WORKER_NICENESS)


def _beat(layout: Layout) -> Program:
    command = [*CELERY, "beat", "-s", str(layout.root / "beat.db"), "--pidfile="]
    return Program("beat", command, niceness=WORKER_NICENESS)


def _environment(door: Door) -> dict[str, str]:
    names = ",".join(dict.fromkeys(["localhost", "127.0.0.1", "[::1]", door.host]))
    defaults = {
        "CROSSGUARD_ALLOWED_HOSTS": names,
        "CROSSGUARD_HTTPS": "false",  # this web server speaks plain HTTP; behind a proxy with TLS, set it
        "MALLOC_ARENA_MAX": "1",  # one heap for all threads: what a snapshot frees in one, it takes in another
        "ARROW_DEFAULT_MEMORY_POOL": "system",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }
    return {**defaults, **os.environ}


def _greeting(door: Door, layout: Layout, *, demo: bool) -> str:
    lines = [f"Crossguard is ready: {door.address}"]
    if demo:
        logins: dict[str, str] = json.loads((layout.root / "demo-logins.json").read_text())
        lines += [f"  sign in as {name:<12} password {password}" for name, password in logins.items()]
    return "\n".join(lines)
