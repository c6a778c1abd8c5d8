"""What is held true, how it came about, and where people still disagree."""

from typing import Any, Final

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.agreement.patterns import KEY_MAX
from annotator.judgments.models import Judgment, Verdict
from annotator.pool.models import Item
from annotator.projects.models import (
    APPEND_ONLY,
    Clause,
    GuidelineVersion,
    Project,
    Standing,
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


class Bulk(models.Model):
    """A pattern that a lead resolves by a rule: which items it fits, a spot check of them, and the act once it is done.

    It is a plan until `entry` is set, and then it stays as it is. There is no text here, as in an entry.
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
        indexes = [models.Index(name="bulk_of_pattern", fields=["project", "pattern", "-id"])]
        triggers = [pgtrigger.Protect(name="keep_bulk", operation=pgtrigger.Delete)]


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
        triggers = [pgtrigger.Protect(name="keep_bulk_item", operation=pgtrigger.Delete)]


class AgreementReport(models.Model):
    """Agreement per category as the judgments stood at `last_judgment`. Append-only: the trend stays."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    taxonomy = models.ForeignKey(TaxonomyVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    last_judgment = models.BigIntegerField(help_text="Highest judgment id that it could see.")
    n_items = models.BigIntegerField(help_text="Items with at least one judgment that gives labels.")
    n_judgments = models.BigIntegerField(
        help_text="Judgments that give labels; other verdicts say nothing on categories."
    )
    n_others = models.BigIntegerField(help_text="Judgments with another verdict.")
    seed = models.BigIntegerField(help_text="Of the resampling behind the intervals.")
    categories = models.JSONField(help_text="Per category, in order: slug, n_unsure, percent, alpha.")
    computed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "agreement_report"
        indexes = [models.Index(name="agreement_report_latest", fields=["project", "-id"])]
        triggers = [APPEND_ONLY]


class AgreementBreakdown(models.Model):
    """The newest agreement report taken apart: one row for each category and treatment of unsure, written anew with it.

    A row with no category is about whole label sets. An estimate is a list: value, low, high, n_items, n_judgments,
    and why there is no value or no interval.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    report = models.ForeignKey(AgreementReport, on_delete=models.PROTECT, related_name="+", db_index=False)
    category = models.SlugField(max_length=40, blank=True, default="", db_index=False)
    unsure = models.CharField(max_length=8, help_text="What unsure counts as: missing or value.")
    last_resolution = models.BigIntegerField(help_text="Highest resolution id that it could see.")
    versions = models.JSONField(help_text="Per guideline version: guideline, coefficients.")
    periods = models.JSONField(help_text="Per week or month, in order: period, coefficients.")
    pairs = models.JSONField(help_text="Per two annotators: first, second, kappa.")
    clauses = models.JSONField(help_text="Per clause about it that something cites: number, coefficients.")

    class Meta:
        db_table = "agreement_breakdown"
        constraints = [
            models.UniqueConstraint(name="agreement_breakdown_once", fields=["project", "unsure", "category"])
        ]


class CategoryInference(models.Model):
    """What truth inference found of one category as a whole, as the judgments stood at `report`; as `Skill`."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    report = models.ForeignKey(AgreementReport, on_delete=models.PROTECT, related_name="+", db_index=False)
    category = models.SlugField(max_length=40, db_index=False)
    prevalence = models.FloatField(null=True, help_text="Share of the items in which it is.")
    sensitivity = models.FloatField(null=True, help_text="The team's, each answer counting once.")
    specificity = models.FloatField(null=True, help_text="The team's, each answer counting once.")
    n_items = models.BigIntegerField()
    n_judgments = models.BigIntegerField()
    n_deep = models.BigIntegerField(
        default=0, db_default=0, help_text="Items on which three people or more decided on it."
    )
    why_undefined = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        db_table = "category_inference"
        constraints = [
            models.UniqueConstraint(name="category_inference_once", fields=["project", "category"])
        ]


class OverlapCheck(models.Model):
    """What adaptive overlap would have stopped at, on an item that was drawn to be asked about in full. Append-only.

    Written by the sweep that first sees the judgments suffice, in the order in which they came.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="+")
    labels = ArrayField(models.SlugField(max_length=40), default=list)
    probability = models.FloatField(help_text="Of the least certain category.")
    n_judgments = models.PositiveSmallIntegerField(help_text="It would have stopped after so many.")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "overlap_check"
        triggers = [APPEND_ONLY]


class SkillFields(models.Model):
    """How one annotator does in one category, as the judgments stood at `report`.

    Sensitivity and specificity are those of truth inference, shrunk to the team's mean. The counts compare answers with
    gold and with what is held true; of what rests on that one answer alone there are none.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    category = models.CharField(max_length=40, help_text="A slug, or `none of these`.")
    report = models.ForeignKey(AgreementReport, on_delete=models.PROTECT, related_name="+", db_index=False)
    guideline = models.ForeignKey(
        GuidelineVersion,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="In force then.",
    )
    sensitivity = models.FloatField(null=True, help_text="Chance to see the category where it is.")
    sensitivity_low = models.FloatField(null=True)
    sensitivity_high = models.FloatField(null=True)
    n_positives = models.FloatField(default=0, help_text="Expected number of items judged that show it.")
    positives_worth = models.FloatField(default=0, help_text="What the answers on those are worth.")
    specificity = models.FloatField(null=True, help_text="Chance to see none where it is not.")
    specificity_low = models.FloatField(null=True)
    specificity_high = models.FloatField(null=True)
    n_negatives = models.FloatField(
        default=0, help_text="Expected number of items judged that do not show it."
    )
    negatives_worth = models.FloatField(default=0, help_text="What the answers on those are worth.")
    why_undefined = models.CharField(max_length=200, blank=True, default="")
    gold_shown = models.PositiveIntegerField(default=0, help_text="Answers on gold that shows it.")
    gold_missed = models.PositiveIntegerField(default=0, help_text="Of those, without it.")
    gold_wrong = models.PositiveIntegerField(default=0, help_text="Answers that name it on other gold.")
    held_shown = models.PositiveIntegerField(default=0, help_text="Answers on items held to show it.")
    held_missed = models.PositiveIntegerField(default=0, help_text="Of those, without it.")
    held_wrong = models.PositiveIntegerField(
        default=0, help_text="Answers that name it on items held not to show it."
    )
    missed_clause = models.CharField(
        max_length=12,
        blank=True,
        default="",
        help_text="Number of the clause that decided most of the missed.",
    )
    wrong_clause = models.CharField(
        max_length=12,
        blank=True,
        default="",
        help_text="Of the clause that decided most of those named wrongly.",
    )

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(name="%(class)s_once", fields=["project", "annotator", "category"]),
            models.CheckConstraint(
                name="%(class)s_missed_of_shown",
                condition=Q(gold_missed__lte=models.F("gold_shown"), held_missed__lte=models.F("held_shown")),
            ),
        ]


class Skill(SkillFields):
    """As the newest measurement found it, which replaces all."""

    class Meta(SkillFields.Meta):
        db_table = "skill"


class OwnSkill(SkillFields):
    """As the first measurement of the day (UTC) found it, for the person themselves.

    Numbers that move with each answer would tell which pages are checks.
    """

    class Meta(SkillFields.Meta):
        db_table = "own_skill"


class WeekFields(models.Model):
    """What one annotator did in one week, and how much of it is as gold and what is held true say."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    week = models.DateField(help_text="Its Monday, in UTC.")
    n_judgments = models.PositiveIntegerField()
    gold_right = models.PositiveIntegerField(default=0)
    gold_n = models.PositiveIntegerField(default=0, help_text="Answers on gold without a doubt.")
    held_right = models.PositiveIntegerField(default=0)
    held_n = models.PositiveIntegerField(default=0, help_text="Answers without a doubt on what is held true.")

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(name="%(class)s_once", fields=["project", "annotator", "week"]),
            models.CheckConstraint(
                name="%(class)s_right_of_n",
                condition=Q(gold_right__lte=models.F("gold_n"), held_right__lte=models.F("held_n")),
            ),
        ]


class AnnotatorWeek(WeekFields):
    """As `Skill`."""

    class Meta(WeekFields.Meta):
        db_table = "annotator_week"


class OwnWeek(WeekFields):
    """As `OwnSkill`."""

    class Meta(WeekFields.Meta):
        db_table = "own_week"


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


class Question(models.Model):
    """What a lead asks the people who judged an item: each answers the lead alone."""

    class Status(models.TextChoices):
        """How far it is."""

        OPEN = "open", "waits for answers"
        ANSWERED = "answered", "all who can have answered"
        CLOSED = "closed", "closed"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    disagreement = models.ForeignKey(
        Disagreement,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The open one that waits for the answers; none on an item that nobody disputes.",
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    asked_at = models.DateTimeField(default=timezone.now)
    text = models.CharField(max_length=1000)
    category = models.SlugField(max_length=40, blank=True, default="", db_index=False)
    clause = models.ForeignKey(Clause, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    client_id = models.UUIDField(help_text="Sent by the door: the same one twice is one question.")
    status = models.CharField(max_length=10, choices=Status, default=Status.OPEN)
    waits_until = models.DateTimeField(help_text="Then its disagreement goes back to the leads all the same.")
    news_at = models.DateTimeField(
        null=True, help_text="When something last happened that leads want to read."
    )
    closed_at = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        db_table = "question"
        constraints = [
            models.UniqueConstraint(name="question_sent_once", fields=["asked_by", "client_id"]),
            models.UniqueConstraint(name="question_open_once", fields=["item"], condition=Q(status="open")),
            models.CheckConstraint(
                name="question_closed_says_when",
                condition=Q(status="closed", closed_at__isnull=False)
                | (~Q(status="closed") & Q(closed_at__isnull=True, closed_by__isnull=True)),
            ),
        ]
        indexes = [
            models.Index(name="question_newest", fields=["project", "-id"]),
            models.Index(name="question_open", fields=["project", "id"], condition=Q(status="open")),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_questions", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(
                name="asked_as_it_was",
                fields=[
                    "project",
                    "item",
                    "disagreement",
                    "asked_by",
                    "asked_at",
                    "text",
                    "category",
                    "client_id",
                ],
            ),
        ]


class QuestionParticipant(models.Model):
    """One person who is asked, with the judgment of theirs that the question is about."""

    class Outcome(models.TextChoices):
        """What they did with their judgment."""

        NONE = "", "has not answered"
        STAYS = "stays", "stays with their answer"
        CHANGED = "changed", "changed their answer"

    question = models.ForeignKey(
        Question, on_delete=models.PROTECT, related_name="participants", db_index=False
    )
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    judgment = models.ForeignKey(
        Judgment,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Their answer when they were asked; a later one of theirs is not independent.",
    )
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default=Outcome.NONE)
    answered_at = models.DateTimeField(null=True)
    told_at = models.DateTimeField(
        null=True, help_text="When the lead last wrote to them after the question."
    )
    seen_at = models.DateTimeField(null=True, help_text="Up to which `told_at` they have read.")

    class Meta:
        db_table = "question_participant"
        constraints = [
            models.UniqueConstraint(name="question_participant_once", fields=["question", "annotator"]),
            models.CheckConstraint(
                name="question_answered_has_an_outcome",
                condition=Q(answered_at__isnull=True, outcome="")
                | (Q(answered_at__isnull=False) & ~Q(outcome="")),
            ),
        ]
        indexes = [
            models.Index(name="question_of_judge", fields=["item", "annotator", "judgment"]),
            models.Index(name="question_to_annotator", fields=["annotator", "-id"]),
        ]
        triggers = [
            pgtrigger.Protect(name="keep_participants", operation=pgtrigger.Delete),
            pgtrigger.ReadOnly(name="asked_about_it", fields=["question", "item", "annotator", "judgment"]),
        ]


class QuestionReply(models.Model):
    """One message in the exchange of one participant with the leads. Append-only."""

    class Decision(models.TextChoices):
        """What a participant says of their judgment with it."""

        NONE = "", "says something"
        STAY = "stay", "stays with their answer"
        CHANGE = "change", "wants to change their answer"

    participant = models.ForeignKey(QuestionParticipant, on_delete=models.PROTECT, related_name="replies")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField(default=timezone.now)
    text = models.CharField(max_length=2000, blank=True, default="")
    decision = models.CharField(max_length=10, choices=Decision, blank=True, default=Decision.NONE)
    client_id = models.UUIDField(help_text="Sent by the door: the same one twice is one reply.")

    class Meta:
        db_table = "question_reply"
        constraints = [
            models.UniqueConstraint(name="question_reply_sent_once", fields=["by", "client_id"]),
            models.CheckConstraint(
                name="question_reply_says_something", condition=~Q(text="") | Q(decision="change")
            ),
        ]
        triggers = [APPEND_ONLY]


class QuestionSeen(models.Model):
    """Up to which news a lead has read a question."""

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="+", db_index=False)
    lead = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    seen_at = models.DateTimeField(help_text="The `news_at` that they saw.")

    class Meta:
        db_table = "question_seen"
        constraints = [models.UniqueConstraint(name="question_seen_once", fields=["question", "lead"])]
