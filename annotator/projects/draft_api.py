"""API operations on drafts: the next guideline and the next taxonomy, read, changed, published and discarded.

Each change names the revision that its sender saw; 409 when somebody was quicker.
"""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import ClauseSerializer, caller, errors
from annotator.projects.blueprint import CategoryDraft
from annotator.projects.drafts import (
    clause_draft_add,
    clause_draft_remove,
    clause_draft_save,
    draft_discard,
    draft_publish,
    drafting_of,
)
from annotator.projects.mapping import Kind
from annotator.projects.models import Project
from annotator.projects.operations import Operation
from annotator.projects.taxonomy_drafts import (
    operation_add,
    operation_undo,
    taxonomy_draft_discard,
    taxonomy_draft_publish,
    taxonomy_drafting_of,
)

REVISION_MAX = 2**31 - 1
REVISION = OpenApiParameter(
    "revision",
    {"type": "integer", "minimum": 1, "maximum": REVISION_MAX},
    required=True,
    description="Of the draft that you saw.",
)


class DraftSeenSerializer(serializers.Serializer[Any]):
    """Which draft the sender saw; 0 for none."""

    revision = serializers.IntegerField(min_value=0, max_value=REVISION_MAX)


class DraftPublishSerializer(DraftSeenSerializer):
    """A draft to publish, and why."""

    note = serializers.CharField(max_length=300)


class GuidelineChangeSerializer(DraftSeenSerializer):
    """One change of the guideline's draft.

    `add` takes category, title and body; `save` number, title and body; `remove` a number. To add overwrites nobody, so
    its revision is not compared.
    """

    change = serializers.ChoiceField(choices=["add", "save", "remove"])
    number = serializers.CharField(max_length=12, required=False, default="", allow_blank=True)
    category = serializers.SlugField(max_length=40, required=False, default="", allow_blank=True)
    title = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    body = serializers.CharField(max_length=20_000, required=False, default="", allow_blank=True)


class GuidelineDraftSerializer(serializers.Serializer[Any]):
    """The draft of the guideline; revision 0 while nothing is changed."""

    revision = serializers.IntegerField()
    base = serializers.IntegerField(source="base.version.number")
    is_outdated = serializers.BooleanField()
    changed_by = serializers.CharField(source="draft.changed_by.username", allow_null=True, default=None)
    clauses = ClauseSerializer(many=True)


class DraftedCategorySerializer(serializers.Serializer[Any]):
    """One category before it is published."""

    slug = serializers.SlugField(max_length=40)
    name = serializers.CharField(max_length=60)
    definition = serializers.CharField(max_length=5000)
    severity = serializers.IntegerField(min_value=0, max_value=3)
    cipa = serializers.BooleanField()
    key = serializers.CharField(max_length=1, allow_blank=True, default="")
    recall_floor = serializers.FloatField(min_value=0, max_value=1, allow_null=True, default=None)
    terms = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=1000, default=list, required=False
    )


class OperationSerializer(serializers.Serializer[Any]):
    """Categories of the taxonomy by slug, and what takes their place."""

    kind = serializers.ChoiceField(choices=[kind.value for kind in Kind])
    sources = serializers.ListField(
        child=serializers.SlugField(max_length=40), max_length=200, default=list, required=False
    )
    made = DraftedCategorySerializer(many=True, required=False, default=list)


class TaxonomyChangeSerializer(DraftSeenSerializer):
    """One operation more."""

    operation = OperationSerializer()


class OperationUndoSerializer(DraftSeenSerializer):
    """One operation less, by its place from 0."""

    position = serializers.IntegerField(min_value=0, max_value=1000)


class StepSerializer(serializers.Serializer[Any]):
    """One operation of a draft: its place, and what it does in words."""

    position = serializers.IntegerField()
    kind = serializers.CharField(source="operation.kind")
    sources = serializers.ListField(child=serializers.CharField(), source="operation.sources")
    words = serializers.CharField()
    consequence = serializers.CharField()


class TaxonomyDraftSerializer(serializers.Serializer[Any]):
    """The draft of the taxonomy: its steps, and the categories that they make; revision 0 while nothing is changed."""

    revision = serializers.IntegerField()
    base = serializers.IntegerField(source="base.version.number")
    is_outdated = serializers.BooleanField()
    changed_by = serializers.CharField(source="draft.changed_by.username", allow_null=True, default=None)
    steps = StepSerializer(many=True)
    categories = DraftedCategorySerializer(many=True)


class PublishedSerializer(serializers.Serializer[Any]):
    """The version that a draft became."""

    version = serializers.IntegerField(source="number")


class GuidelineDraftView(APIView):
    """The next guideline."""

    @extend_schema(
        operation_id="guideline_draft_read",
        responses={200: GuidelineDraftSerializer, **errors()},
        tags=["projects"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The draft that all leads share, or what is published while there is none."""
        return _guideline(_access(request, slug).project)

    @extend_schema(
        operation_id="guideline_draft_change",
        request=GuidelineChangeSerializer,
        responses={200: GuidelineDraftSerializer, **errors(400, 409)},
        tags=["projects"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Add, save or remove one clause. 409 when the draft is not what you saw."""
        access, sent = _access(request, slug), _sent(GuidelineChangeSerializer, request)
        project, by, text = access.project, access.user, {"title": sent["title"], "body": sent["body"]}
        named = {"revision": sent["revision"], "number": sent["number"]}
        if sent["change"] == "add":
            clause_draft_add(project, by=by, category=sent["category"], **text)
        elif sent["change"] == "save":
            clause_draft_save(project, by=by, **named, **text)
        else:
            clause_draft_remove(project, by=by, **named)
        return _guideline(project)

    @extend_schema(
        operation_id="guideline_draft_discard",
        parameters=[REVISION],
        responses={204: None, **errors(400, 409)},
        tags=["projects"],
    )
    def delete(self, request: Request, slug: str) -> Response:
        """End the draft. What is published stays."""
        access = _access(request, slug)
        draft_discard(access.project, by=access.user, revision=_revision(request))
        return Response(status=204)


class GuidelinePublishView(APIView):
    """Publishing the next guideline."""

    @extend_schema(
        operation_id="guideline_draft_publish",
        request=DraftPublishSerializer,
        responses={201: PublishedSerializer, **errors(400, 409)},
        tags=["projects"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """The draft as the next version, with a note that says why."""
        access, sent = _access(request, slug), _sent(DraftPublishSerializer, request)
        return Response(
            PublishedSerializer(draft_publish(access.project, by=access.user, **sent)).data, status=201
        )


class TaxonomyDraftView(APIView):
    """The next taxonomy."""

    @extend_schema(
        operation_id="taxonomy_draft_read",
        responses={200: TaxonomyDraftSerializer, **errors()},
        tags=["projects"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The draft that all leads share, or what is published while there is none."""
        return _taxonomy(_access(request, slug).project)

    @extend_schema(
        operation_id="taxonomy_draft_change",
        request=TaxonomyChangeSerializer,
        responses={200: TaxonomyDraftSerializer, **errors(400, 409)},
        tags=["projects"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Add, rename, merge, split, retire or change. 409 when the draft is not what you saw."""
        access, sent = _access(request, slug), _sent(TaxonomyChangeSerializer, request)
        operation_add(
            access.project,
            by=access.user,
            revision=sent["revision"],
            operation=_operation(sent["operation"]),
        )
        return _taxonomy(access.project)

    @extend_schema(
        operation_id="taxonomy_draft_discard",
        parameters=[REVISION],
        responses={204: None, **errors(400, 409)},
        tags=["projects"],
    )
    def delete(self, request: Request, slug: str) -> Response:
        """End the draft. What is published stays."""
        access = _access(request, slug)
        taxonomy_draft_discard(access.project, by=access.user, revision=_revision(request))
        return Response(status=204)


class OperationUndoView(APIView):
    """Taking back one operation of the next taxonomy."""

    @extend_schema(
        operation_id="taxonomy_draft_undo",
        request=OperationUndoSerializer,
        responses={200: TaxonomyDraftSerializer, **errors(400, 409)},
        tags=["projects"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """The draft without one operation. 400 when a later one needs it."""
        access, sent = _access(request, slug), _sent(OperationUndoSerializer, request)
        operation_undo(access.project, by=access.user, **sent)
        return _taxonomy(access.project)


class TaxonomyPublishView(APIView):
    """Publishing the next taxonomy."""

    @extend_schema(
        operation_id="taxonomy_draft_publish",
        request=DraftPublishSerializer,
        responses={201: PublishedSerializer, **errors(400, 409)},
        tags=["projects"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """The draft as the next version, with its mapping and a note that says why."""
        access, sent = _access(request, slug), _sent(DraftPublishSerializer, request)
        version = taxonomy_draft_publish(access.project, by=access.user, **sent)
        return Response(PublishedSerializer(version).data, status=201)


def _access(request: Request, slug: str) -> Access:
    return project_for(caller(request), slug, Can.GUIDE)


def _sent(serializer: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    sent = serializer(data=request.data)
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)


def _revision(request: Request) -> int:
    value = request.query_params.get("revision", "")
    if not (value.isascii() and value.isdigit() and 0 < int(value[:12]) <= REVISION_MAX):
        raise BadInput(f'"{value[:40]}" is no revision. Name that of the draft that you saw.')
    return int(value)


def _operation(sent: dict[str, Any]) -> Operation:
    made = tuple(
        CategoryDraft(**{**row, "terms": tuple(dict.fromkeys(map(str.lower, row["terms"])))})
        for row in sent["made"]
    )
    return Operation(Kind(sent["kind"]), tuple(sent["sources"]), made)


def _guideline(project: Project) -> Response:
    return Response(GuidelineDraftSerializer(drafting_of(project)).data)


def _taxonomy(project: Project) -> Response:
    return Response(TaxonomyDraftSerializer(taxonomy_drafting_of(project)).data)
