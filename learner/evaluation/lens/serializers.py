"""An evaluation and a school profile as the API tells them."""

from collections.abc import Mapping
from typing import Any

from rest_framework import serializers

from learner.evaluation.lens.selectors import pack_verdict


class EstimateFactSerializer(serializers.Serializer[Any]):
    """A number with its 95 % interval and the items behind it; or null, and why."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(allow_null=True)
    why_undefined = serializers.CharField(allow_blank=True)


class _Points(serializers.ListField):
    """Value, low and high at each threshold; null where undefined."""

    def __init__(self, **kwargs: Any) -> None:
        point = serializers.ListField(child=serializers.FloatField(allow_null=True))
        super().__init__(child=point, **kwargs)


class _Rate(serializers.ListField):
    """Value, low and high; each null where undefined."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.FloatField(allow_null=True), **kwargs)


class CurveSerializer(serializers.Serializer[Any]):
    """Scores at thresholds, which are probabilities and ascend."""

    thresholds = serializers.ListField(child=serializers.FloatField())
    precision = _Points()
    recall = _Points()
    fpr = _Points()
    flagged = serializers.ListField(child=serializers.FloatField(), help_text="Share of all pages.")


class BinSerializer(serializers.Serializer[Any]):
    """Pages with a probability from `low` to `high`."""

    low = serializers.FloatField()
    high = serializers.FloatField()
    promised = serializers.FloatField(help_text="Mean probability.")
    share = serializers.FloatField(help_text="Of all pages.")
    observed = EstimateFactSerializer(help_text="The share that has the category.")


class CalibrationSerializer(serializers.Serializer[Any]):
    """How well probabilities keep what they promise."""

    ece = EstimateFactSerializer()
    brier = EstimateFactSerializer()
    bins = BinSerializer(many=True)


class CategoryFactSerializer(serializers.Serializer[Any]):
    """One category over the whole holdout, at the classifier's own threshold."""

    category = serializers.CharField()
    n = serializers.IntegerField(required=False)
    n_positive = serializers.IntegerField(required=False)
    tp = serializers.FloatField(required=False)
    fp = serializers.FloatField(required=False)
    fn = serializers.FloatField(required=False)
    tn = serializers.FloatField(required=False)
    precision = EstimateFactSerializer()
    recall = EstimateFactSerializer()
    f1 = EstimateFactSerializer()
    prevalence = EstimateFactSerializer(required=False)
    f_beta = EstimateFactSerializer(required=False)
    beta = serializers.FloatField(required=False)
    fpr = EstimateFactSerializer(required=False)
    fnr = EstimateFactSerializer(required=False)
    average_precision = EstimateFactSerializer(required=False)
    roc_auc = EstimateFactSerializer(required=False)
    calibration = CalibrationSerializer(required=False)
    curve = CurveSerializer(required=False)


class ConfusionSerializer(serializers.Serializer[Any]):
    """Rows are true, columns predicted, the last of either is none: shares of a row, their ends, and items."""

    categories = serializers.ListField(child=serializers.CharField())
    cells = serializers.ListField(child=serializers.ListField(child=serializers.FloatField(allow_null=True)))
    low = serializers.ListField(child=serializers.ListField(child=serializers.FloatField(allow_null=True)))
    high = serializers.ListField(child=serializers.ListField(child=serializers.FloatField(allow_null=True)))
    n = serializers.ListField(child=serializers.ListField(child=serializers.IntegerField()))


class SliceCategorySerializer(serializers.Serializer[Any]):
    """One category on part of the pages."""

    category = serializers.CharField()
    precision = EstimateFactSerializer()
    recall = EstimateFactSerializer()
    fpr = EstimateFactSerializer()


class SliceSerializer(serializers.Serializer[Any]):
    """Part of the audited pages."""

    kind = serializers.CharField()
    name = serializers.CharField()
    n = serializers.IntegerField()
    categories = SliceCategorySerializer(many=True)


class BlockedSliceSerializer(serializers.Serializer[Any]):
    """Part of the audited pages under a school profile."""

    kind = serializers.CharField()
    name = serializers.CharField()
    n = serializers.IntegerField()
    fpr = EstimateFactSerializer(help_text="Of other pages, blocked by mistake.")
    fnr = EstimateFactSerializer(help_text="Of pages to block, let through.")


class PolicyFactSerializer(serializers.Serializer[Any]):
    """What a school profile blocks, against what it should; the four counts are holdout pages."""

    tp = serializers.FloatField(required=False, help_text="To block, and blocked.")
    fp = serializers.FloatField(required=False, help_text="Blocked by mistake.")
    fn = serializers.FloatField(required=False, help_text="To block, and let through.")
    tn = serializers.FloatField(required=False, help_text="Let through, and rightly.")

    name = serializers.CharField()
    number = serializers.IntegerField()
    precision = EstimateFactSerializer()
    recall = EstimateFactSerializer()
    f1 = EstimateFactSerializer()
    fpr = EstimateFactSerializer()
    fnr = EstimateFactSerializer()
    slices = BlockedSliceSerializer(many=True, required=False)


class FlaggedSerializer(serializers.Serializer[Any]):
    """How much of a slice one category flags."""

    category = serializers.CharField()
    fpr = EstimateFactSerializer()


class BlockedSerializer(serializers.Serializer[Any]):
    """How much of a slice one school profile blocks."""

    name = serializers.CharField()
    fpr = EstimateFactSerializer()


class PackFactSerializer(serializers.Serializer[Any]):
    """One slice that must not be over-blocked."""

    name = serializers.CharField()
    title = serializers.CharField()
    n = serializers.IntegerField()
    limit = serializers.FloatField()
    quota = serializers.IntegerField(required=False, help_text="Pages audited with each batch.")
    n_harmful = serializers.IntegerField(required=False, help_text="Turned out to be harmful; not counted.")
    fpr = EstimateFactSerializer()
    verdict = serializers.SerializerMethodField()
    categories = FlaggedSerializer(many=True)
    profiles = BlockedSerializer(many=True)

    def get_verdict(self, fact: Mapping[str, Any]) -> str:
        """`within` or `over` where the whole interval is on that side of the limit, else `not enough evidence`."""
        return pack_verdict(fact["fpr"], fact["limit"])


class EvaluationFactsSerializer(serializers.Serializer[Any]):
    """What an evaluation measured; what an older one did not measure is not there."""

    n_population = serializers.IntegerField(required=False)
    macro_f1 = EstimateFactSerializer()
    micro_f1 = EstimateFactSerializer()
    weighted_f1 = EstimateFactSerializer(required=False)
    subset_accuracy = EstimateFactSerializer(required=False)
    hamming = EstimateFactSerializer(required=False)
    label_ranking_ap = EstimateFactSerializer(required=False)
    categories = CategoryFactSerializer(many=True)
    confusion = ConfusionSerializer(required=False)
    slices = SliceSerializer(many=True, required=False)
    policies = PolicyFactSerializer(many=True, required=False)
    pack = PackFactSerializer(many=True, required=False)


class EvaluationSerializer(serializers.Serializer[Any]):
    """The newest evaluation of one classifier version, in one sentence or few and in full."""

    classifier = serializers.IntegerField(source="version.number")
    created_at = serializers.DateTimeField(source="evaluation.created_at")
    n_items = serializers.IntegerField(source="evaluation.n_items", help_text="Audited holdout items.")
    sentence = serializers.CharField(help_text="What it found, for somebody who decides.")
    facts = EvaluationFactsSerializer(source="evaluation.facts")


class PlaceSerializer(serializers.Serializer[Any]):
    """A place of the curve: value, low and high of each rate, null where undefined."""

    threshold = serializers.FloatField()
    precision = _Rate()
    recall = _Rate()
    fpr = _Rate()
    flagged = serializers.FloatField(help_text="Share of all pages.")
    overblocked = _Rate(help_text="Pages flagged by mistake, of `of_pages`.")


class KnownPageSerializer(serializers.Serializer[Any]):
    """A page of which it is known whether it has the category."""

    item = serializers.IntegerField(source="item_id")
    address = serializers.CharField(source="url.defanged")
    title = serializers.CharField(allow_blank=True)
    probability = serializers.FloatField()
    is_audited = serializers.BooleanField()


class FlipsSerializer(serializers.Serializer[Any]):
    """Known pages that the threshold looked at decides otherwise; the nearest to the one in use, at most 20 a list."""

    begins = serializers.BooleanField(help_text="Whether they begin to be flagged; else they cease to be.")
    n_better = serializers.IntegerField(help_text="Decided rightly by the threshold looked at alone.")
    n_worse = serializers.IntegerField()
    better = KnownPageSerializer(many=True)
    worse = KnownPageSerializer(many=True)


class ThresholdLookSerializer(serializers.Serializer[Any]):
    """One category: the threshold in use, the one looked at, and what flips; null where nothing can be said."""

    category = serializers.CharField(source="status.category")
    threshold_used = serializers.FloatField(source="status.threshold", allow_null=True)
    threshold = serializers.FloatField(source="choice.threshold", allow_null=True)
    why = serializers.CharField(source="choice.why", help_text="How the one looked at was found.")
    of_pages = serializers.IntegerField(source="asked.of_pages")
    used = PlaceSerializer(allow_null=True)
    looked_at = PlaceSerializer(allow_null=True)
    flips = FlipsSerializer(allow_null=True)


class SchoolProfileSerializer(serializers.Serializer[Any]):
    """A school profile with thresholds for the newest classifier version."""

    name = serializers.CharField()
    number = serializers.IntegerField()
    pages_a_day = serializers.IntegerField(allow_null=True)
    actions = serializers.DictField(
        child=serializers.CharField(), help_text="Category -> block, warn or allow."
    )
    thresholds = serializers.DictField(
        child=serializers.FloatField(allow_null=True),
        help_text="Category -> probability from which on it counts; null where it is not learned.",
    )
    why = serializers.DictField(child=serializers.CharField(), help_text="Category -> how it was found.")
