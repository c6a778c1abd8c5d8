"""API operations of the judgments: submit one, list those that stand."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput
from annotator.judgments.selectors import judgments_current, judgments_own
from annotator.judgments.serializers import (
    AnswerSerializer,
    JudgmentSerializer,
    SubmittedSerializer,
    answer_of,
)
from annotator.judgments.services import Submitted, judgment_submit
from annotator.judgments.turns import judgment_turn
from annotator.pool.selectors import item_page
from annotator.projects.access import ROLES_THAT_CAN, Access, Can, project_for
from annotator.projects.api import ByIdPagination, caller, errors, page_of, slug_parameter
from annotator.queue.models import Assignment
from annotator.queue.serializers import claimed

DIGITS_MAX = 18
# One of each for all requests: without state, and building the fields anew was a quarter of the work of a submit.
ANSWER, JUDGMENT = AnswerSerializer(), JudgmentSerializer()


class SubmitView(APIView):
    """The judgment of one place."""

    @extend_schema(
        operation_id="judgment_submit",
        request=AnswerSerializer,
        responses={201: SubmittedSerializer, 200: SubmittedSerializer, **errors(400, 409)},
        tags=["judgments"],
    )
    def post(self, request: Request, slug: str, assignment_id: int) -> Response:
        """Store an answer. 201 the first time, 200 with the same judgment when the same `client_id` comes again.

        An answer after the lease is kept: in its place if nobody took it, else beside the others with
        `late` set. With `next`, the answer carries the next place: one request a page.
        """
        access = project_for(caller(request), slug, Can.LABEL)
        given = ANSWER.run_validation(request.data)
        if not given["next"]:
            submitted = judgment_submit(access, assignment_id, answer_of(given))
            return Response(JUDGMENT.to_representation(submitted.judgment), status=_status(submitted))
        turn = judgment_turn(access, assignment_id, answer_of(given), holding=given["holding"])
        body = JUDGMENT.to_representation(turn.submitted.judgment) | {"next": _next(turn.place, access)}
        return Response(body, status=_status(turn.submitted))


class JudgmentsView(APIView):
    """The judgments of a project."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="judgment_list",
        parameters=[
            OpenApiParameter("item", OpenApiTypes.INT, description="Only judgments on this item."),
            OpenApiParameter(
                "label", OpenApiTypes.STR, description="Only judgments that name this category."
            ),
        ],
        responses={200: JudgmentSerializer(many=True), **errors(400)},
        tags=["judgments"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """The judgments that stand, newest first: a lead's view shows everybody's, any other only one's own.

        Those on withheld pages are not listed: a note may quote its page.
        """
        access = project_for(caller(request), slug, Can.READ)
        is_lead = access.role in ROLES_THAT_CAN[Can.RESOLVE]
        rows = judgments_current(access.project) if is_lead else judgments_own(access.project, access.user)
        rows = rows.filter(item__withheld=False)
        item = request.query_params.get("item", "")
        if item:
            rows = rows.filter(item_id=_number(item))
        label = slug_parameter(request, "label")
        if label:
            rows = rows.filter(labels__contains=[label])
        return page_of(
            self, rows.select_related("annotator", "taxonomy", "guideline", "clause"), JudgmentSerializer
        )


def _status(submitted: Submitted) -> int:
    return 201 if submitted.created else 200


def _next(place: Assignment | None, access: Access) -> dict[str, Any] | None:
    if place is None:
        return None
    return claimed(place, item_page(place.item), access.taxonomy)


def _number(value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= DIGITS_MAX):
        raise BadInput(f'item is "{value}"; it has to be a number.')
    return int(value)
