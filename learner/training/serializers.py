"""What the API of the learner says and reads: queries, settings, comparisons."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.pool.addresses import URL_CHARS_MAX
from learner.query.makeup import Makeup
from learner.query.models import LookRun, QueryRun, ShadowRun, SteeringVersion
from learner.query.steering import (
    BATCH_MAX,
    EXAMPLES_MAX,
    RETRAIN_MAX,
    STREAMS,
    WATER_MAX,
    WEIGHT_MAX,
    Steering,
)

CATEGORIES_MAX = 500


class QuerySerializer(serializers.ModelSerializer[QueryRun]):
    """One query: why, who scored, how far it is, what it opened, and its seconds by phase so far."""

    batch = serializers.IntegerField(source="batch.number", allow_null=True, default=None)
    steering = serializers.IntegerField(
        source="steering.number",
        allow_null=True,
        default=None,
        help_text="Number of the settings; null as the project was made.",
    )

    class Meta:
        model = QueryRun
        fields = [
            "id", "status", "stage", "done", "total", "reason", "created_at", "started_at", "finished_at", "error",
            "classifier_number", "strategy", "steering", "pool_size", "phases", "workers", "batch", "seed",
        ]  # fmt: skip
        extra_kwargs = {
            "stage": {"help_text": "What it is at, while it runs."},
            "done": {"help_text": "Shards scored so far, while it scores."},
            "total": {"help_text": "Shards to score; null while it does something else."},
        }


class MakeupSerializer(serializers.Serializer[Makeup]):
    """What a batch is made of, in items."""

    items = serializers.IntegerField()
    sites = serializers.IntegerField(help_text="Different ones.")
    most_of_a_site = serializers.IntegerField()
    harmful = serializers.IntegerField(help_text="With severity 2 or 3 expected.")
    distance = serializers.FloatField(
        allow_null=True, help_text="Mean distance in logits to the threshold for which items were chosen."
    )
    streams = serializers.DictField(child=serializers.IntegerField())
    strategies = serializers.DictField(child=serializers.IntegerField())
    expected = serializers.DictField(
        child=serializers.IntegerField(), help_text="Category -> items that the classifier expects it on."
    )


class QueryListedSerializer(QuerySerializer):
    """One query in the list, and what its batch is made of; null where it opened none."""

    makeup = serializers.SerializerMethodField()

    class Meta(QuerySerializer.Meta):
        fields = [*QuerySerializer.Meta.fields, "makeup"]

    @extend_schema_field(MakeupSerializer(allow_null=True))
    def get_makeup(self, run: QueryRun) -> dict[str, Any] | None:
        """From the makeups of the page, which were counted together."""
        makeup = self.context["makeups"].get(run.batch_id)
        return None if makeup is None else dict(MakeupSerializer(makeup).data)


class QueryReadSerializer(serializers.Serializer[Any]):
    """One query, and what its batch is made of; null where it opened none."""

    query = QuerySerializer(source="run")
    makeup = MakeupSerializer(allow_null=True)


class SharesSerializer(serializers.Serializer[Any]):
    """The share of each stream in a batch; they sum to 1."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """One for each stream."""
        return {stream: serializers.FloatField(min_value=0, max_value=1) for stream in STREAMS}


class SteeringSerializer(serializers.Serializer[Any]):
    """How the learner chooses."""

    strategy = serializers.CharField(max_length=40)
    shares = SharesSerializer()
    batch_size = serializers.IntegerField(min_value=1, max_value=BATCH_MAX)
    low_water = serializers.IntegerField(min_value=1, max_value=WATER_MAX)
    retrain_after = serializers.IntegerField(min_value=1, max_value=RETRAIN_MAX)
    weights = serializers.DictField(
        child=serializers.FloatField(min_value=0, max_value=WEIGHT_MAX),
        required=False,
        help_text="Category -> weight, where it is not 1.",
    )

    examples = serializers.DictField(
        child=serializers.ListField(
            child=serializers.CharField(max_length=URL_CHARS_MAX), max_length=EXAMPLES_MAX
        ),
        required=False,
        help_text="Category -> addresses of pages that show it; they steer the search and are no labels.",
    )

    def validate_examples(self, examples: dict[str, list[str]]) -> dict[str, list[str]]:
        """Not for more categories than a taxonomy can have."""
        if len(examples) > CATEGORIES_MAX:
            raise serializers.ValidationError(f"Give examples of at most {CATEGORIES_MAX} categories.")
        return examples

    def validate_weights(self, weights: dict[str, float]) -> dict[str, float]:
        """Not more than a taxonomy can have."""
        if len(weights) > CATEGORIES_MAX:
            raise serializers.ValidationError(f"Give at most {CATEGORIES_MAX} weights.")
        return weights

    @property
    def steering(self) -> Steering:
        """The settings of what was sent."""
        data = self.validated_data
        return Steering(
            strategy=data["strategy"],
            shares=dict(data["shares"]),
            batch_size=data["batch_size"],
            low_water=data["low_water"],
            retrain_after=data["retrain_after"],
            weights={slug: weight for slug, weight in data.get("weights", {}).items() if weight != 1},
            examples={slug: given for slug, given in data.get("examples", {}).items() if given},
        )


class SteeringInUseSerializer(SteeringSerializer):
    """The settings in use, with their number; 0 as the project was made."""

    number = serializers.IntegerField()


class SteeringSetSerializer(SteeringSerializer):
    """New settings, based on those with the number that the caller read."""

    based_on = serializers.IntegerField(min_value=0, max_value=2**31 - 1)
    note = serializers.CharField(max_length=300, allow_blank=True, default="")


class SteeringVersionSerializer(serializers.ModelSerializer[SteeringVersion]):
    """One version of the settings, with what it changed."""

    set_by = serializers.CharField(source="set_by.username")

    class Meta:
        model = SteeringVersion
        fields = [
            "number", "strategy", "shares", "batch_size", "low_water", "retrain_after", "weights", "examples",
            "note", "changes", "set_by", "set_at",
        ]  # fmt: skip


class ShadowSerializer(serializers.ModelSerializer[ShadowRun]):
    """One comparison: the settings in use then, the candidate, and what each would have taken."""

    class Meta:
        model = ShadowRun
        fields = [
            "id", "status", "created_at", "finished_at", "error", "base", "classifier_number", "in_use",
            "candidate", "result", "seed",
        ]  # fmt: skip


class LookRunSerializer(serializers.ModelSerializer[LookRun]):
    """The newest look at an item: where it stood in each lane of its shard, and what the classifier gave it."""

    class Meta:
        model = LookRun
        fields = ["id", "status", "created_at", "finished_at", "error", "classifier_number", "result"]


class LookSerializer(serializers.Serializer[Any]):
    """Why no batch has taken an item, in sentences; and its scores, where somebody asked for them."""

    facts = serializers.ListField(child=serializers.CharField())
    may_score = serializers.BooleanField()
    is_old = serializers.BooleanField(help_text="The next query has another classifier.")
    run = LookRunSerializer(allow_null=True)
