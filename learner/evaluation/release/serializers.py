"""What the API says and takes of the release: what serves, the gate and its rules, the summary."""

from dataclasses import fields
from typing import Any, Final

from rest_framework import serializers

from annotator.runs import RunStatus
from learner.core.gate import Rules, Verdict
from learner.evaluation.models import EvaluationRun, GateRules, Promotion
from learner.evaluation.release.services import LATENCY_MAX, MEGABYTES_MAX, NUMBERS_MAX, REASON_MAX

CATEGORIES_MAX: Final = 500
NOTE_MAX: Final = 300
VERDICTS: Final = [(one.value, one.words) for one in Verdict]


class PromotionSerializer(serializers.ModelSerializer[Promotion]):
    """A version that began to serve: who said so, when and why; `exception` where its gate was not passed."""

    classifier = serializers.IntegerField(source="classifier.number")
    created_by = serializers.CharField(source="created_by.username")
    again = serializers.IntegerField(
        source="again.number", allow_null=True, default=None, help_text="The promotion that was gone back to."
    )

    class Meta:
        model = Promotion
        fields = ["number", "classifier", "reason", "exception", "again", "created_at", "created_by"]


class PromotionMakeSerializer(serializers.Serializer[Any]):
    """Why a version is to serve; `based_on` is the number of the promotion that was in force, 0 for none."""

    based_on = serializers.IntegerField(min_value=0, max_value=NUMBERS_MAX)
    reason = serializers.CharField(max_length=REASON_MAX)
    exception = serializers.CharField(
        max_length=REASON_MAX, allow_blank=True, default="", help_text="Signed with the caller's name."
    )


class PromotionBackSerializer(serializers.Serializer[Any]):
    """Which promotion to go back to, and the number of the one in force."""

    promotion = serializers.IntegerField(min_value=1, max_value=NUMBERS_MAX)
    based_on = serializers.IntegerField(min_value=0, max_value=NUMBERS_MAX)


class GateLineSerializer(serializers.Serializer[Any]):
    """One rule, what the gate says of it, and the numbers."""

    rule = serializers.CharField()
    title = serializers.CharField()
    verdict = serializers.ChoiceField(choices=VERDICTS)
    reason = serializers.CharField()
    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(allow_null=True)
    limit = serializers.FloatField(allow_null=True)
    price = serializers.CharField(allow_blank=True, help_text="Of enough evidence.")


class GateSerializer(serializers.Serializer[Any]):
    """What the gate says of a version, rule by rule."""

    classifier = serializers.IntegerField(source="row.classifier.number")
    verdict = serializers.ChoiceField(choices=VERDICTS)
    rules = serializers.IntegerField(
        source="row.rules", help_text="Number of the rules; 0 while nobody set any."
    )
    against = serializers.IntegerField(
        source="row.against.number", allow_null=True, default=None, help_text="The version that served then."
    )
    asked_at = serializers.DateTimeField(source="row.created_at")
    lines = GateLineSerializer(many=True)


class GateRulesSerializer(serializers.Serializer[Any]):
    """What a version has to show before it may serve; null, or a category that is not named, asks for nothing."""

    recall = serializers.DictField(child=serializers.FloatField(min_value=0, max_value=1))
    precision = serializers.DictField(child=serializers.FloatField(min_value=0, max_value=1))
    calibration = serializers.FloatField(min_value=0, max_value=1, allow_null=True)
    latency_ms = serializers.FloatField(min_value=0, max_value=LATENCY_MAX, allow_null=True)
    megabytes = serializers.FloatField(min_value=0, max_value=MEGABYTES_MAX, allow_null=True)
    regression = serializers.BooleanField()
    pack = serializers.BooleanField()
    card = serializers.BooleanField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Not for more categories than a taxonomy can have."""
        if max(len(attrs["recall"]), len(attrs["precision"])) > CATEGORIES_MAX:
            raise serializers.ValidationError(f"Give floors of at most {CATEGORIES_MAX} categories.")
        return attrs

    @property
    def rules(self) -> Rules:
        """The rules of what was sent."""
        data = self.validated_data
        return Rules(**{field.name: data[field.name] for field in fields(Rules)})


class GateRulesInForceSerializer(GateRulesSerializer):
    """The rules in force, with their number; 0 while nobody set any."""

    number = serializers.IntegerField()


class GateRulesSetSerializer(GateRulesSerializer):
    """New rules, on top of those with the number that the caller read."""

    based_on = serializers.IntegerField(min_value=0, max_value=NUMBERS_MAX)
    note = serializers.CharField(max_length=NOTE_MAX, allow_blank=True, default="")


class GateRulesVersionSerializer(serializers.ModelSerializer[GateRules]):
    """One version of the rules: who set it, when and why."""

    rules = GateRulesSerializer()
    created_by = serializers.CharField(source="created_by.username")

    class Meta:
        model = GateRules
        fields = ["number", "rules", "note", "created_at", "created_by"]


class GateEffectSerializer(serializers.Serializer[Any]):
    """What other rules would do to a version: the verdict now and then, and the rules that say otherwise."""

    classifier = serializers.IntegerField(source="version.number")
    now = serializers.ChoiceField(choices=VERDICTS)
    then = serializers.ChoiceField(choices=VERDICTS)
    lines = GateLineSerializer(many=True)


class EvaluationRunSerializer(serializers.ModelSerializer[EvaluationRun]):
    """The work of evaluating one version."""

    status = serializers.ChoiceField(choices=RunStatus.choices)
    classifier = serializers.IntegerField(source="classifier.number", allow_null=True, default=None)

    class Meta:
        model = EvaluationRun
        fields = ["id", "status", "classifier", "created_at", "finished_at", "error"]


class ServingVersionSerializer(serializers.Serializer[Any]):
    """A version, and what the gate said of it last; null before it was asked."""

    classifier = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=VERDICTS, allow_null=True)


class ServingSerializer(serializers.Serializer[Any]):
    """Which version answers, and what the gate says of each."""

    current = PromotionSerializer(allow_null=True)
    versions = ServingVersionSerializer(many=True)


class SummarySerializer(serializers.Serializer[Any]):
    """One version in plain words."""

    headline = serializers.CharField()
    verdict = serializers.ChoiceField(choices=VERDICTS, allow_null=True)
    against = serializers.IntegerField(allow_null=True, help_text="The version that it was compared with.")
    better = serializers.ListField(child=serializers.CharField())
    risks = serializers.ListField(child=serializers.CharField())
    costs = serializers.ListField(child=serializers.CharField())
