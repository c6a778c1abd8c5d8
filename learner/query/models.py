"""Feature shards of the pool, and the runs of the query model over them."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.projects.models import Project
from annotator.queue.models import Batch
from annotator.runs import ACTIVE, Run


class FeatureShard(models.Model):
    """The features of a range of items under one recipe, computed once, as a file in the storage."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    recipe = models.CharField(max_length=40)
    first_item = models.BigIntegerField()
    last_item = models.BigIntegerField()
    n_items = models.PositiveIntegerField()
    path = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "feature_shard"
        constraints = [
            models.UniqueConstraint(name="feature_shard_once", fields=["project", "recipe", "first_item"]),
            models.CheckConstraint(
                name="feature_shard_range", condition=Q(last_item__gte=models.F("first_item"))
            ),
        ]


class FeatureRun(Run):
    """The work of computing features for the items that have none yet."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "feature_run"
        constraints = [
            models.UniqueConstraint(
                name="feature_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]


class QueryRun(Run):
    """One query: what asked for it, which classifier scored, and the batch it opened."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    seed = models.BigIntegerField()
    classifier_number = models.PositiveIntegerField(null=True)
    artifact = models.CharField(max_length=300, blank=True, default="")
    artifact_sha256 = models.CharField(max_length=64, blank=True, default="")
    pool_size = models.BigIntegerField(null=True)
    phases = models.JSONField(default=dict, help_text="Seconds by phase.")
    batch = models.ForeignKey(Batch, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "query_run"
        constraints = [
            models.UniqueConstraint(
                name="query_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]
        indexes = [models.Index(name="query_run_latest", fields=["project", "-id"])]
