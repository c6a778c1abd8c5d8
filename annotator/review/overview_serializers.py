"""What the API says of a project's home."""

from typing import Any

from rest_framework import serializers

from annotator.projects.access import Can


class OverviewPaceSerializer(serializers.Serializer[Any]):
    """Judgments since midnight UTC, in the last 60 minutes, and in each of the last 24 clock hours."""

    today = serializers.IntegerField()
    last_hour = serializers.IntegerField()
    hours = serializers.ListField(child=serializers.IntegerField())


class NeedSerializer(serializers.Serializer[Any]):
    """Something that waits for a person: how much it matters, what, and what one has to be allowed to do it."""

    level = serializers.ChoiceField(choices=[("info", "info"), ("warning", "warning"), ("danger", "danger")])
    text = serializers.CharField()
    can = serializers.ChoiceField(choices=[(can.value, can.value) for can in Can])


class TeamCareSerializer(serializers.Serializer[Any]):
    """What those who judged in the last 24 hours took together; of fewer than three people nothing is told."""

    people = serializers.IntegerField()
    lighter = serializers.IntegerField(help_text="People who are given lighter pages now.")
    today = serializers.IntegerField(help_text="Pages judged harmful since midnight UTC.")
    hours = serializers.ListField(
        child=serializers.IntegerField(),
        help_text="Pages judged harmful in each of the last 24 clock hours, UTC.",
    )


class OverviewSerializer(serializers.Serializer[Any]):
    """The human half of a project's home at one moment; the learner's is in `progress/`."""

    n_items = serializers.IntegerField()
    n_resolved = serializers.IntegerField()
    pace = OverviewPaceSerializer()
    care = TeamCareSerializer(allow_null=True)
    needs = NeedSerializer(many=True)
