"""API operations of the queue: claim a place, keep it, decline it; see what was served and why."""

from typing import Any

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import Conflict
from annotator.pool.selectors import item_of, item_page
from annotator.projects.access import Can, project_for
from annotator.projects.api import ByIdPagination, caller, errors, narrowed, page_of
from annotator.queue.models import Batch
from annotator.queue.places import (
    assignment_claim,
    assignment_known,
    assignment_release,
    assignment_renew,
    assignment_skip,
    withheld_refuse,
)
from annotator.queue.selectors import batch_of, batches_of, batches_summarised, ledger_of, ledger_of_item
from annotator.queue.serializers import (
    BatchItemSerializer,
    BatchSerializer,
    ClaimedSerializer,
    ClaimSerializer,
    ItemLedgerSerializer,
    LeaseSerializer,
    SkipSerializer,
    claimed,
)
from annotator.queue.stopping import page_stop


class ClaimView(APIView):
    """The queue, from the side of an annotator."""

    @extend_schema(
        operation_id="queue_claim",
        request=ClaimSerializer,
        responses={
            200: ClaimedSerializer,
            204: OpenApiResponse(description="Nothing for you now; ask again in a few seconds."),
            **errors(400),
        },
        tags=["queue"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """The next place for the caller, under a lease.

        A place that the caller holds and does not name in `holding` comes first, so that nothing half done
        is lost.
        """
        access = project_for(caller(request), slug, Can.LABEL)
        wish = ClaimSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        assignment = assignment_claim(access.project, access.user, holding=wish.validated_data["holding"])
        if assignment is None:
            return Response(status=204)
        return Response(claimed(assignment, item_page(assignment.item), access.taxonomy))


class RenewView(APIView):
    """The lease on one place."""

    @extend_schema(
        operation_id="assignment_renew",
        request=None,
        responses={200: LeaseSerializer, **errors(409)},
        tags=["queue"],
    )
    def post(self, request: Request, slug: str, assignment_id: int) -> Response:
        """A new lease on a place that the caller holds; 409 when it went to somebody else. A judgment still counts."""
        access = project_for(caller(request), slug, Can.LABEL)
        until = assignment_renew(access.project, access.user, [assignment_id])
        if until is None:
            withheld_refuse(assignment_known(access.project, access.user, assignment_id))
            raise Conflict(
                "You hold this place no more. Submit all the same: the judgment is kept. Then claim again."
            )
        return Response(LeaseSerializer({"lease_until": until}).data)


class ReleaseView(APIView):
    """Giving a place back."""

    @extend_schema(
        operation_id="assignment_release", request=None, responses={204: None, **errors()}, tags=["queue"]
    )
    def post(self, request: Request, slug: str, assignment_id: int) -> Response:
        """Give a place back unjudged; harmless when the caller does not hold it any more."""
        access = project_for(caller(request), slug, Can.LABEL)
        assignment_known(access.project, access.user, assignment_id)
        assignment_release(access.project, access.user, [assignment_id])
        return Response(status=204)


class SkipView(APIView):
    """Declining an item."""

    @extend_schema(
        operation_id="assignment_skip",
        request=SkipSerializer,
        responses={204: None, **errors(400, 409)},
        tags=["queue"],
    )
    def post(self, request: Request, slug: str, assignment_id: int) -> Response:
        """Decline an item for good, with a reason; its place goes to somebody else."""
        access = project_for(caller(request), slug, Can.LABEL)
        wish = SkipSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        data = wish.validated_data
        assignment_skip(access.project, access.user, assignment_id, data["reason"], note=data["note"])
        return Response(status=204)


class StopView(APIView):
    """Content that may be illegal."""

    @extend_schema(
        operation_id="assignment_stop", request=None, responses={204: None, **errors()}, tags=["queue"]
    )
    def post(self, request: Request, slug: str, assignment_id: int) -> Response:
        """Take a page that may be illegal out of every queue, for everybody; only case holders see it from then on.

        For a place that the caller holds or held. Stopping twice is harmless.
        """
        access = project_for(caller(request), slug, Can.LABEL)
        page_stop(access, assignment_id)
        return Response(status=204)


class BatchesView(GenericAPIView[Any]):
    """The batches of a project."""

    serializer_class = BatchSerializer
    pagination_class = ByIdPagination
    queryset = Batch.objects.none()

    @extend_schema(
        operation_id="batch_list", responses={200: BatchSerializer(many=True), **errors()}, tags=["queue"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """The batches, newest first: why each was opened, what it is made of, and how far it is worked off."""
        access = project_for(caller(request), slug, Can.INSPECT)
        batches = self.paginate_queryset(batches_of(access.project)) or []
        listed = BatchSerializer(batches_summarised(batches), many=True)
        return self.get_paginated_response(narrowed(listed, request).data)


class BatchItemsView(APIView):
    """The ledger of one batch."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="batch_item_list",
        responses={200: BatchItemSerializer(many=True), **errors()},
        tags=["queue"],
    )
    def get(self, request: Request, slug: str, number: int) -> Response:
        """Why each item is in the batch: stream, strategy, score, classifier, probability, seed. Last rank first."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return page_of(self, ledger_of(batch_of(access.project, number)), BatchItemSerializer)


class ItemLedgerView(APIView):
    """Why one item was served."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="item_ledger_list",
        responses={200: ItemLedgerSerializer(many=True), **errors()},
        tags=["items"],
    )
    def get(self, request: Request, slug: str, item_id: int) -> Response:
        """Every time the item was put in a batch, and why; newest first."""
        access = project_for(caller(request), slug, Can.INSPECT)
        item = item_of(access.project, item_id)
        return page_of(self, ledger_of_item(access.project, item.pk), ItemLedgerSerializer)
