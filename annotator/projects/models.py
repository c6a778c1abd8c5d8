"""Projects, who belongs to them, and their append-only taxonomies and guidelines."""

from typing import Any, ClassVar

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from annotator.projects.mapping import Kind

APPEND_ONLY = pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)


class Role(models.TextChoices):
    """What a member is in one project."""

    ANNOTATOR = "annotator", "Annotator"
    LEAD = "lead", "Lead"
    SCIENTIST = "scientist", "Scientist"
    ADMIN = "admin", "Admin"


class Standing(models.TextChoices):
    """How far a member's answers are trusted: decides what the queue gives them, never shown to colleagues."""

    QUALIFYING = "qualifying", "qualifying"
    QUALIFIED = "qualified", "qualified"
    WARNED = "warned", "warned"


def default_shares() -> dict[str, float]:
    """How a batch is mixed unless the project says otherwise: stream -> share, summing to 1."""
    return {"query": 0.45, "rare": 0.25, "explore": 0.2, "audit": 0.1}


class Project(models.Model):
    """One labelling effort: its pages, its people, and the settings of its loop."""

    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    paused = models.BooleanField(
        default=False, help_text="A paused project serves nothing and opens no batch."
    )
    overlap = models.PositiveSmallIntegerField(default=2, help_text="Places that each item starts with.")
    overlap_max = models.PositiveSmallIntegerField(
        default=3, help_text="Places an item gets while people disagree."
    )
    adaptive = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Stop asking where known skills make every category certain.",
    )
    adaptive_certainty = models.FloatField(
        default=0.95,
        db_default=0.95,
        validators=[MinValueValidator(0.9), MaxValueValidator(0.999)],
        help_text="How certain every category has to be, 0.9 to 0.999.",
    )
    adaptive_least = models.PositiveSmallIntegerField(
        default=2,
        db_default=2,
        validators=[MinValueValidator(1), MaxValueValidator(2)],
        help_text="Places an item starts with where stopping is adaptive: 1 or 2.",
    )
    skills_enough = models.BooleanField(
        db_default=False,
        default=False,
        help_text="Skills are known well enough to stop by them; set by the review.",
    )
    batch_size = models.PositiveIntegerField(
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(5000)],
        help_text="Items that one query opens.",
    )
    low_water = models.PositiveIntegerField(
        default=60, help_text="The next batch opens when fewer places than this are free."
    )
    retrain_after = models.PositiveIntegerField(
        default=50, validators=[MinValueValidator(1)], help_text="New resolutions that make a retrain due."
    )
    shares = models.JSONField(default=default_shares, help_text="Share of each stream in a batch.")
    lease_seconds = models.PositiveIntegerField(default=900, validators=[MinValueValidator(30)])
    prefetch = models.PositiveSmallIntegerField(
        default=1,
        validators=[MaxValueValidator(5)],
        help_text="Items leased and rendered ahead of the one on the screen.",
    )
    exposure_budget = models.PositiveIntegerField(
        default=60, help_text="Exposure points that a person takes within the window; 0 for no limit."
    )
    exposure_hours = models.PositiveSmallIntegerField(
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(24)],
        help_text="The rolling window of the exposure budget.",
    )
    cooldown_minutes = models.PositiveSmallIntegerField(
        default=20, help_text="Benign items only, for at least so long, once the budget is spent."
    )
    break_minutes = models.PositiveSmallIntegerField(
        default=50, help_text="Remind of a break after so long at work; 0 for never."
    )
    idle_minutes = models.PositiveSmallIntegerField(
        default=15,
        validators=[MinValueValidator(1)],
        help_text="Pause a labelling page that nobody touches for so long, and give its items back.",
    )
    qualification = models.BooleanField(
        default=True, help_text="New annotators start on gold items, as soon as there are enough of them."
    )
    gold_share = models.FloatField(
        default=0.03,
        validators=[MinValueValidator(0), MaxValueValidator(0.5)],
        help_text="Share of items that are gold.",
    )
    gold_share_new = models.FloatField(
        default=0.1,
        validators=[MinValueValidator(0), MaxValueValidator(0.5)],
        help_text="The same for a person's first 200 judgments.",
    )
    retest_share = models.FloatField(
        default=0.02,
        validators=[MinValueValidator(0), MaxValueValidator(0.5)],
        help_text="Share of items that a person has judged before, days ago.",
    )
    retest_days = models.PositiveSmallIntegerField(default=7, validators=[MinValueValidator(1)])
    gold_line = models.FloatField(
        default=0.75,
        validators=[MinValueValidator(0), MaxValueValidator(1)],
        help_text="Accuracy on gold below which a person is warned, then sent to qualification.",
    )
    gold_enough = models.BooleanField(
        db_default=False,
        default=False,
        help_text="There is gold enough to qualify people; set by the review.",
    )
    holdout_percent = models.PositiveSmallIntegerField(default=10)
    holdout_salt = models.CharField(max_length=32)

    class Meta:
        db_table = "project"
        triggers = [pgtrigger.Protect(name="keep_projects", operation=pgtrigger.Delete)]
        constraints = [
            models.CheckConstraint(
                name="project_overlap_1_to_5",
                condition=Q(overlap__gte=1, overlap_max__lte=5, overlap__lte=F("overlap_max")),
            ),
            models.CheckConstraint(
                name="project_adaptive_saves_something",
                condition=Q(adaptive=False) | Q(adaptive_least__lt=F("overlap")),
            ),
            models.CheckConstraint(
                name="project_adaptive_in_bounds",
                condition=Q(
                    adaptive_certainty__gte=0.9,
                    adaptive_certainty__lte=0.999,
                    adaptive_least__gte=1,
                    adaptive_least__lte=2,
                ),
            ),
            models.CheckConstraint(name="project_holdout_0_to_50", condition=Q(holdout_percent__lte=50)),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person's role in one project."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=10, choices=Role)
    standing = models.CharField(max_length=10, choices=Standing, default=Standing.QUALIFIED)
    check_share = models.FloatField(
        default=0, help_text="Share of this person's items that are gold or a retest now; set by the review."
    )
    checks_read = models.BigIntegerField(
        db_default=0, default=0, help_text="Checks up to this judgment have been read by the review."
    )
    case_holder = models.BooleanField(
        default=False, help_text="May open restricted cases of possibly illegal content."
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "membership"
        constraints = [models.UniqueConstraint(name="membership_once", fields=["project", "user"])]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} of {self.project}"


class Version(models.Model):
    """Columns of what is published in numbered, frozen versions."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    note = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True


class TaxonomyVersion(Version):
    """One frozen set of categories; a change is a new version."""

    class Meta:
        db_table = "taxonomy_version"
        constraints = [models.UniqueConstraint(name="taxonomy_number_once", fields=["project", "number"])]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"taxonomy v{self.number}"


class Category(models.Model):
    """One thing that a page can be, as one taxonomy version defines it. The slug is its identity across versions."""

    taxonomy = models.ForeignKey(TaxonomyVersion, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    slug = models.SlugField(max_length=40)
    name = models.CharField(max_length=60)
    definition = models.TextField()
    severity = models.PositiveSmallIntegerField(help_text="0 harmless to 3 grave")
    cipa = models.BooleanField(help_text="Whether CIPA obliges schools to block it.")
    key = models.CharField(max_length=1, blank=True, help_text="Empty for what comes after the last key.")
    recall_floor = models.FloatField(null=True, blank=True)
    terms = ArrayField(models.CharField(max_length=60), default=list, help_text="Words that point to it.")

    class Meta:
        db_table = "category"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(name="category_slug_once", fields=["taxonomy", "slug"]),
            models.UniqueConstraint(
                name="category_key_once", fields=["taxonomy", "key"], condition=~Q(key="")
            ),
            models.CheckConstraint(name="category_severity_0_to_3", condition=Q(severity__lte=3)),
            models.CheckConstraint(
                name="category_recall_floor_0_to_1",
                condition=Q(recall_floor__isnull=True) | Q(recall_floor__gte=0, recall_floor__lte=1),
            ),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return self.name


class CategoryMapping(models.Model):
    """What became of one category in a taxonomy version: `source` is its short name in the version before.

    To add has no source, to retire no targets. A category that no row names stays what its short name says.
    """

    taxonomy = models.ForeignKey(TaxonomyVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.PositiveSmallIntegerField(help_text="In the order of what the lead did.")
    kind = models.CharField(max_length=8, choices=[(kind.value, kind.value) for kind in Kind])
    source = models.SlugField(max_length=40, blank=True, default="", db_index=False)
    targets = ArrayField(models.SlugField(max_length=40), default=list)

    class Meta:
        db_table = "category_mapping"
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(name="category_mapping_position_once", fields=["taxonomy", "position"]),
            models.UniqueConstraint(
                name="category_mapping_source_once", fields=["taxonomy", "source"], condition=~Q(source="")
            ),
            models.CheckConstraint(
                name="category_mapping_add_has_no_source",
                condition=Q(kind="add", source="") | (~Q(kind="add") & ~Q(source="")),
            ),
            models.CheckConstraint(
                name="category_mapping_retire_has_no_targets",
                condition=Q(kind="retire", targets__len=0) | (~Q(kind="retire") & Q(targets__len__gt=0)),
            ),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.kind} {self.source} {self.targets}"


class GuidelineVersion(Version):
    """One frozen set of instructions; a change is a new version."""

    class Meta:
        db_table = "guideline_version"
        constraints = [models.UniqueConstraint(name="guideline_number_once", fields=["project", "number"])]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"guideline v{self.number}"


class Clause(models.Model):
    """One numbered instruction in Markdown, about one category or about all."""

    guideline = models.ForeignKey(GuidelineVersion, on_delete=models.PROTECT, related_name="+")
    position = models.PositiveSmallIntegerField()
    number = models.CharField(max_length=12)
    category = models.SlugField(max_length=40, blank=True, default="")
    title = models.CharField(max_length=120)
    body = models.TextField()

    class Meta:
        db_table = "clause"
        ordering = ["position"]
        constraints = [models.UniqueConstraint(name="clause_number_once", fields=["guideline", "number"])]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.number} {self.title}"


class LogEntry(models.Model):
    """One line of what the loop did and why, for leads to read."""

    class Level(models.TextChoices):
        """How much a person has to care."""

        INFO = "info", "info"
        WARNING = "warning", "warning"
        ERROR = "error", "error"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    stage = models.CharField(max_length=20)
    level = models.CharField(max_length=10, choices=Level, default=Level.INFO)
    text = models.TextField()

    class Meta:
        db_table = "log_entry"
        indexes = [models.Index(name="log_entry_latest", fields=["project", "-id"])]

    def __str__(self) -> str:
        return f"{self.stage}: {self.text}"


class Draft(models.Model):
    """Columns of what leads write before it is published: one row a project, changed by compare-and-set on `revision`.

    `BASE` names the column of the version that it was begun from, `CONTENT` the column of what it says.
    """

    BASE: ClassVar[str]
    CONTENT: ClassVar[str]

    project = models.OneToOneField(Project, on_delete=models.CASCADE, related_name="+")
    revision = models.PositiveIntegerField(default=1)
    changed_at = models.DateTimeField(default=timezone.now)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"draft after {getattr(self, self.BASE)}"

    @property
    def base_id(self) -> int:
        """The version that it was begun from."""
        pk: int = getattr(self, f"{self.BASE}_id")
        return pk

    @property
    def content(self) -> list[dict[str, Any]]:
        """What it says, as JSON keeps it."""
        content: list[dict[str, Any]] = getattr(self, self.CONTENT)
        return content


class GuidelineDraft(Draft):
    """The next guideline while leads write it."""

    BASE, CONTENT = "guideline", "clauses"

    guideline = models.ForeignKey(
        GuidelineVersion,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version that it was begun from.",
    )
    clauses = models.JSONField(help_text="In order: number, category, title, body.")

    class Meta:
        db_table = "guideline_draft"
        constraints = [
            models.CheckConstraint(name="guideline_draft_revision_from_1", condition=Q(revision__gte=1))
        ]


class TaxonomyDraft(Draft):
    """The next taxonomy while leads write it."""

    BASE, CONTENT = "taxonomy", "operations"

    taxonomy = models.ForeignKey(
        TaxonomyVersion,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The version that it was begun from.",
    )
    operations = models.JSONField(default=list, help_text="In order: kind, sources, made.")

    class Meta:
        db_table = "taxonomy_draft"
        constraints = [
            models.CheckConstraint(name="taxonomy_draft_revision_from_1", condition=Q(revision__gte=1))
        ]
