"""API operations with which people ask the learner for work, and read what it did before."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import NotFound
from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, ByIdPagination, caller, errors, page_of
from annotator.projects.models import Project
from learner.query.selectors import shadow_of, steering_versions
from learner.query.services import steering_adopt
from learner.query.suggestions import suggestions_state, suggestions_switch
from learner.training.asking_serializers import (
    SuggestionsSerializer,
    SuggestionsSwitchSerializer,
    TrainingRunSerializer,
    UsesSerializer,
)
from learner.training.selectors import training_runs_of
from learner.training.serializers import SteeringVersionSerializer
from learner.training.services import training_request
from learner.training.uses import Uses, judgment_any, judgment_undone, uses_of


class TrainingRunsView(APIView):
    """The work of fitting classifier versions."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="training_run_list",
        responses={200: TrainingRunSerializer(many=True), **ERRORS},
        tags=["learner"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The training runs, newest first."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return page_of(self, training_runs_of(access.project), TrainingRunSerializer)

    @extend_schema(
        operation_id="training_ask",
        request=None,
        responses={202: TrainingRunSerializer, **errors(409)},
        tags=["learner"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Train now; answers at once with the run, or with the one that is active. 409 while the project is paused."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(TrainingRunSerializer(training_request(access)).data, status=202)


class SteeringVersionsView(APIView):
    """How the learner's settings came to be."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="steering_list",
        responses={200: SteeringVersionSerializer(many=True), **ERRORS},
        tags=["learner"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """All settings that anybody set, newest first, each with what it changed."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return page_of(self, steering_versions(access.project), SteeringVersionSerializer)


class ShadowAdoptView(APIView):
    """The candidate of a comparison, set."""

    @extend_schema(
        operation_id="comparison_adopt",
        request=None,
        responses={201: SteeringVersionSerializer, **errors(409)},
        tags=["learner"],
    )
    def post(self, request: Request, slug: str, shadow_id: int) -> Response:
        """Set the candidate. 400 before the comparison is done, 409 when other settings were set since."""
        access = project_for(caller(request), slug, Can.STEER)
        version = steering_adopt(access, shadow_of(access.project, shadow_id))
        return Response(SteeringVersionSerializer(version).data, status=201)


class SuggestionsView(APIView):
    """Suggestions of a language model."""

    @extend_schema(
        operation_id="suggestions_read", responses={200: SuggestionsSerializer, **ERRORS}, tags=["learner"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """Whether they are on, and the newest runs that asked. 404 where no language model is configured."""
        return Response(_suggestions(project_for(caller(request), slug, Can.INSPECT).project))

    @extend_schema(
        operation_id="suggestions_switch",
        request=SuggestionsSwitchSerializer,
        responses={204: None, **ERRORS},
        tags=["learner"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Switch them on or off. They choose candidates of thin categories and are no labels."""
        access = project_for(caller(request), slug, Can.CONFIGURE)
        sent = SuggestionsSwitchSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        suggestions_switch(access, on=sent.validated_data["on"])
        return Response(status=204)


class UsesView(APIView):
    """What was made with one's own judgment."""

    @extend_schema(
        operation_id="judgment_uses", responses={200: UsesSerializer, **ERRORS}, tags=["judgments"]
    )
    def get(self, request: Request, slug: str, judgment_id: int) -> Response:
        """The snapshots that hold it, and the classifier versions whose labels rest on it."""
        access = project_for(caller(request), slug, Can.LABEL)
        return Response(UsesSerializer(uses_of(judgment_any(access, judgment_id))).data)


class UndoneUsesView(APIView):
    """What was made with the judgment that was undone last."""

    @extend_schema(
        operation_id="judgment_undone_uses", responses={200: UsesSerializer, **ERRORS}, tags=["judgments"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """As `judgment_uses`, for the judgment that the caller undid last."""
        access = project_for(caller(request), slug, Can.LABEL)
        undone = judgment_undone(access)
        return Response(UsesSerializer(uses_of(undone) if undone else Uses((), ())).data)


def _suggestions(project: Project) -> dict[str, Any]:
    state = suggestions_state(project)
    if state is None:
        raise NotFound("No language model is configured here, and none was ever asked.")
    return SuggestionsSerializer(state).data
