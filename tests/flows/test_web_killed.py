"""The web server is killed -9 while sixteen people submit: all that was acknowledged is there, and nothing twice."""

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.conf import settings
from django.db.models import Count

from annotator.accounts.services import token_create
from annotator.judgments.models import Judgment
from annotator.projects.models import Project
from annotator.queue.models import Assignment, AssignmentState
from annotator.runtime import servers, stack
from annotator.runtime.embedded import REPOSITORY
from annotator.runtime.stack import Door
from tests.connections import eventually
from tests.factories import GAMES, make_batch, make_items, make_member, make_project

pytestmark = pytest.mark.django_db(transaction=True)

ANNOTATORS = 16
ITEMS = 400
KILLED_AFTER, AFTERWARDS = 120, 120
NOBODY_ANSWERS = (OSError, http.client.HTTPException)


@dataclass
class Web:
    """gunicorn as `manage.py up` starts it, on the test database."""

    door: Door
    log: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        database = f"{os.environ['DATABASE_URL'].rpartition('/')[0]}/{settings.DATABASES['default']['NAME']}"
        program = stack._web(self.door)
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                servers.guarded(program.command, death_signal=program.death),
                cwd=REPOSITORY,
                env=stack._environment(self.door) | {"DATABASE_URL": database},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually(self.door.answers, seconds=30)

    def kill(self) -> None:
        """End master and workers without a word, and at the same moment."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


@dataclass
class Crowd:
    """What all annotators together have seen."""

    acknowledged: list[tuple[int, UUID]] = field(default_factory=list)
    cut_off: list[UUID] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    done: threading.Event = field(default_factory=threading.Event)

    def has(self, judgments: int) -> bool:
        """Whether there are so many, and at least one of everybody."""
        assert not self.surprises
        people = {annotator for annotator, _ in self.acknowledged}
        return len(self.acknowledged) >= judgments and len(people) == ANNOTATORS


class Annotator(threading.Thread):
    """Submits and gets the next place, over and over. What the server did not answer is sent again until it does."""

    def __init__(self, crowd: Crowd, door: Door, project: Project) -> None:
        super().__init__(daemon=True)
        self.crowd = crowd
        self.person = make_member(project)
        self.secret = token_create(self.person, "seat", days=1).secret
        self.root = f"/api/v1/projects/{project.slug}/"
        self.connection = http.client.HTTPConnection(door.host, door.port, timeout=30)

    def run(self) -> None:
        try:
            place = self.ask("queue/claim/", {})
            while place is not None and not self.crowd.done.is_set():
                place = self.judge(place["assignment"])
        except (AssertionError, *NOBODY_ANSWERS) as error:
            self.crowd.surprises.append(repr(error))
        finally:
            self.connection.close()

    def judge(self, assignment: int) -> dict[str, Any] | None:
        client_id = uuid4()
        answer = {"client_id": str(client_id), "labels": [GAMES], "next": True}
        stored = self.ask(f"assignments/{assignment}/judgment/", answer, client_id)
        assert stored is not None
        assert stored["client_id"] == str(client_id)
        self.crowd.acknowledged.append((self.person.pk, client_id))
        following: dict[str, Any] | None = stored["next"]
        return following

    def ask(self, path: str, body: object, client_id: UUID | None = None) -> dict[str, Any] | None:
        """The answer of 200 or 201, None for 204; sent again while nobody answers."""
        headers = {"Authorization": f"Token {self.secret}", "Content-Type": "application/json"}
        while True:
            try:
                self.connection.request("POST", self.root + path, json.dumps(body), headers)
                response = self.connection.getresponse()
                content = response.read()
            except NOBODY_ANSWERS as error:
                self.connection.close()
                if client_id is not None and not isinstance(error, ConnectionRefusedError):
                    self.crowd.cut_off.append(client_id)
                if self.crowd.done.wait(0.1):
                    raise
                continue
            assert response.status in {200, 201, 204}, content
            found: dict[str, Any] | None = json.loads(content) if content else None
            return found


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    """A web server that is not started, on a free port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    server = Web(Door("127.0.0.1", port), tmp_path / "web.log")
    yield server
    server.kill()


def test_every_acknowledged_judgment_is_there_once_when_the_web_server_was_killed_under_load(
    web: Web,
) -> None:
    project = make_project(overlap=2, overlap_max=2, qualification=False)
    make_batch(project, make_items(project, ITEMS))
    crowd = Crowd()
    annotators = [Annotator(crowd, web.door, project) for _ in range(ANNOTATORS)]

    web.start()
    for annotator in annotators:
        annotator.start()
    eventually(lambda: crowd.has(KILLED_AFTER), seconds=30)
    web.kill()
    before = list(crowd.acknowledged)
    stored = set(Judgment.objects.values_list("annotator_id", "client_id"))
    web.start()
    eventually(lambda: crowd.has(len(before) + AFTERWARDS), seconds=30)
    crowd.done.set()
    for annotator in annotators:
        annotator.join(30)

    assert crowd.surprises == []
    assert len(crowd.cut_off) > ANNOTATORS / 2  # else it was not killed in the middle
    assert set(before) <= stored
    rows = list(Judgment.objects.values_list("annotator_id", "client_id"))
    assert sorted(rows) == sorted(crowd.acknowledged)
    filled = Assignment.objects.filter(state=AssignmentState.SUBMITTED)
    assert sorted(Judgment.objects.values_list("assignment_id", flat=True)) == sorted(
        filled.values_list("pk", flat=True)
    )
    assert not Judgment.objects.filter(late=True).exists()
    assert not Judgment.objects.values("item").annotate(n=Count("pk")).filter(n__gt=project.overlap).exists()
    assert not Judgment.objects.values("item", "annotator").annotate(n=Count("pk")).filter(n__gt=1).exists()
