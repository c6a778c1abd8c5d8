"""What the API says of agreement."""

from typing import Any

from rest_framework import serializers

from annotator.agreement.periods import Unit
from annotator.review.selectors import CategoryAgreement


class CoefficientSerializer(serializers.Serializer[Any]):
    """A coefficient with its interval, or the reason why there is none."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n_items = serializers.IntegerField()
    n_judgments = serializers.IntegerField()
    why_undefined = serializers.CharField(allow_blank=True)


class SpentSerializer(serializers.Serializer[Any]):
    """Judgments on pages whose places are all answered, and how many fixed overlap asks for at the least."""

    n_items = serializers.IntegerField()
    n_judgments = serializers.IntegerField()
    n_fixed = serializers.IntegerField()


class CheckedSerializer(serializers.Serializer[Any]):
    """Pages of the check: on how many stopping gave what is held, and missed a harmful category."""

    n = serializers.IntegerField(source="same.n")
    same = serializers.IntegerField(source="same.right")
    missed_harmful = serializers.IntegerField(source="missed")


class AdaptiveSerializer(serializers.Serializer[Any]):
    """What adaptive overlap saved, and whether it was right."""

    is_on = serializers.BooleanField()
    why_not = serializers.CharField(
        allow_blank=True, help_text="Why skills are not known well enough; empty if so."
    )
    since = serializers.DateTimeField(allow_null=True)
    adaptive = SpentSerializer()
    full = SpentSerializer(help_text="Pages of the check: asked about in full.")
    checked = CheckedSerializer()


class CategoryAgreementSerializer(serializers.Serializer[CategoryAgreement]):
    """Agreement on one category; unsure answers count as `unsure` of the request says."""

    category = serializers.CharField(source="category.slug")
    percent = CoefficientSerializer()
    alpha = CoefficientSerializer()
    fleiss = CoefficientSerializer()
    ac1 = CoefficientSerializer()
    word = serializers.CharField(source="word.text")
    n_unsure = serializers.IntegerField()


class CoefficientsSerializer(serializers.Serializer[Any]):
    """Coefficients of a part of the judgments: of one category the first four, of whole label sets the last two."""

    percent = CoefficientSerializer(source="found.percent", allow_null=True)
    alpha = CoefficientSerializer(source="found.alpha", allow_null=True)
    fleiss = CoefficientSerializer(source="found.fleiss", allow_null=True)
    ac1 = CoefficientSerializer(source="found.ac1", allow_null=True)
    masi = CoefficientSerializer(source="found.masi", allow_null=True)
    jaccard = CoefficientSerializer(source="found.jaccard", allow_null=True)


class VersionPartSerializer(CoefficientsSerializer):
    """Agreement among judgments that were made under one guideline version."""

    category = serializers.CharField(allow_blank=True, help_text="Empty for whole label sets.")
    guideline = serializers.IntegerField()


class PeriodPartSerializer(CoefficientsSerializer):
    """Agreement on the items whose second judgment was given in one week or month."""

    period = serializers.CharField(source="period.key", help_text="As 2026-W45 or 2026-11.")
    unit = serializers.ChoiceField(source="period.unit", choices=[unit.value for unit in Unit])
    start = serializers.DateField(source="period.start")
    end = serializers.DateField(source="period.end", help_text="The first day after it.")


class PairPartSerializer(serializers.Serializer[Any]):
    """Two people on the items that both judged."""

    first = serializers.CharField()
    second = serializers.CharField()
    kappa = CoefficientSerializer()


class ClausePartSerializer(CoefficientsSerializer):
    """Agreement on the items of which a judgment or the resolution cites one clause."""

    clause = serializers.CharField(source="clause.number")
    title = serializers.CharField(source="clause.title")
    category = serializers.CharField(
        allow_blank=True, help_text="What it is about: empty for whole label sets."
    )


class PublicationSerializer(serializers.Serializer[Any]):
    """A guideline version and when it was published."""

    guideline = serializers.IntegerField(source="number")
    published_at = serializers.DateTimeField(source="at")


class AgreementSerializer(serializers.Serializer[Any]):
    """The newest measurement; before the first, `computed_at` is null and there are no categories, nor parts."""

    computed_at = serializers.DateTimeField(allow_null=True)
    taxonomy = serializers.IntegerField(allow_null=True)
    n_items = serializers.IntegerField()
    n_judgments = serializers.IntegerField()
    n_others = serializers.IntegerField()
    categories = CategoryAgreementSerializer(many=True)
    category = serializers.CharField(
        allow_blank=True, help_text="What `by_period` and `by_pair` are about: empty for whole label sets."
    )
    by_guideline = VersionPartSerializer(many=True)
    by_period = PeriodPartSerializer(many=True)
    by_pair = PairPartSerializer(
        many=True,
        allow_null=True,
        help_text="By name; null for whoever may not see other people's judgments.",
    )
    by_clause = ClausePartSerializer(many=True)
    guidelines = PublicationSerializer(many=True)
