"""API operations on one annotator: for leads the answers behind the numbers, and how far somebody is trusted."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import NotFound
from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, caller, errors
from annotator.review.checks.qualifying import qualification_require
from annotator.review.checks.standings import standing_waive
from annotator.review.people.person_serializers import (
    WAIVE,
    OwnChecksSerializer,
    PersonPageSerializer,
    StandingSetSerializer,
)
from annotator.review.people.profiles import pace_of, profile_of
from annotator.review.people.totals import own_checks, person_of, person_page


class PersonView(APIView):
    """One annotator."""

    @extend_schema(
        operation_id="person_read", responses={200: PersonPageSerializer, **ERRORS}, tags=["review"]
    )
    def get(self, request: Request, slug: str, user_id: int) -> Response:
        """One annotator with the answers behind the numbers: missed gold, pages answered otherwise, fast answers."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        row = person_of(access.project, user_id)
        if row is None:
            raise NotFound(f"This project has no annotator {user_id}.")
        shown: dict[str, Any] = {
            "page": person_page(access.project, row),
            "profile": profile_of(access.project, row.user),
            "pace": pace_of(access.project, row.user),
        }
        return Response(PersonPageSerializer(shown).data)


class StandingView(APIView):
    """How far one annotator is trusted."""

    @extend_schema(
        operation_id="standing_set",
        request=StandingSetSerializer,
        responses={204: None, **errors(409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str, user_id: int) -> Response:
        """Trust somebody, or send them through qualification: with a reason that they read. 409 if it is so already."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = StandingSetSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        change = standing_waive if sent.validated_data["action"] == WAIVE else qualification_require
        change(access, user_id, sent.validated_data["reason"])
        return Response(status=204)


class OwnChecksView(APIView):
    """The caller's own checks."""

    @extend_schema(operation_id="checks_me", responses={200: OwnChecksSerializer, **ERRORS}, tags=["review"])
    def get(self, request: Request, slug: str) -> Response:
        """Totals of one's own checks as of midnight, UTC, and one's standing with the reason. Nobody else's."""
        access = project_for(caller(request), slug, Can.LABEL)
        shown = {
            "standing": access.standing,
            "checks": own_checks(access.project, access.user, timezone.now()),
            "pace": pace_of(access.project, access.user),
        }
        return Response(OwnChecksSerializer(shown).data)
