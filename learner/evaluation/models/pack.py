"""Pages that must not be over-blocked: which they are, what is asked of them, and which were drawn for audit."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import APPEND_ONLY, Project
from annotator.queue.models import Batch
from learner.core.pack import PACKS


class PackMember(models.Model):
    """That a page was put into the over-block pack, or taken out. Append-only; the newest row of a page counts."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    pack = models.CharField(max_length=24, choices=list(PACKS.items()))
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    inside = models.BooleanField()
    note = models.CharField(max_length=200, blank=True, default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "pack_member"
        indexes = [models.Index(name="pack_member_newest", fields=["project", "pack", "item", "-id"])]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.pack}: item {self.item_id} {'in' if self.inside else 'out'}"


class PackRule(models.Model):
    """What people ask of a slice of the pack: its limit, and how many audits. Append-only; the newest counts."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    pack = models.CharField(max_length=24, choices=list(PACKS.items()))
    number = models.PositiveIntegerField()
    limit = models.FloatField(help_text="The share of its pages that may be flagged by mistake.")
    quota = models.PositiveSmallIntegerField(help_text="Pages of it that are audited with each batch.")
    note = models.CharField(max_length=300, blank=True, default="")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "pack_rule"
        constraints = [
            models.UniqueConstraint(name="pack_rule_number_once", fields=["project", "pack", "number"]),
            models.CheckConstraint(
                name="pack_rule_in_range", condition=Q(limit__gt=0, limit__lte=0.5, quota__lte=20)
            ),
        ]
        triggers = [APPEND_ONLY]


class PackDraw(models.Model):
    """A page of a slice that was drawn for audit: a stratum of its own, with its chance. Append-only.

    It is no part of the audits by which a classifier is judged, unless a wave would have drawn it as well.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    pack = models.CharField(max_length=24, choices=list(PACKS.items()))
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="+")
    wave = models.PositiveIntegerField(help_text="Number of the wave that it came with.")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")
    chance = models.FloatField(help_text="Of each page of the slice that could be drawn then.")

    class Meta:
        db_table = "pack_draw"
        indexes = [models.Index(name="pack_draw_newest", fields=["project", "-wave"])]
        constraints = [
            models.CheckConstraint(name="pack_draw_chance", condition=Q(chance__gt=0, chance__lte=1))
        ]
        triggers = [APPEND_ONLY]
