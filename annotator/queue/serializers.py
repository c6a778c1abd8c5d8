"""What the API of the queue takes and gives."""

from typing import Any

from rest_framework import serializers

from annotator.pool.selectors import ItemPage
from annotator.projects.selectors import Taxonomy
from annotator.queue.models import Assignment, BatchItem
from annotator.queue.places import HOLDING_MAX, SKIP_NOTE_MAX, SKIP_REASONS


class PageSerializer(serializers.Serializer[ItemPage]):
    """One page to judge: its address and the evidence, nothing else."""

    id = serializers.IntegerField(source="item.pk")
    url = serializers.CharField(source="item.url")
    registrable_domain = serializers.CharField(source="item.registrable_domain")
    title = serializers.CharField()
    description = serializers.CharField()
    text = serializers.CharField()
    captured_at = serializers.DateTimeField(allow_null=True)
    evidence = serializers.IntegerField(
        source="version", help_text="Version of the evidence: send it with the answer. 0 when there is none."
    )


class TaxonomyRefSerializer(serializers.Serializer[Any]):
    """The taxonomy to judge by; its definitions are at `taxonomy/`."""

    version = serializers.IntegerField()
    categories = serializers.ListField(child=serializers.CharField())


class ClaimSerializer(serializers.Serializer[Any]):
    """The places that the caller shows already."""

    holding = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=2**63 - 1), max_length=HOLDING_MAX, default=list
    )


class ClaimedSerializer(serializers.Serializer[Any]):
    """One place, offered to the caller until the lease ends."""

    assignment = serializers.IntegerField()
    lease_until = serializers.DateTimeField()
    item = PageSerializer()
    taxonomy = TaxonomyRefSerializer()


CLAIMED = ClaimedSerializer()  # one for all requests: it has no state, and building its fields takes long


class LeaseSerializer(serializers.Serializer[Any]):
    """How long the caller holds the place."""

    lease_until = serializers.DateTimeField()


class SkipSerializer(serializers.Serializer[Any]):
    """Why an item is declined."""

    reason = serializers.ChoiceField(choices=[(reason.value, reason.label) for reason in SKIP_REASONS])
    note = serializers.CharField(max_length=SKIP_NOTE_MAX, default="", allow_blank=True)


class BatchSerializer(serializers.Serializer[Any]):
    """One batch, and how far it has been worked off. Of one person's checks `pool_size` is null."""

    number = serializers.IntegerField(source="batch.number")
    opened_at = serializers.DateTimeField(source="batch.opened_at")
    reason = serializers.CharField(source="batch.reason")
    fallback = serializers.BooleanField(source="batch.fallback")
    personal = serializers.BooleanField(
        source="batch.personal", help_text="Whether it is one person's checks."
    )
    n_items = serializers.IntegerField(source="batch.n_items")
    pool_size = serializers.IntegerField(allow_null=True)
    classifier_number = serializers.IntegerField(source="batch.classifier_number", allow_null=True)
    seed = serializers.IntegerField(source="batch.seed", allow_null=True)
    streams = serializers.DictField(child=serializers.IntegerField(), help_text="Stream -> items.")
    places = serializers.IntegerField(help_text="All of it, later ones included.")
    free = serializers.IntegerField()
    offered = serializers.IntegerField()
    submitted = serializers.IntegerField()


class BatchItemSerializer(serializers.ModelSerializer[BatchItem]):
    """Why one item is in a batch. How a check was drawn is null: its pool would tell what a person opted out of."""

    pool_size = serializers.IntegerField(allow_null=True)
    item = serializers.IntegerField(source="item_id")
    url = serializers.CharField(source="item.url")

    class Meta:
        model = BatchItem
        fields = [
            "item",
            "url",
            "rank",
            "stream",
            "strategy",
            "score",
            "reason",
            "classifier_number",
            "pool_size",
            "inclusion_probability",
            "seed",
            "severity",
            "expected",
            "stopping",
            "overlap",
        ]

    def to_representation(self, instance: BatchItem) -> dict[str, Any]:
        """The row; without pool and probability where it is of one person's checks."""
        row: dict[str, Any] = super().to_representation(instance)
        unsaid = ("pool_size", "inclusion_probability") if instance.batch.personal else ()
        return row | {name: None for name in unsaid if name in row}


class ItemLedgerSerializer(BatchItemSerializer):
    """One time an item was put in a batch, and why."""

    batch = serializers.IntegerField(source="batch.number")
    opened_at = serializers.DateTimeField(source="batch.opened_at")

    class Meta(BatchItemSerializer.Meta):
        fields = ["batch", "opened_at", *(name for name in BatchItemSerializer.Meta.fields if name != "url")]


def claimed(assignment: Assignment, page: ItemPage, taxonomy: Taxonomy) -> dict[str, Any]:
    """A claimed place as the API gives it: nothing of why it is served, or of what is expected."""
    shown = {
        "assignment": assignment.pk,
        "lease_until": assignment.lease_until,
        "item": page,
        "taxonomy": {"version": taxonomy.version.number, "categories": taxonomy.slugs},
    }
    return CLAIMED.to_representation(shown)
