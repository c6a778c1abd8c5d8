"""The API operation on pages like one item, by text and by site, and what is held true of them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import caller, errors
from annotator.review.desk.alike import alike_of, site_of
from annotator.review.desk.serializers import ResolutionSerializer


class AlikePageSerializer(serializers.Serializer[Any]):
    """A page with a similar text: what is held true of it, or its open disagreement, or neither."""

    item = serializers.IntegerField(source="near.item.pk")
    url = serializers.CharField(source="near.item.url")
    percent = serializers.IntegerField(help_text="Of both texts that is shared; 100: every run of words.")
    answer = serializers.CharField(allow_blank=True, help_text="In words; empty where nothing is held.")
    resolution = ResolutionSerializer(allow_null=True)
    disagreement = serializers.IntegerField(allow_null=True)


class AnswerCountSerializer(serializers.Serializer[Any]):
    """An answer, and of how many pages it is held."""

    answer = serializers.CharField()
    n = serializers.IntegerField()

    def to_representation(self, instance: tuple[str, int]) -> dict[str, Any]:
        """The pair as fields."""
        return dict(zip(("answer", "n"), instance, strict=True))


class SitePageSerializer(serializers.Serializer[Any]):
    """One resolved page of the same site."""

    answer = serializers.CharField()
    resolution = ResolutionSerializer()


class SitePagesSerializer(serializers.Serializer[Any]):
    """The resolved pages of the site among its newest: each answer with its number, and the nearest addresses."""

    domain = serializers.CharField()
    n = serializers.IntegerField()
    is_all = serializers.BooleanField(help_text="Whether every resolved page of the site was read.")
    answers = AnswerCountSerializer(many=True)
    pages = SitePageSerializer(source="lines", many=True)


class ItemAlikeSerializer(serializers.Serializer[Any]):
    """Pages like one item."""

    by_text = AlikePageSerializer(source="alike.lines", many=True)
    n_left = serializers.IntegerField(
        source="alike.n_left", help_text="Further pages that share some text and were not compared."
    )
    site = SitePagesSerializer()


class AlikeView(APIView):
    """Pages like one item."""

    @extend_schema(
        operation_id="item_alike", responses={200: ItemAlikeSerializer, **errors(409)}, tags=["items"]
    )
    def get(self, request: Request, slug: str, item_id: int) -> Response:
        """What is held true of pages with a similar text, and of pages of the same site. 409 for a withheld page."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        shown = {
            "alike": alike_of(access.project, item_id, access.taxonomy),
            "site": site_of(access.project, item_id, access.taxonomy),
        }
        return Response(ItemAlikeSerializer(shown).data)
