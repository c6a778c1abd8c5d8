"""How every door answers: a page or its part, and one shape for every error."""

import json
import logging
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.response import Response

from annotator.errors import CrossguardError, NotFound

if TYPE_CHECKING:
    from django_htmx.middleware import HtmxDetails

logger = logging.getLogger(__name__)

ADVICE = {
    400: "Go back, correct what is named above, and try again. Nothing was changed.",
    401: "Sign in, or send a valid token.",
    403: "Ask an admin of the project for the role that may do this.",
    404: "Check the address, or start again from your projects.",
    409: "Reload the page to see what changed, then decide again.",
    413: "Send a smaller file, or ask the operator to raise the limit.",
    429: "Wait a little, then try again.",
    500: "Nothing that was saved is lost. Try again; if it stays, tell the operator the time and the address.",
    503: "Labelling goes on. Try this again in a minute.",
}


class Request(HttpRequest):
    """A request after our middleware."""

    htmx: "HtmxDetails"


def render_page(
    request: HttpRequest,
    template: str,
    context: Mapping[str, Any],
    *,
    part: str | None = None,
    status: int = 200,
) -> HttpResponse:
    """The whole page, or only `part` of it when htmx asks for this part."""
    is_part = part is not None and getattr(request, "htmx", False) and not request.htmx.boosted  # type: ignore[attr-defined]
    return render(request, f"{template}#{part}" if is_part else template, dict(context), status=status)


def error_body(code: str, message: str, details: Mapping[str, object] | None = None) -> dict[str, object]:
    """The one shape of an error in JSON."""
    return {"error": {"code": code, "message": message, "details": dict(details or {})}}


class ErrorMiddleware:
    """Turns a CrossguardError of any view into a page, a part or JSON with its status."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass the request on."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Render the errors that we know; Django's own handlers take the rest."""
        if isinstance(exception, CrossguardError):
            return error_response(request, exception)
        return None


def error_response(request: HttpRequest, error: CrossguardError) -> HttpResponse:
    """`error` as this client wants to read it."""
    if wants_json(request):
        return JsonResponse(error_body(error.code, error.message, error.details), status=error.status)
    context = {
        "status": int(error.status),
        "message": error.message,
        "advice": ADVICE.get(int(error.status), ""),
    }
    part = "part" if getattr(request, "htmx", False) else None
    return render_page(request, "errors/error.html", context, part=part, status=error.status)


def wants_json(request: HttpRequest) -> bool:
    """Whether the client is a script: an API path, or one that accepts JSON and not HTML."""
    return request.path.startswith("/api/v1/") or not request.accepts("text/html")


class ApiParser(JSONParser):
    """JSON as DRF reads it; also refuses what is nested so deeply that reading it fails."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """The body; raises ParseError when it is not JSON."""
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise exceptions.ParseError("The JSON is nested too deeply.") from error


def api_error(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """DRF's exception handler: each refusal in our one shape; unknown exceptions stay 500s."""
    if isinstance(exc, CrossguardError):
        return Response(_plain(error_body(exc.code, exc.message, exc.details)), status=exc.status)
    if isinstance(exc, Http404):
        exc = exceptions.NotFound()
    if isinstance(exc, PermissionDenied):
        exc = exceptions.PermissionDenied()
    if not isinstance(exc, exceptions.APIException):
        return None
    auth_header = getattr(exc, "auth_header", None)
    headers = {"WWW-Authenticate": auth_header} if auth_header else {}
    details = exc.detail if isinstance(exc.detail, dict) else {}
    body = error_body(exc.default_code, _sentence(exc.detail), details)
    return Response(_plain(body), status=exc.status_code, headers=headers)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400."""
    message = "The request could not be read." if not settings.DEBUG else str(exception)
    if isinstance(exception, SuspiciousOperation):
        logger.warning("Suspicious request at %s: %s", request.path, exception)
    return _plain_error(request, HTTPStatus.BAD_REQUEST, "bad_input", message)


def forbidden(request: HttpRequest, exception: Exception | None = None, reason: str = "") -> HttpResponse:
    """Django's handler403 and CSRF failure view."""
    message = (
        "This form is older than your session, or came from another site."
        if reason
        else "You may not do this."
    )
    return _plain_error(request, HTTPStatus.FORBIDDEN, "forbidden", message)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404."""
    return error_response(request, NotFound(f"There is nothing at {request.path}."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500."""
    return _plain_error(request, HTTPStatus.INTERNAL_SERVER_ERROR, "error", "Something broke on our side.")


def locked_out(request: HttpRequest, *_: object, **__: object) -> HttpResponse:
    """What signing in answers after too many failures."""
    message = "Too many failed sign-ins for this name from your address. Try again in 15 minutes."
    return _plain_error(request, HTTPStatus.TOO_MANY_REQUESTS, "throttled", message)


def _plain_error(request: HttpRequest, status: HTTPStatus, code: str, message: str) -> HttpResponse:
    error = CrossguardError(message, code=code)
    error.status = status
    return error_response(request, error)


def _sentence(detail: Any) -> str:
    """DRF's nested details as one line: `labels: "cats" is not a category`."""
    if isinstance(detail, dict):
        return "; ".join(f"{name}: {_sentence(value)}" for name, value in detail.items())
    if isinstance(detail, list):
        return " ".join(_sentence(value) for value in detail)
    return str(detail)


def _plain(body: dict[str, object]) -> dict[str, object]:
    """The body as JSON can carry it. It may quote what was sent, and a lone surrogate cannot be sent back."""
    text = json.dumps(body, default=str, ensure_ascii=False).encode("utf-8", "replace")
    plain: dict[str, object] = json.loads(text)
    return plain
