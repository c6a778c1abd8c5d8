"""What a classifier version got wrong on pages whose labels are held true, why, and what was done about it.

The rows of a run are derived: another run finds them again. Causes, reports and actions are people's, and stay.
"""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import APPEND_ONLY, Project
from annotator.queue.models import Batch
from annotator.review.models import Resolution
from annotator.runs import ACTIVE, Run
from learner.core.causes import Cause
from learner.evaluation.models import Evaluation
from learner.training.models import ClassifierVersion


class Kind(models.TextChoices):
    """How a classifier can go wrong in a category."""

    MISS = "miss", "Miss"
    ALARM = "alarm", "False alarm"


class Part(models.TextChoices):
    """Of which pages the error is one."""

    AUDIT = "audit", "Audited holdout"
    TRAIN = "train", "Train"


CAUSES = [(one.value, one.words) for one in Cause]


class ErrorRun(Run):
    """The work of finding the errors of one evaluated version, and how many pages it looked at."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    facts = models.JSONField(default=dict, help_text="Pages by part, errors, categories not learned.")

    class Meta:
        db_table = "error_run"
        constraints = [
            models.UniqueConstraint(
                name="error_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]
        indexes = [
            models.Index(name="error_run_latest", fields=["project", "-id"]),
            models.Index(name="error_run_of_evaluation", fields=["evaluation", "-id"]),
        ]


class ErrorCluster(models.Model):
    """Errors of one category, kind and part that are on one site, or share a word, more than chance would have it."""

    class By(models.TextChoices):
        """What they share."""

        SITE = "site", "Site"
        WORD = "word", "Driving word"

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(ErrorRun, on_delete=models.CASCADE, related_name="+", db_index=False)
    part = models.CharField(max_length=5, choices=Part)
    category = models.SlugField(max_length=40, db_index=False)
    kind = models.CharField(max_length=5, choices=Kind)
    by = models.CharField(max_length=4, choices=By)
    word = models.CharField(max_length=100, blank=True, default="", help_text="Of two pages or more.")
    place = models.CharField(max_length=7, blank=True, default="", help_text="Text or address.")
    site = models.BigIntegerField(null=True, help_text="The key of the site; its name is read from `item`.")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    n = models.PositiveIntegerField(help_text="Errors in it.")
    of = models.PositiveIntegerField(help_text="Errors of this category, kind and part that were compared.")
    correct = models.PositiveIntegerField(
        help_text="Pages of the site that could be such errors and are right; rightly found pages with the word."
    )
    of_correct = models.PositiveIntegerField()
    lift = models.FloatField(help_text="How many times as common among the errors.")
    p_value = models.FloatField(
        null=True,
        help_text="Of the exact test that it is chance, corrected; none of groups that were not tested.",
    )
    grave = models.PositiveSmallIntegerField()

    class Meta:
        db_table = "error_cluster"
        indexes = [models.Index(name="error_cluster_of_run", fields=["run", "part", "-grave", "-n", "id"])]


class ClassifierError(models.Model):
    """One category of one page that a version got wrong, by what is held true of it.

    `grave` is the severity of what was missed; a false alarm misses nothing and has 0.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    run = models.ForeignKey(ErrorRun, on_delete=models.CASCADE, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    resolution = models.ForeignKey(Resolution, on_delete=models.PROTECT, related_name="+", db_index=False)
    part = models.CharField(max_length=5, choices=Part)
    category = models.SlugField(max_length=40, db_index=False)
    kind = models.CharField(max_length=5, choices=Kind)
    grave = models.PositiveSmallIntegerField()
    probability = models.FloatField()
    threshold = models.FloatField()
    wrongness = models.FloatField(help_text="Logits on the wrong side of the threshold.")
    site = models.BigIntegerField(help_text="The key of its site.")
    cluster = models.ForeignKey(
        ErrorCluster, null=True, on_delete=models.CASCADE, related_name="+", help_text="By its driving word."
    )

    class Meta:
        db_table = "classifier_error"
        constraints = [models.UniqueConstraint(name="error_once", fields=["run", "item", "category"])]
        indexes = [
            models.Index(name="error_ranked", fields=["run", "part", "-grave", "-wrongness", "id"]),
            models.Index(name="error_of_category", fields=["run", "part", "category", "kind", "-wrongness"]),
            models.Index(name="error_of_site", fields=["run", "site"]),
        ]


class ErrorDetail(models.Model):
    """What the words and similar pages of one error say. A trigger drops it with the evidence: see the migration."""

    error = models.OneToOneField(
        ClassifierError, primary_key=True, on_delete=models.CASCADE, related_name="detail"
    )
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="+")
    towards = models.JSONField(help_text="Words that push towards the category: word, place, logits.")
    away = models.JSONField(help_text="The same of words that push away from it.")
    n_words = models.PositiveIntegerField()
    n_unseen = models.PositiveIntegerField()
    pull = models.FloatField()
    has_text = models.BooleanField()
    similar = models.JSONField(
        help_text="Similar training items: id, cosine, 1 present, 0 absent, -1 unknown."
    )

    class Meta:
        db_table = "error_detail"


class ErrorCause(models.Model):
    """The cause that a person assigned to an error, and why. Append-only; the newest of an error counts.

    An error is the same in the next version while the same resolution is held, and keeps its cause.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    category = models.SlugField(max_length=40, db_index=False)
    kind = models.CharField(max_length=5, choices=Kind)
    resolution = models.ForeignKey(Resolution, on_delete=models.PROTECT, related_name="+", db_index=False)
    part = models.CharField(max_length=5, choices=Part)
    classifier = models.ForeignKey(
        ClassifierVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    cause = models.CharField(max_length=9, choices=CAUSES)
    suggested = models.CharField(
        max_length=9, choices=CAUSES, blank=True, default="", help_text="What the facts spoke for then."
    )
    reason = models.CharField(max_length=1000)
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    assigned_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "error_cause"
        constraints = [models.CheckConstraint(name="error_cause_says_why", condition=~Q(reason=""))]
        indexes = [
            models.Index(name="error_cause_newest", fields=["item", "category", "kind", "-id"]),
            models.Index(name="error_cause_of_project", fields=["project", "id"]),
        ]
        triggers = [APPEND_ONLY]


class ErrorReport(models.Model):
    """A root-cause report on one version, on one category or all. What it says is in its versions. Append-only."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    classifier = models.ForeignKey(
        ClassifierVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    category = models.SlugField(max_length=40, blank=True, default="", db_index=False)
    title = models.CharField(max_length=120)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "error_report"
        constraints = [
            models.UniqueConstraint(name="error_report_number_once", fields=["project", "number"]),
            models.CheckConstraint(name="error_report_has_title", condition=~Q(title="")),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"root-cause report {self.number}"


class ErrorReportVersion(models.Model):
    """What a report says since somebody saved it: the facts of that moment, and what people wrote. Append-only.

    After a finished one there is no other: the database refuses it.
    """

    report = models.ForeignKey(ErrorReport, on_delete=models.PROTECT, related_name="versions", db_index=False)
    number = models.PositiveIntegerField()
    written = models.JSONField(help_text="Part -> Markdown.")
    facts = models.JSONField(help_text="As `learner.core.error_reports` keeps them.")
    finished = models.BooleanField(default=False)
    saved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "error_report_version"
        constraints = [models.UniqueConstraint(name="error_report_version_once", fields=["report", "number"])]
        triggers = [
            APPEND_ONLY,
            pgtrigger.Trigger(
                name="finished_is_final",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                PERFORM FROM error_report WHERE id = NEW.report_id FOR NO KEY UPDATE;
                IF EXISTS (SELECT FROM error_report_version WHERE report_id = NEW.report_id AND finished) THEN
                    RAISE check_violation USING MESSAGE = 'a finished report is not written on';
                END IF;
                RETURN NEW;
                """,
            ),
        ]


class SimilarRun(Run):
    """The work of opening a batch of unlabelled train items that are like some errors."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    items = ArrayField(models.BigIntegerField(), help_text="The pages that were got wrong.")
    category = models.SlugField(max_length=40, db_index=False)
    n = models.PositiveIntegerField(help_text="Items of the batch, at most.")
    classifier_number = models.PositiveIntegerField()
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    batch = models.ForeignKey(Batch, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "similar_run"
        constraints = [
            models.UniqueConstraint(
                name="similar_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]


class ErrorAction(models.Model):
    """What somebody did about an error, a cluster or what a report tells, and what it made. Append-only."""

    class Kind(models.TextChoices):
        """What was done."""

        BATCH = "batch", "Batch of similar pages"
        CLAUSE = "clause", "Clause in the guideline's draft"
        RELOOK = "relook", "Labels put up as suspects"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=6, choices=Kind)
    classifier = models.ForeignKey(
        ClassifierVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    category = models.SlugField(max_length=40, db_index=False)
    items = ArrayField(models.BigIntegerField(), help_text="The pages that it is about.")
    about = models.CharField(max_length=200, help_text="What it was begun from, in words.")
    report = models.ForeignKey(
        ErrorReport, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    run = models.ForeignKey(SimilarRun, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    clause = models.CharField(
        max_length=12, blank=True, default="", help_text="The number of the drafted clause."
    )
    n = models.PositiveIntegerField(default=0, help_text="Labels put up, or items asked for.")
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    done_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "error_action"
        indexes = [models.Index(name="error_action_latest", fields=["project", "-id"])]
        triggers = [APPEND_ONLY]


class Relook(models.Model):
    """A label that somebody wants looked at again: among the suspects until a lead answers. Append-only."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    action = models.ForeignKey(ErrorAction, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    resolution = models.ForeignKey(Resolution, on_delete=models.PROTECT, related_name="+", db_index=False)
    category = models.SlugField(max_length=40, db_index=False)
    present = models.BooleanField(help_text="Whether the resolution holds the category.")
    probability = models.FloatField(help_text="That the version gave the category.")
    unseen = models.BooleanField(help_text="Whether the version never learned from a page of the site.")

    class Meta:
        db_table = "error_relook"
        constraints = [models.UniqueConstraint(name="relook_once", fields=["resolution", "category"])]
        triggers = [APPEND_ONLY]
