"""What can go wrong, each in a sentence that says what to do; and the exit status of the command for it."""

from collections.abc import Mapping
from typing import Any, Final

WRONG: Final = 1  # it was done, and what came of it is not right
USAGE: Final = 2
NOT_ALLOWED: Final = 3
NOT_FOUND: Final = 4
REFUSED: Final = 5
UNREACHABLE: Final = 6
NO_ROOM: Final = 7
STOPPED: Final = 130
PIPE_CLOSED: Final = 141


class ClientError(Exception):
    """A failure that the caller can mend."""

    exit_status = WRONG

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotAllowed(ClientError):
    """There is no token, the server does not take it, or its owner may not do this."""

    exit_status = NOT_ALLOWED


class NotFound(ClientError):
    """There is no such thing, or the token's owner may not learn that there is."""

    exit_status = NOT_FOUND


class Refused(ClientError):
    """The server does not carry the request out as it is; `code` and `details` say why to programs."""

    exit_status = REFUSED

    def __init__(self, message: str, code: str = "", details: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.details = dict(details or {})


class Unreachable(ClientError):
    """The server does not answer, or not now, however often it was asked."""

    exit_status = UNREACHABLE


class BrokeOff(Unreachable):
    """The answer had begun to come."""


class HashWrong(ClientError):
    """What came is not what the manifest says, twice."""


class NoRoom(ClientError):
    """The file cannot be written here."""

    exit_status = NO_ROOM
