"""API operations on snapshots."""

from collections.abc import Iterable
from os import SEEK_END

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, FIELDS, ByIdPagination, caller, errors, narrowed, page_of
from annotator.ranges import NoSuchRange, etag_of, file_answer, not_modified, part_wanted
from annotator.review.outputs.selectors import output_of
from annotator.review.outputs.views import as_download
from learner.snapshots.comparing import snapshots_compared
from learner.snapshots.content import Choice
from learner.snapshots.differences import differences_json, differences_read
from learner.snapshots.exporting import snapshot_lines
from learner.snapshots.files import file_verified, handed_out, sha256_frozen, zip_stream
from learner.snapshots.models import Snapshot
from learner.snapshots.selectors import choice_preview, snapshot_of, snapshots_of
from learner.snapshots.serializers import (
    ChoiceSerializer,
    DifferencesSerializer,
    NoteSerializer,
    PreviewSerializer,
    SigningKeySerializer,
    SnapshotComparisonSerializer,
    SnapshotRunSerializer,
    SnapshotSerializer,
)
from learner.snapshots.services import snapshot_annotate, snapshot_run_start
from learner.snapshots.signing import signing_public


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
        request=ChoiceSerializer,
        responses={202: SnapshotRunSerializer, **errors(400, 409)},
        tags=["snapshots"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Take a snapshot; answers at once with the run that freezes it. 409 while one of another choice is made."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        run = snapshot_run_start(access.project, by=access.user, choice=_choice(request))
        return Response(SnapshotRunSerializer(run).data, status=202)


class SnapshotPreviewView(APIView):
    """How much a choice holds."""

    @extend_schema(
        operation_id="snapshot_preview",
        request=ChoiceSerializer,
        responses={200: PreviewSerializer, **errors(400)},
        tags=["snapshots"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Count what a snapshot of this choice would hold; nothing is taken."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        return Response(PreviewSerializer(choice_preview(access.project, _choice(request))).data)


class SnapshotView(APIView):
    """One snapshot."""

    @extend_schema(
        operation_id="snapshot_read",
        parameters=[FIELDS],
        responses={200: SnapshotSerializer, **ERRORS},
        tags=["snapshots"],
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """The snapshot with its manifest."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        return Response(narrowed(SnapshotSerializer(snapshot_of(access.project, number)), request).data)


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


class SnapshotFileView(APIView):
    """One file of one snapshot."""

    content_negotiation_class = ErrorsInJson

    @extend_schema(
        operation_id="snapshot_file",
        parameters=[
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="One range: `bytes=1000-`."),
            OpenApiParameter(
                "If-Range", str, OpenApiParameter.HEADER, description="The ETag of the part that you have."
            ),
            OpenApiParameter("If-None-Match", str, OpenApiParameter.HEADER, description="What you have."),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY),
            (206, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY),
            304: OpenApiResponse(description="You have it: the ETag is the same."),
            **errors(409, 416, 503),
        },
        tags=["snapshots"],
    )
    def get(self, request: Request, slug: str, number: int, name: str) -> HttpResponseBase:
        """A file that the manifest names, `manifest.json`, or its signature, after its hash was checked.

        The ETag is the SHA-256 of the content, so what broke off goes on with `Range` and `If-Range`.
        """
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        frozen = snapshot_of(access.project, number)
        handed_out(frozen, name)
        etag = etag_of(sha256_frozen(frozen, name))
        known = not_modified(request.headers, etag)
        if known is not None:
            return known
        source = file_verified(frozen, name)
        size = source.seek(0, SEEK_END)
        try:
            part = part_wanted(request.headers, etag, size)
        except NoSuchRange:
            source.close()
            self.headers["Content-Range"] = f"bytes */{size}"
            raise
        response = file_answer(source, size, etag, part)
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


class SnapshotNotesView(APIView):
    """What is written on one snapshot."""

    @extend_schema(
        operation_id="snapshot_annotate",
        request=NoteSerializer,
        responses={201: NoteSerializer, **errors(400, 409)},
        tags=["snapshots"],
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Write a name, a note, or why it is deprecated; for ever. 409 when it is deprecated already."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        snapshot = snapshot_of(access.project, number)
        sent = NoteSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        note = snapshot_annotate(
            snapshot, sent.validated_data["kind"], sent.validated_data["text"], by=access.user
        )
        return Response(NoteSerializer(note).data, status=201)


class SnapshotDifferencesView(APIView):
    """Two snapshots."""

    @extend_schema(
        operation_id="snapshot_differences",
        responses={200: DifferencesSerializer, 202: SnapshotComparisonSerializer, **errors(503)},
        tags=["snapshots"],
    )
    def get(self, request: Request, slug: str, number: int, other: int) -> Response:
        """What differs from the first to the second: items, labels by category and cause, and agreement.

        202 while a worker compares large ones: ask again.
        """
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        before, after = snapshot_of(access.project, number), snapshot_of(access.project, other)
        run = snapshots_compared(before, after)
        if run.result is None:
            return Response(SnapshotComparisonSerializer(run).data, status=202)
        found = differences_read(before, after, run.result)
        return Response(DifferencesSerializer(differences_json(found)).data)


class SnapshotOutputView(APIView):
    """A snapshot in the format of another tool."""

    @extend_schema(
        operation_id="snapshot_output",
        responses={
            (200, "application/json"): OpenApiTypes.BINARY,
            (200, "application/x-ndjson"): OpenApiTypes.BINARY,
            (200, "text/csv"): OpenApiTypes.BINARY,
            **errors(409, 503),
        },
        tags=["outputs"],
    )
    def get(self, request: Request, slug: str, number: int, output: str) -> StreamingHttpResponse:
        """The items and judgments of a snapshot, streamed; people as the snapshot names them.

        The formats are those of `output_list`. 409 when it holds a page that was withheld or erased since.
        """
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        frozen, wanted = snapshot_of(access.project, number), output_of(output)
        return as_download(snapshot_lines(frozen, wanted), wanted, f"{slug}-v{number}")


class SigningKeyView(APIView):
    """The key that manifests are signed with."""

    @extend_schema(
        operation_id="signing_key_read", responses={200: SigningKeySerializer, **ERRORS}, tags=["snapshots"]
    )
    def get(self, request: Request) -> Response:
        """Its public half, to verify with: `crossguard verify DIR --key KEY`."""
        caller(request)
        return Response(SigningKeySerializer({"public_key": signing_public()}).data)


def _choice(request: Request) -> Choice:
    sent = ChoiceSerializer(data=request.data)
    sent.is_valid(raise_exception=True)
    return sent.choice
