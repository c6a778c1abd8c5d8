"""Gold to check people by, and how far each is trusted since."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import APPEND_ONLY, Clause, Project, Standing


class Gold(models.Model):
    """An item whose right answer is known and explained: it checks annotators and teaches new ones."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    labels = ArrayField(models.SlugField(max_length=40), default=list)
    explanation = models.CharField(max_length=1000)
    clause = models.ForeignKey(Clause, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    added_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "gold"
        constraints = [
            models.UniqueConstraint(
                name="gold_item_once", fields=["item"], condition=Q(retired_at__isnull=True)
            )
        ]
        triggers = [pgtrigger.Protect(name="keep_gold", operation=pgtrigger.Delete)]


class StandingChange(models.Model):
    """Why a member's standing changed. Append-only; seen by leads and by that person."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    standing = models.CharField(max_length=10, choices=Standing)
    reason = models.CharField(max_length=300)
    last_judgment = models.BigIntegerField(
        default=0, help_text="Checks up to this judgment were counted; later ones start afresh."
    )
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "standing_change"
        indexes = [models.Index(name="standing_latest", fields=["project", "annotator", "-id"])]
        triggers = [APPEND_ONLY]
