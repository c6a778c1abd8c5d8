"""What the API says of annotators: to leads of all of them, to each of themselves."""

from typing import Any

from rest_framework import serializers


class ShareSerializer(serializers.Serializer[Any]):
    """A share or chance with its 95 % interval, or why there is none; `n` is what it rests on."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    why = serializers.CharField(allow_blank=True, help_text="Why there is no value; empty when there is one.")


class CategoryLevelsSerializer(serializers.Serializer[Any]):
    """One category. `none of these` has no sensitivity and specificity."""

    category = serializers.CharField(source="slug")
    sensitivity = ShareSerializer(help_text="Dawid-Skene, drawn to the team's mean; n is expected.")
    specificity = ShareSerializer(help_text="Dawid-Skene, drawn to the team's mean; n is expected.")
    gold = ShareSerializer(help_text="Right on gold that shows it or was named it.")
    held = ShareSerializer(help_text="As held true, on items that show it or were named it.")


class TallySerializer(serializers.Serializer[Any]):
    """How many of n."""

    right = serializers.IntegerField()
    n = serializers.IntegerField()


class DriftSerializer(serializers.Serializer[Any]):
    """The newest weeks beside the older ones; a verdict only where the difference is clear."""

    verdict = serializers.ChoiceField(choices=["higher", "lower", "same", "too few"])
    since = serializers.DateField(allow_null=True)
    newest = TallySerializer()
    older = TallySerializer()


class AnnotatorWeekSerializer(serializers.Serializer[Any]):
    """One week of one annotator; whole answers without a doubt."""

    week = serializers.DateField()
    n_judgments = serializers.IntegerField()
    gold_right = serializers.IntegerField()
    gold_n = serializers.IntegerField()
    held_right = serializers.IntegerField()
    held_n = serializers.IntegerField()


class MeasureSerializer(serializers.Serializer[Any]):
    """When the numbers were measured, and under which guideline."""

    at = serializers.DateTimeField()
    guideline = serializers.IntegerField()
    is_thin = serializers.BooleanField(
        help_text="Too few judgments an item to say who erred: the inferred intervals are too narrow."
    )


class OwnProfileSerializer(serializers.Serializer[Any]):
    """One annotator as they may read themselves; before the first measurement `measure` is null."""

    measure = MeasureSerializer(allow_null=True)
    held = ShareSerializer(help_text="Whole answers as held true.")
    held_drift = DriftSerializer()
    gold_drift = DriftSerializer()
    weeks = AnnotatorWeekSerializer(many=True)
    categories = CategoryLevelsSerializer(many=True)
    suggestions = serializers.ListField(child=serializers.CharField(), source="for_self")


class SuggestionSerializer(serializers.Serializer[Any]):
    """What a lead might do."""

    kind = serializers.ChoiceField(choices=["read", "reword", "retest", "pace", "change"])
    text = serializers.CharField(source="for_lead")
    category = serializers.CharField(allow_blank=True, help_text="Its name.")
    clauses = serializers.ListField(child=serializers.CharField())


class ProfileSerializer(OwnProfileSerializer):
    """One annotator as leads read them."""

    suggestions = SuggestionSerializer(many=True)  # type: ignore[assignment]


class PersonSerializer(serializers.Serializer[Any]):
    """One annotator."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    profile = ProfileSerializer()


class PeopleSerializer(serializers.Serializer[Any]):
    """The annotators in the order of their names; there is no other order."""

    people = PersonSerializer(many=True)
