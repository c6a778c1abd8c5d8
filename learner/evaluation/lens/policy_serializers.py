"""What the API takes and gives of school profiles as people set them, and of the over-block pack."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from learner.core.metrics.policy import Action, Objective
from learner.core.pack import LIMIT_MAX, PACKS, QUOTA_MAX
from learner.evaluation.lens.forms import COST_MAX, NUMBERS_MAX, PAGES_MAX
from learner.evaluation.lens.services import LINES_MAX, RuleDraft
from learner.evaluation.models import PackRule, ProfileRule, ProfileVersion

ACTIONS: Final = [(one.value, one.value) for one in Action]
RULES_MAX: Final = 500
IDS_MAX: Final = 200
ADDRESS_MAX: Final = 2_000
ID_MAX: Final = 2**63 - 1


class ProfileRuleSerializer(serializers.Serializer[Any]):
    """What a school does with one category, and how its threshold is found."""

    category = serializers.SlugField(max_length=40)
    action = serializers.ChoiceField(choices=ACTIONS)
    objective = serializers.ChoiceField(choices=[(one.value, one.words) for one in Objective])
    threshold = serializers.FloatField(min_value=0, max_value=1, allow_null=True, default=None)
    recall_floor = serializers.FloatField(min_value=0, max_value=1, allow_null=True, default=None)
    cost_miss = serializers.FloatField(min_value=0.001, max_value=COST_MAX)
    cost_block = serializers.FloatField(min_value=0.001, max_value=COST_MAX)
    exception = serializers.CharField(
        max_length=500, allow_blank=True, default="", help_text="Why CIPA's duty is not followed."
    )


class ProfileRulesSerializer(serializers.Serializer[Any]):
    """The rules of a profile; `number` is 0 while nobody set any, and the rules are the usual ones then."""

    name = serializers.CharField()
    number = serializers.IntegerField()
    pages_a_day = serializers.IntegerField(allow_null=True)
    note = serializers.CharField(allow_blank=True)
    set_by = serializers.CharField(allow_null=True)
    set_at = serializers.DateTimeField(allow_null=True)
    rules = ProfileRuleSerializer(many=True)


class ProfileExceptionSerializer(serializers.ModelSerializer[ProfileRule]):
    """A rule that does not follow CIPA's duty, and why."""

    class Meta:
        model = ProfileRule
        fields = ["category", "action", "exception"]


class ProfileVersionSerializer(serializers.ModelSerializer[ProfileVersion]):
    """One version of a profile: who set it, when and why, and the exceptions that it makes."""

    set_by = serializers.CharField(source="set_by.username")
    exceptions = serializers.SerializerMethodField()

    class Meta:
        model = ProfileVersion
        fields = ["number", "pages_a_day", "note", "set_by", "set_at", "exceptions"]

    @extend_schema_field(ProfileExceptionSerializer(many=True))
    def get_exceptions(self, version: ProfileVersion) -> list[dict[str, Any]]:
        """From the exceptions of the page, which were read together."""
        rules = self.context["exceptions"].get(version.pk, [])
        return [dict(row) for row in ProfileExceptionSerializer(rules, many=True).data]


class ProfileSetSerializer(serializers.Serializer[Any]):
    """The next version of a profile: a rule for each category, on top of the version that was read."""

    based_on = serializers.IntegerField(min_value=0, max_value=NUMBERS_MAX)
    pages_a_day = serializers.IntegerField(min_value=1, max_value=PAGES_MAX, allow_null=True, default=None)
    note = serializers.CharField(max_length=300, allow_blank=True, default="")
    rules = serializers.ListField(child=ProfileRuleSerializer(), allow_empty=False, max_length=RULES_MAX)

    @property
    def drafts(self) -> list[RuleDraft]:
        """The rules that were sent."""
        return [RuleDraft(**row) for row in self.validated_data["rules"]]


class PackMemberSerializer(serializers.Serializer[Any]):
    """A page that must not be over-blocked."""

    item = serializers.IntegerField(source="item_id")
    address = serializers.CharField(source="url.defanged")
    title = serializers.CharField(allow_blank=True)
    in_train = serializers.BooleanField(help_text="Whether the classifier may have learned from it.")
    by = serializers.CharField()
    at = serializers.DateTimeField()
    note = serializers.CharField(allow_blank=True)


class PackSerializer(serializers.Serializer[Any]):
    """One slice of the over-block pack, the newest pages first."""

    pack = serializers.CharField(source="slug")
    title = serializers.CharField()
    n_holdout = serializers.IntegerField(help_text="Pages of sites that never train.")
    limit = serializers.FloatField(source="asked.limit", help_text="Of flagged pages, as a share of all.")
    quota = serializers.IntegerField(source="asked.quota", help_text="Pages audited with each batch.")
    number = serializers.IntegerField(source="asked.number", help_text="Send it as based_on.")
    members = PackMemberSerializer(many=True)


class PackAddSerializer(serializers.Serializer[Any]):
    """Pages to put into a slice: addresses or domains, items by id, or both."""

    pack = serializers.ChoiceField(choices=list(PACKS.items()))
    addresses = serializers.ListField(
        child=serializers.CharField(max_length=ADDRESS_MAX), max_length=LINES_MAX, default=list
    )
    items = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=ID_MAX), max_length=IDS_MAX, default=list
    )
    note = serializers.CharField(max_length=200, allow_blank=True, default="")


class PackAddedSerializer(serializers.Serializer[Any]):
    """How many pages were not in it yet, and what names no page of the project."""

    n_added = serializers.IntegerField()
    unknown = serializers.ListField(child=serializers.CharField())


class PackRuleSetSerializer(serializers.Serializer[Any]):
    """What is asked of a slice, on top of the version that the caller read."""

    pack = serializers.ChoiceField(choices=list(PACKS.items()))
    limit = serializers.FloatField(min_value=0, max_value=LIMIT_MAX)
    quota = serializers.IntegerField(min_value=0, max_value=QUOTA_MAX)
    based_on = serializers.IntegerField(min_value=0, max_value=NUMBERS_MAX)
    note = serializers.CharField(max_length=200, allow_blank=True, default="")


class PackRuleSerializer(serializers.ModelSerializer[PackRule]):
    """One version of what is asked of a slice."""

    set_by = serializers.CharField(source="set_by.username")

    class Meta:
        model = PackRule
        fields = ["pack", "number", "limit", "quota", "note", "set_at", "set_by"]


class PackRemoveSerializer(serializers.Serializer[Any]):
    """A page to take out of a slice."""

    pack = serializers.ChoiceField(choices=list(PACKS.items()))
    item = serializers.IntegerField(min_value=1, max_value=ID_MAX)
