"""What the API says and reads of suspects."""

from typing import Any

from rest_framework import serializers

from annotator.review.questions.asking import TEXT_MAX
from learner.suspects.selectors import JUDGMENTS_MAX


class SuspectSerializer(serializers.Serializer[Any]):
    """One label that looks wrong, with the evidence in numbers, and the `judgments` that a fix has to carry."""

    id = serializers.IntegerField(source="suspect.pk")
    item = serializers.IntegerField(source="suspect.item_id")
    url = serializers.CharField(source="suspect.item.url")
    category = serializers.CharField(source="suspect.category")
    present = serializers.BooleanField(source="suspect.present", help_text="Whether the category is held.")
    labels = serializers.ListField(source="suspect.resolution.labels", child=serializers.CharField())
    doubt = serializers.FloatField(source="suspect.doubt", help_text="0 to 1.")
    probability = serializers.FloatField(
        source="suspect.probability",
        allow_null=True,
        help_text="By a classifier that saw no page of the site; null where it is not learned.",
    )
    duplicates = serializers.IntegerField(source="suspect.duplicates")
    duplicates_against = serializers.IntegerField(source="suspect.duplicates_against")
    pages = serializers.IntegerField(source="suspect.pages", help_text="Resolved, of the same site.")
    pages_against = serializers.IntegerField(source="suspect.pages_against")
    judgments = serializers.ListField(child=serializers.IntegerField())


class SuspectsSerializer(serializers.Serializer[Any]):
    """What waits for a lead: how many in all, and the gravest of them."""

    n = serializers.IntegerField()
    suspects = SuspectSerializer(many=True)


class SuspectFixSerializer(serializers.Serializer[Any]):
    """The judgments that the caller saw, as the list gives them."""

    judgments = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), max_length=JUDGMENTS_MAX
    )


class SuspectSendBackSerializer(serializers.Serializer[Any]):
    """The question to those who judged the item; without one they are asked the usual one, which leads to no answer."""

    text = serializers.CharField(max_length=TEXT_MAX, allow_blank=True, default="")
    client_id = serializers.UUIDField(
        default=None, allow_null=True, help_text="Of your own making; the same question twice is asked once."
    )


class SentBackSerializer(serializers.Serializer[Any]):
    """The question that was asked."""

    question = serializers.IntegerField(allow_null=True, help_text="Null when nobody could be asked.")
