"""What the API says and reads of experiments."""

from typing import Any

from rest_framework import serializers

from learner.evaluation.release.services import REASON_MAX
from learner.monitoring.experiments.services import NUMBERS_MAX, SHARE_USUAL, WHY_MAX
from learner.monitoring.models import Experiment


class ExperimentSerializer(serializers.ModelSerializer[Experiment]):
    """One experiment; versions by their number, people by their name."""

    base = serializers.IntegerField(source="base.number")
    candidate = serializers.IntegerField(source="candidate.number")
    started_by = serializers.CharField(source="started_by.username")
    ended_by = serializers.CharField(source="ended_by.username", default="")

    class Meta:
        model = Experiment
        fields = [
            "number",
            "base",
            "candidate",
            "share",
            "shadow",
            "keeps_pages",
            "reason",
            "exception",
            "started_at",
            "started_by",
            "ends_at",
            "ended_at",
            "ended_by",
            "ended_why",
        ]


class NewExperimentSerializer(serializers.Serializer[Any]):
    """An experiment to start."""

    candidate = serializers.IntegerField(min_value=1, max_value=NUMBERS_MAX, help_text="Number of a version.")
    share = serializers.IntegerField(min_value=1, max_value=100, default=SHARE_USUAL)
    reason = serializers.CharField(max_length=REASON_MAX)
    shadow = serializers.BooleanField(default=False)
    keeps_pages = serializers.BooleanField(default=True)
    ends_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    exception = serializers.CharField(max_length=REASON_MAX, required=False, allow_blank=True, default="")


class EndSerializer(serializers.Serializer[Any]):
    """Why an experiment is to end."""

    reason = serializers.CharField(max_length=WHY_MAX)


class ArmCountedSerializer(serializers.Serializer[Any]):
    """One arm; milliseconds are upper ends of bins, of requests for one page."""

    number = serializers.IntegerField(help_text="Of the version.")
    requests = serializers.IntegerField(help_text="With a page of this arm.")
    pages = serializers.IntegerField()
    alone = serializers.IntegerField(help_text="Requests for one page.")
    p50_ms = serializers.IntegerField(allow_null=True)
    p99_ms = serializers.IntegerField(allow_null=True)


class GapSerializer(serializers.Serializer[Any]):
    """The candidate's share less the base's, with its 95 % interval over groups of sites; or null, and why."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)
    n = serializers.IntegerField(help_text="Pages behind both.")
    why = serializers.CharField()


class ComparedSerializer(serializers.Serializer[Any]):
    """How often something is done, by either version."""

    name = serializers.CharField(help_text="An action, or the name of a category.")
    action = serializers.CharField()
    base = serializers.FloatField(allow_null=True)
    candidate = serializers.FloatField(allow_null=True)
    n_base = serializers.IntegerField()
    n_candidate = serializers.IntegerField()
    difference = GapSerializer()


class CrossingSerializer(serializers.Serializer[Any]):
    """Pages that both scored, by what either would do."""

    base = serializers.CharField()
    candidate = serializers.CharField()
    n = serializers.IntegerField()


class LatencyBinSerializer(serializers.Serializer[Any]):
    """Requests for one page that took no longer than this, and longer than the bin before; null: any longer."""

    upto_ms = serializers.IntegerField(allow_null=True)
    base = serializers.IntegerField()
    candidate = serializers.IntegerField()


class CountedSerializer(serializers.Serializer[Any]):
    """What an experiment counted so far."""

    at = serializers.DateTimeField(allow_null=True)
    base = ArmCountedSerializer()
    candidate = ArmCountedSerializer()
    failed = serializers.IntegerField(help_text="Requests in which the candidate could not be read.")
    actions = ComparedSerializer(many=True, help_text="Arm against arm: other sites, unless it is a shadow.")
    categories = ComparedSerializer(many=True)
    same = ComparedSerializer(many=True, help_text="On pages that both scored.")
    crossings = CrossingSerializer(many=True)
    latency = LatencyBinSerializer(
        many=True, help_text="Of requests for one page; none are told of a shadow."
    )
    n_same = serializers.IntegerField(help_text="Pages that both scored.")
    n_differ = serializers.IntegerField()


class ExperimentCountedSerializer(serializers.Serializer[Any]):
    """An experiment, and what it counted so far."""

    experiment = ExperimentSerializer()
    counted = CountedSerializer()


class OpenedSerializer(serializers.Serializer[Any]):
    """The batch that was opened."""

    batch = serializers.IntegerField(help_text="Its number.")
    n_items = serializers.IntegerField()
