"""Sessions: one that was ended, has run out, or never was, signs nobody in, from the next request on."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from annotator.accounts.models import User
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def person(client: Client) -> User:
    """Somebody whose browser `client` has signed in."""
    user = make_user()
    client.force_login(user)
    assert client.get(reverse("accounts:account")).status_code == 200
    return user


def is_signed_in(client: Client) -> bool:
    status = client.get(reverse("accounts:account")).status_code
    assert status in {200, 302}
    return status == 200


def test_nobody_is_signed_in_when_the_session_was_ended(client: Client, person: User) -> None:
    Session.objects.all().delete()

    assert not is_signed_in(client)


def test_nobody_is_signed_in_when_the_session_has_run_out(client: Client, person: User) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    assert not is_signed_in(client)


def test_nobody_is_signed_in_when_the_password_was_changed_elsewhere(client: Client, person: User) -> None:
    person.set_password("another one")
    person.save()

    assert not is_signed_in(client)


def test_nobody_is_signed_in_when_the_account_was_switched_off(client: Client, person: User) -> None:
    User.objects.update(is_active=False)

    assert not is_signed_in(client)


@pytest.mark.parametrize("key", ["0" * 32, "a' OR TRUE --", '"\\000\\000\\000\\000\\000\\000\\000\\000"', ""])
def test_nobody_is_signed_in_when_the_cookie_names_no_session(client: Client, person: User, key: str) -> None:
    client.cookies.clear()
    response = client.get(
        reverse("accounts:account"), headers={"cookie": f"{settings.SESSION_COOKIE_NAME}={key}"}
    )

    assert response.status_code == 302
