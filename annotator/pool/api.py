"""API operations of the pool: hand a file in, follow it, read what was refused; read items."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.pool.forms import upload_check
from annotator.pool.lists import names_read
from annotator.pool.models import Ingest
from annotator.pool.reporting import report_read
from annotator.pool.selectors import ingest_of, ingests_of, item_of, item_page, refused_of
from annotator.pool.serializers import (
    IngestSerializer,
    ItemPageSerializer,
    RefusedRowSerializer,
    ReportSerializer,
    UploadSerializer,
)
from annotator.pool.services import Upload, ingest_create
from annotator.projects.access import Can, project_for
from annotator.projects.api import FIELDS, ByIdPagination, caller, errors, narrowed


class ByLinePagination(ByIdPagination):
    """Pages in the order of the file."""

    ordering = "line"


class IngestsView(APIView):
    """Files taken in."""

    parser_classes = [MultiPartParser]
    pagination_class = ByIdPagination

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body that is too large before anything, the CSRF check included, reads it."""
        upload_check(request.META.get("CONTENT_LENGTH"))
        super().initial(request, *args, **kwargs)

    @extend_schema(
        operation_id="ingest_list",
        responses={200: IngestSerializer(many=True), **errors()},
        tags=["ingests"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The ingests of the project, newest first."""
        access = project_for(caller(request), slug, Can.INGEST)
        paginator = ByIdPagination()
        ingests = paginator.paginate_queryset(ingests_of(access.project), request, view=self) or []
        listed = IngestSerializer(ingests, many=True, context={"slug": slug})
        return paginator.get_paginated_response(narrowed(listed, request).data)

    @extend_schema(
        operation_id="ingest_create",
        request=UploadSerializer,
        responses={202: IngestSerializer, **errors(400, 413, 415)},
        tags=["ingests"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Hand a file in: a worker takes its rows in, and `status_url` tells how far it is.

        400 with a sentence when the beginning of the file shows that it cannot be read; what is found wrong later
        is the `error` of the ingest, and then none of its rows was taken in. The columns are described in
        docs/ingest-format.md.
        """
        access = project_for(caller(request), slug, Can.INGEST)
        sent = UploadSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        file = sent.validated_data["file"]
        names = names_read(sent.validated_data.get("names", "").splitlines(), "names")
        upload = Upload(file.name, file.file, sent.validated_data.get("format"), names)
        ingest = ingest_create(access.project, upload, by=access.user)
        data = _ingest_data(ingest, slug)
        return Response(data, status=202, headers={"Location": data["status_url"]})


class IngestView(APIView):
    """One file taken in."""

    @extend_schema(
        operation_id="ingest_read", responses={200: IngestSerializer, **errors()}, tags=["ingests"]
    )
    def get(self, request: Request, slug: str, ingest_id: int) -> Response:
        """One ingest and how far it is."""
        access = project_for(caller(request), slug, Can.INGEST)
        return Response(_ingest_data(ingest_of(access.project, ingest_id), slug))


class ReportView(APIView):
    """What one ingest brought."""

    @extend_schema(
        operation_id="ingest_report_read", responses={200: ReportSerializer, **errors()}, tags=["ingests"]
    )
    def get(self, request: Request, slug: str, ingest_id: int) -> Response:
        """The report on the pages of an ingest; 404 before all rows are in. `facts` is null until it is made."""
        access = project_for(caller(request), slug, Can.INGEST)
        return Response(ReportSerializer(report_read(ingest_of(access.project, ingest_id))).data)


class RefusedView(APIView):
    """Rows that were not taken in."""

    pagination_class = ByLinePagination

    @extend_schema(
        operation_id="refused_row_list",
        responses={200: RefusedRowSerializer(many=True), **errors()},
        tags=["ingests"],
    )
    def get(self, request: Request, slug: str, ingest_id: int) -> Response:
        """The refused rows of an ingest, in the order of the file."""
        access = project_for(caller(request), slug, Can.INGEST)
        paginator = ByLinePagination()
        rows = refused_of(ingest_of(access.project, ingest_id))
        page = paginator.paginate_queryset(rows, request, view=self)
        return paginator.get_paginated_response(narrowed(RefusedRowSerializer(page, many=True), request).data)


class ItemView(APIView):
    """One page of the project."""

    @extend_schema(
        operation_id="item_read",
        parameters=[FIELDS],
        responses={200: ItemPageSerializer, **errors()},
        tags=["items"],
    )
    def get(self, request: Request, slug: str, item_id: int) -> Response:
        """One item with its newest evidence."""
        access = project_for(caller(request), slug, Can.INSPECT)
        page = item_page(item_of(access.project, item_id))
        return Response(narrowed(ItemPageSerializer(page), request).data)


def _ingest_data(ingest: Ingest, slug: str) -> Any:
    return IngestSerializer(ingest, context={"slug": slug}).data
