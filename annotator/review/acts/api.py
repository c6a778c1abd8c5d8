"""API operations on many items at once: spreading a decision, and resolving a pattern by rule."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import caller, errors
from annotator.review.acts.bulk_acts import bulk_apply
from annotator.review.acts.bulk_desk import bulk_desk
from annotator.review.acts.bulks import bulk_answer, bulk_plan
from annotator.review.acts.serializers import (
    AppliedSerializer,
    BulkAnswerSerializer,
    BulkApplySerializer,
    BulkCheckedSerializer,
    BulkDraftSerializer,
    BulkSerializer,
    SpreadDraftSerializer,
    SpreadSerializer,
)
from annotator.review.acts.spread_acts import spread_apply
from annotator.review.acts.spreading import spread_of
from annotator.review.desk.serializers import AdjudicationEntrySerializer
from annotator.review.models import Scope


class SpreadView(APIView):
    """Spreading the decision on one item."""

    @extend_schema(
        operation_id="spread_read",
        parameters=[OpenApiParameter("scope", OpenApiTypes.STR, enum=Scope.values, default=Scope.ALIKE)],
        responses={200: SpreadSerializer, **errors(400, 409)},
        tags=["review"],
    )
    def get(self, request: Request, slug: str, item_id: int) -> Response:
        """Where it could be spread to, item by item. 409 when no lead's decision is held of the item."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        scope = request.query_params.get("scope", Scope.ALIKE.value)
        if scope not in Scope.values:
            raise BadInput(f'"{scope}" is not a scope. Use one of: {", ".join(Scope.values)}.')
        return Response(SpreadSerializer(spread_of(access, item_id, Scope(scope))).data)

    @extend_schema(
        operation_id="spread_apply",
        request=SpreadDraftSerializer,
        responses={201: AdjudicationEntrySerializer, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str, item_id: int) -> Response:
        """Spread it to the items sent, all in one act. 409, naming each, when one is not as it was shown."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = SpreadDraftSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        entry = spread_apply(
            access, item_id, chosen=sent.chosen(), client_id=sent.validated_data["client_id"]
        )
        return Response(AdjudicationEntrySerializer(entry).data, status=201)


class BulksView(APIView):
    """Planning to resolve a pattern by rule."""

    @extend_schema(
        operation_id="bulk_plan",
        request=BulkDraftSerializer,
        responses={201: BulkSerializer, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """What the rule would make of the pattern, with a spot check drawn. Nothing is resolved yet.

        409 when it fits nothing, or a spot check has stopped this rule.
        """
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = BulkDraftSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        bulk = bulk_plan(access, data["pattern"], sent.decided(), client_id=data["client_id"])
        return Response(_body(access, bulk.pk), status=201)


class BulkView(APIView):
    """One bulk."""

    @extend_schema(operation_id="bulk_read", responses={200: BulkSerializer, **errors()}, tags=["review"])
    def get(self, request: Request, slug: str, bulk_id: int) -> Response:
        """The bulk with its items and its spot check."""
        return Response(_body(project_for(caller(request), slug, Can.RESOLVE), bulk_id))


class BulkAnswersView(APIView):
    """The spot check of a bulk."""

    @extend_schema(
        operation_id="bulk_answer",
        request=BulkAnswerSerializer,
        responses={200: BulkCheckedSerializer, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str, bulk_id: int) -> Response:
        """Confirm or reject a drawn item. 409 once it is applied, and for another lead's bulk."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = BulkAnswerSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        checked = bulk_answer(access, bulk_id, data["item"], is_confirmed=data["confirmed"])
        return Response(BulkCheckedSerializer(checked).data)


class BulkApplyView(APIView):
    """Applying a bulk."""

    @extend_schema(
        operation_id="bulk_apply",
        request=BulkApplySerializer,
        responses={201: AppliedSerializer, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str, bulk_id: int) -> Response:
        """Resolve its items, all in one act; what changed since is left and named.

        409 while its spot check is not over or has stopped it, or when every item has changed.
        """
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = BulkApplySerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        done = bulk_apply(
            access, bulk_id, reason=data["reason"], clause_number=data["clause"], client_id=data["client_id"]
        )
        left = [{"item": pk, "changes": done.left[pk]} for pk in sorted(done.left)]
        return Response(AppliedSerializer({"entry": done.entry, "left": left}).data, status=201)


def _body(access: Access, bulk_id: int) -> dict[str, object]:
    return BulkSerializer(bulk_desk(access, bulk_id)).data
