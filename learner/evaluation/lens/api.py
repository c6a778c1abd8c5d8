"""API operations on evaluations and school profiles."""

from dataclasses import asdict
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput, NotFound
from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, caller
from learner.core.metrics.policy import Objective, Point
from learner.evaluation.lens.forms import COST_MISS, FLOOR
from learner.evaluation.lens.looking import ThresholdLook, threshold_look
from learner.evaluation.lens.selectors import evaluation_view
from learner.evaluation.lens.serializers import (
    EvaluationSerializer,
    SchoolProfileSerializer,
    ThresholdLookSerializer,
)
from learner.evaluation.models import ProfileVersion
from learner.evaluation.profiles import profile_current
from learner.training.selectors import classifier_of

THRESHOLD: Final[list[Any]] = [
    OpenApiParameter(
        "threshold",
        OpenApiTypes.FLOAT,
        description="A probability, 0 to 1. It wins over `by`.",
        examples=[OpenApiExample("Flag less", value=0.8)],
    ),
    OpenApiParameter(
        "by",
        OpenApiTypes.STR,
        enum=[one.value for one in Objective if one != Objective.FIXED],
        description="The objective that chooses it; the classifier's own unless told.",
    ),
    OpenApiParameter("floor", OpenApiTypes.FLOAT, description=f"Recall, at least; {FLOOR} unless told."),
    OpenApiParameter(
        "miss", OpenApiTypes.FLOAT, description=f"Cost of a page missed; {COST_MISS} unless told."
    ),
    OpenApiParameter(
        "block", OpenApiTypes.FLOAT, description="Cost of one blocked by mistake; 1 unless told."
    ),
    OpenApiParameter("pages", OpenApiTypes.INT, description="Pages a day that `overblocked` is told for."),
    OpenApiParameter(
        "school", OpenApiTypes.STR, description="Or those of a profile that names its pages a day."
    ),
]


class EvaluationView(APIView):
    """The evaluation of one classifier version."""

    @extend_schema(
        operation_id="evaluation_read", responses={200: EvaluationSerializer, **ERRORS}, tags=["classifiers"]
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Everything that the version's newest evaluation measured: scores, curves, calibration, confusion, slices."""
        version = classifier_of(project_for(caller(request), slug, Can.INSPECT).project, number)
        view = evaluation_view(version)
        if view.evaluation is None:
            raise NotFound(f"Classifier v{number} is not evaluated yet. Resolve audited holdout items first.")
        return Response(EvaluationSerializer(view).data)


class ThresholdView(APIView):
    """Another threshold of one category."""

    @extend_schema(
        operation_id="threshold_look",
        parameters=THRESHOLD,
        responses={200: ThresholdLookSerializer, **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str, number: int, category: str) -> Response:
        """What another threshold would do beside the one in use: rates, pages over-blocked, known pages that flip.

        Send `threshold`, or `by` for the one that an objective chooses. Nothing is changed.
        """
        access = project_for(caller(request), slug, Can.INSPECT)
        version = classifier_of(access.project, number)
        look = threshold_look(access.project, version, category, request.query_params.dict())
        if look.form.errors:
            found = {name: list(map(str, told)) for name, told in look.form.errors.items()}
            name, told = next(iter(found.items()))
            raise BadInput(f"{name}: {told[0]}", details=found)
        return Response(ThresholdLookSerializer(_shown(look)).data)


class ProfileView(APIView):
    """One school profile."""

    @extend_schema(
        operation_id="profile_read", responses={200: SchoolProfileSerializer, **ERRORS}, tags=["classifiers"]
    )
    def get(self, request: Request, slug: str, school: str) -> Response:
        """What the profile (elementary, middle or high) does with each category, and from which probability on."""
        access = project_for(caller(request), slug, Can.INSPECT)
        known = school in ProfileVersion.Name.values
        rules = profile_current(access.project, school) if known else None
        if rules is None:
            raise NotFound(f'Nobody has set a profile "{school[:40]}" here.')
        return Response(SchoolProfileSerializer(rules).data)


def _shown(look: ThresholdLook) -> dict[str, Any]:
    def place(point: Point | None) -> dict[str, Any] | None:
        return asdict(point) | {"overblocked": look.overblocked(point)} if point else None

    return {
        "status": look.status,
        "choice": look.choice,
        "asked": look.asked,
        "used": place(look.used),
        "looked_at": place(look.there),
        "flips": look.flips,
    }
