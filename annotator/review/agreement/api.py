"""The API operation of agreement: how far people agree, and where, since when, between whom and on what not."""

from dataclasses import dataclass, fields
from typing import Any, Final

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.agreement.bootstrap import Estimate
from annotator.errors import BadInput
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import caller, errors, slug_parameter
from annotator.projects.selectors import taxonomy_current
from annotator.review.agreement.breakdowns import Breakdown, breakdown_of, publications_of
from annotator.review.agreement.items import judges_named
from annotator.review.agreement.saved import adaptive_report
from annotator.review.agreement.serializers import AdaptiveSerializer, AgreementSerializer
from annotator.review.selectors import Agreement, Unsure, agreement_of

NOT_MEASURED: Final = {
    "computed_at": None,
    "taxonomy": None,
    "n_items": 0,
    "n_judgments": 0,
    "n_others": 0,
    "categories": (),
}


@dataclass(frozen=True)
class NamedPair:
    """Two people by name, in alphabetical order."""

    first: str
    second: str
    kappa: Estimate


class AdaptiveView(APIView):
    """Adaptive overlap."""

    @extend_schema(
        operation_id="adaptive_overlap", responses={200: AdaptiveSerializer, **errors()}, tags=["review"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """What adaptive overlap saved, and how often stopping was right on pages asked about in full all the same."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(AdaptiveSerializer(adaptive_report(access.project, timezone.now())).data)


class AgreementView(APIView):
    """How far people agree."""

    @extend_schema(
        operation_id="agreement_read",
        parameters=[
            OpenApiParameter(
                "unsure",
                OpenApiTypes.STR,
                enum=Unsure.values,
                description="What unsure counts as: missing by default.",
            ),
            OpenApiParameter(
                "category",
                OpenApiTypes.STR,
                description="What the trend and the pairs are about: whole label sets by default.",
            ),
        ],
        responses={200: AgreementSerializer, **errors(400)},
        tags=["review"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Agreement by category, guideline version, week or month, pair of people and clause.

        Percent agreement, Krippendorff's alpha, Fleiss' kappa and AC1 of each category, alpha with MASI and Jaccard
        distance of whole label sets, Cohen's kappa of each two people: with n and intervals, or why there is none.
        """
        access = project_for(caller(request), slug, Can.INSPECT)
        unsure = request.query_params.get("unsure", Unsure.MISSING)
        if unsure not in Unsure.values:
            raise BadInput(
                f'"{unsure}" is not a treatment of unsure. Use one of: {", ".join(Unsure.values)}.'
            )
        category = slug_parameter(request, "category")
        if category and category not in (slugs := taxonomy_current(access.project).slugs):
            raise BadInput(f'"{category}" is not a category of this project. Use one of: {", ".join(slugs)}.')
        found = agreement_of(access.project, unsure=Unsure(unsure))
        parts = breakdown_of(access.project, category=category, unsure=Unsure(unsure))
        return Response(AgreementSerializer(_whole(found) | _parts(access, parts, category)).data)


def _whole(found: Agreement | None) -> dict[str, Any]:
    if found is None:
        return dict(NOT_MEASURED)
    return {field.name: getattr(found, field.name) for field in fields(found)}


def _parts(access: Access, found: Breakdown | None, category: str) -> dict[str, Any]:
    may_see = access.can[Can.RESOLVE]
    return {
        "category": found.category if found else category,
        "by_guideline": found.versions if found else (),
        "by_period": found.periods if found else (),
        "by_pair": (_pairs(access, found) if found else ()) if may_see else None,
        "by_clause": found.clauses if found else (),
        "guidelines": publications_of(access.project),
    }


def _pairs(access: Access, found: Breakdown) -> list[NamedPair]:
    names = judges_named(access.project, {pk for part in found.pairs for pk in (part.first, part.second)})
    pairs = []
    for part in found.pairs:
        first, second = sorted((names[part.first], names[part.second]), key=str.casefold)
        pairs.append(NamedPair(first, second, part.kappa))
    return sorted(pairs, key=lambda pair: (pair.first.casefold(), pair.second.casefold()))
