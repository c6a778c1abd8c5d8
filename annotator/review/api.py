"""API operations of the review: what is held true, what is disputed, what is gold."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.agreement.patterns import Pattern
from annotator.errors import BadInput
from annotator.judgments.listing import names_for
from annotator.projects.access import Can, project_for
from annotator.projects.api import (
    ERRORS,
    ByIdPagination,
    caller,
    errors,
    flag_parameter,
    page_of,
    slug_parameter,
)
from annotator.projects.selectors import taxonomy_current
from annotator.review.checks.gold import gold_add, gold_of, gold_retire
from annotator.review.desk.item import desk_of, weighed
from annotator.review.desk.patterns import patterns_open
from annotator.review.desk.serializers import (
    METHODS,
    AdjudicationSerializer,
    DisagreementDetailSerializer,
    DisagreementSerializer,
    FlagSerializer,
    GoldDraftSerializer,
    GoldSerializer,
    ListedResolutionSerializer,
    PatternsSerializer,
    ResolutionSerializer,
)
from annotator.review.models import Method
from annotator.review.selectors import (
    Wanted,
    disagreement_of,
    disagreements_open,
    flags_open,
    resolutions_current,
)
from annotator.review.services import flag_close, resolution_adjudicate


class ResolutionsView(APIView):
    """What is held true of a project's items."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="resolution_list",
        parameters=[
            OpenApiParameter("method", OpenApiTypes.STR, enum=[method for method, _ in METHODS]),
            OpenApiParameter("label", OpenApiTypes.STR, description="Only items that show this category."),
        ],
        responses={200: ListedResolutionSerializer(many=True), **errors(400)},
        tags=["review"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The resolution held true of each resolved item, newest first; for scientists under pseudonyms."""
        access = project_for(caller(request), slug, Can.INSPECT)
        rows = resolutions_current(access.project)
        method = request.query_params.get("method", "")
        if method:
            rows = rows.filter(method=_method(method))
        label = slug_parameter(request, "label")
        if label:
            rows = rows.filter(labels__contains=[label])
        return page_of(
            self,
            rows.select_related("item", "clause", "resolved_by", "taxonomy"),
            ListedResolutionSerializer,
            context=names_for(access),
        )

    @extend_schema(
        operation_id="resolution_adjudicate",
        request=AdjudicationSerializer,
        responses={201: ResolutionSerializer, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """A lead's resolution of one item. 409 when the judgments or the resolution differ from `based_on`."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        answer = AdjudicationSerializer(data=request.data)
        answer.is_valid(raise_exception=True)
        resolution = resolution_adjudicate(
            access,
            answer.validated_data["item"],
            adjudication=answer.decided(),
            based_on=answer.seen(),
            client_id=answer.validated_data["client_id"],
        )
        return Response(ResolutionSerializer(resolution).data, status=201)


class DisagreementsView(APIView):
    """Items that wait for a lead."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="disagreement_list",
        parameters=[
            OpenApiParameter("category", OpenApiTypes.STR, description="In dispute."),
            OpenApiParameter(
                "pattern",
                OpenApiTypes.STR,
                description="What people differ in, as `disagreement_patterns` has it.",
            ),
            OpenApiParameter("held", OpenApiTypes.BOOL, description="Those on hold instead."),
        ],
        responses={200: DisagreementSerializer(many=True), **errors(400)},
        tags=["review"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Open disagreements, newest first."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        wanted = Wanted(
            slug_parameter(request, "category"),
            _pattern(request.query_params.get("pattern", "")),
            held=flag_parameter(request, "held"),
        )
        rows = disagreements_open(access.project, wanted)
        return page_of(self, rows, DisagreementSerializer)


class PatternsView(APIView):
    """What people differ in."""

    @extend_schema(
        operation_id="disagreement_patterns",
        responses={200: PatternsSerializer, **ERRORS},
        tags=["review"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Open disagreements grouped by what people differ in: items × (1 + severity) × doubt first."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        patterns = patterns_open(access.project, taxonomy_current(access.project))
        return Response(PatternsSerializer({"patterns": patterns}).data)


class DisagreementView(APIView):
    """One disagreement."""

    @extend_schema(
        operation_id="disagreement_read",
        responses={200: DisagreementDetailSerializer, **errors(409)},
        tags=["review"],
    )
    def get(self, request: Request, slug: str, disagreement_id: int) -> Response:
        """The disagreement with its judgments side by side, and the `based_on` of a decision on it.

        409 when its page is withheld: notes may quote it.
        """
        access = project_for(caller(request), slug, Can.RESOLVE)
        row = disagreement_of(access.project, disagreement_id)
        desk = weighed(access.project, desk_of(access, row.item_id))
        review = desk.review
        body = {
            "id": row.pk,
            "item": row.item_id,
            "url": review.item.url,
            "title": desk.page.title,
            "text": desk.page.text,
            "categories": row.categories,
            "reason": row.reason,
            "pattern": row.pattern,
            "opened_at": row.opened_at,
            "closed_at": row.closed_at,
            "judgments": review.judgments,
            "inferred": desk.inferred,
            "based_on": {
                "judgments": [judgment.pk for judgment in review.judgments],
                "resolution": review.newest.pk if review.newest else None,
            },
        }
        return Response(DisagreementDetailSerializer(body).data)


class FlagsView(APIView):
    """Items that somebody asked a lead to look at."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="flag_list", responses={200: FlagSerializer(many=True), **errors()}, tags=["review"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """Flags that nobody has closed, newest first."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        return page_of(self, flags_open(access.project), FlagSerializer)


class FlagCloseView(APIView):
    """The end of one flag."""

    @extend_schema(
        operation_id="flag_close", request=None, responses={204: None, **errors()}, tags=["review"]
    )
    def post(self, request: Request, slug: str, flag_id: int) -> Response:
        """Close a flag: the lead has looked. Closing twice closes once."""
        flag_close(project_for(caller(request), slug, Can.RESOLVE), flag_id)
        return Response(status=204)


class GoldListView(APIView):
    """Items whose right answer is known: they check annotators and teach new ones."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="gold_list", responses={200: GoldSerializer(many=True), **errors()}, tags=["review"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """The gold in use, newest first. For leads: whoever is checked must not know it."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        return page_of(
            self, gold_of(access.project).select_related("item", "clause", "added_by"), GoldSerializer
        )

    @extend_schema(
        operation_id="gold_add",
        request=GoldDraftSerializer,
        responses={201: GoldSerializer, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Make an item gold, with the labels that are held true of it now. 409 when it is gold already."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        draft = GoldDraftSerializer(data=request.data)
        draft.is_valid(raise_exception=True)
        data = draft.validated_data
        gold = gold_add(access, data["item"], data["explanation"], clause_number=data["clause"])
        return Response(GoldSerializer(gold).data, status=201)


class GoldRetireView(APIView):
    """The end of one item as gold."""

    @extend_schema(
        operation_id="gold_retire", request=None, responses={204: None, **errors()}, tags=["review"]
    )
    def post(self, request: Request, slug: str, gold_id: int) -> Response:
        """Use this gold no more; answers on it count no more. Harmless when it is retired already."""
        gold_retire(project_for(caller(request), slug, Can.RESOLVE), gold_id)
        return Response(status=204)


def _pattern(value: str) -> str:
    if value and Pattern.parse(value) is None:
        raise BadInput(f'"{value}" is not a pattern. Use a `key` of disagreements/patterns/.')
    return value


def _method(value: str) -> Method:
    if value not in {method for method, _ in METHODS}:
        known = ", ".join(method for method, _ in METHODS)
        raise BadInput(f'"{value}" is not a method. Use one of: {known}.')
    return Method(value)
