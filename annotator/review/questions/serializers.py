"""What the API says and reads of questions."""

from typing import Any

from rest_framework import serializers

from annotator.judgments.models import Judgment
from annotator.review.models import Question, QuestionParticipant, QuestionReply
from annotator.review.questions.asking import REPLY_MAX, TEXT_MAX, QuestionDraft

DECISIONS = [(value, label) for value, label in QuestionReply.Decision.choices if value]
OUTCOMES = [(value, label) for value, label in QuestionParticipant.Outcome.choices if value]
CLIENT_ID = "Of your own making; the same one twice is done once."


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """One question to those who judged an item, and how many have answered."""

    url = serializers.CharField(source="item.url")
    asked_by = serializers.CharField(source="asked_by.username")
    clause = serializers.CharField(source="clause.number", allow_null=True, default=None)
    closed_by = serializers.CharField(source="closed_by.username", allow_null=True, default=None)
    n_asked = serializers.IntegerField()
    n_answered = serializers.IntegerField()

    class Meta:
        model = Question
        fields = (
            "id",
            "item",
            "url",
            "disagreement",
            "text",
            "category",
            "clause",
            "asked_by",
            "asked_at",
            "waits_until",
            "status",
            "n_asked",
            "n_answered",
            "closed_at",
            "closed_by",
        )


class QuestionReplySerializer(serializers.ModelSerializer[QuestionReply]):
    """One message in an exchange."""

    by = serializers.CharField(source="by.username")
    decision = serializers.ChoiceField(choices=DECISIONS, allow_blank=True)

    class Meta:
        model = QuestionReply
        fields = ("id", "by", "at", "text", "decision")


class JudgedSerializer(serializers.ModelSerializer[Judgment]):
    """What a judgment says."""

    class Meta:
        model = Judgment
        fields = ("id", "labels", "unsure", "verdict")


class ExchangeSerializer(serializers.Serializer[Any]):
    """One participant's part of a question."""

    annotator = serializers.CharField(source="participant.annotator.username")
    outcome = serializers.ChoiceField(source="participant.outcome", choices=OUTCOMES, allow_blank=True)
    can_answer = serializers.BooleanField()
    asked_about = JudgedSerializer(source="participant.judgment")
    now = JudgedSerializer(source="judgment", allow_null=True, help_text="Null when they took it back.")
    replies = QuestionReplySerializer(many=True)


class ThreadSerializer(serializers.Serializer[Any]):
    """One question with every exchange."""

    question = QuestionSerializer()
    exchanges = ExchangeSerializer(many=True)


class OwnQuestionSerializer(serializers.Serializer[Any]):
    """One question to the caller, with their own exchange alone."""

    id = serializers.IntegerField(source="question.pk")
    item = serializers.IntegerField(source="question.item_id")
    url = serializers.CharField(source="question.item.url")
    text = serializers.CharField(source="question.text")
    category = serializers.CharField(source="question.category", allow_blank=True)
    clause = serializers.CharField(source="question.clause.number", allow_null=True, default=None)
    asked_by = serializers.CharField(source="question.asked_by.username")
    asked_at = serializers.DateTimeField(source="question.asked_at")
    status = serializers.ChoiceField(source="question.status", choices=Question.Status.choices)
    waits = serializers.BooleanField(help_text="For the caller's answer, or to be read.")
    asked_about = JudgedSerializer(source="exchange.participant.judgment")
    now = JudgedSerializer(source="exchange.judgment", allow_null=True)
    replies = QuestionReplySerializer(source="exchange.replies", many=True)


class OwnQuestionsSerializer(serializers.Serializer[Any]):
    """What the caller was asked."""

    questions = OwnQuestionSerializer(many=True)


class QuestionDraftSerializer(serializers.Serializer[Any]):
    """A question of a lead. Without `annotators` everybody is asked who judged the item and can answer."""

    item = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    text = serializers.CharField(max_length=TEXT_MAX)
    annotators = serializers.ListField(
        child=serializers.CharField(max_length=150), default=None, allow_null=True, max_length=1000
    )
    category = serializers.CharField(max_length=40, allow_blank=True, default="")
    clause = serializers.CharField(max_length=12, allow_blank=True, default="")
    client_id = serializers.UUIDField(help_text=CLIENT_ID)

    def draft(self) -> QuestionDraft:
        """The question, of valid data."""
        data = self.validated_data
        names = data["annotators"]
        return QuestionDraft(
            text=data["text"],
            annotators=None if names is None else frozenset(names),
            category=data["category"],
            clause_number=data["clause"],
        )


class QuestionWordSerializer(serializers.Serializer[Any]):
    """A lead's further word to one participant, who alone reads it."""

    annotator = serializers.CharField(max_length=150)
    text = serializers.CharField(max_length=REPLY_MAX)
    client_id = serializers.UUIDField(help_text=CLIENT_ID)


class QuestionAnswerSerializer(serializers.Serializer[Any]):
    """An answer. `stay` needs words; `change` is an answer once the judgment is changed; later words need neither."""

    text = serializers.CharField(max_length=REPLY_MAX, allow_blank=True, default="")
    decision = serializers.ChoiceField(choices=DECISIONS, allow_blank=True, default="")
    client_id = serializers.UUIDField(help_text=CLIENT_ID)
