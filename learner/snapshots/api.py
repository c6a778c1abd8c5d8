"""API operations on snapshots."""

from collections.abc import Iterable

from django.http import StreamingHttpResponse
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, ByIdPagination, caller, errors, page_of
from learner.snapshots.files import zip_stream
from learner.snapshots.models import Snapshot, SnapshotRun
from learner.snapshots.selectors import snapshot_of, snapshot_run_of, snapshots_of
from learner.snapshots.services import snapshot_run_start


class SnapshotSerializer(serializers.ModelSerializer[Snapshot]):
    """One snapshot; `sha256` is that of its manifest, which holds those of its files."""

    sha256 = serializers.CharField(source="content_sha256")
    manifest = serializers.JSONField()

    class Meta:
        model = Snapshot
        fields = ["number", "created_at", "sha256", "n_items", "n_judgments", "size", "manifest"]


class SnapshotRunSerializer(serializers.ModelSerializer[SnapshotRun]):
    """The work of freezing: poll `status_url` until `status` is done or failed."""

    snapshot = serializers.IntegerField(source="snapshot.number", allow_null=True, default=None)
    status_url = serializers.SerializerMethodField()

    class Meta:
        model = SnapshotRun
        fields = [
            "id",
            "status",
            "stage",
            "done",
            "total",
            "error",
            "created_at",
            "finished_at",
            "snapshot",
            "status_url",
        ]

    @extend_schema_field(OpenApiTypes.URI_REF)
    def get_status_url(self, run: SnapshotRun) -> str:
        return reverse("api:snapshot-run-read", args=[run.project.slug, run.pk])


class ErrorsInJson(DefaultContentNegotiation):
    """A download is a zip, whatever the client accepts; what goes wrong is told in JSON."""

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        """The first renderer, unasked."""
        first = next(iter(renderers))
        return first, first.media_type


class SnapshotListView(GenericAPIView[Snapshot]):
    """The snapshots of a project."""

    serializer_class = SnapshotSerializer
    pagination_class = ByIdPagination
    queryset = Snapshot.objects.none()

    @extend_schema(
        operation_id="snapshot_list",
        responses={200: SnapshotSerializer(many=True), **ERRORS},
        tags=["snapshots"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        return page_of(self, snapshots_of(access.project), SnapshotSerializer)

    @extend_schema(
        operation_id="snapshot_take",
        request=None,
        responses={202: SnapshotRunSerializer, **errors(400)},
        tags=["snapshots"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take a snapshot; answers at once with the run that freezes it."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        run = snapshot_run_start(access.project, by=access.user)
        return Response(SnapshotRunSerializer(run).data, status=202)


class SnapshotView(APIView):
    """One snapshot."""

    @extend_schema(
        operation_id="snapshot_read", responses={200: SnapshotSerializer, **ERRORS}, tags=["snapshots"]
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """The snapshot with its manifest."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        return Response(SnapshotSerializer(snapshot_of(access.project, number)).data)


class SnapshotDownloadView(APIView):
    """The files of one snapshot."""

    content_negotiation_class = ErrorsInJson

    @extend_schema(
        operation_id="snapshot_download",
        responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY), **errors(409, 503)},
        tags=["snapshots"],
    )
    def get(self, request: Request, slug: str, number: int) -> StreamingHttpResponse:
        """The frozen files as a zip, after their hashes were checked."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        frozen = snapshot_of(access.project, number)
        response = StreamingHttpResponse(zip_stream(frozen), content_type="application/zip")
        response["Content-Disposition"] = f'attachment; filename="{slug}-v{number}.zip"'
        return response


class SnapshotRunView(APIView):
    """The work of freezing one snapshot."""

    @extend_schema(
        operation_id="snapshot_run_read", responses={200: SnapshotRunSerializer, **ERRORS}, tags=["snapshots"]
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """How far the run is."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        return Response(SnapshotRunSerializer(snapshot_run_of(access.project, pk)).data)
