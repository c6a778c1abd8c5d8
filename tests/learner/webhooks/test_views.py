"""The pages on webhooks: a secret is shown once, an answer of a receiver is shown as text."""

import re

import pytest
from django.test import Client

from annotator.projects.models import Project
from learner.webhooks.models import Attempt, Delivery, Endpoint
from learner.webhooks.secrets import secret_opened
from learner.webhooks.services import endpoint_deliver, endpoint_ping
from tests.learner.webhooks.receiver import Receiver, says

pytestmark = pytest.mark.django_db

PAGE = "/projects/pilot/webhooks/"


@pytest.fixture
def admin(client: Client, project: Project) -> Client:
    client.force_login(project.created_by)
    return client


def test_the_secret_is_shown_once(admin: Client) -> None:
    form = {
        "url": "https://receiver.example/a",
        "events": ["batch.opened", "ingest.done"],
        "note": "The warehouse",
    }

    answer = admin.post(PAGE, form)

    endpoint = Endpoint.objects.get()
    secret = secret_opened(endpoint.secret)
    shown = re.findall(r"whsec_[\w+/=]+", answer.content.decode())
    assert set(shown) == {secret}
    assert "no-store" in answer["Cache-Control"]
    for path in (PAGE, f"{PAGE}{endpoint.pk}/", "/projects/pilot/log/"):
        assert "whsec_" not in admin.get(path).content.decode()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://receiver.example/", "has to begin with https"),
        ("https://127.0.0.1/", "not an address of the internet"),
        ("", "required"),
    ],
)
def test_an_address_that_is_refused_says_why(admin: Client, url: str, said: str) -> None:
    answer = admin.post(PAGE, {"url": url, "events": ["batch.opened"]})

    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Endpoint.objects.exists()


def test_what_a_receiver_answers_is_shown_as_text(
    admin: Client, endpoint: Endpoint, receiver: Receiver
) -> None:
    receiver.answer = says(500, "<script>alert(1)</script>")
    endpoint_ping(endpoint)
    endpoint_deliver(endpoint.pk)

    page = admin.get(f"{PAGE}{endpoint.pk}/").content.decode()

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert(1)" not in page
    assert "It answered 500." in page


def test_an_admin_tests_pauses_resumes_repeats_rotates_and_removes(
    admin: Client, endpoint: Endpoint, receiver: Receiver
) -> None:
    page, old = f"{PAGE}{endpoint.pk}/", endpoint.secret

    def act(path: str) -> str:
        return admin.post(page + path, follow=True).content.decode()

    assert "A test is on its way." in act("ping/")
    assert "on its way already" in act("ping/")
    endpoint_deliver(endpoint.pk)
    assert "with the same id" in act(f"deliveries/{Delivery.objects.get().pk}/repeat/")
    endpoint_deliver(endpoint.pk)
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert Attempt.objects.count() == 2
    assert "Paused." in act("pause/")
    assert "paused it." in admin.get(page).content.decode()
    assert "Resumed." in act("resume/")
    assert "whsec_" in act("rotate/")
    assert Endpoint.objects.get().secret_before == old
    answer = admin.post(page, {"events": ["ingest.done"], "note": "x"}, follow=True)
    assert "Saved." in answer.content.decode()
    assert Endpoint.objects.get().events == ["ingest.done"]
    assert admin.post(page, {"events": []}).status_code == 422
    assert "is removed" in act("remove/")
    assert not Endpoint.objects.exists()
