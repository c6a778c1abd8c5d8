"""API operations on comparisons of two versions."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, ByIdPagination, caller, errors, page_of
from learner.evaluation.release.comparisons import comparison_of, comparison_request, comparisons_of
from learner.evaluation.release.serializers import (
    CompareSerializer,
    VersionComparisonLineSerializer,
    VersionComparisonSerializer,
)
from learner.training.selectors import classifier_of


class VersionComparisonListView(GenericAPIView[Any]):
    """Comparisons of two versions."""

    serializer_class = VersionComparisonLineSerializer
    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="version_comparison_list",
        responses={200: VersionComparisonLineSerializer(many=True), **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """All of them, newest first. Read one for what it found."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return page_of(self, comparisons_of(access.project), VersionComparisonLineSerializer)

    @extend_schema(
        operation_id="version_comparison_start",
        request=CompareSerializer,
        responses={202: VersionComparisonSerializer, **errors(409)},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Have two versions compared on the audited items of now. 409 while two others are."""
        access = project_for(caller(request), slug, Can.INSPECT)
        sent = CompareSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        pair = (classifier_of(access.project, sent.validated_data[name]) for name in ("base", "candidate"))
        run = comparison_request(access, *pair)
        return Response(VersionComparisonSerializer(run).data, status=202)


class VersionComparisonView(APIView):
    """One comparison of two versions."""

    @extend_schema(
        operation_id="version_comparison_read",
        responses={200: VersionComparisonSerializer, **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str, pk: int) -> Response:
        """How far it is, and what it found: paired differences by category, slice, school profile and pack."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(VersionComparisonSerializer(comparison_of(access.project, pk)).data)
