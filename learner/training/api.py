"""API operations on the learner: its queries, how it chooses, and two ways to choose side by side."""

from dataclasses import asdict

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.pool.selectors import item_of
from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, ByIdPagination, caller, errors, narrowed, page_of
from learner.query.makeup import makeups_of
from learner.query.models import QueryRun
from learner.query.selectors import queries_of, query_of, shadow_of, shadows_of, steering_latest, steering_of
from learner.query.services import steering_set
from learner.training.lines import query_lines
from learner.training.looks import look_of
from learner.training.serializers import (
    LookSerializer,
    QueryListedSerializer,
    QueryReadSerializer,
    QuerySerializer,
    ShadowSerializer,
    SteeringInUseSerializer,
    SteeringSerializer,
    SteeringSetSerializer,
    SteeringVersionSerializer,
)
from learner.training.services import batch_request, look_request, shadow_request


class QueryListView(GenericAPIView[QueryRun]):
    """The queries of a project."""

    serializer_class = QueryListedSerializer
    pagination_class = ByIdPagination
    queryset = QueryRun.objects.none()

    @extend_schema(
        operation_id="query_list",
        responses={200: QueryListedSerializer(many=True), **ERRORS},
        tags=["learner"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Newest first, each with the make-up of the batch that it opened."""
        access = project_for(caller(request), slug, Can.INSPECT)
        runs = self.paginate_queryset(queries_of(access.project)) or []
        makeups = makeups_of(run.batch for run in runs if run.batch)
        listed = QueryListedSerializer(runs, many=True, context={"makeups": makeups})
        return self.get_paginated_response(narrowed(listed, request).data)

    @extend_schema(
        operation_id="batch_ask",
        request=None,
        responses={202: QuerySerializer, **errors(409)},
        tags=["learner"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask for a batch now; answers at once with the query. 409 while the project is paused or has no features."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(QuerySerializer(batch_request(access)).data, status=202)


class QueryView(APIView):
    """One query."""

    @extend_schema(
        operation_id="query_read", responses={200: QueryReadSerializer, **ERRORS}, tags=["learner"]
    )
    def get(self, request: Request, slug: str, query_id: int) -> Response:
        """How far it is, and the make-up of the batch that it opened: streams, strategies, sites, what is expected."""
        access = project_for(caller(request), slug, Can.INSPECT)
        (line,) = query_lines([query_of(access.project, query_id)])
        return Response(QueryReadSerializer(line).data)


class SteeringView(APIView):
    """How the learner chooses."""

    @extend_schema(
        operation_id="steering_read", responses={200: SteeringInUseSerializer, **ERRORS}, tags=["learner"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """The settings in use."""
        project = project_for(caller(request), slug, Can.INSPECT).project
        latest = steering_latest(project)
        in_use = asdict(steering_of(project, latest)) | {"number": latest.number if latest else 0}
        return Response(SteeringInUseSerializer(in_use).data)

    @extend_schema(
        operation_id="steering_set",
        request=SteeringSetSerializer,
        responses={201: SteeringVersionSerializer, **errors(400, 409)},
        tags=["learner"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Set new ones; the next query goes by them. 409, naming what changed, when others were set meanwhile."""
        access = project_for(caller(request), slug, Can.STEER)
        sent = SteeringSetSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        based_on, note = sent.validated_data["based_on"], sent.validated_data["note"]
        version = steering_set(access, sent.steering, based_on=based_on, note=note)
        return Response(SteeringVersionSerializer(version).data, status=201)


class ShadowListView(APIView):
    """Two ways to choose, side by side."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="comparison_list",
        responses={200: ShadowSerializer(many=True), **ERRORS},
        tags=["learner"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The comparisons that anybody asked for, newest first."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return page_of(self, shadows_of(access.project), ShadowSerializer)

    @extend_schema(
        operation_id="comparison_ask",
        request=SteeringSerializer,
        responses={202: ShadowSerializer, **errors(400, 409)},
        tags=["learner"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Compare the settings in use with these; answers at once with the run. It opens no batch."""
        access = project_for(caller(request), slug, Can.STEER)
        sent = SteeringSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        return Response(ShadowSerializer(shadow_request(access, sent.steering)).data, status=202)


class ShadowView(APIView):
    """One comparison."""

    @extend_schema(
        operation_id="comparison_read", responses={200: ShadowSerializer, **ERRORS}, tags=["learner"]
    )
    def get(self, request: Request, slug: str, shadow_id: int) -> Response:
        """What each way would have taken, once it is done."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(ShadowSerializer(shadow_of(access.project, shadow_id)).data)


class LookView(APIView):
    """Why no batch has taken an item."""

    @extend_schema(operation_id="item_look", responses={200: LookSerializer, **ERRORS}, tags=["learner"])
    def get(self, request: Request, slug: str, item_id: int) -> Response:
        """What decides it, and its newest scores."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(LookSerializer(look_of(access.project, item_of(access.project, item_id))).data)

    @extend_schema(
        operation_id="item_look_ask",
        request=None,
        responses={202: LookSerializer, **errors(409)},
        tags=["learner"],
    )
    def post(self, request: Request, slug: str, item_id: int) -> Response:
        """Have it scored as the next query would; answers at once, the scores come in a few seconds."""
        access = project_for(caller(request), slug, Can.INSPECT)
        item = item_of(access.project, item_id)
        look_request(access, item)
        return Response(LookSerializer(look_of(access.project, item)).data, status=202)
