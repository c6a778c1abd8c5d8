"""One POST: what was sent, and that neither redirects, slow answers, large ones nor other networks lead anywhere."""

import socket
import ssl
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from pytest_django import Settings

from learner.webhooks import sending
from learner.webhooks.sending import post
from tests.learner.webhooks.receiver import Receiver, drips, free_port, receiving, says


def test_the_receiver_gets_body_headers_path_and_host(receiver: Receiver) -> None:
    outcome = post(receiver.url, {"webhook-id": "msg_1"}, b'{"a": 1}')

    (got,) = receiver.got
    assert (outcome.status, outcome.answer, outcome.problem) == (200, "thanks", "")
    assert (got.path, got.body, got.headers["webhook-id"]) == ("/hooks?key=1", '{"a": 1}', "msg_1")
    assert got.headers["host"] == f"localhost:{receiver.port}"


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    with receiving() as inside:
        receiver.answer = says(307, Location=inside.url)

        outcome = post(receiver.url, {}, b"{}")

        assert inside.got == []
    assert outcome.status == 307
    assert "redirects are not followed" in outcome.problem


def test_a_proxy_of_the_environment_is_not_asked(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")

    assert post(receiver.url, {}, b"{}").status == 200


def test_an_answer_is_read_to_its_bound_and_kept_to_500_characters(receiver: Receiver) -> None:
    receiver.answer = says(500, "<b>\x00" + "ö" * 2_000_000)

    outcome = post(receiver.url, {}, b"{}")

    assert outcome.answer.startswith("<b>\N{REPLACEMENT CHARACTER}ööö")
    assert (len(outcome.answer), outcome.problem) == (500, "It answered 500.")


def test_an_answer_that_drips_is_cut_off(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "ALL_SECONDS", 0.6)
    receiver.answer = drips(receiver, every=0.05)  # never a pause as long as a timeout

    outcome = post(receiver.url, {}, b"{}")

    assert outcome.status is None
    assert "No whole answer within" in outcome.problem
    assert outcome.seconds < 5


def test_a_receiver_that_says_nothing_is_left(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "ALL_SECONDS", 0.3)
    receiver.answer = lambda _: time.sleep(2)

    outcome = post(receiver.url, {}, b"{}")

    assert "No whole answer within" in outcome.problem
    assert outcome.seconds < 1.9


def test_an_answer_that_is_no_http_is_a_problem(receiver: Receiver) -> None:
    receiver.answer = lambda request: request.wfile.writelines([b"hello\r\n\r\n"])

    assert post(receiver.url, {}, b"{}").problem.startswith("No answer: BadStatusLine")


def test_nobody_there_is_a_problem(receiver: Receiver) -> None:
    outcome = post(f"http://localhost:{free_port()}/", {}, b"{}")

    assert (outcome.status, outcome.problem) == (
        None,
        "No answer: ConnectionRefusedError: Nobody took the connection.",
    )


def test_a_name_that_leads_inside_is_not_connected_to(receiver: Receiver, settings: Settings) -> None:
    settings.WEBHOOK_HOSTS = frozenset()

    outcome = post(receiver.url, {}, b"{}")

    assert receiver.got == []
    assert "not an address of the internet" in outcome.problem


def test_what_was_checked_is_connected_to_when_the_name_changes_its_mind(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = iter([receiver.port, None])

    def changes_its_mind(host: str, port: int, **_: Any) -> list[Any]:
        assert next(answers) is not None, "the name was resolved a second time"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    original = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda host, port, *args, **named: (
            changes_its_mind(host, port) if host == "localhost" else original(host, port, *args, **named)
        ),
    )

    assert post(receiver.url, {}, b"{}").status == 200


def test_a_name_that_has_an_address_inside_among_others_is_refused(
    receiver: Receiver, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.WEBHOOK_HOSTS = frozenset()
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 80)) for address in ("8.8.8.8", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: both)

    assert "is 10.0.0.1" in post("http://receiver.example/", {}, b"{}").problem


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """A key and a certificate for `name`, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "certificate.pem", folder / "key.pem"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("localhost", ""),
        ("stranger", "certificate is not trusted"),
        ("other.example", "certificate is not trusted"),
    ],
)
def test_tls_keeps_the_name_and_checks_the_certificate(
    receiver: Receiver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, problem: str
) -> None:
    public, private = certificate(tmp_path, name)
    if name != "stranger":
        monkeypatch.setenv("SSL_CERT_FILE", str(public))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(public, private)
    names: list[str | None] = []
    context.sni_callback = lambda _, server_name, __: names.append(server_name)

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            try:
                with context.wrap_socket(connection, server_side=True) as secure:
                    secure.recv(65536)
                    secure.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                connection.close()

        thread = Thread(target=serve)
        thread.start()
        outcome = post(f"https://localhost:{listener.getsockname()[1]}/", {}, b"{}")
        thread.join(10)

    assert names == ["localhost"]
    assert problem in outcome.problem
    assert outcome.status == (None if problem else 204)
