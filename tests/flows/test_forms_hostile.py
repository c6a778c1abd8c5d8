"""What pages answer to forms that no browser of ours sends: a sentence, never a 500."""

from typing import Final
from uuid import uuid4

import pytest
from django.test import Client

from annotator.projects.models import Role
from annotator.queue.places import assignment_claim
from tests.factories import make_batch, make_items, make_judgment, make_member, make_project
from tests.flows.test_access import routes

pytestmark = pytest.mark.django_db

HOSTILE: Final = ("\x00", "9" * 30, "-1")
TEXTS: Final = {
    "username": "bo", "role": "lead", "name": "script", "text": "x", "new_password1": "x", "slug": "other", "note": "x",
    "labels": "games", "unsure": "gambling", "verdict": "labelled", "reason": "unclear", "skip_note": "x",
    "flag_note": "x", "clause": "1.1", "client_id": "x", "format": "csv",
}  # fmt: skip
NUMBERS: Final = {
    "days": "9", "assignment": "1", "seconds": "4", "judgments": "1", "resolution": "", "overlap": "2", "query": "0.5",
}  # fmt: skip
PARAMETERS: Final = ("page", "category", "text", "domain", "split", "before", "next", "unknown")


@pytest.fixture
def client(client: Client) -> Client:
    project = make_project("pilot")
    items = make_items(project, 4)
    make_batch(project, items)
    admin = make_member(project, Role.ADMIN, "annie")
    make_member(project, username="bo")
    make_judgment(items[0], admin, ["games"])
    assignment_claim(project, admin)
    client.force_login(admin)
    client.raise_request_exception = False
    return client


def test_no_form_breaks_when_a_field_is_hostile(client: Client) -> None:
    for route in routes():
        if route.is_api or route.name in ("accounts:sign_out", "accounts:sign_in"):
            continue
        address = route.address("pilot", {})
        if client.post(address).status_code == 405:
            continue
        for field, values in {**dict.fromkeys(TEXTS, HOSTILE[:1]), **dict.fromkeys(NUMBERS, HOSTILE)}.items():
            for value in values:
                answer = client.post(address, {**TEXTS, **NUMBERS, "client_id": str(uuid4()), field: value})
                assert answer.status_code < 500, (route, field, value)


def test_no_page_breaks_when_a_parameter_is_hostile(client: Client) -> None:
    for route in routes():
        for name in PARAMETERS:
            for value in HOSTILE:
                answer = client.get(route.address("pilot", {}), {name: value})
                assert answer.status_code < 500, (route, name, value)


@pytest.mark.parametrize("field", ["username", "password"])
def test_signing_in_is_refused_when_a_field_is_hostile(field: str, client: Client) -> None:
    client.logout()

    answer = client.post("/sign-in/", {"username": "annie", "password": "x", field: "\x00"})

    assert answer.status_code in (200, 422)
