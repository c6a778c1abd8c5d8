"""API operations on what rests on the policy: a clause's items, what drafts touch, what is left to recheck."""

from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput, NotFound
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import ERRORS, caller, errors, number_parameter
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.review.citing import impact_of, items_citing
from annotator.review.policy.affected import Group, groups_of, taxonomy_impact
from annotator.review.policy.counting import groups_counted
from annotator.review.policy.drafted import clauses_touched, taxonomy_touched
from annotator.review.policy.rechecking import chosen_of

NUMBER_MAX: Final = 2**31 - 1
GROUPS_MAX: Final = 200
VERSIONS: Final = [
    OpenApiParameter("taxonomy", OpenApiTypes.INT, description="A version; the newest unless told."),
    OpenApiParameter("guideline", OpenApiTypes.INT, description="A version; the newest unless told."),
]


class ImpactSerializer(serializers.Serializer[Any]):
    """What rests on some clauses or categories; counts stop one above the most that is counted."""

    names = serializers.ListField(child=serializers.CharField())
    n_judgments = serializers.IntegerField()
    n_resolutions = serializers.IntegerField()
    n_people = serializers.IntegerField()
    n_timed = serializers.IntegerField(help_text="Judgments that `hours` are of.")
    hours = serializers.FloatField(allow_null=True, help_text="Of people, to judge them all again.")


class CitingItemSerializer(serializers.Serializer[Any]):
    """One item that cites the clause."""

    item = serializers.IntegerField(source="item.pk")
    url = serializers.CharField(source="item.url")
    n_judgments = serializers.IntegerField()
    is_resolved_by_it = serializers.BooleanField()


class CitedSerializer(serializers.Serializer[Any]):
    """A clause, and the newest items that cite it."""

    clause = serializers.CharField(source="clause.number")
    title = serializers.CharField(source="clause.title", allow_blank=True)
    results = CitingItemSerializer(many=True)


class RecheckGroupSerializer(serializers.Serializer[Any]):
    """One change of a version and how many items it touches; null where counting would have taken too long."""

    key = serializers.CharField(source="group.key", help_text="For `groups` of `recheck_open`.")
    words = serializers.CharField(source="group.words")
    n_items = serializers.IntegerField(allow_null=True)


class RecheckGroupsSerializer(serializers.Serializer[Any]):
    """What two versions touched and nobody has looked at again since."""

    taxonomy = serializers.IntegerField()
    guideline = serializers.IntegerField()
    groups = RecheckGroupSerializer(many=True)


class RecheckCountSerializer(serializers.Serializer[Any]):
    """What a recheck of these groups would ask for, as for `recheck_open`."""

    taxonomy = serializers.IntegerField(min_value=1, max_value=NUMBER_MAX, allow_null=True, default=None)
    guideline = serializers.IntegerField(min_value=1, max_value=NUMBER_MAX, allow_null=True, default=None)
    groups = serializers.ListField(
        child=serializers.CharField(max_length=9000), allow_empty=False, max_length=GROUPS_MAX
    )


class RecheckCountedSerializer(serializers.Serializer[Any]):
    """Items, places, and hours of people; null where nobody was timed on them."""

    n_items = serializers.IntegerField()
    n_places = serializers.IntegerField()
    n_timed = serializers.IntegerField()
    hours = serializers.FloatField(allow_null=True)
    is_too_many = serializers.BooleanField()


class CitedView(APIView):
    """What rests on one clause."""

    @extend_schema(
        operation_id="cited_list",
        parameters=[
            OpenApiParameter("clause", OpenApiTypes.STR, description="Its number; the first unless told.")
        ],
        responses={200: CitedSerializer, **ERRORS},
        tags=["review"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The newest items of which a judgment or the resolution cites a clause, in any version."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        current = guideline_current(access.project)
        number = request.query_params.get("clause", "")
        if "\x00" in number:
            raise BadInput("clause: the number of a clause has no NUL character.")
        clause = current.clause(number) if number else current.clauses[0]
        if clause is None:
            raise NotFound(f"The guideline has no clause {number[:12]!r}. Choose one from the guideline.")
        rows = items_citing(access.project, clause.number)
        return Response(CitedSerializer({"clause": clause, "results": rows}).data)


class GuidelineImpactView(APIView):
    """What the draft of the guideline touches."""

    @extend_schema(
        operation_id="guideline_draft_impact", responses={200: ImpactSerializer, **ERRORS}, tags=["projects"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """What cites the clauses that the draft changes or removes."""
        access = project_for(caller(request), slug, Can.GUIDE)
        return Response(ImpactSerializer(impact_of(access.project, clauses_touched(access.project))).data)


class TaxonomyImpactView(APIView):
    """What the draft of the taxonomy touches."""

    @extend_schema(
        operation_id="taxonomy_draft_impact", responses={200: ImpactSerializer, **ERRORS}, tags=["projects"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """What names the categories that the draft changes."""
        access = project_for(caller(request), slug, Can.GUIDE)
        touched = taxonomy_touched(access.project)
        impact = taxonomy_impact(access.project, touched.base, touched.slugs)
        return Response(ImpactSerializer(impact).data)


class RecheckGroupsView(APIView):
    """What can be looked at again."""

    @extend_schema(
        operation_id="recheck_group_list",
        parameters=VERSIONS,
        responses={200: RecheckGroupsSerializer, **errors()},
        tags=["review"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """Each change of a taxonomy and a guideline version, with how many items it touches."""
        access = project_for(caller(request), slug, Can.GUIDE)
        sent = (number_parameter(request, name) for name in ("taxonomy", "guideline"))
        (taxonomy, guideline), groups = _groups(access, *sent)
        lines = list(groups_counted(groups, ()))
        body = {"taxonomy": taxonomy, "guideline": guideline, "groups": lines}
        return Response(RecheckGroupsSerializer(body).data)

    @extend_schema(
        operation_id="recheck_count",
        request=RecheckCountSerializer,
        responses={200: RecheckCountedSerializer, **errors()},
        tags=["review"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Count what a recheck of these groups would ask for; none is opened."""
        access = project_for(caller(request), slug, Can.GUIDE)
        sent = RecheckCountSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        _, groups = _groups(access, data["taxonomy"], data["guideline"])
        return Response(RecheckCountedSerializer(chosen_of(access.project, groups, data["groups"])).data)


def _groups(
    access: Access, taxonomy: int | None, guideline: int | None
) -> tuple[tuple[int, int], list[Group]]:
    """The versions that are meant, and what each change of them touches. Raises NotFound for a version."""
    versions = (
        taxonomy or taxonomy_current(access.project).version.number,
        guideline or guideline_current(access.project).version.number,
    )
    return versions, groups_of(access.project, taxonomy=versions[0], guideline=versions[1])
