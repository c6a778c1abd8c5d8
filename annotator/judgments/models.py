"""Append-only judgments, flags, and the outbox that tells the review which items changed."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import APPEND_ONLY, Clause, GuidelineVersion, Project, TaxonomyVersion
from annotator.queue.models import Assignment, Purpose
from annotator.runs import ACTIVE, Run


class Verdict(models.TextChoices):
    """What kind of answer a judgment is."""

    LABELLED = "labelled", "Labelled"
    NOT_ENOUGH_EVIDENCE = "not-enough-evidence", "Not enough evidence"
    UNREACHABLE = "unreachable", "Page not reachable"
    LANGUAGE = "language", "Not in a language I read"
    WITHDRAWN = "withdrawn", "Withdrawn by undo"


class JudgmentImport(Run):
    """Judgments from a file of another tool: read once to see what is in it, then written as a lead maps it."""

    class Phase(models.TextChoices):
        """What the run does, or waits for."""

        READING = "reading", "reading the file"
        MAPPING = "mapping", "waiting for its labels and people to be mapped"
        WRITING = "writing", "writing judgments"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    phase = models.CharField(max_length=8, choices=Phase, default=Phase.READING)
    filename = models.CharField(max_length=255)
    file = models.CharField(max_length=300, help_text="Name in the file storage; empty when it was deleted.")
    format = models.CharField(max_length=20)
    author = models.CharField(max_length=120, help_text="Who gave the judgments that name nobody.")
    question = models.CharField(
        max_length=120, blank=True, default="", help_text="Whose answers are the labels; empty for all."
    )
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    found = models.JSONField(default=dict, help_text="What is in the file: labels, people, fields, counts.")
    mapping = models.JSONField(default=dict, help_text="What each label and person of the file is here.")
    pages_read = models.BigIntegerField(default=0)
    items_added = models.BigIntegerField(default=0)
    items_known = models.BigIntegerField(default=0)
    judgments_added = models.BigIntegerField(default=0)
    judgments_known = models.BigIntegerField(
        default=0, help_text="Of people who had judged the item already, here or in the file."
    )
    judgments_left_out = models.BigIntegerField(default=0, help_text="With nothing but labels left out.")
    refused = models.BigIntegerField(default=0)

    class Meta:
        db_table = "judgment_import"
        indexes = [
            models.Index(name="judgment_import_latest", fields=["project", "-id"]),
            models.Index(name="judgment_import_active", fields=["id"], condition=Q(status__in=ACTIVE)),
        ]
        triggers = [pgtrigger.Protect(name="keep_imports", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.filename


class RefusedJudgment(models.Model):
    """What was not taken from a file of another tool, with the reason."""

    run = models.ForeignKey(JudgmentImport, on_delete=models.CASCADE, related_name="+")
    line = models.BigIntegerField(help_text="Line, or number of the task or record, from 1.")
    reason = models.CharField(max_length=40)
    detail = models.CharField(max_length=300)
    value = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        db_table = "refused_judgment"

    def __str__(self) -> str:
        return f"{self.line}: {self.detail}"


class Judgment(models.Model):
    """One annotator's answer on one item. An edit or an undo is a new row that supersedes this one.

    It was given in a place, or is from a file of another tool: then it has none, and `given_at` is that tool's time.

    `labelled` with no labels and no unsure is the explicit answer "none of these".
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    assignment = models.ForeignKey(Assignment, null=True, on_delete=models.PROTECT, related_name="+")
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    client_id = models.UUIDField(help_text="Made by the client: the same twice is the same judgment.")
    labels = ArrayField(models.SlugField(max_length=40), default=list)
    unsure = ArrayField(models.SlugField(max_length=40), default=list)
    verdict = models.CharField(max_length=20, choices=Verdict, default=Verdict.LABELLED)
    seconds = models.FloatField(null=True, help_text="Time on the page, as the client measured it.")
    note = models.CharField(max_length=2000, blank=True, default="")
    late = models.BooleanField(
        default=False, help_text="Kept beside the overlap: the place had gone to somebody else."
    )
    supersedes = models.OneToOneField(
        "self", null=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    taxonomy = models.ForeignKey(TaxonomyVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    guideline = models.ForeignKey(
        GuidelineVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)
    purpose = models.CharField(max_length=13, choices=Purpose, default=Purpose.OVERLAP, db_default="overlap")
    clause = models.ForeignKey(
        Clause,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The clause of the guideline that decided it.",
    )
    fast = models.BooleanField(
        default=False, db_default=False, help_text="Given in less time than the page takes to read."
    )
    imported = models.ForeignKey(
        JudgmentImport, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    evidence = models.PositiveSmallIntegerField(
        null=True, help_text="Version of the page's evidence that was judged; null where that is not known."
    )
    given_at = models.DateTimeField(
        null=True, help_text="When it was given in the tool it is from; `created_at` is when it came here."
    )

    class Meta:
        db_table = "judgment"
        constraints = [
            models.UniqueConstraint(name="judgment_client_id_once", fields=["annotator", "client_id"]),
            models.UniqueConstraint(
                name="judgment_item_once",
                fields=["item", "annotator"],
                condition=Q(supersedes__isnull=True) & ~Q(purpose="retest"),
            ),
            models.UniqueConstraint(
                name="judgment_retest_once",
                fields=["item", "annotator"],
                condition=Q(supersedes__isnull=True, purpose="retest"),
            ),
            models.CheckConstraint(
                name="judgment_labels_only_when_labelled",
                condition=Q(verdict="labelled") | Q(labels__len=0, unsure__len=0),
            ),
            models.CheckConstraint(
                name="judgment_placed_or_imported",
                condition=Q(assignment__isnull=False, imported__isnull=True, given_at__isnull=True)
                | Q(
                    assignment__isnull=True, imported__isnull=False, purpose="overlap", late=False, fast=False
                ),
            ),
            models.CheckConstraint(
                name="judgment_seconds_positive", condition=Q(seconds__isnull=True) | Q(seconds__gte=0)
            ),
        ]
        indexes = [
            models.Index(name="judgment_of_project", fields=["project", "id"]),
            models.Index(name="judgment_of_annotator", fields=["annotator", "project", "-id"]),
            models.Index(name="judgment_latest", fields=["project", "created_at"]),
            models.Index(name="judgment_citing", fields=["clause", "id"], condition=Q(clause__isnull=False)),
            models.Index(
                name="judgment_checks",
                fields=["project", "annotator", "id"],
                condition=~Q(purpose="overlap") | Q(fast=True),
            ),
            models.Index(
                name="judgment_imported", fields=["imported", "id"], condition=Q(imported__isnull=False)
            ),
        ]
        triggers = [APPEND_ONLY]

    @property
    def is_imported(self) -> bool:
        """Whether it is from a file of another tool. No query."""
        return self.imported_id is not None


class Flag(models.Model):
    """A person asks the lead to look at an item."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    note = models.CharField(max_length=2000, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        db_table = "flag"
        constraints = [
            models.UniqueConstraint(
                name="flag_open_once", fields=["item", "annotator"], condition=Q(closed_at__isnull=True)
            )
        ]
        triggers = [pgtrigger.Protect(name="keep_flags", operation=pgtrigger.Delete)]


class ReviewDue(models.Model):
    """Outbox: this item's judgments changed. Written with the judgment, deleted by the review that read it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        db_table = "review_due"


class Seat(models.Model):
    """How one person has arranged the labelling page of one project, and what they have been shown on it."""

    class Shield(models.TextChoices):
        """Which texts start covered."""

        SEVERE = "severe", "Pages that may be harmful"
        ALWAYS = "always", "Every page"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    keys = models.JSONField(
        default=dict, help_text="Action or category -> key, where it is not the usual one."
    )
    shield = models.CharField(max_length=10, choices=Shield, default=Shield.SEVERE)
    guideline_seen = models.PositiveIntegerField(null=True, help_text="Number of the newest version shown.")

    class Meta:
        db_table = "seat"
        constraints = [models.UniqueConstraint(name="seat_once", fields=["project", "annotator"])]
