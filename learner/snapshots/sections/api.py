"""API operations on what people write on the data card."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, caller, errors
from learner.core.cards.sections import SECTION_MAX
from learner.snapshots.sections.selectors import WrittenSection, card_written, section_of
from learner.snapshots.sections.services import card_section_write


class CardSectionSerializer(serializers.Serializer[Any]):
    """A section that people write: its newest text, empty with `number` 0 where nobody wrote any."""

    section = serializers.CharField(source="section.slug")
    title = serializers.CharField(source="section.title")
    asks = serializers.CharField(source="section.asks")
    is_required = serializers.BooleanField(source="section.required")
    is_missing = serializers.BooleanField()
    number = serializers.IntegerField()
    text = serializers.CharField()
    written_at = serializers.DateTimeField(source="newest.created_at", allow_null=True, default=None)
    written_by = serializers.CharField(source="newest.created_by.username", allow_null=True, default=None)


class CardSectionWriteSerializer(serializers.Serializer[Any]):
    """The next text of a section, in Markdown, on top of the version that was read; 0 for none."""

    text = serializers.CharField(max_length=SECTION_MAX, allow_blank=True, trim_whitespace=False)
    based_on = serializers.IntegerField(min_value=0, max_value=2**31 - 1)


class CardSectionListView(APIView):
    """What people write on the data card."""

    @extend_schema(
        operation_id="card_section_list",
        responses={200: CardSectionSerializer(many=True), **ERRORS},
        tags=["snapshots"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Every section in the order of the page. A snapshot waits for every section that `is_missing`."""
        access = project_for(caller(request), slug, Can.SNAPSHOT)
        return Response(CardSectionSerializer(card_written(access.project), many=True).data)


class CardSectionView(APIView):
    """One section of the data card."""

    @extend_schema(
        operation_id="card_section_write",
        request=CardSectionWriteSerializer,
        responses={200: CardSectionSerializer, **errors(400, 409)},
        tags=["snapshots"],
    )
    def post(self, request: Request, slug: str, section: str) -> Response:
        """Write the next version; the same text again changes nothing."""
        access = project_for(caller(request), slug, Can.DESCRIBE)
        asked = section_of(section)
        sent = CardSectionWriteSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        row = card_section_write(access.project, asked, by=access.user, **sent.validated_data)
        return Response(CardSectionSerializer(WrittenSection(asked, row)).data)
