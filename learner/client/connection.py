"""Requests to the API: with the token, tried again while the server is busy, every refusal as one of our errors."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from types import TracebackType
from typing import Any, Final, Self
from urllib.parse import urlsplit

import httpx

from learner.client.errors import BrokeOff, ClientError, NotAllowed, NotFound, Refused, Unreachable

BUSY: Final = (HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE)
BEHIND: Final = (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT)
"""Said by a proxy: whether the request was carried out is not known, so that only a GET is tried again."""
RETRY_AFTER_MOST: Final = 120.0
PATH: Final = "/api/v1/"
SERVER_ERROR: Final = 500


@dataclass(frozen=True)
class Patience:
    """How often a request is tried, and how long is waited between: twice as long each time."""

    tries: int = 5
    first: float = 0.5
    timeout: float = 60.0
    sleep: Callable[[float], None] = field(default=time.sleep, repr=False)

    def wait(self, failed: int, asked: float = 0.0) -> None:
        """Wait after the n-th failure, as long as the server asked for if it did."""
        self.sleep(min(asked, RETRY_AFTER_MOST) or self.first * 2 ** (failed - 1))


class Connection:
    """A server and a token."""

    def __init__(self, server: str, token: str, patience: Patience) -> None:
        self.server, self.patience = server_checked(server), patience
        if not token.isascii() or not token.isprintable() or " " in token or not token:
            raise NotAllowed("That is no API token. Make one on your account page, and copy it whole.")
        self.http = httpx.Client(
            headers={"Authorization": f"Token {token}", "User-Agent": "crossguard-client"},
            timeout=httpx.Timeout(patience.timeout, connect=min(patience.timeout, 10.0)),
        )

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close what is open."""
        self.http.close()

    def get(self, path: str, parameters: Mapping[str, Any] | None = None) -> Any:
        """What a GET answers, read from JSON."""
        return _json(self.read(path, parameters), path)

    def read(self, path: str, parameters: Mapping[str, Any] | None = None) -> bytes:
        """What a GET answers, all of it: asked again from the beginning where it broke off."""
        for failed in range(1, self.patience.tries):
            try:
                return self._read(path, parameters)
            except BrokeOff:
                self.patience.wait(failed)
        return self._read(path, parameters)

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """What a POST of JSON answers."""
        with self.opened("POST", path, json=dict(body)) as answer:
            return _json(answer.read(), path)

    @contextmanager
    def opened(self, method: str, path: str, **sent: Any) -> Iterator[httpx.Response]:
        """The answer, its body not read yet; raises one of our errors for a refusal, also while the body is read.

        A busy server is asked again when it says so. One that does not answer is asked again by GET alone: nobody
        knows what became of a POST. `sent` may hold a `files` function, called for each try.
        """
        answer = self._tried(method, path, **sent)
        try:
            yield answer
        except httpx.TransportError as error:
            raise BrokeOff(
                f"The connection to {self.server} broke off ({_why(error)}). Try again."
            ) from error
        finally:
            answer.close()

    def _read(self, path: str, parameters: Mapping[str, Any] | None) -> bytes:
        said = {name: value for name, value in (parameters or {}).items() if value is not None}
        with self.opened("GET", path, params=said) as answer:
            return answer.read()

    def _tried(self, method: str, path: str, **sent: Any) -> httpx.Response:
        for failed in range(1, self.patience.tries + 1):
            last = failed == self.patience.tries
            try:
                answer = self._sent(method, path, **sent)
            except httpx.TransportError as error:
                if last or (method != "GET" and not isinstance(error, httpx.ConnectError)):
                    raise Unreachable(
                        f"{self.server} does not answer ({_why(error)}). Is the address right, and does it run?"
                    ) from error
                self.patience.wait(failed)
                continue
            if answer.status_code < HTTPStatus.MULTIPLE_CHOICES:
                return answer
            again = answer.status_code in BUSY or (method == "GET" and answer.status_code in BEHIND)
            if last or not again:
                raise self._refusal(answer)
            asked = _seconds(answer.headers.get("Retry-After", ""))
            answer.close()
            self.patience.wait(failed, asked)
        raise AssertionError("a try returns or raises")

    def _sent(self, method: str, path: str, **sent: Any) -> httpx.Response:
        files = sent.pop("files", None)
        request = self.http.build_request(
            method, self.server + path, files=files() if files else None, **sent
        )
        return self.http.send(request, stream=True)

    def _refusal(self, answer: httpx.Response) -> ClientError:
        try:
            answer.read()
            error = answer.json()["error"]
            message, code, details = str(error["message"]), str(error["code"]), dict(error["details"])
        except (ValueError, KeyError, TypeError, httpx.TransportError):
            to = answer.headers.get("Location", "")
            message = f"{self.server} answered {answer.status_code}" + (
                f", and sent us to {to}" if to else ""
            )
            message, code, details = f"{message}. Is it the address of a Crossguard?", "", {}
        finally:
            answer.close()
        if answer.status_code in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return NotAllowed(message)
        if answer.status_code == HTTPStatus.NOT_FOUND and code:
            return NotFound(message)
        if answer.status_code in BUSY or answer.status_code >= SERVER_ERROR:
            return Unreachable(message)
        return Refused(message, code, details)


def server_checked(server: str) -> str:
    """The address without a slash at its end; raises Refused for what is none."""
    parts = urlsplit(server)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise Refused(f'"{server}" is no address of a server. Write it as https://crossguard.example.')
    return server.rstrip("/")


def _json(content: bytes, path: str) -> Any:
    try:
        return json.loads(content)
    except ValueError as error:
        raise Refused(f"{path} answered no JSON. Is it the address of a Crossguard?") from error


def _seconds(text: str) -> float:
    return float(text) if text.isascii() and text.isdigit() else 0.0


def _why(error: Exception) -> str:
    return str(error) or type(error).__name__
