"""API operations on evaluations and school profiles."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import NotFound
from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, caller
from learner.evaluation.lens.serializers import EvaluationSerializer, SchoolProfileSerializer
from learner.evaluation.models import ProfileVersion
from learner.evaluation.profiles import profile_current
from learner.evaluation.selectors import evaluation_latest
from learner.training.selectors import classifier_of


class EvaluationView(APIView):
    """The evaluation of one classifier version."""

    @extend_schema(
        operation_id="evaluation_read", responses={200: EvaluationSerializer, **ERRORS}, tags=["classifiers"]
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Everything that the version's newest evaluation measured: scores, curves, calibration, confusion, slices."""
        version = classifier_of(project_for(caller(request), slug, Can.INSPECT).project, number)
        evaluation = evaluation_latest(version)
        if evaluation is None:
            raise NotFound(f"Classifier v{number} is not evaluated yet. Resolve audited holdout items first.")
        return Response(EvaluationSerializer(evaluation).data)


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
