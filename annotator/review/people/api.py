"""API operations on annotators: for leads all of them, for each their own numbers."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import ERRORS, caller
from annotator.review.people.person_serializers import PeopleChecksSerializer
from annotator.review.people.profiles import own_profile, profiles_of
from annotator.review.people.serializers import OwnProfileSerializer, PeopleSerializer
from annotator.review.people.totals import annotators_of, people_of


class PeopleView(APIView):
    """How the annotators do."""

    @extend_schema(operation_id="people_list", responses={200: PeopleSerializer, **ERRORS}, tags=["review"])
    def get(self, request: Request, slug: str) -> Response:
        """Each annotator by category and week, with intervals and suggestions, by name. No ranking."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        people = [membership.user for membership in annotators_of(access.project)]
        profiles = profiles_of(access.project, people)
        rows = [
            {"id": person.pk, "username": person.username, "profile": profiles[person.pk]}
            for person in people
        ]
        return Response(PeopleSerializer({"people": rows}).data)


class PeopleChecksView(APIView):
    """The checks of all annotators."""

    @extend_schema(
        operation_id="people_checks", responses={200: PeopleChecksSerializer, **ERRORS}, tags=["review"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """How much each did, gold, retests, answers faster than one can read, and how far each is trusted."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        return Response(PeopleChecksSerializer({"people": people_of(access.project)}).data)


class OwnPeopleView(APIView):
    """How the caller does."""

    @extend_schema(operation_id="people_me", responses={200: OwnProfileSerializer, **ERRORS}, tags=["review"])
    def get(self, request: Request, slug: str) -> Response:
        """One's own numbers by category and week; nobody else's, and nothing that tells which pages are checks."""
        access = project_for(caller(request), slug, Can.LABEL)
        return Response(OwnProfileSerializer(own_profile(access.project, access.user, timezone.now())).data)
