"""The API of webhooks: all that the pages can do."""

from typing import Any

import pytest
from django.test import Client

from annotator.projects.models import Project
from learner.webhooks.models import Endpoint
from learner.webhooks.secrets import secret_opened
from learner.webhooks.services import endpoint_deliver
from tests.learner.webhooks.receiver import Receiver

pytestmark = pytest.mark.django_db

LIST = "/api/v1/projects/pilot/webhooks/"
JSON = "application/json"


@pytest.fixture
def admin(client: Client, project: Project) -> Client:
    client.force_login(project.created_by)
    return client


def test_a_webhook_is_made_read_changed_and_removed(admin: Client) -> None:
    made = admin.post(
        LIST, {"url": "https://receiver.example/", "events": ["batch.opened"]}, content_type=JSON
    )

    assert made.status_code == 201
    endpoint = Endpoint.objects.get()
    assert made.json()["secret"] == secret_opened(endpoint.secret)
    one = f"{LIST}{endpoint.pk}/"
    assert admin.get(one).json() == admin.get(LIST).json()[0] == made.json()["webhook"]
    assert "secret" not in admin.get(one).json()
    changed = admin.put(one, {"events": ["ingest.done"], "note": "New"}, content_type=JSON)
    assert (changed.json()["events"], changed.json()["note"]) == (["ingest.done"], "New")
    rotated = admin.post(f"{one}rotate/").json()["secret"]
    assert rotated not in ("", made.json()["secret"])
    assert admin.delete(one).status_code == 204
    assert admin.get(one).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"url": "https://receiver.example/", "events": []},
        {"url": "https://receiver.example/", "events": ["all"]},
        {"url": "http://receiver.example/", "events": ["batch.opened"]},
        {"url": "https://169.254.169.254/", "events": ["batch.opened"]},
        {"url": 7, "events": "batch.opened"},
        {"url": "https://receiver.example/\ud800", "events": ["batch.opened"]},
    ],
)
def test_what_cannot_be_a_webhook_is_refused(admin: Client, body: dict[str, Any]) -> None:
    answer = admin.post(LIST, body, content_type=JSON)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"]
    assert not Endpoint.objects.exists()


def test_a_test_is_sent_logged_and_repeated(admin: Client, endpoint: Endpoint, receiver: Receiver) -> None:
    one = f"{LIST}{endpoint.pk}/"

    ping = admin.post(f"{one}ping/")

    assert (ping.status_code, ping.json()["status"]) == (202, "pending")
    assert admin.post(f"{one}ping/").status_code == 409
    endpoint_deliver(endpoint.pk)
    (logged,) = admin.get(f"{one}deliveries/").json()["results"]
    assert logged == admin.get(f"{one}deliveries/{logged['id']}/").json()
    assert (logged["status"], logged["attempts"][0]["status"], logged["attempts"][0]["answer"]) == (
        "done",
        200,
        "thanks",
    )
    again = admin.post(f"{one}deliveries/{logged['id']}/repeat/")
    assert (again.status_code, again.json()["message"]) == (202, logged["message"])
    assert admin.post(f"{one}deliveries/{logged['id']}/repeat/").status_code == 409
    assert admin.post(f"{one}pause/").json()["paused_why"].endswith("paused it.")
    assert admin.post(f"{one}pause/").status_code == 409
    assert admin.post(f"{one}resume/").json()["paused_at"] is None
    assert admin.post(f"{one}resume/").status_code == 409
