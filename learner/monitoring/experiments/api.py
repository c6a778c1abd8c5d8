"""API operations on experiments."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import ERRORS, caller, errors
from learner.evaluation.release.serializers import PromotionMakeSerializer, PromotionSerializer
from learner.monitoring.experiments.selectors import counted_of, experiment_of, experiments_of
from learner.monitoring.experiments.serializers import (
    EndSerializer,
    ExperimentCountedSerializer,
    ExperimentSerializer,
    NewExperimentSerializer,
    OpenedSerializer,
)
from learner.monitoring.experiments.services import (
    Design,
    experiment_promote,
    experiment_start,
    experiment_stop,
    pages_open,
)
from learner.monitoring.models import Experiment
from learner.training.selectors import classifier_of


class ExperimentListView(APIView):
    """The experiments of a project."""

    @extend_schema(
        operation_id="experiment_list",
        responses={200: ExperimentSerializer(many=True), **ERRORS},
        tags=["serving"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """All of them, newest first."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(ExperimentSerializer(experiments_of(access.project), many=True).data)

    @extend_schema(
        operation_id="experiment_start",
        request=NewExperimentSerializer,
        responses={201: ExperimentSerializer, **errors(409)},
        tags=["serving"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """A candidate answers a share of the sites from now on; 409 without a gate, or while another runs."""
        access = project_for(caller(request), slug, Can.PROMOTE)
        sent = NewExperimentSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        given = dict(sent.validated_data)
        candidate = classifier_of(access.project, given.pop("candidate"))
        row = experiment_start(access, candidate, Design(**given))
        return Response(ExperimentSerializer(row).data, status=201)


class ExperimentView(APIView):
    """One experiment."""

    @extend_schema(
        operation_id="experiment_read",
        responses={200: ExperimentCountedSerializer, **ERRORS},
        tags=["serving"],
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """The experiment, and both arms side by side as far as they are counted."""
        _, row = _experiment(request, slug, number, Can.INSPECT)
        answer = {"experiment": row, "counted": counted_of(row)}
        return Response(ExperimentCountedSerializer(answer).data)


class ExperimentStopView(APIView):
    """The end of one experiment."""

    @extend_schema(
        operation_id="experiment_stop",
        request=EndSerializer,
        responses={200: ExperimentSerializer, **errors(409)},
        tags=["serving"],
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """The version that serves answers everything from now on; 409 where it has ended already."""
        access, row = _experiment(request, slug, number, Can.PROMOTE)
        sent = EndSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        experiment_stop(access, row, sent.validated_data["reason"])
        return Response(ExperimentSerializer(experiment_of(access.project, number)).data)


class ExperimentPromoteView(APIView):
    """The candidate of one experiment, which is to serve."""

    @extend_schema(
        operation_id="experiment_promote",
        request=PromotionMakeSerializer,
        responses={201: PromotionSerializer, **errors(409)},
        tags=["serving"],
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """The candidate serves from now on, and the experiment ends. 409 as when a version is promoted."""
        access, row = _experiment(request, slug, number, Can.PROMOTE)
        sent = PromotionMakeSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        promotion = experiment_promote(access, row, **sent.validated_data)
        return Response(PromotionSerializer(promotion).data, status=201)


class ExperimentPagesView(APIView):
    """The pages on which the versions of one experiment differ."""

    @extend_schema(
        operation_id="experiment_pages_open",
        request=None,
        responses={201: OpenedSerializer, **errors(409)},
        tags=["serving"],
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Open a batch of them, up to a hundred; 409 where none is left."""
        access, row = _experiment(request, slug, number, Can.INSPECT)
        batch = pages_open(access, row)
        opened = {"batch": batch.number, "n_items": batch.n_items}
        return Response(OpenedSerializer(opened).data, status=201)


def _experiment(request: Request, slug: str, number: int, capability: Can) -> tuple[Access, Experiment]:
    access = project_for(caller(request), slug, capability)
    return access, experiment_of(access.project, number)
