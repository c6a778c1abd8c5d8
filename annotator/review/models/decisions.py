"""What is held true and how it came about, and where people still disagree."""

from typing import Any, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.agreement.patterns import KEY_MAX
from annotator.judgments.models import Verdict
from annotator.pool.models import Item
from annotator.projects.models import (
    APPEND_ONLY,
    Clause,
    Project,
    TaxonomyVersion,
)


class Method(models.TextChoices):
    """How a resolution came about."""

    SINGLE = "single", "one judgment"
    UNANIMOUS = "unanimous", "all judgments agree"
    MAJORITY = "majority", "two thirds agree"
    INFERRED = "inferred", "judgments and known skills settle it"
    ADJUDICATED = "adjudicated", "decided by a lead"
    REOPENED = "reopened", "no longer held"


class Scope(models.TextChoices):
    """How far a lead's decision on one item is spread."""

    ALIKE = "alike", "nearly the same text"
    SITE = "site", "the same site"


class AdjudicationEntry(models.Model):
    """One act of a lead on what is held true: it wrote all its resolutions at once, and is undone at once.

    Undoing is an entry of its own, with `reverts`, so that it can be undone too. There is no text here: reasons
    stand in the resolutions, where a withheld page hides them.
    """

    class Kind(models.TextChoices):
        """What a lead did."""

        SINGLE = "single", "resolved an item"
        SPREAD = "spread", "spread a decision"
        BULK = "bulk", "resolved by rule"
        REVERT = "revert", "undid an entry"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=12, choices=Kind)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    client_id = models.UUIDField(help_text="Sent by the door: the same one twice is one entry.")
    reverts = models.OneToOneField("self", null=True, on_delete=models.PROTECT, related_name="reverted_by")
    source = models.ForeignKey(
        Item,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The item whose decision was spread.",
    )
    scope = models.CharField(max_length=8, choices=Scope, blank=True, default="", db_default="")
    n_items = models.PositiveIntegerField(help_text="Items whose resolution it wrote.")
    n_left = models.PositiveIntegerField(
        default=0,
        help_text="Items of the undone entry, or of the bulk, that had changed since, and were left.",
    )

    class Meta:
        db_table = "adjudication"
        constraints = [
            models.UniqueConstraint(name="adjudication_sent_once", fields=["project", "client_id"]),
            models.CheckConstraint(
                name="adjudication_revert_names_an_entry",
                condition=Q(kind="revert", reverts__isnull=False)
                | (~Q(kind="revert") & Q(reverts__isnull=True)),
            ),
            models.CheckConstraint(
                name="adjudication_spread_names_its_source",
                condition=Q(kind="spread", source__isnull=False, scope__in=Scope.values)
                | (~Q(kind="spread") & Q(source__isnull=True, scope="")),
            ),
        ]
        indexes = [models.Index(name="adjudication_newest", fields=["project", "-id"])]
        triggers = [APPEND_ONLY]


class Resolution(models.Model):
    """The label set held true for an item. A correction is a new row that supersedes this one.

    `reopened` ends what was held without holding anything itself: its verdict is `withdrawn`, its labels are
    empty, and `resolutions_current` leaves it out.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    labels = ArrayField(models.SlugField(max_length=40), default=list)
    verdict = models.CharField(max_length=20, choices=Verdict, default=Verdict.LABELLED)
    method = models.CharField(max_length=12, choices=Method)
    reason = models.CharField(max_length=1000, blank=True, default="")
    clause = models.ForeignKey(Clause, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    resolved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    judgments = ArrayField(
        models.BigIntegerField(), default=list, help_text="Ids of the judgments it rests on."
    )
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    taxonomy = models.ForeignKey(TaxonomyVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    entry = models.ForeignKey(
        AdjudicationEntry, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "resolution"
        constraints = [
            models.UniqueConstraint(
                name="resolution_item_once", fields=["item"], condition=Q(supersedes__isnull=True)
            ),
            models.CheckConstraint(
                name="resolution_adjudicated_by_somebody",
                condition=~Q(method="adjudicated") | Q(resolved_by__isnull=False),
            ),
            models.CheckConstraint(
                name="resolution_labels_only_when_labelled",
                condition=Q(verdict="labelled") | Q(labels__len=0),
            ),
            models.CheckConstraint(
                name="resolution_withdrawn_means_reopened",
                condition=Q(verdict="withdrawn", method="reopened")
                | (~Q(verdict="withdrawn") & ~Q(method="reopened")),
            ),
        ]
        indexes = [
            models.Index(name="resolution_of_project", fields=["project", "id"]),
            GinIndex(name="resolution_labels", fields=["labels"]),
            models.Index(
                name="resolution_citing", fields=["clause", "id"], condition=Q(clause__isnull=False)
            ),
            models.Index(
                name="resolution_of_entry", fields=["entry", "item"], condition=Q(entry__isnull=False)
            ),
        ]
        triggers = [APPEND_ONLY]


class Disagreement(models.Model):
    """An item on which people still disagree after its last place; open until a lead resolves it."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    categories = ArrayField(models.SlugField(max_length=40), default=list, help_text="In dispute.")
    reason = models.CharField(max_length=300)
    pattern = models.CharField(
        max_length=KEY_MAX,
        blank=True,
        default="",
        help_text="What people differ in, as one word; empty until the sweep has looked.",
    )
    opened_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)
    entry = models.ForeignKey(
        AdjudicationEntry,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The lead's act that closed or reopened it last; none when the sweep did.",
    )
    lease_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The lead who has it open, until the lease lapses.",
    )
    lease_at = models.DateTimeField(null=True, help_text="Since when.")
    lease_until = models.DateTimeField(null=True)
    hold_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The lead who put it on hold: it waits for something else.",
    )
    hold_at = models.DateTimeField(null=True)
    hold_reason = models.CharField(max_length=1000, blank=True, default="", db_default="")

    class Meta:
        db_table = "disagreement"
        constraints = [
            models.UniqueConstraint(
                name="disagreement_open_once", fields=["item"], condition=Q(closed_at__isnull=True)
            ),
            models.CheckConstraint(
                name="disagreement_lease_is_whole",
                condition=Q(lease_by__isnull=True, lease_at__isnull=True, lease_until__isnull=True)
                | Q(lease_by__isnull=False, lease_at__isnull=False, lease_until__isnull=False),
            ),
            models.CheckConstraint(
                name="disagreement_hold_has_a_reason",
                condition=Q(hold_by__isnull=True, hold_at__isnull=True, hold_reason="")
                | (Q(hold_by__isnull=False, hold_at__isnull=False) & ~Q(hold_reason="")),
            ),
        ]
        indexes = [
            models.Index(
                name="disagreement_open", fields=["project", "id"], condition=Q(closed_at__isnull=True)
            ),
            models.Index(
                name="disagreement_pattern",
                fields=["project", "pattern", "id"],
                condition=Q(closed_at__isnull=True),
            ),
        ]


NO_LEASE: Final[dict[str, Any]] = {"lease_by": None, "lease_at": None, "lease_until": None}
NO_HOLD: Final[dict[str, Any]] = {"hold_by": None, "hold_at": None, "hold_reason": ""}
NOTHING_WAITS: Final = NO_LEASE | NO_HOLD
"""Set when a disagreement closes: should it open again, it waits for any lead."""
