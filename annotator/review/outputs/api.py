"""API operations of the outputs for other tools: the formats, and the project in one of them."""

from typing import Any

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.interchange.formats import OUTPUTS
from annotator.projects.access import Can, project_for
from annotator.projects.api import caller, errors
from annotator.review.outputs.views import streamed


class OutputSerializer(serializers.Serializer[Any]):
    """A format to export in."""

    format = serializers.CharField(source="slug")
    name = serializers.CharField()
    media_type = serializers.CharField()
    lost = serializers.ListField(child=serializers.CharField(), help_text="What it cannot hold.")


class OutputsView(APIView):
    """Formats of other tools."""

    @extend_schema(
        operation_id="output_list", responses={200: OutputSerializer(many=True), **errors()}, tags=["outputs"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """The formats that judgments can be exported in, and what each cannot hold."""
        project_for(caller(request), slug, Can.SNAPSHOT)
        return Response(OutputSerializer(OUTPUTS.values(), many=True).data)


class OutputView(APIView):
    """The project in the format of another tool."""

    @extend_schema(
        operation_id="output_read",
        responses={
            (200, "application/json"): OpenApiTypes.BINARY,
            (200, "application/x-ndjson"): OpenApiTypes.BINARY,
            (200, "text/csv"): OpenApiTypes.BINARY,
            **errors(),
        },
        tags=["outputs"],
    )
    def get(self, request: Request, slug: str, output: str) -> HttpResponseBase:
        """All that was judged and is held true now, streamed. People go by name to leads and admins only."""
        return streamed(project_for(caller(request), slug, Can.SNAPSHOT), output)
