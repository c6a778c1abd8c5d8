"""What the API says of work that people ask the learner for."""

from typing import Any

from rest_framework import serializers

from annotator.runs import RunStatus
from learner.query.models import SuggestionRun
from learner.training.models import TrainingRun


class TrainingRunSerializer(serializers.ModelSerializer[TrainingRun]):
    """The work of fitting one classifier version."""

    status = serializers.ChoiceField(choices=RunStatus.choices)

    class Meta:
        model = TrainingRun
        fields = [
            "id", "status", "reason", "stage", "done", "total", "created_at", "started_at", "finished_at", "error",
            "seed",
        ]  # fmt: skip


class SuggestionRunSerializer(serializers.ModelSerializer[SuggestionRun]):
    """One run that asked a language model about candidates of a category."""

    status = serializers.ChoiceField(choices=RunStatus.choices)

    class Meta:
        model = SuggestionRun
        fields = [
            "id",
            "status",
            "category",
            "language_model",
            "n_requests",
            "created_at",
            "finished_at",
            "error",
        ]


class SuggestionsSerializer(serializers.Serializer[Any]):
    """Suggestions of a language model in the project."""

    is_on = serializers.BooleanField()
    language_model = serializers.CharField(allow_blank=True, help_text="Empty where none is configured now.")
    host = serializers.CharField(allow_blank=True)
    set_by = serializers.CharField(source="switch.set_by.username", allow_null=True, default=None)
    a_day = serializers.IntegerField(help_text="Requests at most, over all projects.")
    a_run = serializers.IntegerField(help_text="Items at most.")
    runs = SuggestionRunSerializer(many=True)


class SuggestionsSwitchSerializer(serializers.Serializer[Any]):
    """On or off."""

    on = serializers.BooleanField()


class UsesSerializer(serializers.Serializer[Any]):
    """Numbers of the snapshots and classifier versions that were made with a judgment, newest first."""

    snapshots = serializers.ListField(child=serializers.IntegerField())
    classifiers = serializers.ListField(child=serializers.IntegerField())
    sentence = serializers.CharField(allow_blank=True, help_text="The same in words.")
