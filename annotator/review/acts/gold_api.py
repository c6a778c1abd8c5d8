"""API operations on what gold there is and lacks, and on what could become gold."""

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput
from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, caller
from annotator.review.checks.gold import gold_set, gold_suggestions, suggestions
from annotator.review.checks.qualifying_policy import GOLD_A_CATEGORY
from annotator.review.desk.serializers import ResolutionSerializer
from annotator.review.scoring import NONE

SUGGESTED: Final = 10


class CategoryGoldSerializer(serializers.Serializer[Any]):
    """How much gold a category has, and how much it lacks for qualification."""

    category = serializers.CharField(help_text=f'"{NONE}" for pages that show none of these.')
    n = serializers.IntegerField()
    lacks = serializers.IntegerField()


class GoldCoverageSerializer(serializers.Serializer[Any]):
    """The gold in use."""

    n_gold = serializers.IntegerField()
    is_enough = serializers.BooleanField(help_text="For people to be examined.")
    categories = CategoryGoldSerializer(many=True)


class GoldSuggestionSerializer(serializers.Serializer[Any]):
    """A resolution that could become gold, with the explanation to start from."""

    resolution = ResolutionSerializer()
    explanation = serializers.CharField()


class GoldCoverageView(APIView):
    """What gold there is and lacks."""

    @extend_schema(
        operation_id="gold_coverage", responses={200: GoldCoverageSerializer, **ERRORS}, tags=["review"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """How much gold each category has, and how much it lacks."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        found = gold_set(access.project)
        rows = [
            {"category": key, "n": n, "lacks": max(GOLD_A_CATEGORY - n, 0)}
            for key, n in found.coverage.counts.items()
        ]
        body = {"n_gold": len(found.items), "is_enough": found.coverage.is_enough, "categories": rows}
        return Response(GoldCoverageSerializer(body).data)


class GoldSuggestionsView(APIView):
    """What could become gold."""

    @extend_schema(
        operation_id="gold_suggestion_list",
        parameters=[OpenApiParameter("category", OpenApiTypes.STR, description=f'A category, or "{NONE}".')],
        responses={200: GoldSuggestionSerializer(many=True), **ERRORS},
        tags=["review"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The newest resolutions that could become gold: decided by a lead with a reason, then unanimous ones."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        category = request.query_params.get("category", "")
        known = (*access.taxonomy.slugs, NONE)
        if category and category not in known:
            raise BadInput(f'category: "{category[:40]}" is none of {", ".join(known)}.')
        rows = suggestions(
            gold_suggestions(access.project, category).select_related("resolved_by", "taxonomy")[:SUGGESTED]
        )
        return Response(GoldSuggestionSerializer(rows, many=True).data)
