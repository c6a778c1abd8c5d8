"""How far people agree, and how well each sees each category: what was measured, as it stood then."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import (
    APPEND_ONLY,
    GuidelineVersion,
    Project,
    TaxonomyVersion,
)


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
