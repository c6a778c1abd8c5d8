"""API operations on the model card and its sections, and on comparisons of two versions."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, ByIdPagination, caller, errors, page_of
from learner.evaluation.cards import card_file_of
from learner.evaluation.release.comparison_serializers import (
    VersionComparisonReadSerializer,
    VersionComparisonSerializer,
    VersionsSerializer,
)
from learner.evaluation.release.comparisons import (
    comparison_of,
    comparison_request,
    comparisons_of,
    pairs_of,
    parts_of_comparison,
    verdict_of,
)
from learner.evaluation.release.selectors import model_section_of, model_sections
from learner.snapshots.api import ErrorsInJson
from learner.snapshots.sections.api import CardSectionSerializer, CardSectionWriteSerializer
from learner.snapshots.sections.selectors import WrittenSection
from learner.snapshots.sections.services import card_section_write
from learner.training.selectors import classifier_of


class ModelCardFileView(APIView):
    """The model card."""

    content_negotiation_class = ErrorsInJson

    @extend_schema(
        operation_id="model_card_file",
        responses={
            (200, "text/markdown"): OpenApiTypes.STR,
            (200, "application/json"): OpenApiTypes.BINARY,
            (200, "text/html"): OpenApiTypes.BINARY,
            **ERRORS,
        },
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str, number: int, name: str) -> HttpResponse:
        """A file of the card as of the newest evaluation: `README.md`, `card.json` or `card.html`. 404 before it."""
        access = project_for(caller(request), slug, Can.INSPECT)
        found = card_file_of(classifier_of(access.project, number), name)
        answer = HttpResponse(found.text, content_type=f"{found.content_type}; charset=utf-8")
        answer["Content-Disposition"] = f'attachment; filename="{slug}-v{number}-{name}"'
        return answer


class ModelSectionsView(APIView):
    """What people write on the model card."""

    @extend_schema(
        operation_id="model_card_section_list",
        responses={200: CardSectionSerializer(many=True), **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every section in the order of the page. The gate asks for every section that `is_missing`."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(CardSectionSerializer(model_sections(access.project), many=True).data)


class ModelSectionView(APIView):
    """One section of the model card."""

    @extend_schema(
        operation_id="model_card_section_write",
        request=CardSectionWriteSerializer,
        responses={200: CardSectionSerializer, **errors(409)},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str, section: str) -> Response:
        """Write the next version; the card of the next evaluation has it. The same text again changes nothing."""
        access = project_for(caller(request), slug, Can.DESCRIBE)
        asked = model_section_of(section)
        sent = CardSectionWriteSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        row = card_section_write(access.project, asked, by=access.user, **sent.validated_data)
        return Response(CardSectionSerializer(WrittenSection(asked, row)).data)


class VersionComparisonsView(APIView):
    """Comparisons of two versions."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="version_comparison_list",
        responses={200: VersionComparisonSerializer(many=True), **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The comparisons that anybody asked for, newest first."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return page_of(self, comparisons_of(access.project), VersionComparisonSerializer)

    @extend_schema(
        operation_id="version_comparison_ask",
        request=VersionsSerializer,
        responses={202: VersionComparisonSerializer, **errors(409)},
        tags=["classifiers"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Compare two versions on the same audited items; answers at once with the run. 409 while others are."""
        access = project_for(caller(request), slug, Can.INSPECT)
        sent = VersionsSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        base, candidate = (
            classifier_of(access.project, sent.validated_data[name]) for name in ("base", "candidate")
        )
        run = comparison_request(access, base, candidate)
        return Response(VersionComparisonSerializer(run).data, status=202)


class VersionComparisonView(APIView):
    """One comparison of two versions."""

    @extend_schema(
        operation_id="version_comparison_read",
        responses={200: VersionComparisonReadSerializer, **ERRORS},
        tags=["classifiers"],
    )
    def get(self, request: Request, slug: str, run_id: int) -> Response:
        """Which is better and by what; differences by category, slice, school profile and pack; pages that flip."""
        access = project_for(caller(request), slug, Can.INSPECT)
        run = comparison_of(access.project, run_id)
        parts, pairs = parts_of_comparison(run), pairs_of(run)
        found = {
            "run": run,
            "verdict": verdict_of(run, pairs) if run.result else None,
            "n_items": run.result.get("n_items"),
            "n_sites": run.result.get("n_sites"),
            "categories": pairs,
            "slices": parts.slices,
            "profiles": parts.profiles,
            "packs": parts.packs,
        }
        return Response(VersionComparisonReadSerializer(found).data)
