"""What the API of the judgments takes and gives."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from annotator.judgments.answers import ANSWERS, NOTE_MAX, SECONDS_MAX, Answer
from annotator.judgments.models import Judgment, Verdict
from annotator.queue.places import HOLDING_MAX
from annotator.queue.serializers import ClaimedSerializer

CATEGORIES_MAX = 200


class AnswerSerializer(serializers.Serializer[Any]):
    """An answer. `labelled` with no labels and nothing unsure is "none of these"; other verdicts go without labels."""

    client_id = serializers.UUIDField(
        help_text="Made by you: the same twice is the same judgment, stored once."
    )
    labels = serializers.ListField(
        child=serializers.SlugField(max_length=40), max_length=CATEGORIES_MAX, default=list
    )
    unsure = serializers.ListField(
        child=serializers.SlugField(max_length=40), max_length=CATEGORIES_MAX, default=list
    )
    verdict = serializers.ChoiceField(
        choices=[(verdict.value, verdict.label) for verdict in ANSWERS], default=Verdict.LABELLED.value
    )
    seconds = serializers.FloatField(min_value=0, max_value=SECONDS_MAX, allow_null=True, default=None)
    note = serializers.CharField(max_length=NOTE_MAX, allow_blank=True, default="")
    clause = serializers.CharField(
        max_length=12,
        allow_blank=True,
        default="",
        help_text="Number of the clause of the current guideline that decided it.",
    )
    next = serializers.BooleanField(default=False, help_text="Claim the next place in the same request.")
    holding = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1),
        max_length=HOLDING_MAX,
        default=list,
        help_text="With `next`: the places that the caller shows already.",
    )


class JudgmentSerializer(serializers.ModelSerializer[Judgment]):
    """One judgment."""

    item = serializers.IntegerField(source="item_id")
    assignment = serializers.IntegerField(
        source="assignment_id", allow_null=True, help_text="Null for what was imported."
    )
    imported = serializers.BooleanField(
        source="imported_id", help_text="Whether it is from a file of another tool."
    )
    given_at = serializers.DateTimeField(
        allow_null=True, help_text="When it was given in that tool; null of what was given here, or not told."
    )
    annotator = serializers.CharField(source="annotator.username")
    taxonomy = serializers.IntegerField(source="taxonomy.number")
    guideline = serializers.IntegerField(source="guideline.number")
    clause = serializers.CharField(source="clause.number", default="", help_text="Empty when none is cited.")

    class Meta:
        model = Judgment
        fields = [
            "id",
            "client_id",
            "item",
            "assignment",
            "annotator",
            "labels",
            "unsure",
            "verdict",
            "seconds",
            "note",
            "late",
            "imported",
            "given_at",
            "taxonomy",
            "guideline",
            "clause",
            "created_at",
        ]


class SubmittedSerializer(JudgmentSerializer):
    """The stored judgment; with `next`, also the next place, or null when there is nothing for the caller now."""

    next = ClaimedSerializer(allow_null=True, required=False)

    class Meta(JudgmentSerializer.Meta):
        fields = [*JudgmentSerializer.Meta.fields, "next"]


def answer_of(data: Mapping[str, Any]) -> Answer:
    """The checked fields of an `AnswerSerializer` as the service takes them."""
    return Answer(
        client_id=data["client_id"],
        labels=tuple(data["labels"]),
        unsure=tuple(data["unsure"]),
        verdict=data["verdict"],
        seconds=data["seconds"],
        note=data["note"],
        clause=data["clause"],
    )
