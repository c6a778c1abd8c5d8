"""API operations on questions: leads ask, read, write and close; whoever was asked reads and answers their own."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from annotator.errors import BadInput
from annotator.projects.access import Access, Can, project_for
from annotator.projects.api import ByIdPagination, caller, errors, page_of
from annotator.review.models import Question
from annotator.review.questions.asking import question_answer, question_ask, question_close, question_write
from annotator.review.questions.serializers import (
    OwnQuestionSerializer,
    OwnQuestionsSerializer,
    QuestionAnswerSerializer,
    QuestionDraftSerializer,
    QuestionReplySerializer,
    QuestionSerializer,
    QuestionWordSerializer,
    ThreadSerializer,
)
from annotator.review.questions.threads import own_question, own_questions, questions_of, thread_of

STATUSES = Question.Status.values


class QuestionsView(APIView):
    """Questions of leads."""

    pagination_class = ByIdPagination

    @extend_schema(
        operation_id="question_list",
        parameters=[OpenApiParameter("status", OpenApiTypes.STR, enum=STATUSES)],
        responses={200: QuestionSerializer(many=True), **errors(400)},
        tags=["review"],
    )
    def get(self, request: Request, slug: str) -> Response:
        """What leads asked, newest first; nothing on withheld pages."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        status = request.query_params.get("status", "")
        if status and status not in STATUSES:
            raise BadInput(f'"{status}" is not a status. Use one of: {", ".join(STATUSES)}.')
        return page_of(self, questions_of(access.project, status), QuestionSerializer)

    @extend_schema(
        operation_id="question_ask",
        request=QuestionDraftSerializer,
        responses={201: QuestionSerializer, **errors(400, 409, 429)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Ask those who judged an item; its open disagreement waits for them, on hold.

        409 while another question on the item is open, or another lead has it open; 429 after three within a day.
        """
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = QuestionDraftSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        asked = question_ask(access, data["item"], sent.draft(), client_id=data["client_id"])
        return Response(_question(access, asked.pk), status=201)


class QuestionView(APIView):
    """One question."""

    @extend_schema(
        operation_id="question_read", responses={200: ThreadSerializer, **errors(409)}, tags=["review"]
    )
    def get(self, request: Request, slug: str, question_id: int) -> Response:
        """The question with every exchange; it stays unread on the lead's pages. 409 when its page is withheld."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        thread = thread_of(access.project, question_id)
        counted = questions_of(access.project).get(pk=question_id)
        return Response(ThreadSerializer({"question": counted, "exchanges": thread.exchanges}).data)


class QuestionWriteView(APIView):
    """A lead's further word."""

    @extend_schema(
        operation_id="question_write",
        request=QuestionWordSerializer,
        responses={201: QuestionReplySerializer, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str, question_id: int) -> Response:
        """Write to one participant, who alone reads it. 409 when the question is closed or they have left."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        sent = QuestionWordSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        reply = question_write(
            access, question_id, data["annotator"], text=data["text"], client_id=data["client_id"]
        )
        return Response(QuestionReplySerializer(reply).data, status=201)


class QuestionCloseView(APIView):
    """The end of a question."""

    @extend_schema(
        operation_id="question_close", request=None, responses={204: None, **errors(409)}, tags=["review"]
    )
    def post(self, request: Request, slug: str, question_id: int) -> Response:
        """Ask nobody any more; its disagreement is among the others again. Harmless when it is closed already."""
        access = project_for(caller(request), slug, Can.RESOLVE)
        question_close(access, question_id)
        return Response(status=204)


class OwnQuestionsView(APIView):
    """Questions to the caller."""

    @extend_schema(
        operation_id="question_own_list", responses={200: OwnQuestionsSerializer, **errors()}, tags=["review"]
    )
    def get(self, request: Request, slug: str) -> Response:
        """What the caller was asked and is not closed, what waits first; nothing of who else was asked."""
        access = project_for(caller(request), slug, Can.LABEL)
        return Response(OwnQuestionsSerializer({"questions": own_questions(access)}).data)


class QuestionAnswerView(APIView):
    """The caller's answer to a question."""

    @extend_schema(
        operation_id="question_answer",
        request=QuestionAnswerSerializer,
        responses={201: OwnQuestionSerializer, **errors(400, 409)},
        tags=["review"],
    )
    def post(self, request: Request, slug: str, question_id: int) -> Response:
        """Stay with the judgment that the question is about, with words, or say that it will be changed.

        Change it as any of your judgments; that is the answer then. 409 when the question is closed.
        """
        access = project_for(caller(request), slug, Can.LABEL)
        sent = QuestionAnswerSerializer(data=request.data)
        sent.is_valid(raise_exception=True)
        data = sent.validated_data
        question_answer(
            access, question_id, text=data["text"], decision=data["decision"], client_id=data["client_id"]
        )
        return Response(OwnQuestionSerializer(own_question(access, question_id)).data, status=201)


def _question(access: Access, question_id: int) -> object:
    """One question as the list has it."""
    return QuestionSerializer(questions_of(access.project).get(pk=question_id)).data
