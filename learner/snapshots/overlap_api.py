"""The API operation on how much of an ingest the newest snapshot holds."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import Conflict, NotFound
from annotator.pool.selectors import ingest_of
from annotator.projects.access import Can, project_for
from annotator.projects.api import caller, errors
from annotator.runs import RunStatus
from learner.snapshots.comparing import overlap_counted
from learner.snapshots.models import IngestOverlap
from learner.snapshots.overlap import overlap_read
from learner.snapshots.selectors import snapshots_of


class OverlapRunSerializer(serializers.ModelSerializer[IngestOverlap]):
    """The work of counting an overlap."""

    status = serializers.ChoiceField(choices=RunStatus.choices)
    snapshot = serializers.IntegerField(source="snapshot.number")

    class Meta:
        model = IngestOverlap
        fields = ["id", "status", "snapshot", "error"]


class IngestOverlapSerializer(serializers.Serializer[Any]):
    """Pages that an ingest added, and how many of them are on sites of the newest snapshot."""

    snapshot = serializers.IntegerField()
    n_items = serializers.IntegerField(source="overlap.n_items")
    n_held = serializers.IntegerField(source="overlap.n_held", help_text="In the snapshot themselves.")
    n_sites = serializers.IntegerField(source="overlap.n_sites")
    n_shared = serializers.IntegerField(source="overlap.n_shared", help_text="On sites that it has.")
    splits = serializers.DictField(child=serializers.IntegerField(), help_text="The same by its splits.")


class IngestOverlapView(APIView):
    """An ingest beside the newest snapshot."""

    @extend_schema(
        operation_id="ingest_overlap_read",
        responses={200: IngestOverlapSerializer, 202: OverlapRunSerializer, **errors(409, 503)},
        tags=["ingests"],
    )
    def get(self, request: Request, slug: str, ingest_id: int) -> Response:
        """How much of an ingest the newest snapshot holds, and its sites. 202 while a worker counts: ask again.

        404 before the first snapshot, 409 while the ingest is under way.
        """
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        ingest, newest = ingest_of(access.project, ingest_id), snapshots_of(access.project).first()
        if newest is None:
            raise NotFound("This project has no snapshot to compare an ingest with.")
        if ingest.is_active:
            raise Conflict("This ingest is under way. Ask again when it is done.")
        run = overlap_counted(ingest, newest)
        if run.result is None:
            return Response(OverlapRunSerializer(run).data, status=202)
        overlap = overlap_read(run.result)
        shown = {"snapshot": newest.number, "overlap": overlap, "splits": dict(overlap.splits)}
        return Response(IngestOverlapSerializer(shown).data)
