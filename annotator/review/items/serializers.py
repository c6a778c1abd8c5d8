"""What the list of items takes and gives."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.judgments.serializers import EARLIEST, LATEST
from annotator.pool.models import Item
from annotator.pool.selectors import ItemFilter
from annotator.pool.serializers import ItemFilterSerializer, ItemSerializer
from annotator.projects.lines import Cell
from annotator.queue.models import Stream
from annotator.review.desk.serializers import METHODS, VERDICTS
from annotator.review.items.selectors import ListedItemFilter


class HeldSerializer(serializers.Serializer[Any]):
    """What is held true of an item."""

    labels = serializers.ListField(child=serializers.CharField())
    verdict = serializers.ChoiceField(choices=VERDICTS)
    method = serializers.ChoiceField(choices=METHODS)
    resolved_at = serializers.DateTimeField()


class ListedItemSerializer(ItemSerializer):
    """One item, without its evidence: with what is held true of it, and the stream that first served it."""

    held = serializers.SerializerMethodField()
    stream = serializers.ChoiceField(choices=Stream.choices, allow_null=True)

    class Meta(ItemSerializer.Meta):
        fields = [*ItemSerializer.Meta.fields, "held", "stream"]

    def cells(self) -> dict[str, Cell]:
        """How a line of many is read, with no object made of it: see `annotator.projects.lines`."""
        return {"held": Cell("held")}

    @extend_schema_field(HeldSerializer(allow_null=True))
    def get_held(self, item: Item) -> dict[str, Any] | None:
        """As the database gave it."""
        held: dict[str, Any] | None = getattr(item, "held", None)
        return held


class ListedItemFilterSerializer(ItemFilterSerializer):
    """Which items to list."""

    source = serializers.CharField(  # type: ignore[assignment]  # a field of this name, not the attribute
        required=False, max_length=120, allow_blank=True, help_text="As the ingest named it; empty for none."
    )
    stream = serializers.ChoiceField(
        choices=Stream.choices, required=False, help_text="A batch served it for this; checks are left out."
    )
    category = serializers.SlugField(required=False, max_length=40, help_text="Held to show this category.")
    verdict = serializers.ChoiceField(choices=VERDICTS, required=False, help_text="Held true.")
    method = serializers.ChoiceField(choices=METHODS, required=False, help_text="How it was resolved.")
    resolved = serializers.BooleanField(required=False, allow_null=True, default=None)
    since = serializers.DateField(required=False, help_text="Taken in; UTC, that day included.")
    until = serializers.DateField(required=False, help_text="Taken in; UTC, that day included.")
    changed_since = serializers.DateTimeField(
        required=False, help_text="Taken in, seen again with other content, erased or resolved since."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Days within reason."""
        moments = [attrs[name] for name in ("since", "until") if name in attrs]
        moments += [attrs["changed_since"].date()] if "changed_since" in attrs else []
        if not all(EARLIEST <= day <= LATEST for day in moments):
            raise serializers.ValidationError(f"since, until, changed_since: from {EARLIEST} to {LATEST}.")
        return attrs

    def listed(self) -> ListedItemFilter:
        """The filter."""
        sent = dict(self.validated_data)
        page = ItemFilter(**{name: sent.pop(name) for name in vars(ItemFilter()) if name in sent})
        return ListedItemFilter(page, **sent)
