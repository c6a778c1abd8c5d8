"""The API operation on the items behind a number of agreement."""

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput
from annotator.projects.access import Can, project_for
from annotator.projects.api import caller, errors, number_parameter, slug_parameter
from annotator.review.agreement.asked import cell_asked, pair_named
from annotator.review.agreement.items import CellCounts, cell_counts, cell_items, measurement_of
from annotator.review.selectors import Unsure

PAGE: Final = 100
BEGIN_MAX: Final = 10**9


class SharedItemSerializer(serializers.Serializer[Any]):
    """An item that counts: its answers by kind (0 of whole label sets), and whether they differ."""

    item = serializers.IntegerField(source="item.pk")
    url = serializers.CharField(source="item.url")
    n_answers = serializers.IntegerField()
    n_present = serializers.IntegerField()
    n_absent = serializers.IntegerField()
    n_unsure = serializers.IntegerField()
    differs = serializers.BooleanField()


class AgreementItemsSerializer(serializers.Serializer[Any]):
    """The items that a number counts. Withheld ones count and are not listed."""

    computed_at = serializers.DateTimeField(allow_null=True, help_text="Null before the first measurement.")
    n_items = serializers.IntegerField()
    n_differ = serializers.IntegerField()
    n_withheld = serializers.IntegerField()
    next_begin = serializers.IntegerField(allow_null=True, help_text="Send it as `begin` for the next page.")
    results = SharedItemSerializer(many=True)


class AgreementItemsView(APIView):
    """What a number of agreement counts."""

    @extend_schema(
        operation_id="agreement_item_list",
        parameters=[
            OpenApiParameter("unsure", OpenApiTypes.STR, enum=Unsure.values),
            OpenApiParameter("category", OpenApiTypes.STR, description="Whole label sets by default."),
            OpenApiParameter("guideline", OpenApiTypes.INT, description="Judged under this version."),
            OpenApiParameter("pair", OpenApiTypes.STR, description="Two ids of `people_list`, as 3-7."),
            OpenApiParameter("period", OpenApiTypes.STR, description="As 2026-W45 or 2026-11."),
            OpenApiParameter("clause", OpenApiTypes.STR, description="Number of a clause."),
            OpenApiParameter("begin", OpenApiTypes.INT, description="From `next_begin` of the last page."),
        ],
        responses={200: AgreementItemsSerializer, **errors()},
        tags=["review"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The items on which two answers count: those on which people differ first, then the oldest."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        slug_parameter(request, "category")
        wanted, begin = cell_asked(request.query_params.dict()), number_parameter(request, "begin") or 0
        if begin > BEGIN_MAX:
            raise BadInput(f"begin is {begin}: no number of agreement counts so many items.")
        measured = measurement_of(access.project, wanted.unsure)
        counts, rows = CellCounts(), []
        if measured is not None:
            pair_named(access, measured, wanted)
            counts = cell_counts(measured, wanted)
            rows = cell_items(measured, wanted, slice(begin, begin + PAGE)) if counts.n_listed else []
        body = {
            "computed_at": measured.report.computed_at if measured else None,
            "n_items": counts.n_items,
            "n_differ": counts.n_differ,
            "n_withheld": counts.n_withheld,
            "next_begin": begin + PAGE if counts.n_listed > begin + PAGE else None,
            "results": rows,
        }
        return Response(AgreementItemsSerializer(body).data)
