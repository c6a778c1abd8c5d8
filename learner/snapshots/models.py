"""Frozen datasets, and the runs that freeze them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.projects.models import APPEND_ONLY, Project
from annotator.runs import ACTIVE, Run


class Snapshot(models.Model):
    """One frozen, numbered dataset. Never changed; its files are checked by hash before they are handed out."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    content_sha256 = models.CharField(
        max_length=64, help_text="Of the manifest: same state, same bytes, same hash."
    )
    directory = models.CharField(max_length=300, help_text="Name in the file storage.")
    manifest = models.JSONField()
    n_items = models.BigIntegerField()
    n_judgments = models.BigIntegerField()
    size = models.BigIntegerField()

    class Meta:
        db_table = "snapshot"
        constraints = [models.UniqueConstraint(name="snapshot_number_once", fields=["project", "number"])]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"snapshot v{self.number}"


class CardSection(models.Model):
    """What people wrote in one section of the data card; a change is a new row with the next number."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    section = models.SlugField(
        max_length=40, db_index=False, help_text="One of `learner.core.cards.sections`."
    )
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True, help_text="Markdown; empty where the text was taken back.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "card_section"
        constraints = [
            models.UniqueConstraint(name="card_section_number_once", fields=["project", "section", "number"]),
            models.CheckConstraint(name="card_section_number_from_1", condition=Q(number__gte=1)),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.section} v{self.number}"


class SnapshotRun(Run):
    """The work of freezing one snapshot."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    snapshot = models.ForeignKey(Snapshot, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "snapshot_run"
        constraints = [
            models.UniqueConstraint(
                name="snapshot_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]
