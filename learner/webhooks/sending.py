"""One POST to a receiver: to the address that was checked, in bounded time, with a bounded answer. No row is read here.

`http.client` follows no redirect and asks no proxy. The name is resolved once: what was checked is what is connected
to, while TLS and the header `Host` keep the name.
"""

import http.client
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

from annotator.errors import BadInput
from learner.webhooks.addresses import Address, AddressRefused, addresses_checked, url_checked

CONNECT_SECONDS: Final = 5.0
ALL_SECONDS: Final = 15.0
LATE: Final = f"No whole answer within {ALL_SECONDS:.0f} seconds."
ANSWER_BYTES: Final = 4_096
ANSWER_CHARS: Final = 500
PROBLEM_CHARS: Final = 300
TAKEN: Final = range(200, 300)
MOVED: Final = range(300, 400)


@dataclass(frozen=True)
class Outcome:
    """What came of one attempt: `problem` is empty when the receiver took it."""

    status: int | None
    answer: str
    problem: str
    seconds: float

    @property
    def is_gone(self) -> bool:
        """Whether the receiver says that nobody listens there any more."""
        return self.status == HTTPStatus.GONE


def post(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    """What the receiver made of it, within about 15 seconds after the name was resolved; its faults are no errors."""
    began = time.monotonic()
    status: int | None
    try:
        status, answer = _answered(url, headers, body)
        problem = _problem(status)
        if _is_late(began):  # what was cut off looks like a short answer
            status, answer, problem = None, "", LATE
    except (AddressRefused, BadInput) as refused:
        status, answer, problem = None, "", str(refused)
    except (OSError, http.client.HTTPException, ValueError) as error:
        status, answer, problem = None, "", LATE if _is_late(began) else _said(error)
    return Outcome(status, answer, problem[:PROBLEM_CHARS], time.monotonic() - began)


def _answered(url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, str]:
    parts = url_checked(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    sock = _connected(addresses_checked(host, port), port)
    with _until(sock, ALL_SECONDS):
        if parts.scheme == "https":
            # As httpx trusts: certifi's authorities, or those that SSL_CERT_FILE names.
            sock = httpx.create_ssl_context().wrap_socket(sock, server_hostname=host)
        connection = http.client.HTTPConnection(host, port)
        connection.sock, connection.auto_open = sock, 0  # never another connection than this one
        target = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
        with closing(connection):
            connection.request("POST", target, body, {"Host": parts.netloc, **headers})
            with connection.getresponse() as response:
                return response.status, _text(response.read(ANSWER_BYTES))


def _connected(addresses: list[Address], port: int) -> socket.socket:
    """A connection to the first address that takes one; two at most, so that the time is bounded."""
    for address in addresses[:2]:
        with suppress(OSError):
            sock = socket.create_connection((str(address), port), CONNECT_SECONDS)
            sock.settimeout(ALL_SECONDS)
            return sock
    raise ConnectionRefusedError("Nobody took the connection")


@contextmanager
def _until(sock: socket.socket, seconds: float) -> Iterator[None]:
    """Cut the connection off after so long: a timeout bounds each step, and a receiver may make many small ones."""
    twin = sock.dup()  # TLS takes the socket over under another object
    timer = threading.Timer(seconds, _cut, [twin])
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        _cut(twin)
        twin.close()


def _cut(sock: socket.socket) -> None:
    with suppress(OSError):
        sock.shutdown(socket.SHUT_RDWR)


def _text(answer: bytes) -> str:
    return answer.decode("utf-8", "replace").replace("\x00", "\N{REPLACEMENT CHARACTER}")[:ANSWER_CHARS]


def _problem(status: int) -> str:
    if status in TAKEN:
        return ""
    if status in MOVED:
        return f"It answered {status}: redirects are not followed. Change the address of the endpoint."
    return f"It answered {status}."


def _is_late(began: float) -> bool:
    return time.monotonic() - began >= ALL_SECONDS


def _said(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return LATE
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"Its certificate is not trusted: {error.verify_message}."
    if isinstance(error, socket.gaierror):
        return "Its name could not be resolved."
    return f"No answer: {type(error).__name__}: {error}."
