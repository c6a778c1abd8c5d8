"""What the API takes and gives where a project is made and configured."""

from typing import Any, Final

from rest_framework import serializers

from annotator.projects.forms import SettingsForm
from annotator.projects.models import Membership, Project, Role
from annotator.projects.strict_text import MAX_CHARACTERS

USERNAME_MAX: Final = 150
OVERLAPS: Final = [1, 2, 3]


class NewProjectSerializer(serializers.Serializer[Any]):
    """A project to make; without a blueprint it begins with the K-12 taxonomy and its guideline."""

    name = serializers.CharField(max_length=120)
    slug = serializers.SlugField(max_length=50, help_text="For addresses: letters, digits, hyphens.")
    description = serializers.CharField(max_length=5000, allow_blank=True, default="")
    overlap = serializers.ChoiceField(choices=OVERLAPS, default=2)
    holdout_percent = serializers.IntegerField(min_value=0, max_value=50, default=10)
    blueprint = serializers.CharField(
        max_length=MAX_CHARACTERS,
        allow_blank=True,
        default="",
        help_text="YAML or JSON, as the form takes it.",
    )


class SettingsSerializer(serializers.ModelSerializer[Project]):
    """The settings of the loop, as an admin sets them."""

    class Meta:
        model = Project
        fields = SettingsForm.Meta.fields


class SettingsChangeSerializer(SettingsSerializer):
    """Settings to change; what is not named stays as it is."""

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """None of them has to be sent."""
        found = super().get_fields()
        for field in found.values():
            field.required = False
        return found


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """Somebody in the project."""

    username = serializers.CharField(source="user.username")
    is_active = serializers.BooleanField(source="user.is_active")
    role = serializers.ChoiceField(choices=Role.choices)

    class Meta:
        model = Membership
        fields = ["username", "role", "case_holder", "is_active"]


class MemberSetSerializer(serializers.Serializer[Any]):
    """An account and the role that it gets."""

    username = serializers.CharField(max_length=USERNAME_MAX)
    role = serializers.ChoiceField(choices=Role.choices)


class MemberEndSerializer(serializers.Serializer[Any]):
    """Whose membership ends."""

    username = serializers.CharField(max_length=USERNAME_MAX)


class CaseHolderSerializer(MemberEndSerializer):
    """A member, and whether they may open restricted cases."""

    holds = serializers.BooleanField()


class BlueprintSerializer(serializers.Serializer[Any]):
    """The published taxonomy and guideline as YAML, in the form that publishes them again."""

    taxonomy = serializers.IntegerField()
    guideline = serializers.IntegerField()
    text = serializers.CharField()


class BlueprintPublishSerializer(serializers.Serializer[Any]):
    """The next taxonomy and guideline as YAML, and why."""

    text = serializers.CharField(max_length=MAX_CHARACTERS)
    note = serializers.CharField(max_length=300)
