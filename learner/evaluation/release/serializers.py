"""What the API says and reads of comparisons of two versions."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.runs import RunStatus
from learner.evaluation.lens.serializers import EstimateFactSerializer
from learner.evaluation.models import ComparisonRun

NUMBERS_MAX: Final = 2**31 - 1


class CompareSerializer(serializers.Serializer[Any]):
    """Two versions by their numbers."""

    base = serializers.IntegerField(min_value=1, max_value=NUMBERS_MAX)
    candidate = serializers.IntegerField(min_value=1, max_value=NUMBERS_MAX)


class ComparedSerializer(serializers.Serializer[Any]):
    """The candidate against the base: differences are candidate less base, the rest are pages."""

    n = serializers.IntegerField()
    lost = serializers.IntegerField(help_text="Have it, and the base alone finds them.")
    found = serializers.IntegerField(help_text="Have it, and the candidate alone finds them.")
    blocked = serializers.IntegerField(help_text="Do not have it, and the candidate alone says so.")
    cleared = serializers.IntegerField(help_text="Do not have it, and the base alone says so.")
    p_lost = serializers.FloatField(help_text="One-sided exact test by site, not adjusted.")
    p_blocked = serializers.FloatField()
    recall = EstimateFactSerializer()
    false_positive_rate = EstimateFactSerializer()
    f1 = EstimateFactSerializer()


class ComparedCategorySerializer(ComparedSerializer):
    """One category."""

    category = serializers.CharField()


class ComparedSliceSerializer(serializers.Serializer[Any]):
    """Part of the audited pages, named as an evaluation names it."""

    kind = serializers.CharField()
    name = serializers.CharField()
    n = serializers.IntegerField()
    categories = ComparedCategorySerializer(many=True)


class ComparedProfileSerializer(ComparedSerializer):
    """One school profile: pages to block, by what either version would block."""

    name = serializers.CharField()
    number = serializers.IntegerField(help_text="Version of the profile.")


class ComparedPackSerializer(ComparedSerializer):
    """One slice of the over-block pack: no page of it is to be flagged."""

    name = serializers.CharField()
    title = serializers.CharField()


class ComparisonResultSerializer(serializers.Serializer[Any]):
    """What was found."""

    n_items = serializers.IntegerField()
    n_sites = serializers.IntegerField()
    categories = ComparedCategorySerializer(many=True)
    slices = ComparedSliceSerializer(many=True, required=False)
    profiles = ComparedProfileSerializer(many=True, required=False)
    packs = ComparedPackSerializer(many=True, required=False)


class VersionComparisonLineSerializer(serializers.ModelSerializer[ComparisonRun]):
    """A comparison of two versions, without what it found."""

    base = serializers.IntegerField(source="base.number")
    candidate = serializers.IntegerField(source="candidate.number")
    status = serializers.ChoiceField(RunStatus.choices)

    class Meta:
        model = ComparisonRun
        fields = ["id", "base", "candidate", "status", "error", "created_at", "finished_at"]


class VersionComparisonSerializer(VersionComparisonLineSerializer):
    """A comparison of two versions; `result` is null until it is done."""

    result = serializers.SerializerMethodField()

    class Meta(VersionComparisonLineSerializer.Meta):
        fields = [*VersionComparisonLineSerializer.Meta.fields, "result"]

    @extend_schema_field(ComparisonResultSerializer(allow_null=True))
    def get_result(self, run: ComparisonRun) -> dict[str, Any] | None:
        """What was found, once it is."""
        return dict(ComparisonResultSerializer(run.result).data) if run.result else None
