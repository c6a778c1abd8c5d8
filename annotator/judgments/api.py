"""API operations of the judgments: submit one, list those that stand."""

from datetime import timedelta
from typing import Any, Final

from django.http.response import HttpResponseBase
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.judgments.listing import judgments_listed, names_for
from annotator.judgments.models import Judgment
from annotator.judgments.serializers import (
    AnswerSerializer,
    JudgmentFilterSerializer,
    JudgmentSerializer,
    ListedJudgmentSerializer,
    SubmittedSerializer,
    answer_of,
)
from annotator.judgments.services import Submitted, judgment_submit
from annotator.judgments.turns import judgment_turn
from annotator.pool.selectors import item_page
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import ByIdPagination, caller, errors
from annotator.projects.ndjson import AFTER, Listed, ListedView, listed_responses
from annotator.queue.models import Assignment
from annotator.queue.serializers import claimed

SETTLING: Final = timedelta(minutes=1)  # no submit takes longer: then no judgment with a lower id can appear
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


class JudgmentsView(ListedView):
    """The judgments of a project."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="judgment_list",
        parameters=[JudgmentFilterSerializer, AFTER],
        responses=listed_responses(ListedJudgmentSerializer),
        tags=["judgments"],
    )
    def get(self, request: Request, slug: str) -> HttpResponseBase:
        """The judgments that stand, newest first: everybody's for leads, and for scientists under pseudonyms; any
        other role gets its own.

        Those on withheld pages are not listed: a note may quote its page. As NDJSON: all of them, oldest first.
        """
        access = project_for(caller(request), slug, Can.READ)
        query = JudgmentFilterSerializer(data=request.query_params)
        query.is_valid(raise_exception=True)
        rows = judgments_listed(access, query.wanted())
        return self.answer_of(
            Listed(
                rows.select_related("annotator", "taxonomy", "guideline", "clause"),
                Judgment.objects.filter(project=access.project),
                ListedJudgmentSerializer,
                settled=timezone.now() - SETTLING,
                context=names_for(access),
            )
        )


def _status(submitted: Submitted) -> int:
    return 201 if submitted.created else 200


def _next(place: Assignment | None, access: Access) -> dict[str, Any] | None:
    if place is None:
        return None
    return claimed(place, item_page(place.item), access.taxonomy)
