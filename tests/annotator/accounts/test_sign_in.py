"""Signing in, and being kept out after too many tries."""

from typing import Any

import pytest
from django.test import Client

from annotator.accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    user = make_user("ada")
    user.set_password("right horse")
    user.save()
    return user


def sign_in(client: Client, password: str, address: str = "10.0.0.1") -> int:
    answer = client.post("/sign-in/", {"username": "ada", "password": password}, REMOTE_ADDR=address)
    return answer.status_code


def test_the_right_password_opens_the_projects(user: User, client: Client) -> None:
    assert sign_in(client, "right horse") == 302
    assert client.get("/").status_code == 200


def test_too_many_failures_lock_this_name_from_this_address_only(
    user: User, client: Client, settings: Any
) -> None:
    settings.AXES_FAILURE_LIMIT = 3

    tries = [sign_in(client, "wrong") for _ in range(3)]

    assert tries == [200, 200, 429]
    assert sign_in(client, "right horse") == 429
    assert sign_in(Client(), "right horse", "10.0.0.2") == 302


def test_a_page_sends_a_stranger_to_sign_in_and_back(client: Client) -> None:
    answer = client.get("/account/")

    assert (answer.status_code, answer["Location"]) == (302, "/sign-in/?next=/account/")


def test_signing_out_takes_a_post(user: User, client: Client) -> None:
    client.force_login(user)

    assert client.get("/sign-out/").status_code == 405
    assert client.post("/sign-out/").status_code == 302
    assert client.get("/account/").status_code == 302


def test_a_new_password_is_checked(user: User, client: Client) -> None:
    client.force_login(user)
    new = {"old_password": "right horse", "new_password1": "123", "new_password2": "123"}

    answer = client.post("/account/password/", new)

    assert b"too short" in answer.content
    user.refresh_from_db()
    assert user.check_password("right horse")
