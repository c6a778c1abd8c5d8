"""The API operation on the ledger over all batches."""

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput
from annotator.projects.access import Can, project_for
from annotator.projects.api import ByIdPagination, caller, errors, page_of
from annotator.queue.models import Stream
from annotator.queue.serializers import ItemLedgerSerializer
from annotator.queue.served import PERSONAL, LedgerFilterForm, ledger_matching

STREAMS: Final = [stream.value for stream in Stream if stream not in PERSONAL]
PARAMETERS: Final[list[Any]] = [
    OpenApiParameter("stream", OpenApiTypes.STR, enum=STREAMS),
    OpenApiParameter("strategy", OpenApiTypes.STR, description="Its name, as lines of the ledger give it."),
    OpenApiParameter(
        "chance",
        OpenApiTypes.STR,
        enum=["drawn", "chosen"],
        description="Drawn at random, with an inclusion probability; or chosen by score, without one.",
    ),
    OpenApiParameter("batch", OpenApiTypes.INT, description="Number of a batch."),
    OpenApiParameter("item", OpenApiTypes.INT),
    OpenApiParameter(
        "since", OpenApiTypes.DATE, description="First day (UTC) on which its batch was opened."
    ),
    OpenApiParameter("until", OpenApiTypes.DATE, description="Last such day."),
]


class LedgerView(APIView):
    """The ledger of a project."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="ledger_list",
        parameters=PARAMETERS,
        responses={200: ItemLedgerSerializer(many=True), **errors(400)},
        tags=["queue"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Why each item was served, over all batches, newest first; without checks for one person."""
        access = project_for(caller(request), slug, Can.INSPECT)
        asked = request.query_params
        form = LedgerFilterForm(asked, strategies=[asked.get("strategy", "")[:40]])
        if not form.is_valid():
            name, problems = next(iter(form.errors.items()))
            raise BadInput(f"{name}: {problems[0]}")
        return page_of(self, ledger_matching(access.project, form.wanted()), ItemLedgerSerializer)
