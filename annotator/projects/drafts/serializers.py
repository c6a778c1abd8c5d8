"""Drafts over the API: what is sent to change one, and what one says."""

from typing import Any, Final

from rest_framework import serializers

from annotator.projects.api import ClauseSerializer
from annotator.projects.blueprint import CategoryDraft
from annotator.projects.drafts.guideline import ClauseEdit
from annotator.projects.drafts.services import NOTE_MAX
from annotator.projects.drafts.taxonomy import OperationUndo, TaxonomyEdit
from annotator.projects.mapping import Kind
from annotator.projects.operations import Operation

REVISION_MAX: Final = 2**31 - 1
UNDO: Final = "undo"


class DraftSeenSerializer(serializers.Serializer[Any]):
    """Which draft the sender saw; 0 for none."""

    revision = serializers.IntegerField(min_value=0, max_value=REVISION_MAX)


class DraftPublishSerializer(DraftSeenSerializer):
    """A draft to publish, and why."""

    note = serializers.CharField(max_length=NOTE_MAX)


class DraftChangeSerializer(DraftSeenSerializer):
    """One change of a draft."""

    @property
    def edit(self) -> ClauseEdit | TaxonomyEdit:
        """What the sender asks for."""
        raise NotImplementedError


class GuidelineChangeSerializer(DraftChangeSerializer):
    """One change of the guideline's draft.

    `add` takes category, title and body; `save` number, title and body; `remove` a number. To add overwrites nobody, so
    its revision is not compared.
    """

    change = serializers.ChoiceField(choices=["add", "save", "remove"])
    number = serializers.CharField(max_length=12, required=False, default="", allow_blank=True)
    category = serializers.SlugField(max_length=40, required=False, default="", allow_blank=True)
    title = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)
    body = serializers.CharField(max_length=20_000, required=False, default="", allow_blank=True)

    @property
    def edit(self) -> ClauseEdit:
        """What the sender asks for."""
        sent = dict(self.validated_data)
        del sent["revision"]
        return ClauseEdit(**sent)


class DraftedCategorySerializer(serializers.Serializer[Any]):
    """One category before it is published."""

    slug = serializers.SlugField(max_length=40)
    name = serializers.CharField(max_length=60)
    definition = serializers.CharField(max_length=5000)
    severity = serializers.IntegerField(min_value=0, max_value=3)
    cipa = serializers.BooleanField()
    key = serializers.CharField(max_length=1, allow_blank=True, default="")
    recall_floor = serializers.FloatField(min_value=0, max_value=1, allow_null=True, default=None)
    terms = serializers.ListField(
        child=serializers.CharField(max_length=60), max_length=1000, default=list, required=False
    )


class TaxonomyChangeSerializer(DraftChangeSerializer):
    """One change of the taxonomy's draft.

    `undo` takes the position of an operation, from 0. Every other change is an operation: categories by slug as
    `sources`, and what takes their place as `made`.
    """

    change = serializers.ChoiceField(choices=[*(kind.value for kind in Kind), UNDO])
    sources = serializers.ListField(
        child=serializers.SlugField(max_length=40), max_length=200, default=list, required=False
    )
    made = DraftedCategorySerializer(many=True, required=False, default=list)
    position = serializers.IntegerField(
        min_value=0, max_value=1000, required=False, allow_null=True, default=None
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse to undo nothing."""
        if attrs["change"] == UNDO and attrs["position"] is None:
            raise serializers.ValidationError({"position": "Say which operation, from 0."})
        return attrs

    @property
    def edit(self) -> TaxonomyEdit:
        """What the sender asks for."""
        sent = self.validated_data
        if sent["change"] == UNDO:
            return OperationUndo(sent["position"])
        made = tuple(
            CategoryDraft(**{**row, "terms": tuple(dict.fromkeys(map(str.lower, row["terms"])))})
            for row in sent["made"]
        )
        return Operation(Kind(sent["change"]), tuple(sent["sources"]), made)


class DraftSerializer(serializers.Serializer[Any]):
    """A draft; revision 0 while nothing is changed."""

    revision = serializers.IntegerField()
    base = serializers.IntegerField(source="base.version.number")
    is_outdated = serializers.BooleanField()
    changed_by = serializers.CharField(source="draft.changed_by.username", allow_null=True, default=None)


class GuidelineDraftSerializer(DraftSerializer):
    """The draft of the guideline; revision 0 while nothing is changed."""

    clauses = ClauseSerializer(many=True)


class StepSerializer(serializers.Serializer[Any]):
    """One operation of a draft: its place, and what it does in words."""

    position = serializers.IntegerField()
    kind = serializers.CharField(source="operation.kind")
    sources = serializers.ListField(child=serializers.CharField(), source="operation.sources")
    words = serializers.CharField()
    consequence = serializers.CharField()


class TaxonomyDraftSerializer(DraftSerializer):
    """The draft of the taxonomy: its steps, and the categories that they make; revision 0 while nothing is changed."""

    steps = StepSerializer(many=True)
    categories = DraftedCategorySerializer(many=True)


class PublishedSerializer(serializers.Serializer[Any]):
    """The version that a draft became."""

    version = serializers.IntegerField(source="number")
