"""Calls of the API on the pilot project, as one of its people."""

from typing import Any

from django.test import Client

from tests.pilot import Pilot

API = "/api/v1/projects/pilot/"


def as_(pilot: Pilot, name: str) -> Client:
    """A client that is signed in as this person."""
    client = Client()
    client.force_login(pilot.people[name])
    return client


def get(client: Client, path: str, **query: Any) -> Any:
    """What is read there; it has to be."""
    answer = client.get(f"{API}{path}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


def post(client: Client, path: str, body: Any = None) -> Any:
    """The answer to this body."""
    return client.post(f"{API}{path}", body or {}, content_type="application/json")
