"""The API operation on a project's home: what the loop does now, and what needs a human."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, caller
from annotator.review.overview import overview_of
from annotator.review.overview_serializers import OverviewSerializer


class OverviewView(APIView):
    """A project's home."""

    @extend_schema(
        operation_id="overview_read", responses={200: OverviewSerializer, **ERRORS}, tags=["projects"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """How many pages there are and are resolved, the pace, sums of care, and what waits for a person, in words."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(OverviewSerializer(overview_of(access.project, timezone.now())).data)
