"""Many disagreements of one pattern resolved by a rule: the plan, and the check of a sample before it is applied."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.agreement.patterns import KEY_MAX
from annotator.pool.models import Item
from annotator.projects.models import GuidelineVersion, Project, TaxonomyVersion
from annotator.review.models.decisions import AdjudicationEntry


class Bulk(models.Model):
    """A pattern that a lead resolves by a rule: which items it fits, a spot check of them, and the act once it is done.

    It is a plan until `entry` is set, and then it stays as it is; one that nobody applied is swept away after a week.
    There is no text here, as in an entry.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField(default=timezone.now)
    client_id = models.UUIDField(help_text="Sent by the door: the same one twice is one bulk.")
    pattern = models.CharField(max_length=KEY_MAX)
    rule = models.JSONField(help_text="The verdict, and the categories that become present or absent.")
    taxonomy = models.ForeignKey(TaxonomyVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    guideline = models.ForeignKey(
        GuidelineVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    seed = models.BigIntegerField(help_text="Of the draw of the spot check.")
    n_waiting = models.PositiveIntegerField(
        help_text="Open disagreements of the pattern when it was planned."
    )
    n_looked_at = models.PositiveIntegerField(help_text="Of these, the oldest, whether the rule fits them.")
    left_out = models.JSONField(
        help_text="The items that it does not fit: item, why, and the category it is about."
    )
    rejections_max = models.PositiveIntegerField(help_text="So many may be rejected; one more stops it.")
    entry = models.OneToOneField(
        AdjudicationEntry, null=True, on_delete=models.PROTECT, related_name="bulk", db_index=False
    )

    class Meta:
        db_table = "bulk"
        constraints = [
            models.UniqueConstraint(name="bulk_sent_once", fields=["project", "client_id"]),
        ]
        indexes = [
            models.Index(name="bulk_of_pattern", fields=["project", "pattern", "-id"]),
            models.Index(name="bulk_planned", fields=["project", "at"], condition=Q(entry__isnull=True)),
        ]
        triggers = [
            pgtrigger.Protect(
                name="keep_bulk", operation=pgtrigger.Delete, condition=pgtrigger.Q(old__entry__isnull=False)
            )
        ]


class BulkItem(models.Model):
    """An item that the rule of a bulk fits, what was seen of it, what it would become; some are drawn to look at."""

    bulk = models.ForeignKey(Bulk, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    judgments = ArrayField(models.BigIntegerField(), default=list, help_text="Ids of those that counted.")
    resolution = models.BigIntegerField(null=True, help_text="Id of the newest.")
    labels = ArrayField(models.SlugField(max_length=40), default=list)
    drawn = models.PositiveSmallIntegerField(null=True, help_text="Its place in the spot check, from 1.")
    confirmed = models.BooleanField(null=True, help_text="The lead's answer in the spot check.")
    answered_at = models.DateTimeField(null=True)

    class Meta:
        db_table = "bulk_item"
        constraints = [
            models.UniqueConstraint(name="bulk_item_once", fields=["bulk", "item"]),
            models.CheckConstraint(
                name="bulk_item_answered_when_drawn",
                condition=Q(confirmed__isnull=True, answered_at__isnull=True)
                | Q(confirmed__isnull=False, answered_at__isnull=False, drawn__isnull=False),
            ),
        ]
        indexes = [
            models.Index(name="bulk_item_rejected", fields=["item"], condition=Q(confirmed=False)),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="keep_bulk_item",
                when=pgtrigger.Before,
                operation=pgtrigger.Delete,
                func="""
                IF OLD.confirmed = FALSE OR (SELECT entry_id FROM bulk WHERE id = OLD.bulk_id) IS NOT NULL THEN
                    RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;
                END IF;
                RETURN OLD;
                """,
            )
        ]
