"""API operations on snapshots."""

from collections.abc import Iterable
from typing import Any

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
from learner.core.cards.sections import SECTION_MAX
from learner.snapshots.files import zip_stream
from learner.snapshots.models import Snapshot, SnapshotRun
from learner.snapshots.selectors import (
    Written,
    card_written,
    section_of,
    snapshot_of,
    snapshot_run_of,
    snapshots_of,
)
from learner.snapshots.services import snapshot_run_start
from learner.snapshots.writing import card_section_write


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


class CardSectionSerializer(serializers.Serializer[Any]):
    """A section that people write: its newest text, empty with `number` 0 where nobody wrote any."""

    section = serializers.CharField(source="section.slug")
    title = serializers.CharField(source="section.title")
    asks = serializers.CharField(source="section.asks")
    is_required = serializers.BooleanField(source="section.required")
    is_missing = serializers.BooleanField()
    number = serializers.IntegerField()
    text = serializers.CharField()
    written_at = serializers.DateTimeField(source="newest.created_at", allow_null=True, default=None)
    written_by = serializers.CharField(source="newest.created_by.username", allow_null=True, default=None)


class CardSectionWriteSerializer(serializers.Serializer[Any]):
    """The next text of a section, in Markdown, on top of the version that was read; 0 for none."""

    text = serializers.CharField(max_length=SECTION_MAX, allow_blank=True, trim_whitespace=False)
    based_on = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class CardSectionListView(APIView):
    """What people write on the data card."""

    @extend_schema(
        operation_id="card_section_list",
        responses={200: CardSectionSerializer(many=True), **ERRORS},
        tags=["snapshots"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every section in the order of the page. A snapshot waits for every section that `is_missing`."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        return Response(CardSectionSerializer(card_written(access.project), many=True).data)


class CardSectionView(APIView):
    """One section of the data card."""

    @extend_schema(
        operation_id="card_section_write",
        request=CardSectionWriteSerializer,
        responses={200: CardSectionSerializer, **errors(400, 409)},
        tags=["snapshots"],
    )
    def post(self, request: Request, slug: str, section: str) -> Response:
        """Write the next version; the same text again changes nothing."""
        access = project_for(caller(request), slug, Can.DESCRIBE)
        asked = section_of(section)
        sent = CardSectionWriteSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        row = card_section_write(access.project, asked, by=access.user, **sent.validated_data)
        return Response(CardSectionSerializer(Written(asked, row)).data)


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
