"""A TCP proxy that cuts, holds up or spoils what a server answers: the network on a bad day."""

import socket
import threading
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import Final, Self
from urllib.parse import urlsplit

BLOCK: Final = 4096


class BadNetwork:
    """Forwards to a server. Each connection takes the next of `cuts`: so many bytes come, then it ends.

    `holds`: after so many bytes of the next connection nothing comes any more, and it stays open. `spoils`: so often
    these bytes are put for those.
    """

    def __init__(
        self,
        url: str,
        *,
        cuts: Sequence[int] = (),
        hold_after: int | None = None,
        spoil: tuple[bytes, bytes] = (b"", b""),
        spoil_times: int = 0,
    ) -> None:
        parts = urlsplit(url)
        self.target = (parts.hostname, parts.port)
        self.cuts, self.hold_after = list(cuts), hold_after
        self.spoil, self.spoil_times = spoil, spoil_times
        self.asked = b""
        self.n_bytes = self.n_cut = 0
        self.held = threading.Event()
        self.ended = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _listen(self) -> None:
        while not self.ended.is_set():
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.create_connection(self.target) as server:
            threading.Thread(target=self._ask, args=(client, server), daemon=True).start()
            self._answer(client, server)
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while block := client.recv(BLOCK):
                self.asked += block
                server.sendall(block)
            server.shutdown(socket.SHUT_WR)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        left = self.cuts.pop(0) if self.cuts else None
        hold, self.hold_after = self.hold_after, None
        with suppress(OSError):
            while block := server.recv(BLOCK):
                block = self._spoilt(block)
                if left is not None:
                    block, left = block[:left], left - len(block[:left])
                client.sendall(block)
                self.n_bytes += len(block)
                if left == 0:
                    self.n_cut += 1
                    return
                if hold is not None and (hold := hold - len(block)) <= 0:
                    self.held.set()
                    self.ended.wait(30)
                    return

    def _spoilt(self, block: bytes) -> bytes:
        before, after = self.spoil
        if self.spoil_times and before and before in block:
            self.spoil_times -= 1
            return block.replace(before, after, 1)
        return block
