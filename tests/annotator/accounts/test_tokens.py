"""API tokens: hashed, expiring, revocable, and nobody else's."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from annotator.accounts.models import ApiToken, User
from annotator.accounts.services import token_check, token_create, token_revoke
from annotator.errors import BadInput, NotFound
from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return make_user("ada")


def ask(secret: str) -> int:
    return Client().get("/api/v1/projects/", headers={"authorization": f"Token {secret}"}).status_code


def test_a_token_opens_the_api_and_only_its_hash_is_kept(user: User) -> None:
    new = token_create(user, "nightly", days=30)

    assert ask(new.secret) == 200
    assert new.secret.encode() not in bytes(ApiToken.objects.get().digest)
    assert new.row.expires_at - new.row.created_at > timedelta(days=29)


@pytest.mark.parametrize("secret", ["", "cg_wrong", "cg_wröng"])
def test_a_wrong_token_is_refused_in_one_shape(user: User, secret: str) -> None:
    answer = Client().get(
        "/api/v1/projects/", headers={"authorization": f"Token {secret}".encode().decode("latin-1")}
    )

    assert answer.status_code == 401
    assert "unknown, expired or revoked" in answer.json()["error"]["message"]


def test_an_expired_token_is_refused(user: User) -> None:
    new = token_create(user, "old", days=1)
    ApiToken.objects.update(expires_at=timezone.now())

    assert ask(new.secret) == 401


def test_a_revoked_token_is_refused_at_once(user: User) -> None:
    new = token_create(user, "leaked", days=1)

    token_revoke(user, new.row.pk)

    assert ask(new.secret) == 401
    assert token_check(new.secret) is None


def test_a_token_dies_with_its_account(user: User) -> None:
    new = token_create(user, "script", days=1)
    User.objects.update(is_active=False)

    assert ask(new.secret) == 401


def test_nobody_revokes_the_token_of_somebody_else(user: User) -> None:
    new = token_create(user, "mine", days=1)

    with pytest.raises(NotFound, match="You have no API token number"):
        token_revoke(make_user("eve"), new.row.pk)

    assert token_check(new.secret) is not None


@pytest.mark.parametrize(("name", "days"), [(" ", 5), ("x", 0), ("x", 400)])
def test_a_bad_token_is_not_made(user: User, name: str, days: int) -> None:
    with pytest.raises(BadInput):
        token_create(user, name, days=days)

    assert not ApiToken.objects.exists()


def test_the_page_shows_the_secret_once(user: User) -> None:
    client = Client()
    client.force_login(user)

    made = client.post("/account/tokens/", {"name": "script", "days": 7})
    later = client.get("/account/")

    assert b"cg_" in made.content
    assert b"script" in later.content
    assert b'id="new-token"' not in later.content
    assert client.post("/account/tokens/", {"name": "", "days": 7}).status_code == 422
