"""API operations on projects, and what every API operation shares: the error shape and the pages of a list."""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final, TypeVar

from django.core.validators import slug_re
from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.accounts.models import User
from annotator.errors import BadInput, NotFound, NotSignedIn
from annotator.projects.access import Can, project_for
from annotator.projects.models import Category, Clause, LogEntry, Project
from annotator.projects.selectors import guideline_current, log_of, taxonomy_current

S = TypeVar("S", bound=serializers.BaseSerializer[Any])
POSITION: Final = re.compile(r"[0-9]{1,18}")
FIELDS_WORDS: Final = "Names of fields, with commas between: the answer has these alone."
FIELDS_DESCRIBED: Final[dict[str, Any]] = {
    "name": "fields", "required": False, "in": "query", "description": FIELDS_WORDS, "schema": {"type": "string"},
}  # fmt: skip
FIELDS: Final = OpenApiParameter("fields", OpenApiTypes.STR, description=FIELDS_WORDS)


class ErrorDetailSerializer(serializers.Serializer[Any]):
    """What was wrong, and what to do."""

    code = serializers.CharField()
    message = serializers.CharField()
    details = serializers.DictField(child=serializers.JSONField(), default=dict)


class ErrorSerializer(serializers.Serializer[Any]):
    """The one shape of every error."""

    error = ErrorDetailSerializer()


def errors(*statuses: int) -> dict[int, OpenApiResponse]:
    """Error responses for `extend_schema(responses={200: ..., **errors(409)})`; 400, 401, 403, 404 and 429 always."""
    return {
        code: OpenApiResponse(ErrorSerializer, description=HTTPStatus(code).phrase)
        for code in sorted({400, 401, 403, 404, 429, *statuses})
    }


ERRORS = errors()


class ByIdPagination(CursorPagination):
    """Pages of a list, newest first, cheap at any depth: `?cursor=` from `next`, `?page_size=` up to 1,000."""

    ordering = "-id"
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        """The cursor, the size of a page, and which fields."""
        described: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        return [*described, FIELDS_DESCRIBED]

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor of the address; a position in it is a whole number, or we never gave it."""
        cursor = super().decode_cursor(request)
        if cursor and cursor.position is not None and not POSITION.fullmatch(str(cursor.position)):
            raise NotFound("The cursor is none that we gave. Begin again without one.")
        return cursor


def caller(request: Request) -> User:
    """Who calls; raises NotSignedIn for nobody."""
    if not isinstance(request.user, User):
        raise NotSignedIn("Send a token, or sign in.")
    return request.user


def slug_parameter(request: Request, name: str) -> str:
    """The short name of a category in the query of the address, or empty; raises BadInput for what can be none."""
    value = request.query_params.get(name, "")
    if value and not slug_re.fullmatch(value):
        raise BadInput(f'"{value}" cannot be the short name of a category.')
    return value


def number_parameter(request: Request, name: str) -> int | None:
    """An id in the query of the address, or None; raises BadInput for what can be none."""
    value = request.query_params.get(name, "")
    if value and not POSITION.fullmatch(value):
        raise BadInput(f'{name} is "{value}"; it has to be a number.')
    return int(value) if value else None


def flag_parameter(request: Request, name: str) -> bool:
    """Whether the query of the address says so; raises BadInput for what is neither true nor false."""
    value = request.query_params.get(name, "").lower()
    if value not in ("", "true", "1", "false", "0"):
        raise BadInput(f'{name}: "{value}" is neither true nor false.')
    return value in ("true", "1")


class CategorySerializer(serializers.ModelSerializer[Category]):
    """One category."""

    class Meta:
        model = Category
        fields = ["slug", "name", "definition", "severity", "cipa", "key", "recall_floor", "terms"]


class ClauseSerializer(serializers.ModelSerializer[Clause]):
    """One clause."""

    class Meta:
        model = Clause
        fields = ["number", "category", "title", "body"]


class ProjectSerializer(serializers.ModelSerializer[Project]):
    """One project and the settings of its loop."""

    class Meta:
        model = Project
        fields = [
            "slug",
            "name",
            "description",
            "created_at",
            "paused",
            "overlap",
            "overlap_max",
            "adaptive",
            "adaptive_certainty",
            "adaptive_least",
            "batch_size",
            "low_water",
            "retrain_after",
            "shares",
            "lease_seconds",
            "holdout_percent",
        ]


class MembershipSerializer(serializers.Serializer[Any]):
    """A project and the caller's role in it."""

    project = ProjectSerializer()
    role = serializers.CharField()


class TaxonomySerializer(serializers.Serializer[Any]):
    """The newest taxonomy."""

    version = serializers.IntegerField()
    categories = CategorySerializer(many=True)


class GuidelineSerializer(serializers.Serializer[Any]):
    """The newest guideline."""

    version = serializers.IntegerField()
    clauses = ClauseSerializer(many=True)


class LogEntrySerializer(serializers.ModelSerializer[LogEntry]):
    """One line of what the loop did and why."""

    class Meta:
        model = LogEntry
        fields = ["id", "at", "stage", "level", "text"]


class ProjectView(APIView):
    """One project."""

    @extend_schema(
        operation_id="project_read",
        parameters=[FIELDS],
        responses={200: ProjectSerializer, **ERRORS},
        tags=["projects"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The project and the settings of its loop."""
        project = project_for(caller(request), slug, Can.READ).project
        return Response(narrowed(ProjectSerializer(project), request).data)


class TaxonomyView(APIView):
    """The taxonomy of one project."""

    @extend_schema(
        operation_id="taxonomy_read", responses={200: TaxonomySerializer, **ERRORS}, tags=["projects"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """The newest taxonomy, categories in the order of the label columns."""
        taxonomy = taxonomy_current(project_for(caller(request), slug, Can.READ).project)
        return Response(
            TaxonomySerializer({"version": taxonomy.version.number, "categories": taxonomy.categories}).data
        )


class GuidelineView(APIView):
    """The guideline of one project."""

    @extend_schema(
        operation_id="guideline_read", responses={200: GuidelineSerializer, **ERRORS}, tags=["projects"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """The newest guideline, clause by clause."""
        guideline = guideline_current(project_for(caller(request), slug, Can.READ).project)
        return Response(
            GuidelineSerializer({"version": guideline.version.number, "clauses": guideline.clauses}).data
        )


class LogView(APIView):
    """What the loop did, and why."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="log_list",
        parameters=[OpenApiParameter("level", OpenApiTypes.STR, enum=LogEntry.Level.values)],
        responses={200: LogEntrySerializer(many=True), **ERRORS},
        tags=["projects"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The log of the project, newest first."""
        rows = log_of(project_for(caller(request), slug, Can.INSPECT).project)
        level = request.query_params.get("level", "")
        if level not in ("", *LogEntry.Level.values):
            raise BadInput(f'level: "{level[:20]}" is none of {", ".join(LogEntry.Level.values)}.')
        return page_of(self, rows.filter(level=level) if level else rows, LogEntrySerializer)


def page_of(
    view: APIView,
    queryset: QuerySet[Any],
    serializer: type[serializers.BaseSerializer[Any]],
    *,
    context: Mapping[str, Any] | None = None,
) -> Response:
    """One cursor page of `queryset`, serialised."""
    paginator = ByIdPagination()
    rows = paginator.paginate_queryset(queryset, view.request, view=view)
    listed = serializer(rows, many=True, context=dict(context or {}))
    return paginator.get_paginated_response(narrowed(listed, view.request).data)


def narrowed(serializer: S, request: Request) -> S:
    """The serializer with the fields alone that `?fields=` names; raises BadInput for a name that it lacks."""
    asked = request.query_params.get("fields")
    if asked is None:
        return serializer
    inner: Any = getattr(serializer, "child", serializer)
    fields = inner.fields
    wanted = {name.strip() for name in asked.split(",")}
    unknown = sorted(wanted - set(fields))
    if unknown:
        raise BadInput(f'fields: "{unknown[0][:80]}" is none of them. There are {", ".join(fields)}.')
    for name in set(fields) - wanted:
        fields.pop(name)
    return serializer
