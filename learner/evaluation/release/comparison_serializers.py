"""What the API says and takes of comparisons of two versions."""

from typing import Any

from rest_framework import serializers

from annotator.runs import RunStatus
from learner.evaluation.models import ComparisonRun
from learner.evaluation.release.services import NUMBERS_MAX


class VersionsSerializer(serializers.Serializer[Any]):
    """Two versions to compare."""

    base = serializers.IntegerField(min_value=1, max_value=NUMBERS_MAX)
    candidate = serializers.IntegerField(min_value=1, max_value=NUMBERS_MAX)


class DifferenceSerializer(serializers.Serializer[Any]):
    """Candidate less base, with its interval; null, and why."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField()
    why = serializers.CharField(allow_blank=True)


class FlipSerializer(serializers.Serializer[Any]):
    """A page that the two answer differently."""

    item = serializers.IntegerField(source="item_id")
    address = serializers.CharField(source="address.defanged")
    present = serializers.BooleanField(help_text="Whether the category is held true of it.")
    candidate = serializers.BooleanField(help_text="Whether the candidate says so.")
    weight = serializers.FloatField(help_text="How many pages it stands for.")
    words = serializers.CharField()


class ComparedCategorySerializer(serializers.Serializer[Any]):
    """One category of two versions; p-values of exact tests are adjusted for their number."""

    name = serializers.CharField()
    recall = DifferenceSerializer()
    false_positive_rate = DifferenceSerializer()
    f1 = DifferenceSerializer()
    lost = serializers.IntegerField()
    found = serializers.IntegerField()
    blocked = serializers.IntegerField()
    cleared = serializers.IntegerField()
    p_lost = serializers.FloatField()
    p_blocked = serializers.FloatField()
    p_found = serializers.FloatField()
    p_cleared = serializers.FloatField()
    worse = serializers.BooleanField(source="is_worse", help_text="An exact one-sided test says so.")
    better = serializers.BooleanField(source="is_better", help_text="An exact one-sided test says so.")
    flips = FlipSerializer(many=True)


class ComparedLineSerializer(serializers.Serializer[Any]):
    """One category, school profile or slice of the pack, on part of the pages."""

    name = serializers.CharField()
    n = serializers.IntegerField()
    recall = DifferenceSerializer()
    false_positive_rate = DifferenceSerializer()
    lost = serializers.IntegerField()
    found = serializers.IntegerField()
    blocked = serializers.IntegerField()
    cleared = serializers.IntegerField()


class ComparedSliceSerializer(serializers.Serializer[Any]):
    """Part of the audited pages: the categories in which the two differ there, and on how many they agree."""

    kind = serializers.CharField()
    name = serializers.CharField()
    n = serializers.IntegerField()
    lines = ComparedLineSerializer(many=True)
    n_same = serializers.IntegerField()


class VersionComparisonSerializer(serializers.ModelSerializer[ComparisonRun]):
    """Two versions, compared on the same audited items by a worker."""

    status = serializers.ChoiceField(choices=RunStatus.choices)
    base = serializers.IntegerField(source="base.number")
    candidate = serializers.IntegerField(source="candidate.number")
    asked_by = serializers.CharField(source="asked_by.username")

    class Meta:
        model = ComparisonRun
        fields = ["id", "status", "base", "candidate", "asked_by", "created_at", "finished_at", "error"]


class VersionComparisonReadSerializer(serializers.Serializer[Any]):
    """A comparison, and once it is done each category, those that changed most first, then parts of the pages."""

    run = VersionComparisonSerializer()
    verdict = serializers.CharField(
        allow_null=True,
        help_text="Worse, better or not told apart, and by which score; null until it is done.",
    )
    n_items = serializers.IntegerField(allow_null=True)
    n_sites = serializers.IntegerField(allow_null=True)
    categories = ComparedCategorySerializer(many=True)
    slices = ComparedSliceSerializer(many=True)
    profiles = ComparedLineSerializer(many=True)
    packs = ComparedLineSerializer(many=True)
