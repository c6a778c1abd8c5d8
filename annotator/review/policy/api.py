"""API operations on how the policy changes: its history, and rechecks."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import caller, errors
from annotator.projects.policy import policy_of
from annotator.queue.rechecking import RECHECK_MAX, RECHECK_REASON_MAX, RecheckSummary, rechecks_of
from annotator.review.policy.changed import changed_pages, changed_recheck
from annotator.review.policy.rechecking import recheck_cancel, recheck_chosen

NUMBER_MAX = 2**31 - 1


class TaxonomyChangeLineSerializer(serializers.Serializer[Any]):
    """One thing that a taxonomy version did: in words, and as slugs before and after. `definition` is inert HTML."""

    kind = serializers.CharField()
    sources = serializers.ListField(child=serializers.CharField())
    targets = serializers.ListField(child=serializers.CharField())
    words = serializers.CharField()
    details = serializers.ListField(child=serializers.CharField())
    definition = serializers.CharField(allow_blank=True)


class ClauseChangeSerializer(serializers.Serializer[Any]):
    """One clause that a guideline version added, changed or removed; title and body are inert HTML with ins and del."""

    change = serializers.CharField()
    number = serializers.CharField(source="clause.number")
    title = serializers.CharField(allow_blank=True)
    body = serializers.CharField(allow_blank=True)


class PolicyEntrySerializer(serializers.Serializer[Any]):
    """One version with who, why and what."""

    subject = serializers.CharField()
    number = serializers.IntegerField()
    at = serializers.DateTimeField()
    by = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    beginning = serializers.CharField(allow_blank=True)
    categories = TaxonomyChangeLineSerializer(many=True)
    clauses = ClauseChangeSerializer(many=True)


class RecheckSerializer(serializers.Serializer[Any]):
    """One recheck and how far it has come."""

    batch = serializers.IntegerField(source="recheck.batch.number")
    opened_at = serializers.DateTimeField(source="recheck.batch.opened_at")
    opened_by = serializers.CharField(source="recheck.opened_by.username")
    reason = serializers.CharField(source="recheck.batch.reason")
    taxonomy = serializers.IntegerField(source="recheck.taxonomy.number")
    guideline = serializers.IntegerField(source="recheck.guideline.number")
    n_items = serializers.IntegerField(source="recheck.batch.n_items")
    places = serializers.IntegerField()
    submitted = serializers.IntegerField()
    is_open = serializers.BooleanField()
    cancelled_at = serializers.DateTimeField(source="recheck.cancelled_at", allow_null=True)


class RecheckOpenSerializer(serializers.Serializer[Any]):
    """What is to be looked at again: changes of these versions, as `category/<slug>` or `clause/<number>`."""

    taxonomy = serializers.IntegerField(
        min_value=1, max_value=NUMBER_MAX, allow_null=True, default=None, required=False
    )
    guideline = serializers.IntegerField(
        min_value=1, max_value=NUMBER_MAX, allow_null=True, default=None, required=False
    )
    groups = serializers.ListField(
        child=serializers.CharField(max_length=9000), min_length=1, max_length=200, allow_empty=False
    )
    reason = serializers.CharField(max_length=RECHECK_REASON_MAX)


class PolicyView(APIView):
    """How the policy came to be what it is."""

    @extend_schema(
        operation_id="policy_read",
        responses={200: PolicyEntrySerializer(many=True), **errors()},
        tags=["projects"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every version of taxonomy and guideline, newest first, with what it changed."""
        access = project_for(caller(request), slug, Can.READ)
        return Response(PolicyEntrySerializer(policy_of(access.project), many=True).data)


class RechecksView(APIView):
    """Items that are looked at again."""

    @extend_schema(
        operation_id="recheck_list",
        responses={200: RecheckSerializer(many=True), **errors()},
        tags=["review"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The rechecks, newest first, with how far each has come."""
        access = project_for(caller(request), slug, Can.INSPECT)
        return Response(RecheckSerializer(rechecks_of(access.project), many=True).data)

    @extend_schema(
        operation_id="recheck_open",
        request=RecheckOpenSerializer,
        responses={201: RecheckSerializer, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Open a recheck of exactly the items that these changes touched. 409 when none is left."""
        access = project_for(caller(request), slug, Can.GUIDE)
        sent = RecheckOpenSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        recheck = recheck_chosen(
            access,
            data["groups"],
            taxonomy=data["taxonomy"],
            guideline=data["guideline"],
            reason=data["reason"],
        )
        places = recheck.batch.n_items * access.project.overlap
        return Response(RecheckSerializer(RecheckSummary(recheck, places, 0, 0)).data, status=201)


class RecheckCancelView(APIView):
    """Cancelling a recheck."""

    @extend_schema(
        operation_id="recheck_cancel",
        request=None,
        responses={204: None, **errors(409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str, number: int) -> Response:
        """Serve nothing more of it. 409 when it is done or was cancelled."""
        recheck_cancel(project_for(caller(request), slug, Can.GUIDE), number)
        return Response(status=204)


class ChangedPageSerializer(serializers.Serializer[Any]):
    """One page that changed since it was judged."""

    item = serializers.IntegerField(source="row.item.pk")
    url = serializers.CharField(source="row.item.url")
    title = serializers.CharField(source="row.title", help_text="Of the newest version.")
    judged_at = serializers.DateTimeField()
    changed_at = serializers.DateTimeField()
    likeness = serializers.FloatField(help_text="To the text before, at its greatest change since: 0 to 1.")
    is_rechecked = serializers.BooleanField(help_text="Whether it is being looked at again already.")


class ChangedPagesSerializer(serializers.Serializer[Any]):
    """The newest of them, and how many there are, counted up to one more than a recheck takes."""

    n_items = serializers.IntegerField()
    shown = ChangedPageSerializer(many=True)


class ChangedQuerySerializer(serializers.Serializer[Any]):
    """By how much they changed."""

    alike = serializers.IntegerField(
        min_value=0, max_value=100, default=100, help_text="At most so many hundredths alike."
    )


class ChangedRecheckSerializer(ChangedQuerySerializer):
    """Which of them to look at again; without `items` all that changed so much."""

    items = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        required=False,
        allow_null=True,
        default=None,
        max_length=RECHECK_MAX,
    )
    reason = serializers.CharField(max_length=RECHECK_REASON_MAX)


class ChangedView(APIView):
    """Pages that changed since they were judged."""

    @extend_schema(
        operation_id="changed_list",
        parameters=[ChangedQuerySerializer],
        responses={200: ChangedPagesSerializer, **errors(400)},
        tags=["review"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The pages that an ingest brought again with other content after they were judged, newest change first."""
        access = project_for(caller(request), slug, Can.GUIDE)
        query = ChangedQuerySerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        return Response(ChangedPagesSerializer(changed_pages(access.project, **query.validated_data)).data)

    @extend_schema(
        operation_id="changed_recheck",
        request=ChangedRecheckSerializer,
        responses={201: RecheckSerializer, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Open a recheck of these pages. 409 when one of them did not change, or none is left."""
        access = project_for(caller(request), slug, Can.GUIDE)
        sent = ChangedRecheckSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        recheck = changed_recheck(access, data["items"], alike=data["alike"], reason=data["reason"])
        places = recheck.batch.n_items * access.project.overlap
        return Response(RecheckSerializer(RecheckSummary(recheck, places, 0, 0)).data, status=201)
