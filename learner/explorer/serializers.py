"""What the API says of the explorer."""

from typing import Any

from rest_framework import serializers


class ExplorerItemSerializer(serializers.Serializer[Any]):
    """One item that was found. `held` is null where nothing is; `probability` of the category that was asked for."""

    id = serializers.IntegerField()
    url = serializers.CharField()
    title = serializers.CharField(allow_blank=True)
    split = serializers.CharField()
    source = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    held = serializers.ListField(child=serializers.CharField(), allow_null=True)
    method = serializers.CharField(allow_blank=True)
    judgments = serializers.IntegerField()
    probability = serializers.FloatField(allow_null=True)


class ChartBarSerializer(serializers.Serializer[Any]):
    """One bar of a chart; `value` narrows the filter to it, and is empty where none does."""

    name = serializers.CharField(allow_blank=True)
    n = serializers.IntegerField()
    value = serializers.CharField(allow_blank=True)


class ExplorerChartsSerializer(serializers.Serializer[Any]):
    """What all that was found is made of. All counts are exact, as of `refreshed_at`; `behind` says what they lack."""

    count = serializers.IntegerField()
    refreshed_at = serializers.DateTimeField(allow_null=True)
    behind = serializers.CharField(allow_blank=True)
    n_resolved = serializers.IntegerField()
    categories = ChartBarSerializer(many=True, help_text="Held true; an item may hold several.")
    streams = ChartBarSerializer(many=True, help_text="That first served it.")
    n_sources = serializers.IntegerField()
    sources = ChartBarSerializer(many=True, help_text="The largest.")
    n_sites = serializers.IntegerField()
    sites = ChartBarSerializer(many=True, help_text="The largest.")
    days = ChartBarSerializer(many=True, help_text="Taken in, by day (UTC), or by month where that is long.")


class ExplorerSerializer(serializers.Serializer[Any]):
    """A page of what was found. The count is exact, as of `refreshed_at`, and `behind` says what that lacks."""

    count = serializers.IntegerField()
    refreshed_at = serializers.DateTimeField(allow_null=True)
    behind = serializers.CharField(allow_blank=True)
    classifier = serializers.IntegerField(
        allow_null=True, help_text="The version that gave the probabilities."
    )
    next_before = serializers.IntegerField(
        allow_null=True, help_text="Send it as `before` for the next page."
    )
    results = ExplorerItemSerializer(many=True)
