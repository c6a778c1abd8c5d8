"""So many requests a minute for each token; Redis that is down refuses nobody."""

from collections.abc import Callable
from time import monotonic
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from annotator.accounts import throttling
from annotator.accounts.models import User
from annotator.accounts.services import token_create
from tests.factories import make_user

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/projects/"


@pytest.fixture(autouse=True)
def _limit(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.API_REQUESTS_A_MINUTE = 3
    monkeypatch.setattr(throttling, "OUTAGE", throttling.Outage())
    monkeypatch.setattr(throttling, "seconds_now", lambda: 1_800_000_015.0)  # not across the end of a minute


@pytest.fixture
def script() -> Callable[[], Any]:
    """Asks with a token of its own."""
    client = Client(headers={"authorization": f"Token {token(make_user())}"})
    return lambda: client.get(ADDRESS)


def token(user: User) -> str:
    return token_create(user, "script", days=1).secret


def test_a_token_is_told_what_remains_and_refused_when_it_is_used_up(script: Callable[[], Any]) -> None:
    throttling.requests_counted(0, 0)  # Redis answers
    answers = [script() for _ in range(4)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer["RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer["RateLimit-Limit"] for answer in answers} == {"3"}
    assert answers[3]["Retry-After"] == answers[3]["RateLimit-Reset"] == "45"
    error = answers[3].json()["error"]
    assert error["code"] == "throttled"
    assert "its 3 requests of this minute. Wait 45 s" in error["message"]


def test_another_token_and_the_next_minute_begin_anew(
    script: Callable[[], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Client(headers={"authorization": f"Token {token(make_user())}"})
    for _ in range(4):
        script()

    assert other.get(ADDRESS).status_code == 200
    monkeypatch.setattr(throttling, "seconds_now", lambda: 1_800_000_061.0)
    assert script().status_code == 200


def test_a_browser_and_an_installation_without_a_limit_are_not_counted(
    client: Client, settings: Settings, script: Callable[[], Any]
) -> None:
    client.force_login(make_user())

    assert [client.get(ADDRESS).status_code for _ in range(5)] == [200] * 5
    settings.API_REQUESTS_A_MINUTE = 0
    answers = [script() for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200] * 5
    assert "RateLimit-Limit" not in answers[0]


def test_nobody_is_refused_while_redis_is_down_nor_waits_for_it_twice(
    settings: Settings, script: Callable[[], Any]
) -> None:
    settings.REDIS_URL = "unix:///nowhere/redis.sock?db=0"

    answers = [script() for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200] * 5
    assert throttling.OUTAGE.until > monotonic()
