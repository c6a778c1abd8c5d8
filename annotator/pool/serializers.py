"""What the API of the pool takes and gives."""

from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from annotator.pool.erasing import DAYS_MAX, REASON_MAX
from annotator.pool.lists import NAMES_CHARS_MAX
from annotator.pool.models import Erasure, Ingest, IngestReport, Item, RefusedRow, Split
from annotator.pool.reporting import facts_of
from annotator.pool.selectors import ItemFilter, ItemPage


class UploadSerializer(serializers.Serializer[Any]):
    """A file to take in."""

    file = serializers.FileField(allow_empty_file=True)
    format = serializers.ChoiceField(
        choices=Ingest.Format.choices, required=False, allow_null=True, help_text="Overrules the file's name."
    )
    names = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=NAMES_CHARS_MAX,
        help_text="Of a directory of lists: what each list means, as lines `list,category`.",
    )


class IngestSerializer(serializers.ModelSerializer[Ingest]):
    """One ingest and how far it is; `done` and `total` are lines of the file."""

    list_names = serializers.DictField(
        child=serializers.CharField(allow_blank=True),
        help_text="What the lists of a directory of lists were said to be; empty for one that is not known.",
    )
    status_url = serializers.SerializerMethodField(help_text="Ask here until `status` is done or failed.")

    class Meta:
        model = Ingest
        fields = [
            "id", "status_url", "filename", "format", "gzipped", "size", "sha256", "status", "stage", "done", "total",
            "rows_read", "rows_added", "rows_known", "rows_changed", "rows_refused", "error", "created_at",
            "started_at", "finished_at", "list_names",
        ]  # fmt: skip

    @extend_schema_field(OpenApiTypes.URI_REF)
    def get_status_url(self, ingest: Ingest) -> str:
        """The address of this ingest."""
        return reverse("api:ingest-read", args=[self.context["slug"], ingest.pk])


class TopSiteSerializer(serializers.Serializer[Any]):
    """One site and how many pages of it came in."""

    site = serializers.CharField()
    n = serializers.IntegerField()


class SitesSerializer(serializers.Serializer[Any]):
    """How concentrated the pages are."""

    n = serializers.IntegerField()
    effective = serializers.FloatField(
        help_text="1 / the sum of squared shares: as many sites of equal size."
    )
    top = TopSiteSerializer(many=True)
    top_share = serializers.FloatField(allow_null=True, help_text="Of the ten largest.")


class SameSerializer(serializers.Serializer[Any]):
    """Groups of pages with the same text."""

    n_groups = serializers.IntegerField()
    n_pages = serializers.IntegerField()
    largest = serializers.IntegerField()


class AlikeSerializer(serializers.Serializer[Any]):
    """Groups of pages with nearly the same text, among `n_read` of them."""

    n_read = serializers.IntegerField()
    n_clusters = serializers.IntegerField()
    n_pages = serializers.IntegerField()
    largest = serializers.IntegerField()


class OverlapSerializer(serializers.Serializer[Any]):
    """What the project had before."""

    rows_read = serializers.IntegerField()
    rows_known = serializers.IntegerField()
    rows_changed = serializers.IntegerField()
    known_sites = serializers.IntegerField()
    items_on_known_sites = serializers.IntegerField()


class ReportFactsSerializer(serializers.Serializer[Any]):
    """What was measured."""

    n_items = serializers.IntegerField()
    kinds = serializers.DictField(
        child=serializers.IntegerField(), help_text="readable, short, empty, error, parked, script."
    )
    languages = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="By English name; under the empty name what is too short to tell.",
    )
    sites = SitesSerializer()
    same = SameSerializer()
    alike = AlikeSerializer()
    pool = OverlapSerializer()


class ReportSerializer(serializers.ModelSerializer[IngestReport]):
    """The report on an ingest, and how far it is."""

    facts = serializers.SerializerMethodField()

    class Meta:
        model = IngestReport
        fields = ["ingest", "status", "stage", "done", "total", "error", "facts"]

    @extend_schema_field(ReportFactsSerializer(allow_null=True))
    def get_facts(self, report: IngestReport) -> dict[str, Any] | None:
        """What was measured."""
        return facts_of(report)


class RefusedRowSerializer(serializers.ModelSerializer[RefusedRow]):
    """One row that was not taken in."""

    class Meta:
        model = RefusedRow
        fields = ["line", "reason", "detail", "value"]


class ItemFilterSerializer(serializers.Serializer[Any]):
    """Which items to list."""

    text = serializers.CharField(
        required=False, allow_blank=True, max_length=200, help_text="Part of the address or the title."
    )
    domain = serializers.CharField(
        required=False,
        allow_blank=True,
        max_length=255,
        help_text="The registrable domain, or an address on it.",
    )
    split = serializers.ChoiceField(choices=Split.choices, required=False, allow_blank=True)

    def wanted(self) -> ItemFilter:
        """The filter."""
        return ItemFilter(**self.validated_data)


class ItemSerializer(serializers.ModelSerializer[Item]):
    """One item, without its evidence."""

    metadata = serializers.DictField(child=serializers.JSONField())

    class Meta:
        model = Item
        fields = [
            "id", "ingest", "url", "raw_url", "host", "registrable_domain", "split", "pooled", "withheld",
            "erased_at", "source", "observed_at", "traffic", "known_labels", "metadata", "created_at",
        ]  # fmt: skip


class ItemPageSerializer(serializers.Serializer[ItemPage]):
    """One item with its newest evidence."""

    item = ItemSerializer()
    title = serializers.CharField()
    description = serializers.CharField()
    text = serializers.CharField()
    captured_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(help_text="Of the evidence; 0 when there is none.")
    content_hash = serializers.UUIDField(
        allow_null=True, help_text="Of title, description and text; stays when they are erased."
    )
    added_at = serializers.DateTimeField(
        allow_null=True, help_text="When the page came again with other content; null of the first version."
    )


class ErasureSerializer(serializers.ModelSerializer[Erasure]):
    """Who erased what, when, why and of how many items."""

    by = serializers.CharField(
        source="by.username", default=None, allow_null=True, help_text="Null: the tick."
    )

    class Meta:
        model = Erasure
        fields = ["id", "scope", "item", "site", "by", "at", "reason", "n_items"]


class ErasureRequestSerializer(serializers.Serializer[Any]):
    """What to erase: one item, or all pages of a site; and why."""

    item = serializers.IntegerField(
        required=False, allow_null=True, default=None, min_value=1, max_value=2**63 - 1
    )
    site = serializers.CharField(
        required=False,
        allow_blank=True,
        default="",
        max_length=500,
        help_text="Its name, or an address on it.",
    )
    reason = serializers.CharField(max_length=REASON_MAX, help_text="Do not quote the page: this stays.")


class RetentionSerializer(serializers.Serializer[Any]):
    """How long evidence of resolved items is kept."""

    days = serializers.IntegerField(
        allow_null=True,
        min_value=1,
        max_value=DAYS_MAX,
        help_text="After an item is resolved; null: for ever.",
    )
