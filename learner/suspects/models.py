"""Resolved labels that look wrong, as one run found them, and those that a lead confirmed."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import APPEND_ONLY, Project
from annotator.review.models import Resolution
from annotator.runs import ACTIVE, Run


class SuspectRun(Run):
    """The work of judging every resolved item by what never saw it."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    last_resolution = models.BigIntegerField(default=0, help_text="Highest resolution id that it could see.")
    n_items = models.BigIntegerField(default=0, help_text="Resolved items that it judged.")

    class Meta:
        db_table = "suspect_run"
        constraints = [
            models.UniqueConstraint(
                name="suspect_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]
        indexes = [models.Index(name="suspect_run_latest", fields=["project", "-id"])]


class Suspect(models.Model):
    """One category of one resolution that one run doubts, with the evidence in numbers. Append-only."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(SuspectRun, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    resolution = models.ForeignKey(Resolution, on_delete=models.PROTECT, related_name="+", db_index=False)
    category = models.SlugField(max_length=40)
    present = models.BooleanField(help_text="Whether the doubted resolution holds the category.")
    doubt = models.FloatField(help_text="0 to 1: the strongest evidence against the label.")
    rank = models.FloatField(help_text="Doubt times (1 + severity): higher is sooner.")
    probability = models.FloatField(
        null=True, help_text="By a classifier that saw no page of the site; null where it is not learned."
    )
    duplicates = models.BigIntegerField(help_text="Resolved near-duplicates.")
    duplicates_against = models.BigIntegerField(help_text="Those of them that hold the opposite.")
    pages = models.BigIntegerField(help_text="Other resolved pages of the site.")
    pages_against = models.BigIntegerField(help_text="Those of them that hold the opposite.")
    against = ArrayField(
        models.BigIntegerField(), default=list, help_text="A few near-duplicates that hold the opposite."
    )

    class Meta:
        db_table = "suspect"
        constraints = [
            models.UniqueConstraint(name="suspect_once", fields=["run", "item", "category"]),
            models.CheckConstraint(
                name="suspect_doubt_is_a_share", condition=Q(doubt__gte=0) & Q(doubt__lte=1)
            ),
        ]
        indexes = [models.Index(name="suspect_ranked", fields=["run", "-rank", "id"])]
        triggers = [APPEND_ONLY]


class SuspectConfirmation(models.Model):
    """A lead looked, and the label stands: not asked again while this resolution is held. Append-only."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    resolution = models.ForeignKey(Resolution, on_delete=models.PROTECT, related_name="+", db_index=False)
    category = models.SlugField(max_length=40)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "suspect_confirmation"
        constraints = [
            models.UniqueConstraint(name="suspect_confirmed_once", fields=["resolution", "category"])
        ]
        triggers = [APPEND_ONLY]
