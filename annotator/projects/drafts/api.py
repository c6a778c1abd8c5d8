"""API operations on drafts: the next guideline and the next taxonomy, read, changed, published and discarded.

Each change names the revision that its sender saw; 409 when somebody was quicker.
"""

from typing import Any, Final

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import caller, errors
from annotator.projects.drafts.guideline import GUIDELINE
from annotator.projects.drafts.serializers import (
    REVISION_MAX,
    DraftChangeSerializer,
    DraftPublishSerializer,
    DraftSerializer,
    GuidelineChangeSerializer,
    GuidelineDraftSerializer,
    PublishedSerializer,
    TaxonomyChangeSerializer,
    TaxonomyDraftSerializer,
)
from annotator.projects.drafts.services import (
    Subject,
    draft_change,
    draft_discard,
    draft_publish,
    drafting_of,
)
from annotator.projects.drafts.taxonomy import TAXONOMY
from annotator.projects.models import Project

REVISION: Final = OpenApiParameter(
    "revision",
    {"type": "integer", "minimum": 1, "maximum": REVISION_MAX},
    required=True,
    description="Of the draft that you saw.",
)


def draft_views(
    subject: Subject[Any, Any], sent: type[DraftChangeSerializer], shown: type[DraftSerializer]
) -> tuple[type[APIView], type[APIView]]:
    """The operations on one subject's draft, and that of publishing it."""
    word, conflicts = subject.word, errors(400, 409)

    def answer(project: Project) -> Response:
        return Response(shown(drafting_of(subject, project)).data)

    class DraftView(APIView):
        """The next version of one subject."""

        @extend_schema(
            operation_id=f"{word}_draft_read", responses={200: shown, **errors()}, tags=["projects"]
        )
        def get(self, request: Request, slug: str) -> Response:
            """The draft that all leads share, or what is published while there is none."""
            return answer(_access(request, slug).project)

        @extend_schema(
            operation_id=f"{word}_draft_change",
            request=sent,
            responses={200: shown, **conflicts},
            tags=["projects"],
        )
        def post(self, request: Request, slug: str) -> Response:
            """Make one change. 409 when the draft is not what you saw."""
            access, change = _access(request, slug), sent(data=request.data)
            change.is_valid(raise_exception=True)
            revision = change.validated_data["revision"]
            draft_change(subject, access.project, by=access.user, revision=revision, change=change.edit)
            return answer(access.project)

        @extend_schema(
            operation_id=f"{word}_draft_discard",
            parameters=[REVISION],
            responses={204: None, **conflicts},
            tags=["projects"],
        )
        def delete(self, request: Request, slug: str) -> Response:
            """End the draft. What is published stays."""
            access = _access(request, slug)
            draft_discard(subject, access.project, by=access.user, revision=_revision(request))
            return Response(status=204)

    class DraftPublishView(APIView):
        """Publishing the next version of one subject."""

        @extend_schema(
            operation_id=f"{word}_draft_publish",
            request=DraftPublishSerializer,
            responses={201: PublishedSerializer, **conflicts},
            tags=["projects"],
        )
        def post(self, request: Request, slug: str) -> Response:
            """The draft as the next version, with a note that says why."""
            access, data = _access(request, slug), DraftPublishSerializer(data=request.data)
            data.is_valid(raise_exception=True)
            version = draft_publish(subject, access.project, by=access.user, **data.validated_data)
            return Response(PublishedSerializer(version).data, status=201)

    return DraftView, DraftPublishView


GuidelineDraftView, GuidelinePublishView = draft_views(
    GUIDELINE, GuidelineChangeSerializer, GuidelineDraftSerializer
)
TaxonomyDraftView, TaxonomyPublishView = draft_views(
    TAXONOMY, TaxonomyChangeSerializer, TaxonomyDraftSerializer
)


def _access(request: Request, slug: str) -> Access:
    return project_for(caller(request), slug, Can.GUIDE)


def _revision(request: Request) -> int:
    value = request.query_params.get("revision", "")
    if not (value.isascii() and value.isdigit() and 0 < int(value[:12]) <= REVISION_MAX):
        raise BadInput(f'"{value[:40]}" is no revision. Name that of the draft that you saw.')
    return int(value)
