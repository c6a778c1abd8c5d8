"""API operations on one's own work: a judgment changed or undone, a flag, the day, and one's own care."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import Withheld
from annotator.judgments.last import told_of
from annotator.judgments.lessons import lesson_shown, qualifying_of
from annotator.judgments.own_serializers import (
    CareSerializer,
    CareSetSerializer,
    FlagDraftSerializer,
    OwnFlagSerializer,
    OwnJudgmentSerializer,
    SessionSerializer,
    UndoneSerializer,
    UndoSerializer,
)
from annotator.judgments.selectors import day_of, judgment_own
from annotator.judgments.serializers import ChangedAnswerSerializer, JudgmentSerializer, answer_of
from annotator.judgments.services import flag_add, judgment_edit, judgment_undo
from annotator.judgments.views import midnight
from annotator.pool.selectors import item_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import ERRORS, caller, errors
from annotator.queue.rationing import opt_outs_of, opt_outs_set, own_exposure, why_nothing
from annotator.queue.selectors import batch_progress
from annotator.queue.serializers import claimed


class OwnJudgmentView(APIView):
    """One of one's own judgments."""

    @extend_schema(
        operation_id="judgment_read",
        responses={200: OwnJudgmentSerializer, **errors(409)},
        tags=["judgments"],
    )
    def get(self, request: Request, slug: str, judgment_id: int) -> Response:
        """A judgment of one's own that stands: why its page was served, near-duplicates, and the lesson if it was one.

        409 when its page is withheld.
        """
        access = project_for(caller(request), slug, Can.LABEL)
        judgment = judgment_own(access.project, access.user, judgment_id)
        if judgment.item.withheld:
            raise Withheld
        shown = {
            "judgment": judgment,
            "told": told_of(access, judgment, access.taxonomy),
            "lesson": lesson_shown(access, judgment),
        }
        return Response(OwnJudgmentSerializer(shown).data)

    @extend_schema(
        operation_id="judgment_edit",
        request=ChangedAnswerSerializer,
        responses={201: JudgmentSerializer, 200: JudgmentSerializer, **errors(409)},
        tags=["judgments"],
    )
    def post(self, request: Request, slug: str, judgment_id: int) -> Response:
        """Answer otherwise: a row that supersedes this one. 200 when the same `client_id` comes again.

        404 unless it is one's own and stands; 409 when its page is withheld or the right answer has been shown.
        """
        access = project_for(caller(request), slug, Can.LABEL)
        sent = ChangedAnswerSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        changed = judgment_edit(access, judgment_id, answer_of(sent.validated_data))
        return Response(JudgmentSerializer(changed.judgment).data, status=201 if changed.created else 200)


class UndoView(APIView):
    """The last judgment, taken back."""

    @extend_schema(
        operation_id="judgment_undo",
        request=UndoSerializer,
        responses={200: UndoneSerializer, **errors(409)},
        tags=["judgments"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Undo one's last judgment; answers with its place, which is the caller's again."""
        access = project_for(caller(request), slug, Can.LABEL)
        sent = UndoSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        client_id: UUID | None = sent.validated_data["client_id"]
        place = judgment_undo(access, client_id=client_id)
        return Response(claimed(place, item_page(place.item), access.taxonomy))


class FlagView(APIView):
    """A page that a lead should look at."""

    @extend_schema(
        operation_id="flag_raise",
        request=FlagDraftSerializer,
        responses={201: OwnFlagSerializer, **errors(409)},
        tags=["judgments"],
    )
    def post(self, request: Request, slug: str, assignment_id: int) -> Response:
        """Ask the lead to look at the item; the place stays. Flagging twice gives the flag that is open."""
        access = project_for(caller(request), slug, Can.LABEL)
        sent = FlagDraftSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        flag = flag_add(access, assignment_id, sent.validated_data["note"])
        return Response(OwnFlagSerializer(flag).data, status=201)


class SessionView(APIView):
    """One's own day."""

    @extend_schema(
        operation_id="session_read", responses={200: SessionSerializer, **ERRORS}, tags=["judgments"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """One's own day, how far the newest batch is, and why there might be nothing to label."""
        access = project_for(caller(request), slug, Can.LABEL)
        project, user, now = access.project, access.user, timezone.now()
        shown = {
            "day": day_of(project, user, midnight(), now=now),
            "batch": batch_progress(project),
            "qualifying": qualifying_of(access),
            "nothing": why_nothing(project, user, now),
        }
        return Response(SessionSerializer(shown).data)


class CareView(APIView):
    """One's own care."""

    @extend_schema(operation_id="care_read", responses={200: CareSerializer, **ERRORS}, tags=["judgments"])
    def get(self, request: Request, slug: str) -> Response:
        """What the caller took, is given now, and has opted out of. Private to the caller."""
        return Response(_care(project_for(caller(request), slug, Can.LABEL)))

    @extend_schema(
        operation_id="care_set",
        request=CareSetSerializer,
        responses={200: CareSerializer, **ERRORS},
        tags=["judgments"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Opt out of exactly these categories, from the next page on. Nobody is told."""
        access = project_for(caller(request), slug, Can.LABEL)
        sent = CareSetSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        opt_outs_set(access.project, access.user, sent.validated_data["avoid"])
        return Response(_care(access))


def _care(access: Access) -> dict[str, Any]:
    exposure = own_exposure(access.project, access.user, timezone.now())
    avoid = sorted(opt_outs_of(access.project, access.user))
    return CareSerializer({"exposure": exposure, "avoid": avoid}).data
