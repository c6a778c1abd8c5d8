"""Answers of the API that the caller has already: 304 in place of the same bytes."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.cache import get_conditional_response, set_response_etag

API: Final = "/api/v1/"


class ApiMiddleware:
    """Gives each whole answer to a GET of the API an ETag of its bytes, and sends none of them twice.

    It is of what is sent, so it is right for every resource, every `fields` and every role; the rows are still read.
    Files of snapshots bring an ETag of their own, known before anything is read; a stream has none.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """The answer, or 304."""
        response = self.get_response(request)
        if not request.path.startswith(API):
            return response
        response.headers.setdefault("Cache-Control", "private, no-cache")
        if (
            request.method not in ("GET", "HEAD")
            or response.streaming
            or response.status_code != HTTPStatus.OK
        ):
            return response
        set_response_etag(response)
        answer = get_conditional_response(request, etag=response["ETag"], response=response)
        assert isinstance(answer, HttpResponse)
        return answer
