"""What the API says and reads of webhooks."""

from typing import Any

from rest_framework import serializers

from learner.webhooks.addresses import URL_MAX
from learner.webhooks.models import Attempt, Delivery, DeliveryStatus, Endpoint, Event


class EndpointSerializer(serializers.ModelSerializer[Endpoint]):
    """One webhook; `paused_why` is empty while it is not paused."""

    events = serializers.ListField(child=serializers.ChoiceField(Event.choices))

    class Meta:
        model = Endpoint
        fields = [
            "id",
            "url",
            "note",
            "events",
            "created_at",
            "paused_at",
            "paused_why",
            "failures",
            "failing_since",
        ]


class EventsSerializer(serializers.Serializer[Any]):
    """What an endpoint is told of."""

    events = serializers.ListField(child=serializers.ChoiceField(Event.choices), min_length=1, max_length=20)
    note = serializers.CharField(max_length=120, required=False, default="", allow_blank=True)


class NewEndpointSerializer(EventsSerializer):
    """A new webhook."""

    url = serializers.CharField(max_length=URL_MAX)


class SecretSerializer(serializers.Serializer[Any]):
    """The secret that deliveries are signed with. It is shown this once."""

    webhook = EndpointSerializer()
    secret = serializers.CharField()


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    """One try: the status of HTTP and how the answer begins, or what was the matter."""

    class Meta:
        model = Attempt
        fields = ["at", "status", "seconds", "answer", "problem"]


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    """One event for one webhook, with every attempt of the last 30 days, newest first."""

    status = serializers.ChoiceField(DeliveryStatus.choices)
    attempts = AttemptSerializer(many=True, source="tries")

    class Meta:
        model = Delivery
        fields = [
            "id",
            "event",
            "message",
            "body",
            "status",
            "created_at",
            "next_at",
            "finished_at",
            "attempts",
        ]
