"""API operations of the imports: hand a file in, read what is in it, map it, follow it."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.judgments.imports.mapping import Sent
from annotator.judgments.imports.selectors import import_of, imports_of, refused_of
from annotator.judgments.imports.serializers import (
    ImportSerializer,
    ImportUploadSerializer,
    MappingSerializer,
    RefusedJudgmentSerializer,
)
from annotator.judgments.imports.services import ImportUpload, import_cancel, import_create, import_start
from annotator.pool.forms import upload_check
from annotator.projects.access import Can, project_for
from annotator.projects.api import ByIdPagination, caller, errors, narrowed


class ByFilePagination(ByIdPagination):
    """Pages in the order in which they were written, which is that of the file."""

    ordering = "id"


class ImportsView(APIView):
    """Files of judgments."""

    parser_classes = [MultiPartParser]
    pagination_class = ByIdPagination

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a body that is too large before anything, the CSRF check included, reads it."""
        upload_check(request.META.get("CONTENT_LENGTH"))
        super().initial(request, *args, **kwargs)

    @extend_schema(
        operation_id="import_list", responses={200: ImportSerializer(many=True), **errors()}, tags=["imports"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """The imports of the project, newest first."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        paginator = ByIdPagination()
        runs = paginator.paginate_queryset(imports_of(access.project), request, view=self) or []
        return paginator.get_paginated_response(narrowed(ImportSerializer(runs, many=True), request).data)

    @extend_schema(
        operation_id="import_create",
        request=ImportUploadSerializer,
        responses={202: ImportSerializer, **errors(400, 413, 415)},
        tags=["imports"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Hand a file of Label Studio, doccano, Argilla or CSV in: a worker reads what is in it.

        Nothing is written before it is started with what its labels and people are here.
        """
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = ImportUploadSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        upload = ImportUpload(
            data["file"].name,
            data["file"].file,
            data.get("format", ""),
            data.get("author", ""),
            data.get("question", ""),
        )
        run = import_create(access.project, upload, by=access.user)
        return Response(ImportSerializer(run).data, status=202)


class ImportView(APIView):
    """One file of judgments."""

    @extend_schema(
        operation_id="import_read", responses={200: ImportSerializer, **errors()}, tags=["imports"]
    )
    def get(self, request: Request, slug: str, import_id: int) -> Response:
        """One import, what is in its file, and how far it is."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        return Response(ImportSerializer(import_of(access.project, import_id)).data)


class ImportStartView(APIView):
    """What the names of a file are here."""

    @extend_schema(
        operation_id="import_start",
        request=MappingSerializer,
        responses={202: ImportSerializer, **errors(400, 409)},
        tags=["imports"],
    )
    def post(self, request: Request, slug: str, import_id: int) -> Response:
        """Say what each label of the file is, and write its judgments. 409 unless it waits for that."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        run = import_of(access.project, import_id)
        sent = MappingSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        started = import_start(run, Sent(**sent.validated_data), by=access.user)
        return Response(ImportSerializer(started).data, status=202)


class ImportCancelView(APIView):
    """An import that is not wanted any more."""

    @extend_schema(
        operation_id="import_cancel",
        request=None,
        responses={200: ImportSerializer, **errors(409)},
        tags=["imports"],
    )
    def post(self, request: Request, slug: str, import_id: int) -> Response:
        """End an import that is under way or waits. What it has written stays. 409 when it has ended already."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        run = import_of(access.project, import_id)
        import_cancel(run, by=access.user)
        run.refresh_from_db()
        return Response(ImportSerializer(run).data)


class ImportRefusedView(APIView):
    """What was not taken of a file."""

    pagination_class = ByFilePagination

    @extend_schema(
        operation_id="refused_judgment_list",
        responses={200: RefusedJudgmentSerializer(many=True), **errors()},
        tags=["imports"],
    )
    def get(self, request: Request, slug: str, import_id: int) -> Response:
        """What was refused of an import, in the order of the file."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        paginator = ByFilePagination()
        refused = refused_of(import_of(access.project, import_id))
        rows = paginator.paginate_queryset(refused, request, view=self) or []
        return paginator.get_paginated_response(
            narrowed(RefusedJudgmentSerializer(rows, many=True), request).data
        )
