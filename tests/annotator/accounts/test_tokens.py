"""API tokens: hashed, expiring, revocable, and nobody else's."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from annotator.accounts.models import ApiToken, Scope, User
from annotator.accounts.services import token_check, token_create, token_revoke
from annotator.accounts.tokens import scope_of
from annotator.errors import BadInput, NotFound
from annotator.projects.models import Role
from learner.monitoring.api import ScoreView
from tests.factories import make_member, make_project, make_user

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

    made = client.post("/account/tokens/", {"name": "script", "days": 7, "scopes": ["read", "score"]})
    later = client.get("/account/")

    assert b"cg_" in made.content
    assert b"script" in later.content
    assert b'id="new-token"' not in later.content
    assert client.post("/account/tokens/", {"name": "", "days": 7, "scopes": ["read"]}).status_code == 422


def test_the_page_says_what_each_token_is_for(user: User) -> None:
    client = Client()
    client.force_login(user)

    offered = client.get("/account/").content.decode()
    client.post("/account/tokens/", {"name": "filter", "days": 7, "scopes": ["score"]})
    token_create(user, "all of it", days=7)
    later = client.get("/account/").content.decode()

    assert offered.count('name="scopes"') == offered.count("checked") == 3
    assert "Score pages" in later
    assert "All that you may do" in later
    assert client.post("/account/tokens/", {"name": "nothing", "days": 7}).status_code == 422
    assert client.post("/account/tokens/", {"name": "x", "days": 7, "scopes": ["admin"]}).status_code == 422


@pytest.mark.parametrize("scopes", [[], ["admin"], ["read", "everything"]])
def test_a_token_is_for_something_that_there_is(user: User, scopes: list[str]) -> None:
    with pytest.raises(BadInput, match="one or more of read, write, score"):
        token_create(user, "x", days=1, scopes=scopes)


@pytest.mark.parametrize("scopes", [[], ["admin"]])
def test_the_database_knows_the_scopes_too(user: User, scopes: list[str]) -> None:
    token_create(user, "x", days=1)

    with pytest.raises(IntegrityError, match="api_token_for_something"), transaction.atomic():
        ApiToken.objects.update(scopes=scopes)


@pytest.mark.parametrize(
    ("scopes", "may"),
    [
        (["read"], {"read"}),
        (["write"], {"write"}),
        (["score"], {"score"}),
        (["read", "score"], {"read", "score"}),
        (["read", "write", "score"], {"read", "write", "score"}),
    ],
)
def test_a_token_does_what_it_is_for_and_nothing_else(scopes: list[str], may: set[str]) -> None:
    """Each kind of request is tried: 403 with the scope that is missing, and else whatever the door itself says."""
    project = make_project("pilot")
    secret = token_create(make_member(project, Role.ADMIN), "t", days=1, scopes=scopes).secret
    headers = {"authorization": f"Token {secret}"}
    client, api = Client(), "/api/v1/projects/pilot"
    asked = {
        "read": [client.get(f"{api}/items/", headers=headers), client.get("/api/schema/", headers=headers)],
        "write": [
            client.post(f"{api}/queue/claim/", headers=headers),
            client.post(f"{api}/experiments/", {}, content_type="application/json", headers=headers),
        ],
        "score": [
            client.post(
                f"{api}/score/", {"pages": ["x.example"]}, content_type="application/json", headers=headers
            )
        ],
    }

    for wanted, answers in asked.items():
        for answer in answers:
            refused = answer.status_code == 403 and b"token_scope" in answer.content
            assert refused == (wanted not in may), (wanted, answer.status_code)
        if wanted not in may:
            details = answers[0].json()["error"]["details"]
            assert details == {"needed": wanted, "scopes": sorted(scopes)}


def test_every_operation_asks_for_the_scope_of_its_method_and_scoring_for_its_own() -> None:
    assert scope_of("GET", object()) == scope_of("HEAD", ScoreView()) == Scope.READ
    assert scope_of("DELETE", object()) == Scope.WRITE
    assert scope_of("POST", ScoreView()) == Scope.SCORE
