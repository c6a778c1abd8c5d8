"""What the API of the judgments takes and gives."""

from collections.abc import Callable, Mapping
from datetime import MAXYEAR, date
from typing import Any, Final

from rest_framework import serializers

from annotator.judgments.answers import ANSWERS, NOTE_MAX, SECONDS_MAX, Answer
from annotator.judgments.listing import JudgmentFilter
from annotator.judgments.models import Judgment, Verdict
from annotator.pool.models import Split
from annotator.projects.lines import Cell, or_empty, unsaid
from annotator.queue.models import Stream
from annotator.queue.places import HOLDING_MAX
from annotator.queue.serializers import ClaimedSerializer

CATEGORIES_MAX = 200
EARLIEST: Final = date(1970, 1, 1)
LATEST: Final = date(MAXYEAR - 1, 1, 1)


class ChangedAnswerSerializer(serializers.Serializer[Any]):
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
    evidence = serializers.IntegerField(
        min_value=1,
        max_value=32_767,
        allow_null=True,
        default=None,
        help_text="The version of the page that was shown, as the claim gave it. Without it we name one only where "
        "time leaves no doubt.",
    )


class AnswerSerializer(ChangedAnswerSerializer):
    """An answer in a place, as `ChangedAnswer`; with `next` the next place comes in the same request."""

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
        source="is_imported", help_text="Whether it is from a file of another tool."
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
            "evidence",
            "created_at",
        ]


class ListedJudgmentSerializer(JudgmentSerializer):
    """One judgment of a list. For whoever may not know whose it is: a pseudonym, and null where a person wrote.

    The pseudonyms are those of the snapshots. `stands` is false for one that was changed or undone later.
    """

    HIDDEN = ("client_id", "assignment", "note")

    client_id = serializers.UUIDField(allow_null=True)
    assignment = serializers.IntegerField(source="assignment_id", allow_null=True)
    note = serializers.CharField(allow_null=True)
    supersedes = serializers.IntegerField(
        source="supersedes_id", allow_null=True, help_text="The judgment that this one took the place of."
    )
    stands = serializers.BooleanField()

    class Meta(JudgmentSerializer.Meta):
        fields = [*JudgmentSerializer.Meta.fields, "supersedes", "stands"]

    def to_representation(self, instance: Judgment) -> dict[str, Any]:
        """The judgment, under the name that the caller may know."""
        data: dict[str, Any] = super().to_representation(instance)
        name: Callable[[int], str] | None = self.context.get("name")
        if name is not None:
            hidden = dict.fromkeys(self.HIDDEN) | {"annotator": name(instance.annotator_id)}
            data |= {field: value for field, value in hidden.items() if field in data}
        return data

    def cells(self) -> dict[str, Cell]:
        """How a line of many is read, with no object made of it: see `annotator.projects.lines`."""
        name: Callable[[int], str] | None = self.context.get("name")
        own = {
            "annotator": Cell("annotator__username"),
            "imported": Cell("imported_id", _is_there),
            "clause": Cell("clause__number", or_empty),
        }
        if name is None:
            return own
        return (
            own | {"annotator": Cell("annotator_id", name)} | dict.fromkeys(self.HIDDEN, Cell("pk", unsaid))
        )


def _is_there(key: int | None) -> bool:
    return key is not None


class JudgmentFilterSerializer(serializers.Serializer[Any]):
    """Which judgments to list. From `annotator` on for leads, admins and scientists."""

    item = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    label = serializers.SlugField(  # type: ignore[assignment]  # a field of this name, not the attribute
        required=False, max_length=40, allow_blank=True, help_text="Only judgments that name this category."
    )
    verdict = serializers.ChoiceField(choices=Verdict.choices, required=False)
    since = serializers.DateField(required=False, help_text="UTC, that day included.")
    until = serializers.DateField(required=False, help_text="UTC, that day included.")
    annotator = serializers.CharField(
        required=False, max_length=150, help_text="By user name for leads, by pseudonym for scientists."
    )
    stream = serializers.ChoiceField(
        choices=Stream.choices, required=False, help_text="Why the page was served."
    )
    split = serializers.ChoiceField(choices=Split.choices, required=False)
    source = serializers.CharField(  # type: ignore[assignment]  # as above
        required=False, max_length=120, allow_blank=True, help_text="As the ingest named it; empty for none."
    )
    history = serializers.BooleanField(
        required=False, help_text="All rows of the log: also those that were changed or undone later."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Days within reason."""
        if not all(EARLIEST <= attrs[name] <= LATEST for name in ("since", "until") if name in attrs):
            raise serializers.ValidationError(f"since, until: name days from {EARLIEST} to {LATEST}.")
        return attrs

    def wanted(self) -> JudgmentFilter:
        """The filter."""
        return JudgmentFilter(**self.validated_data)


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
        evidence=data["evidence"],
    )
