"""API operations on the filters of the explorer that people keep."""

from django.http import QueryDict
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput
from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, caller, errors
from learner.explorer.models import ExplorerFilter
from learner.explorer.reading import asked_of
from learner.explorer.selectors import filters_of
from learner.explorer.services import ADDRESS_MAX, NAME_MAX, filter_delete, filter_save


class FilterSerializer(serializers.ModelSerializer[ExplorerFilter]):
    """A filter under a name."""

    saved_by = serializers.CharField(source="saved_by.username")
    address = serializers.CharField(help_text="As the query of `explorer_search`.")

    class Meta:
        model = ExplorerFilter
        fields = ["id", "name", "address", "shared", "saved_by", "saved_at"]


class FilterSaveSerializer(serializers.Serializer[ExplorerFilter]):
    """A filter to keep, as the query of `explorer_search`, and whether all who may see the explorer may use it."""

    name = serializers.CharField(max_length=NAME_MAX)
    address = serializers.CharField(max_length=ADDRESS_MAX)
    shared = serializers.BooleanField(default=False)


class FiltersView(APIView):
    """The filters that people keep."""

    @extend_schema(
        operation_id="filter_list", responses={200: FilterSerializer(many=True), **ERRORS}, tags=["explorer"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """One's own filters and those that are shared, by name."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(FilterSerializer(filters_of(access), many=True).data)

    @extend_schema(
        operation_id="filter_save",
        request=FilterSaveSerializer,
        responses={201: FilterSerializer, **errors(409)},
        tags=["explorer"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Keep a filter; the same name of the same person again replaces it."""
        access = project_for(caller(request), slug, Can.INSPECT)
        sent = FilterSaveSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        asked = asked_of(access, QueryDict(data["address"]))
        if not asked.form.is_valid():
            raise BadInput(f"This filter cannot be read: {asked.form.problem}")
        saved = filter_save(access, asked.form.wanted, data["name"], shared=data["shared"])
        return Response(FilterSerializer(saved).data, status=201)


class FilterView(APIView):
    """One filter."""

    @extend_schema(operation_id="filter_delete", responses={204: None, **ERRORS}, tags=["explorer"])
    def delete(self, request: Request, slug: str, pk: int) -> Response:
        """Delete a filter of one's own. 403 for one that somebody else shares."""
        access = project_for(caller(request), slug, Can.INSPECT)
        filter_delete(access, pk)
        return Response(status=204)
