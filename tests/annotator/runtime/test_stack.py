"""The address that `manage.py up` offers, and the line that says so."""

import json
from pathlib import Path

import pytest
from pytest_django.live_server_helper import LiveServer

from annotator.runtime import stack
from annotator.runtime.embedded import Layout
from annotator.runtime.stack import Door


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/"),
        ("192.0.2.7", "http://192.0.2.7:8000/"),
        ("0.0.0.0", "http://127.0.0.1:8000/"),
        ("::", "http://[::1]:8000/"),
        ("::1", "http://[::1]:8000/"),
    ],
)
def test_address_can_be_opened_when_the_server_listens_on(host: str, address: str) -> None:
    assert Door(host, 8000).address == address


def test_door_answers_when_the_server_is_ready(live_server: LiveServer) -> None:
    host, _colon, port = live_server.url.removeprefix("http://").partition(":")

    assert Door(host, int(port)).answers()


def test_door_does_not_answer_when_nothing_listens() -> None:
    assert not Door("127.0.0.1", 1).answers()


def test_door_does_not_answer_when_the_host_name_is_refused(live_server: LiveServer) -> None:
    host, _colon, port = live_server.url.removeprefix("http://").partition(":")

    assert not Door(host, int(port), "evil.example").answers()


def test_greeting_has_the_address_and_the_kept_logins_when_it_is_a_demo(tmp_path: Path) -> None:
    (tmp_path / "demo-logins.json").write_text(json.dumps({"lead": "abcd-efgh", "annotator1": "wxyz-2345"}))

    lines = stack._greeting(Door("127.0.0.1", 8000), Layout(tmp_path), demo=True).splitlines()

    assert lines[0] == "Crossguard is ready: http://127.0.0.1:8000/"
    assert [line.split() for line in lines[1:]] == [
        ["sign", "in", "as", "lead", "password", "abcd-efgh"],
        ["sign", "in", "as", "annotator1", "password", "wxyz-2345"],
    ]


def test_web_server_answers_to_the_host_it_listens_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CROSSGUARD_ALLOWED_HOSTS", raising=False)

    names = stack._environment(Door("192.0.2.7", 8000))["CROSSGUARD_ALLOWED_HOSTS"].split(",")

    assert names == ["localhost", "127.0.0.1", "[::1]", "192.0.2.7"]


def test_settings_of_the_shell_win_over_those_of_the_supervisor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CROSSGUARD_ALLOWED_HOSTS", "crossguard.example")
    monkeypatch.setenv("CROSSGUARD_HTTPS", "true")

    environment = stack._environment(Door("0.0.0.0", 8000))

    assert environment["CROSSGUARD_ALLOWED_HOSTS"] == "crossguard.example"
    assert environment["CROSSGUARD_HTTPS"] == "true"
