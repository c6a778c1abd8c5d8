"""API operations on suspects: the list, and a lead's three answers to one."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.projects.access import Can, project_for
from annotator.projects.api import caller, errors, slug_parameter
from learner.suspects.selectors import judgments_seen, suspects_open
from learner.suspects.serializers import (
    SentBackSerializer,
    SuspectFixSerializer,
    SuspectSendBackSerializer,
    SuspectsSerializer,
)
from learner.suspects.services import suspect_confirm, suspect_fix, suspect_send_back

MOST = 200


class SuspectsView(APIView):
    """Resolved labels that look wrong."""

    @extend_schema(
        operation_id="suspect_list",
        parameters=[OpenApiParameter("category", OpenApiTypes.STR, description="Whose label is doubted.")],
        responses={200: SuspectsSerializer, **errors(400)},
        tags=["suspects"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The gravest 200 of the newest search that wait for a lead, by doubt times severity."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        waiting = suspects_open(access.project, slug_parameter(request, "category"))
        rows = list(waiting[:MOST])
        seen = judgments_seen(access.project, [row.item_id for row in rows])
        body = {
            "n": waiting.count(),
            "suspects": [{"suspect": row, "judgments": seen[row.item_id]} for row in rows],
        }
        return Response(SuspectsSerializer(body).data)


class SuspectConfirmView(APIView):
    """One label that stands."""

    @extend_schema(
        operation_id="suspect_confirm", request=None, responses={204: None, **errors(409)}, tags=["suspects"]
    )
    def post(self, request: Request, slug: str, suspect_id: int) -> Response:
        """The label stands: not asked again while its resolution is held. 409 when it was answered or resolved anew."""
        suspect_confirm(project_for(caller(request), slug, Can.RESOLVE), suspect_id)
        return Response(status=204)


class SuspectFixView(APIView):
    """One label turned over."""

    @extend_schema(
        operation_id="suspect_fix",
        request=SuspectFixSerializer,
        responses={204: None, **errors(400, 409)},
        tags=["suspects"],
    )
    def post(self, request: Request, slug: str, suspect_id: int) -> Response:
        """A resolution with the suggested labels. 409, naming what changed, when other judgments count than yours."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = SuspectFixSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        suspect_fix(access, suspect_id, judgments=frozenset(sent.validated_data["judgments"]))
        return Response(status=204)


class SuspectSendBackView(APIView):
    """One item sent back."""

    @extend_schema(
        operation_id="suspect_send_back",
        request=SuspectSendBackSerializer,
        responses={200: SentBackSerializer, **errors(400, 409)},
        tags=["suspects"],
    )
    def post(self, request: Request, slug: str, suspect_id: int) -> Response:
        """The item among the disagreements, and a question to those who judged it; null when nobody could be asked."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = SuspectSendBackSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        asked = suspect_send_back(access, suspect_id, text=data["text"] or None, client_id=data["client_id"])
        return Response(SentBackSerializer({"question": asked.pk if asked else None}).data)
