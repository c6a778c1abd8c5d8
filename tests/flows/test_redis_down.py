"""Redis dies while people label: no request fails, and the loop catches up when it is back."""

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from annotator.accounts.models import User
from annotator.celery import app
from annotator.judgments.models import Judgment
from annotator.pool.models import Ingest, Item
from annotator.projects.models import Project, Role
from annotator.review.models import Resolution
from annotator.runs import RunStatus
from annotator.runtime import servers
from annotator.runtime.embedded import Layout, broker_url
from learner.tick import tick_once
from tests.connections import eventually
from tests.factories import GAMES, make_batch, make_items, make_member, make_project
from tests.workers import celery_worker

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Redis:
    """A Redis server of this test's own, to be killed."""

    layout: Layout
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = servers.guarded(
            servers.valkey_command(self.layout, lasting=False), death_signal=signal.SIGKILL
        )
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, cwd="/")
        eventually(lambda: servers.valkey_ready(self.layout))

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[Redis]:
    """The Redis that the application and its workers use in this test, not started."""
    with tempfile.TemporaryDirectory(prefix="cg-redis-") as directory:
        server = Redis(Layout(Path(directory)))
        servers.state_prepare(server.layout, servers.postgres_identity())
        monkeypatch.setenv("REDIS_URL", server.layout.redis_url())
        monkeypatch.setattr(app.conf, "broker_url", broker_url(server.layout.redis_url()))
        app._after_fork()  # drops the connections to the other one
        yield server
        server.kill()
        app._after_fork()


def label_one(client: Client, project: Project, person: User) -> None:
    """Claim a place, renew its lease and answer, as the page does."""
    client.force_login(person)
    claimed = client.post(
        reverse("api:queue-claim", args=[project.slug]), {}, content_type="application/json"
    )
    assert claimed.status_code == 200
    assignment = claimed.json()["assignment"]
    assert client.post(reverse("api:assignment-renew", args=[project.slug, assignment])).status_code == 200
    answer = {
        "client_id": str(uuid4()),
        "labels": [GAMES],
        "unsure": [],
        "verdict": "labelled",
        "seconds": 3,
        "note": "",
    }
    address = reverse("api:judgment-submit", args=[project.slug, assignment])
    assert client.post(address, answer, content_type="application/json").status_code == 201


def test_labelling_goes_on_and_the_loop_catches_up_when_redis_was_killed(
    client: Client, redis: Redis, tmp_path: Path
) -> None:
    project = make_project(batch_size=5, low_water=1)
    make_batch(project, make_items(project, 2))
    annotators = [make_member(project) for _ in range(2)]
    lead = make_member(project, Role.LEAD)

    redis.start()
    tick_once()  # so that connections are open when it dies, and a message is lost
    redis.kill()
    for _ in range(2):
        for person in annotators:
            label_one(client, project, person)
    client.force_login(lead)
    upload = SimpleUploadedFile("more.csv", b"url,title\nhttps://chess.example/,Chess\n")
    taken = client.post(reverse("api:ingest-list", args=[project.slug]), {"file": upload})
    assert taken.status_code in {200, 201, 202}
    assert Judgment.objects.count() == 4
    assert Ingest.objects.get().status == RunStatus.PENDING

    redis.start()
    with celery_worker(settings.DATABASES["default"]["NAME"], log=tmp_path / "log"):
        tick_once()
        assert Resolution.objects.filter(project=project, labels=[GAMES]).count() == 2
        eventually(lambda: Ingest.objects.get().status == RunStatus.DONE, seconds=60)

    assert Item.objects.filter(project=project, url="https://chess.example/").exists()
