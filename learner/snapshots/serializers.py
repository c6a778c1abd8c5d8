"""What the API takes and tells about snapshots."""

from typing import Any

from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from learner.snapshots.content import (
    EARLIEST,
    JUDGMENTS_MAX,
    LATEST,
    METHODS,
    SOURCES_MAX,
    STREAMS,
    Choice,
    Format,
    Pseudonyms,
    choice_of,
    dates_problem,
)
from learner.snapshots.models import Snapshot, SnapshotComparison, SnapshotNote, SnapshotRun
from learner.snapshots.services import NOTE_MAX


class NoteSerializer(serializers.ModelSerializer[SnapshotNote]):
    """What somebody wrote on a snapshot; the newest `name` holds."""

    kind = serializers.ChoiceField(choices=SnapshotNote.Kind.choices)
    by = serializers.CharField(source="by.username", read_only=True)
    text = serializers.CharField(max_length=NOTE_MAX)

    class Meta:
        model = SnapshotNote
        fields = ["kind", "text", "by", "at"]
        read_only_fields = ["at"]


class SnapshotSerializer(serializers.ModelSerializer[Snapshot]):
    """One snapshot; `sha256` is that of its manifest, which holds those of its files.

    `content_sha256` is the same for the same state and choice. `deprecated` says why not to use it, or is empty.
    """

    semantic = serializers.CharField()
    created_by = serializers.CharField(
        source="created_by.username", allow_null=True, default=None, help_text="Null: the command line."
    )
    name = serializers.CharField()
    deprecated = serializers.CharField()
    sha256 = serializers.CharField()
    manifest = serializers.JSONField()
    notes = NoteSerializer(many=True)

    class Meta:
        model = Snapshot
        fields = [
            "number",
            "semantic",
            "name",
            "deprecated",
            "created_at",
            "created_by",
            "sha256",
            "content_sha256",
            "n_items",
            "n_judgments",
            "size",
            "notes",
            "manifest",
        ]


class TableSerializer(serializers.Serializer[Any]):
    """How far one table of a snapshot is."""

    name = serializers.CharField()
    rows = serializers.IntegerField(help_text="Written so far.")
    done = serializers.IntegerField(help_text="Items whose rows are written.")
    total = serializers.IntegerField(help_text="Items.")
    is_whole = serializers.BooleanField()
    is_kept = serializers.BooleanField(help_text="Written by an earlier attempt, whose worker died.")


class SnapshotRunSerializer(serializers.ModelSerializer[SnapshotRun]):
    """The work of freezing: poll `status_url` until `status` is done or failed."""

    snapshot = serializers.IntegerField(source="snapshot.number", allow_null=True, default=None)
    status_url = serializers.SerializerMethodField()
    content = serializers.JSONField()
    formats = serializers.ListField(child=serializers.CharField())
    tables = TableSerializer(many=True, read_only=True, help_text="None before the items are found.")

    class Meta:
        model = SnapshotRun
        fields = [
            "id",
            "status",
            "stage",
            "done",
            "total",
            "tables",
            "error",
            "created_at",
            "finished_at",
            "snapshot",
            "content",
            "as_of",
            "formats",
            "pseudonyms",
            "status_url",
        ]

    @extend_schema_field(OpenApiTypes.URI_REF)
    def get_status_url(self, run: SnapshotRun) -> str:
        """Where to ask again."""
        return reverse("api:snapshot-run-read", args=[run.project.slug, run.pk])


def _some(child: serializers.Field[Any, Any, Any, Any], words: str) -> serializers.ListField:
    return serializers.ListField(
        child=child,
        required=False,
        allow_empty=False,
        max_length=SOURCES_MAX,
        help_text=f"{words} Leave it out for all.",
    )


class ChoiceSerializer(serializers.Serializer[Any]):
    """What the snapshot holds; what is left out of the request leaves nothing out of the snapshot."""

    methods = _some(serializers.ChoiceField(choices=list(METHODS)), "How the item was resolved.")
    min_judgments = serializers.IntegerField(
        required=False, min_value=0, max_value=JUDGMENTS_MAX, help_text="That the labels rest on."
    )
    categories = _some(serializers.SlugField(max_length=40), "The item has at least one of them.")
    streams = _some(serializers.ChoiceField(choices=STREAMS), "What first served the item.")
    sources = _some(
        serializers.CharField(max_length=120, allow_blank=True),
        "As the ingest file named them; empty for none.",
    )
    resolved_from = serializers.DateField(required=False, help_text="UTC, that day included.")
    resolved_until = serializers.DateField(required=False, help_text="UTC, that day included.")
    as_of = serializers.DateTimeField(
        required=False, help_text="The project as it was then, with the same bytes as if taken then."
    )
    formats = _some(serializers.ChoiceField(choices=Format.choices), "Files beside Parquet.")
    pseudonyms = serializers.ChoiceField(choices=Pseudonyms.choices, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Dates within reason, and in order."""
        problem = dates_problem(attrs.get("resolved_from"), attrs.get("resolved_until"))
        as_of = attrs.get("as_of")
        if as_of is not None and not EARLIEST <= as_of.date() <= LATEST:
            problem = f"as_of: name a moment from {EARLIEST} on."
        if problem:
            raise serializers.ValidationError(problem)
        return attrs

    @property
    def choice(self) -> Choice:
        """What was chosen, once it is valid."""
        return choice_of(self.validated_data)


class PreviewSerializer(serializers.Serializer[Any]):
    """How much a snapshot of a choice would hold."""

    n_items = serializers.IntegerField()
    n_left_out = serializers.IntegerField(help_text="Resolved as something else than labelled.")
    n_withheld = serializers.IntegerField(help_text="Resolved, and sealed in a restricted case.")
    state_as_of = serializers.CharField(help_text="The newest judgment or resolution of the moment.")


class AlphaSerializer(serializers.Serializer[Any]):
    """Krippendorff's alpha with its 95 % interval; null where it is undefined."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n_items = serializers.IntegerField(help_text="Items with two judgments or more.")


class CategoryDifferenceSerializer(serializers.Serializer[Any]):
    """One category in both snapshots."""

    slug = serializers.CharField()
    name = serializers.CharField()
    gained = serializers.IntegerField()
    lost = serializers.IntegerField()
    by_cause = serializers.DictField(child=serializers.IntegerField())
    alpha_before = AlphaSerializer()
    alpha_after = AlphaSerializer()


class DifferencesSerializer(serializers.Serializer[Any]):
    """What differs between two snapshots, by items."""

    before = serializers.IntegerField()
    after = serializers.IntegerField()
    added = serializers.IntegerField()
    removed = serializers.IntegerField()
    relabelled = serializers.IntegerField()
    same = serializers.IntegerField()
    by_cause = serializers.DictField(child=serializers.IntegerField())
    categories = CategoryDifferenceSerializer(many=True)


class SnapshotComparisonSerializer(serializers.ModelSerializer[SnapshotComparison]):
    """A comparison that a worker makes; `error` says why it failed."""

    class Meta:
        model = SnapshotComparison
        fields = ["status", "stage", "error", "created_at"]


class SigningKeySerializer(serializers.Serializer[Any]):
    """The public half of the installation's key (ed25519, base64); empty when manifests are not signed."""

    public_key = serializers.CharField()
