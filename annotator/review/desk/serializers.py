"""What the API of the review says and reads."""

from collections.abc import Callable
from typing import Any

from rest_framework import serializers

from annotator.agreement.patterns import KEY_MAX, Pattern
from annotator.judgments.models import Flag, Judgment, Verdict
from annotator.projects.loop_settings import OVERLAP_MAX
from annotator.review.checks.gold import EXPLANATION_MAX
from annotator.review.desk.holding import HOLD_REASON_MAX
from annotator.review.models import AdjudicationEntry, Disagreement, Gold, Method, Resolution, Scope
from annotator.review.services import ADJUDICATION_REASON_MAX, Adjudication, BasedOn

VERDICTS = [(verdict.value, verdict.label) for verdict in Verdict if verdict != Verdict.WITHDRAWN]
METHODS = [(method.value, method.label) for method in Method if method != Method.REOPENED]


class ResolutionSerializer(serializers.ModelSerializer[Resolution]):
    """What is held true of one item."""

    url = serializers.CharField(source="item.url")
    verdict = serializers.ChoiceField(choices=VERDICTS)
    method = serializers.ChoiceField(choices=METHODS)
    clause = serializers.CharField(source="clause.number", allow_null=True, default=None)
    resolved_by = serializers.CharField(source="resolved_by.username", allow_null=True, default=None)
    taxonomy = serializers.IntegerField(source="taxonomy.number")

    class Meta:
        model = Resolution
        fields = [
            "id",
            "item",
            "url",
            "labels",
            "verdict",
            "method",
            "reason",
            "clause",
            "resolved_by",
            "judgments",
            "supersedes",
            "entry",
            "taxonomy",
            "created_at",
        ]


class ListedResolutionSerializer(ResolutionSerializer):
    """What is held true of one item. For whoever may not know who decided: under the pseudonyms of the snapshots."""

    def to_representation(self, instance: Resolution) -> dict[str, Any]:
        """The resolution, under the name that the caller may know."""
        data: dict[str, Any] = super().to_representation(instance)
        name: Callable[[int], str] | None = self.context.get("name")
        if name is not None and data.get("resolved_by") is not None and instance.resolved_by_id is not None:
            data["resolved_by"] = name(instance.resolved_by_id)
        return data


class FlagSerializer(serializers.ModelSerializer[Flag]):
    """An item that somebody asked a lead to look at."""

    url = serializers.CharField(source="item.url")
    annotator = serializers.CharField(source="annotator.username")

    class Meta:
        model = Flag
        fields = ["id", "item", "url", "annotator", "note", "created_at"]


class BasedOnSerializer(serializers.Serializer[Any]):
    """What the caller saw when they decided: as the disagreement's `based_on` gives it."""

    judgments = serializers.ListField(
        child=serializers.IntegerField(min_value=1), allow_empty=False, max_length=1000
    )
    resolution = serializers.IntegerField(min_value=1, allow_null=True)


class AdjudicationSerializer(serializers.Serializer[Any]):
    """A lead's decision on one item. `labelled` with no labels is the answer "none of these"."""

    item = serializers.IntegerField(min_value=1)
    labels = serializers.ListField(child=serializers.CharField(max_length=40), max_length=200)
    verdict = serializers.ChoiceField(choices=VERDICTS, default=Verdict.LABELLED.value)
    reason = serializers.CharField(max_length=ADJUDICATION_REASON_MAX)
    clause = serializers.CharField(max_length=12, allow_blank=True, default="")
    based_on = BasedOnSerializer()
    client_id = serializers.UUIDField(
        default=None, allow_null=True, help_text="Of your own making; the same act twice is then done once."
    )

    def decided(self) -> Adjudication:
        """The decision, of valid data."""
        data = self.validated_data
        return Adjudication(
            labels=frozenset(data["labels"]),
            verdict=Verdict(data["verdict"]),
            reason=data["reason"],
            clause_number=data["clause"],
        )

    def seen(self) -> BasedOn:
        """What the caller saw, of valid data."""
        seen = self.validated_data["based_on"]
        return BasedOn(frozenset(seen["judgments"]), seen["resolution"])


class AdjudicationEntrySerializer(serializers.ModelSerializer[AdjudicationEntry]):
    """One act of a lead on what is held true."""

    kind = serializers.ChoiceField(choices=AdjudicationEntry.Kind.choices)
    by = serializers.CharField(source="by.username")
    reverted_by = serializers.IntegerField(
        source="reverted_by.pk", allow_null=True, default=None, help_text="The act that undid it."
    )
    scope = serializers.ChoiceField(choices=Scope.choices, allow_blank=True, help_text="Of a spread.")
    bulk = serializers.IntegerField(
        source="bulk.pk", allow_null=True, default=None, help_text="The bulk that it applied."
    )

    class Meta:
        model = AdjudicationEntry
        fields = [
            "id",
            "kind",
            "by",
            "at",
            "client_id",
            "source",
            "scope",
            "bulk",
            "reverts",
            "reverted_by",
            "n_items",
            "n_left",
        ]


class RevertSerializer(serializers.Serializer[Any]):
    """Undoing an act."""

    client_id = serializers.UUIDField(help_text="Of your own making; the same one twice undoes once.")


class RevertedSerializer(serializers.Serializer[Any]):
    """The act that undid another, and the items that it left because they were resolved anew since."""

    entry = AdjudicationEntrySerializer()
    left = serializers.ListField(child=serializers.IntegerField())


class DisputedJudgmentSerializer(serializers.ModelSerializer[Judgment]):
    """One of the answers side by side."""

    annotator = serializers.CharField(source="annotator.username")
    verdict = serializers.ChoiceField(choices=VERDICTS)
    guideline = serializers.IntegerField(source="guideline.number")
    taxonomy = serializers.IntegerField(source="taxonomy.number")

    class Meta:
        model = Judgment
        fields = [
            "id",
            "annotator",
            "labels",
            "unsure",
            "verdict",
            "note",
            "seconds",
            "late",
            "guideline",
            "taxonomy",
            "created_at",
        ]


class DisagreementSerializer(serializers.ModelSerializer[Disagreement]):
    """One item that waits for a lead."""

    url = serializers.CharField(source="item.url")
    n_judgments = serializers.IntegerField()
    lease_by = serializers.CharField(
        source="lease_by.username", allow_null=True, default=None, help_text="Until `lease_until`."
    )
    hold_by = serializers.CharField(source="hold_by.username", allow_null=True, default=None)

    class Meta:
        model = Disagreement
        fields = [
            "id",
            "item",
            "url",
            "categories",
            "reason",
            "pattern",
            "n_judgments",
            "opened_at",
            "closed_at",
            "lease_by",
            "lease_until",
            "hold_by",
            "hold_at",
            "hold_reason",
        ]


class NextWantedSerializer(serializers.Serializer[Any]):
    """Which disagreements to go through, and the one that the caller leaves."""

    category = serializers.SlugField(max_length=40, allow_blank=True, default="")
    pattern = serializers.CharField(max_length=KEY_MAX, allow_blank=True, default="")
    held = serializers.BooleanField(default=False, help_text="Those on hold instead.")
    after = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=0)

    def validate_pattern(self, value: str) -> str:
        """The key, if it is one."""
        if value and Pattern.parse(value) is None:
            raise serializers.ValidationError(
                f'"{value}" is not a pattern. Use a `key` of disagreements/patterns/.'
            )
        return value


class NextSerializer(serializers.Serializer[Any]):
    """The next disagreement, or null."""

    disagreement = DisagreementSerializer(allow_null=True)


class DisagreementLeaseSerializer(serializers.Serializer[Any]):
    """Who has a disagreement open."""

    by = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()


class HoldSerializer(serializers.Serializer[Any]):
    """Why a disagreement has to wait."""

    reason = serializers.CharField(max_length=HOLD_REASON_MAX)


class AskSerializer(serializers.Serializer[Any]):
    """How many more judgments, or of whom one."""

    n = serializers.IntegerField(min_value=1, max_value=OVERLAP_MAX - 1, default=1)
    annotator = serializers.CharField(
        max_length=150, default="", allow_blank=True, help_text="A username; empty for anybody."
    )


class BestSerializer(serializers.Serializer[Any]):
    """How well somebody tells a category, in per cent, by truth inference; `n` is what their answers are worth."""

    annotator = serializers.CharField(source="username")
    category = serializers.CharField(source="category.slug")
    sensitivity = serializers.IntegerField(source="percent")
    low = serializers.IntegerField()
    high = serializers.IntegerField()
    n = serializers.IntegerField()
    specificity = serializers.IntegerField(source="right_without")


class WhomSerializer(serializers.Serializer[Any]):
    """Whom one may ask for more judgments."""

    left = serializers.IntegerField(help_text="How many more places the item may get.")
    best = BestSerializer(many=True)


class PatternSerializer(serializers.Serializer[Any]):
    """Open disagreements in which people differ in the same."""

    key = serializers.CharField(help_text="For the `pattern` of `disagreement_list`.")
    words = serializers.CharField()
    n_items = serializers.IntegerField()
    n_sites = serializers.IntegerField()
    severity = serializers.IntegerField(help_text="Of its gravest category, 0 to 3.")
    doubt = serializers.FloatField(help_text="Of the classifier when its items were served; 1 on the line.")
    n_doubted = serializers.IntegerField(
        help_text="Items that it is known of; with 0, `doubt` is the mean of the others, or 1."
    )
    since = serializers.DateTimeField()


class PatternsSerializer(serializers.Serializer[Any]):
    """The patterns of a project's open disagreements, the weightiest first."""

    patterns = PatternSerializer(many=True)


class InferredSerializer(serializers.Serializer[Any]):
    """What the judgments amount to in one category, by Dawid-Skene with the skills measured last."""

    category = serializers.CharField(source="category.slug")
    probability = serializers.FloatField(allow_null=True, help_text="That it is present.")
    n_present = serializers.IntegerField()
    n = serializers.IntegerField(help_text="Judgments that decided on it: unsure is none.")
    why = serializers.CharField(allow_blank=True, help_text="Why there is no probability.")


class DisagreementDetailSerializer(serializers.Serializer[Any]):
    """One disagreement with its judgments, and the `based_on` that a decision on it has to carry."""

    id = serializers.IntegerField()
    item = serializers.IntegerField()
    url = serializers.CharField()
    title = serializers.CharField()
    text = serializers.CharField()
    categories = serializers.ListField(child=serializers.CharField())
    reason = serializers.CharField()
    pattern = serializers.CharField(allow_blank=True)
    opened_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    judgments = DisputedJudgmentSerializer(many=True)
    inferred = InferredSerializer(many=True)
    based_on = BasedOnSerializer()


class GoldSerializer(serializers.ModelSerializer[Gold]):
    """One item whose right answer is known and explained."""

    url = serializers.CharField(source="item.url")
    clause = serializers.CharField(source="clause.number", allow_null=True, default=None)
    added_by = serializers.CharField(source="added_by.username")

    class Meta:
        model = Gold
        fields = ["id", "item", "url", "labels", "explanation", "clause", "added_by", "added_at"]


class GoldDraftSerializer(serializers.Serializer[Any]):
    """An item that becomes gold, with the labels that are held true of it now."""

    item = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    explanation = serializers.CharField(max_length=EXPLANATION_MAX)
    clause = serializers.CharField(max_length=12, allow_blank=True, default="")
