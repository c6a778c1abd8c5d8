"""API operations on one disagreement: a lease on it, on hold, more judgments."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import Conflict, Withheld
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import caller, errors
from annotator.review.desk.holding import disagreement_hold, disagreement_release, judgment_ask
from annotator.review.desk.leases import lease_next, lease_release, lease_take
from annotator.review.desk.more_judgments import choices_of
from annotator.review.desk.serializers import (
    AskSerializer,
    DisagreementLeaseSerializer,
    HoldSerializer,
    NextSerializer,
    NextWantedSerializer,
    WhomSerializer,
)
from annotator.review.selectors import Wanted, disagreement_of, disagreements_open


class NextView(APIView):
    """Going through disagreements beside other leads."""

    @extend_schema(
        operation_id="disagreement_next",
        request=NextWantedSerializer,
        responses={200: NextSerializer, **errors(400)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """The next disagreement that no other lead has open, leased to the caller; null when there is none.

        The caller's lease on `after` ends. No two callers are given the same item.
        """
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = NextWantedSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        wanted = Wanted(data["category"], data["pattern"], data["held"])
        row = lease_next(access, wanted, after=data["after"])
        found = row and disagreements_open(access.project, wanted).filter(pk=row.pk).first()
        return Response(NextSerializer({"disagreement": found}).data)


class LeaseView(APIView):
    """A lease on one disagreement."""

    @extend_schema(
        operation_id="disagreement_lease",
        request=None,
        responses={200: DisagreementLeaseSerializer, **errors(409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str, disagreement_id: int) -> Response:
        """Take or renew the lease: two minutes. 409, naming who, when another lead has it open, or it is closed."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        lease = lease_take(access, disagreement_id)
        if lease is None:
            raise Conflict("This disagreement is closed: nobody needs a lease on it.")
        if not lease.is_own:
            raise Conflict(f"{lease.sentence}.", details={"by": lease.by, "since": lease.since.isoformat()})
        return Response(DisagreementLeaseSerializer(lease).data)

    @extend_schema(
        operation_id="disagreement_leave", request=None, responses={204: None, **errors()}, tags=["review"]
    )
    def delete(self, request: Request, slug: str, disagreement_id: int) -> Response:
        """End the caller's lease. Harmless when they have none."""
        access, pk = _disagreement(request, slug, disagreement_id)
        lease_release(access, pk)
        return Response(status=204)


class HoldView(APIView):
    """One disagreement on hold."""

    @extend_schema(
        operation_id="disagreement_hold",
        request=HoldSerializer,
        responses={204: None, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str, disagreement_id: int) -> Response:
        """Put it on hold, with a reason. 409 when it is closed, on hold already, or open before another lead."""
        access, pk = _disagreement(request, slug, disagreement_id)
        sent = HoldSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        disagreement_hold(access, pk, reason=sent.validated_data["reason"])
        return Response(status=204)

    @extend_schema(
        operation_id="disagreement_release",
        request=None,
        responses={204: None, **errors(409)},
        tags=["review"],
    )
    def delete(self, request: Request, slug: str, disagreement_id: int) -> Response:
        """Let it wait among the others again. 409 when it is closed or open before another lead."""
        access, pk = _disagreement(request, slug, disagreement_id)
        disagreement_release(access, pk)
        return Response(status=204)


class AskView(APIView):
    """More judgments on one item."""

    @extend_schema(
        operation_id="disagreement_whom", responses={200: WhomSerializer, **errors()}, tags=["review"]
    )
    def get(self, request: Request, slug: str, disagreement_id: int) -> Response:
        """Whom one may ask: how many more of anybody, and who tells the categories in dispute best."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        row = disagreement_of(access.project, disagreement_id)
        if row.item.withheld:
            raise Withheld
        return Response(WhomSerializer(choices_of(access, row)).data)

    @extend_schema(
        operation_id="disagreement_ask",
        request=AskSerializer,
        responses={204: None, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str, disagreement_id: int) -> Response:
        """Open `n` more places, up to the project's maximum, or one that waits an hour for the `annotator` named.

        409, saying why not, when not all can be had: then none is opened.
        """
        access, pk = _disagreement(request, slug, disagreement_id)
        sent = AskSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        judgment_ask(access, pk, **sent.validated_data)
        return Response(status=204)


def _disagreement(request: Request, slug: str, disagreement_id: int) -> tuple[Access, int]:
    """Access to the project, and the disagreement in it; raises NotFound for another project's."""
    access = project_for(caller(request), slug, Can.RESOLVE)
    return access, disagreement_of(access.project, disagreement_id).pk
