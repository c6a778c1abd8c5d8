"""One family of errors: each says what was wrong, where, and what to do, and knows its HTTP status."""

from collections.abc import Mapping
from http import HTTPStatus


class CrossguardError(Exception):
    """A failure that a person caused or can mend; `message` is a whole sentence for that person."""

    status = HTTPStatus.INTERNAL_SERVER_ERROR
    code = "error"

    def __init__(
        self, message: str, *, code: str | None = None, details: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or self.code
        self.details = dict(details or {})


class BadInput(CrossguardError):
    """What was sent cannot be used; nothing was changed."""

    status = HTTPStatus.BAD_REQUEST
    code = "bad_input"


class NotSignedIn(CrossguardError):
    """No valid session or token came with the request."""

    status = HTTPStatus.UNAUTHORIZED
    code = "not_signed_in"


class Forbidden(CrossguardError):
    """The person is known, and may not do this."""

    status = HTTPStatus.FORBIDDEN
    code = "forbidden"


class NotFound(CrossguardError):
    """There is no such thing, or the person may not learn that there is."""

    status = HTTPStatus.NOT_FOUND
    code = "not_found"


class Conflict(CrossguardError):
    """The row has changed since it was read; the request was not carried out."""

    status = HTTPStatus.CONFLICT
    code = "conflict"


class Withheld(Conflict):
    """The page is sealed in a restricted case: nobody is asked about it, and nobody is to blame."""

    code = "withheld"

    def __init__(self) -> None:
        super().__init__("This page was taken out of the queue. Nothing is wrong with your work.")


class TooLarge(CrossguardError):
    """The upload or the list is over the configured size."""

    status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    code = "too_large"


class Throttled(CrossguardError):
    """Too many tries; the message says when to come back."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    code = "throttled"


class Unavailable(CrossguardError):
    """A part of the system is down; the message says what still works."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    code = "unavailable"
