"""Endpoints that want to be told, the deliveries to them, and every attempt at one."""

from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.projects.models import Project


class Event(models.TextChoices):
    """What an endpoint may be told of."""

    BATCH_OPENED = "batch.opened", "A batch was opened"
    SNAPSHOT_PUBLISHED = "snapshot.published", "A snapshot was published"
    CLASSIFIER_EVALUATED = "classifier.evaluated", "A classifier was evaluated"
    TRAINING_FAILED = "training.failed", "A training run failed"
    INGEST_DONE = "ingest.done", "An ingest is through"


PING = "ping"
"""The event of a test: only whoever asks for it gets it."""


class Endpoint(models.Model):
    """An address of a receiver, what it is told of, and how it is signed."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    url = models.CharField(max_length=500)
    note = models.CharField(max_length=120, blank=True, default="")
    events = ArrayField(models.CharField(max_length=30, choices=Event))
    secret = models.TextField(help_text="Encrypted with a key from the installation's secret.")
    secret_before = models.TextField(
        blank=True, default="", help_text="The one before, encrypted: signs too, for a while."
    )
    secret_before_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    since = models.JSONField(help_text="Event -> from when on it is told.")
    looked_at = models.DateTimeField(
        default=timezone.now, help_text="Up to when rows were looked through, within the hour."
    )
    paused_at = models.DateTimeField(null=True)
    paused_why = models.CharField(max_length=300, blank=True, default="")
    failures = models.PositiveIntegerField(default=0, help_text="Attempts that failed in a row.")
    failing_since = models.DateTimeField(null=True)
    busy_until = models.DateTimeField(null=True, help_text="A worker is sending; one at a time.")
    woken_at = models.DateTimeField(null=True, help_text="When a worker was last woken for it.")

    class Meta:
        db_table = "webhook"
        constraints = [
            models.CheckConstraint(
                name="webhook_pause_has_a_reason", condition=Q(paused_at__isnull=True) | ~Q(paused_why="")
            )
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def host(self) -> str:
        """Where it leads, for the log: the path may hold a key of the receiver."""
        return urlsplit(self.url).netloc


class DeliveryStatus(models.TextChoices):
    """Where a delivery stands."""

    PENDING = "pending", "waiting"
    DONE = "done", "delivered"
    FAILED = "failed", "given up"


class Delivery(models.Model):
    """One event for one endpoint: made once, delivered at least once, with the same id and body each time."""

    endpoint = models.ForeignKey(Endpoint, on_delete=models.CASCADE, related_name="+", db_index=False)
    event = models.CharField(max_length=30)
    subject = models.BigIntegerField(null=True, help_text="Id of the row that it tells of; none of a test.")
    message = models.CharField(max_length=40, unique=True, help_text="What the receiver tells repeats by.")
    body = models.TextField()
    status = models.CharField(max_length=10, choices=DeliveryStatus, default=DeliveryStatus.PENDING)
    attempts = models.PositiveSmallIntegerField(
        default=0, help_text="Since it was made, or last asked for by hand."
    )
    created_at = models.DateTimeField(default=timezone.now)
    next_at = models.DateTimeField(default=timezone.now, help_text="When it is tried next, while it waits.")
    finished_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "webhook_delivery"
        constraints = [
            models.UniqueConstraint(name="webhook_delivery_once", fields=["endpoint", "event", "subject"])
        ]
        indexes = [
            models.Index(name="webhook_delivery_latest", fields=["endpoint", "-id"]),
            models.Index(name="webhook_delivery_due", fields=["next_at"], condition=Q(status="pending")),
            models.Index(name="webhook_delivery_old", fields=["created_at"]),
        ]

    def __str__(self) -> str:
        return f"{self.event} to {self.endpoint_id}"


class Attempt(models.Model):
    """One try at a delivery: what the receiver answered, or why there is no answer."""

    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    at = models.DateTimeField(default=timezone.now)
    status = models.PositiveSmallIntegerField(null=True, help_text="Of HTTP; none when there was no answer.")
    seconds = models.FloatField()
    answer = models.CharField(max_length=500, blank=True, default="", help_text="How the answer begins.")
    problem = models.CharField(max_length=300, blank=True, default="", help_text="Empty when it was taken.")

    class Meta:
        db_table = "webhook_attempt"
        ordering = ["-pk"]
