"""API operations on the acts of leads: what they did, and undoing it."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput
from annotator.projects.access import Can, project_for
from annotator.projects.api import ByIdPagination, caller, errors, page_of
from annotator.review.acts.reverting import entries_of, entry_revert
from annotator.review.desk.serializers import (
    AdjudicationEntrySerializer,
    RevertedSerializer,
    RevertSerializer,
)
from annotator.review.models import AdjudicationEntry

KINDS = AdjudicationEntry.Kind.values


class AdjudicationsView(APIView):
    """What leads did to what is held true."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="adjudication_list",
        parameters=[OpenApiParameter("kind", OpenApiTypes.STR, enum=KINDS)],
        responses={200: AdjudicationEntrySerializer(many=True), **errors(400)},
        tags=["review"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The acts of leads, newest first; those on withheld pages are left out."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        kind = request.query_params.get("kind", "")
        if kind and kind not in KINDS:
            raise BadInput(f'"{kind}" is not a kind of adjudication. Use one of: {", ".join(KINDS)}.')
        return page_of(self, entries_of(access.project, kind=kind), AdjudicationEntrySerializer)


class RevertView(APIView):
    """Undoing one act."""

    @extend_schema(
        operation_id="adjudication_revert",
        request=RevertSerializer,
        responses={201: RevertedSerializer, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str, entry_id: int) -> Response:
        """Hold again what was held before. 409 when it was undone already or all its items changed since."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = RevertSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        done = entry_revert(access, entry_id, client_id=sent.validated_data["client_id"])
        return Response(RevertedSerializer(done).data, status=201)
