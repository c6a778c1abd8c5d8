"""API operations on erasing evidence."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.pool.erasing import Wanted, erasures_of, evidence_erase, retention_of, retention_set
from annotator.pool.serializers import ErasureRequestSerializer, ErasureSerializer, RetentionSerializer
from annotator.projects.access import Can, project_for
from annotator.projects.api import ByIdPagination, caller, errors, page_of


class ErasuresView(APIView):
    """What was erased."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="erasure_list",
        responses={200: ErasureSerializer(many=True), **errors()},
        tags=["items"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """What was erased, newest first."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return page_of(self, erasures_of(access.project), ErasureSerializer)

    @extend_schema(
        operation_id="erasure_create",
        request=ErasureRequestSerializer,
        responses={201: ErasureSerializer, **errors(400, 409)},
        tags=["items"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Erase evidence for ever. Address, hashes and labels stay; snapshots taken before are not handed out any more.

        409 when it is sealed in a case, or was erased before.
        """
        access = project_for(caller(request), slug, Can.CONFIGURE)
        sent = ErasureRequestSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        erasure = evidence_erase(access, Wanted(data["item"], data["site"]), reason=data["reason"])
        return Response(ErasureSerializer(erasure).data, status=201)


class RetentionView(APIView):
    """How long evidence is kept."""

    @extend_schema(
        operation_id="retention_read", responses={200: RetentionSerializer, **errors()}, tags=["items"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """How long evidence of resolved items is kept."""
        access = project_for(caller(request), slug, Can.INSPECT)
        kept = retention_of(access.project)
        return Response({"days": kept.days if kept else None})

    @extend_schema(
        operation_id="retention_set",
        request=RetentionSerializer,
        responses={200: RetentionSerializer, **errors(400)},
        tags=["items"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Set it; the next tick erases what is older."""
        access = project_for(caller(request), slug, Can.CONFIGURE)
        sent = RetentionSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response({"days": retention_set(access, sent.validated_data["days"]).days})
