"""A small HTTP client on one kept-alive socket: what a load costs its sender must not be taken for the server's."""

import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass

TIMEOUT_SECONDS = 60.0
BLOCK = 65536
NO_BODY = frozenset({204, 304})


class Broken(OSError):
    """The server closed the connection in the middle of an answer."""


@dataclass(frozen=True)
class Answer:
    """What came back, and how long it took from the first byte sent to the last one received."""

    status: int
    head: bytes
    body: bytes
    seconds: float

    def header(self, name: str) -> str:
        """The value of the first header of that name, or nothing."""
        wanted = name.lower().encode() + b":"
        for line in self.head.split(b"\r\n")[1:]:
            if line[: len(wanted)].lower() == wanted:
                return line[len(wanted) :].strip().decode("latin-1")
        return ""


class Wire:
    """One connection to the server; opened again when the server has closed it between two requests."""

    def __init__(self, host: str, port: int, headers: Mapping[str, str]) -> None:
        self.headers = dict(headers)
        self._address = (host, port)
        self._socket: socket.socket | None = None

    def request(self, method: str, path: str, body: bytes = b"", content_type: str = "") -> Answer:
        """The answer; raises OSError when there is none. A request is sent once, whatever happens."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: localhost:{self._address[1]}"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        if method == "POST":
            lines += [f"Content-Type: {content_type}", f"Content-Length: {len(body)}"]
        sent = "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body
        start = time.perf_counter()
        try:
            connection = self._connected()
            connection.sendall(sent)
            head, body = self._read(connection)
        except OSError:
            self.close()
            raise
        answer = Answer(int(head[9:12]), head, body, time.perf_counter() - start)
        if answer.header("Connection").lower() == "close":
            self.close()
        return answer

    def close(self) -> None:
        """Hang up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is not None and self._is_closed_by_server(self._socket):
            self.close()
        if self._socket is None:
            self._socket = socket.create_connection(self._address, TIMEOUT_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return self._socket

    @staticmethod
    def _is_closed_by_server(connection: socket.socket) -> bool:
        """Whether an idle connection has been hung up: it is readable then, and has nothing to say."""
        connection.setblocking(False)
        try:
            return connection.recv(1, socket.MSG_PEEK) == b""
        except BlockingIOError:
            return False
        except OSError:
            return True
        finally:
            connection.settimeout(TIMEOUT_SECONDS)

    def _read(self, connection: socket.socket) -> tuple[bytes, bytes]:
        received = b""
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._block(connection)
        head, body = received[:end], received[end + 4 :]
        status, length = int(head[9:12]), _length(head)
        if status in NO_BODY:
            return head, b""
        if length is None:
            raise Broken("The answer does not say how long it is.")
        parts, missing = [body], length - len(body)
        while missing > 0:
            parts.append(self._block(connection))
            missing -= len(parts[-1])
        return head, b"".join(parts)

    @staticmethod
    def _block(connection: socket.socket) -> bytes:
        block = connection.recv(BLOCK)
        if not block:
            raise Broken("The server hung up in the middle of an answer.")
        return block


def _length(head: bytes) -> int | None:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return None
