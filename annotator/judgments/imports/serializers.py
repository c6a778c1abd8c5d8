"""What the API of the imports takes and gives."""

from typing import Any, Final

from rest_framework import serializers

from annotator.interchange.formats import FORMATS
from annotator.interchange.neutral import NAME_MAX
from annotator.judgments.models import JudgmentImport, RefusedJudgment

CHOICES: Final = [(one.slug, one.name) for one in FORMATS.values()]


class ImportUploadSerializer(serializers.Serializer[Any]):
    """A file of judgments."""

    file = serializers.FileField(allow_empty_file=True)
    format = serializers.ChoiceField(
        choices=CHOICES,
        required=False,
        help_text="Without it, by what is in the file.",
    )
    author = serializers.CharField(
        required=False, max_length=NAME_MAX, help_text="Who judged, where the file does not say."
    )
    question = serializers.CharField(
        required=False, max_length=NAME_MAX, help_text="The question or control whose answers are the labels."
    )


class ImportSerializer(serializers.ModelSerializer[JudgmentImport]):
    """One import: `phase` is `mapping` with the status `done` while it waits for `start`."""

    created_by = serializers.CharField(source="created_by.username")
    found = serializers.DictField(
        child=serializers.JSONField(),
        help_text="What is in the file, once it was read: pages, judgments, labels and annotators with how often they "
        "come, fields, addresses (the fields that hold some), left_out, refused.",
    )

    class Meta:
        model = JudgmentImport
        fields = [
            "id",
            "filename",
            "format",
            "author",
            "question",
            "size",
            "sha256",
            "phase",
            "status",
            "stage",
            "done",
            "total",
            "error",
            "found",
            "pages_read",
            "items_added",
            "items_known",
            "judgments_added",
            "judgments_known",
            "judgments_left_out",
            "refused",
            "created_by",
            "created_at",
            "finished_at",
        ]


class MappingSerializer(serializers.Serializer[Any]):
    """What the names of a file are here."""

    url = serializers.CharField(max_length=NAME_MAX, help_text="The field that holds the address.")
    title = serializers.CharField(max_length=NAME_MAX, default="", allow_blank=True)
    text = serializers.CharField(max_length=NAME_MAX, default="", allow_blank=True)
    labels = serializers.DictField(
        child=serializers.CharField(max_length=40),
        help_text="Each label of the file: the short name of a category, `none` or `ignore`.",
    )
    annotators = serializers.DictField(
        child=serializers.CharField(max_length=150, allow_blank=True),
        default=dict,
        help_text="People of the file who are members here, by user name. The others get accounts that cannot sign in.",
    )


class RefusedJudgmentSerializer(serializers.ModelSerializer[RefusedJudgment]):
    """What was not taken of a file, with the reason."""

    class Meta:
        model = RefusedJudgment
        fields = ["line", "reason", "detail", "value"]
