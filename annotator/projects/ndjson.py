"""A whole list in one answer, a line of JSON for each row, oldest first: bounded memory, a last line, and a way on.

Read by the key, two thousand rows of the project at a time, and by no cursor of the database: that would hold a
transaction open, or a copy of all rows on its disk, for as long as a slow caller reads (decision 157).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.api import errors, narrowed, number_parameter, page_of
from annotator.projects.lines import ENCODER, LineWriter, writer_of

CHUNK: Final = 2_000
KIND: Final = "application/x-ndjson"
AFTER: Final = OpenApiParameter(
    "after",
    OpenApiTypes.INT,
    description="Only rows with a higher id: the `after` of the last line you have.",
)


class NdjsonRenderer(BaseRenderer):
    """Stands for the format where it is negotiated; the lines are written by `lines_of`."""

    media_type = KIND
    format = "ndjson"


@dataclass(frozen=True)
class Listed:
    """The rows of a list that grows by its id, and how each is written; `keys` are the rows of the project, unfiltered.

    A row of before `settled` (by its `created_at`) is one below whose id no other will appear.
    """

    rows: QuerySet[Any]
    keys: QuerySet[Any]
    serializer: type[serializers.Serializer[Any]]
    settled: datetime
    context: Mapping[str, Any]


class ListedView(APIView):
    """A view that answers in pages of JSON, or with all rows as NDJSON; errors are JSON either way."""

    renderer_classes = (JSONRenderer, NdjsonRenderer)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Response:
        """The answer in the format that was asked for, if it is no error."""
        if isinstance(response, Response):
            request.accepted_renderer = JSONRenderer()
            request.accepted_media_type = JSONRenderer.media_type
        return super().finalize_response(request, response, *args, **kwargs)

    def answer_of(self, listed: Listed) -> HttpResponseBase:
        """One page of the list, or all of it line by line; both only after the id that is named, if one is."""
        after = number_parameter(self.request, "after")
        rows = listed.rows if after is None else listed.rows.filter(pk__gt=after)
        if self.request.accepted_renderer.format != NdjsonRenderer.format:
            return page_of(self, rows, listed.serializer, context=listed.context)
        serializer = narrowed(listed.serializer(context=dict(listed.context)), self.request)
        return StreamingHttpResponse(lines_of(listed, writer_of(serializer), after or 0), content_type=KIND)


def listed_responses(serializer: type[serializers.BaseSerializer[Any]]) -> dict[Any, Any]:
    """The responses of a `ListedView` for `extend_schema`."""
    lines = OpenApiResponse(
        OpenApiTypes.STR,
        description="A line of JSON for each row, oldest first; the last is "
        '`{"end": {"count": 2, "after": 17}}`. Without it the answer was cut off.',
    )
    refused = {(code, JSONRenderer.media_type): what for code, what in errors().items()}
    return {(200, JSONRenderer.media_type): serializer(many=True), (200, KIND): lines, **refused}


def lines_of(listed: Listed, writer: LineWriter, after: int) -> Iterator[bytes]:
    """The lines, some thousand rows at a time, and the last one: how many, and after which id the next pull begins.

    The keys come first, from an index alone: within their range every filter is cheap, whatever the planner thinks of
    it. With a limit in place of a range it read all that people ever judged, for each thousand rows.

    `after` is the last id before which nothing will appear: rows from after it, of the last minute or beside an ingest
    that runs, come again the next time.
    """
    count, last, settled = 0, after, _settled_up_to(listed, after)
    settling = settled == after
    rows = listed.rows.order_by("pk").values_list(*writer.lookups)
    while keys := list(listed.keys.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        chunk = list(rows.filter(pk__gt=last, pk__lte=keys[-1]))
        if chunk:
            yield "".join(writer.lines(chunk)).encode("utf-8", "replace")
        for pk, created_at, *_ in chunk if settling else ():
            settling = settling and created_at < listed.settled
            settled = pk if settling else settled
        count, last = count + len(chunk), keys[-1]
    yield f"{ENCODER.encode({'end': {'count': count, 'after': settled}})}\n".encode()


def _settled_up_to(listed: Listed, after: int) -> int:
    """What to say when no row comes: `after`, or the last settled id before it where a stream goes on after a cut."""
    if not after:
        return 0
    before, settled = listed.rows.order_by("-pk").values_list("pk", "created_at"), after
    while young := list(before.filter(pk__lte=settled)[:CHUNK]):
        for pk, created_at in young:
            if created_at < listed.settled:
                return settled
            settled = pk - 1
    return settled
