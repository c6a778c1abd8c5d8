"""API operations on the work of freezing snapshots."""

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, ByIdPagination, caller, errors, page_of
from learner.snapshots.models import SnapshotRun
from learner.snapshots.selectors import snapshot_run_of, snapshot_runs_of
from learner.snapshots.serializers import SnapshotRunSerializer
from learner.snapshots.services import snapshot_run_cancel


class SnapshotRunListView(GenericAPIView[SnapshotRun]):
    """The work on snapshots of a project."""

    serializer_class = SnapshotRunSerializer
    pagination_class = ByIdPagination
    queryset = SnapshotRun.objects.none()

    @extend_schema(
        operation_id="snapshot_run_list",
        responses={200: SnapshotRunSerializer(many=True), **ERRORS},
        tags=["snapshots"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first: what was asked for, how far it is, and why it failed."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        return page_of(self, snapshot_runs_of(access.project), SnapshotRunSerializer)


class SnapshotRunView(APIView):
    """The work of freezing one snapshot."""

    @extend_schema(
        operation_id="snapshot_run_read", responses={200: SnapshotRunSerializer, **ERRORS}, tags=["snapshots"]
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """How far the run is."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        return Response(SnapshotRunSerializer(snapshot_run_of(access.project, pk)).data)


class SnapshotRunCancelView(APIView):
    """The end of one run, before it is done."""

    @extend_schema(
        operation_id="snapshot_run_cancel",
        request=None,
        responses={200: SnapshotRunSerializer, **errors(409)},
        tags=["snapshots"],
    )
    def post(self, request: Request, slug: str, pk: int) -> Response:
        """End a run: nothing of it is published. 409 when it has ended already."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        run = snapshot_run_of(access.project, pk)
        snapshot_run_cancel(access.project, run.pk, by=access.user)
        return Response(SnapshotRunSerializer(snapshot_run_of(access.project, pk)).data)
