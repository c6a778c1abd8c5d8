"""Evaluations of classifier versions on audited items, what they take for true, and what is kept beside them."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.projects.models import APPEND_ONLY, Project
from annotator.runs import ACTIVE, Run
from learner.training.models import ClassifierVersion


class Truth(models.TextChoices):
    """What an evaluation takes for true of an audited item."""

    RESOLVED = "resolved", "Resolutions, as they are"
    ADJUDICATED = "adjudicated", "Only what a lead has decided"
    INFERRED = "inferred", "Resolutions, with the doubt that people's skills leave"


class TruthSetting(models.Model):
    """What the evaluations of a project take for true, as somebody set it. Append-only; the newest counts."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    truth = models.CharField(max_length=12, choices=Truth)
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "truth_setting"
        triggers = [APPEND_ONLY]


class EvaluationRun(Run):
    """The work of judging one classifier version on the audited items so far; the newest where none is named."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    classifier = models.ForeignKey(
        ClassifierVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        db_table = "evaluation_run"
        constraints = [
            models.UniqueConstraint(
                name="evaluation_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]


class Evaluation(models.Model):
    """How one classifier version did on the audited holdout items resolved by then."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    classifier = models.ForeignKey(ClassifierVersion, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    last_resolution = models.BigIntegerField(help_text="Highest resolution id that it could see.")
    n_items = models.BigIntegerField()
    facts = models.JSONField(
        help_text="Per category and over all: counts, scores, curves and calibration with intervals; slices; policies."
    )

    class Meta:
        db_table = "evaluation"
        indexes = [models.Index(name="evaluation_latest", fields=["project", "-id"])]
        triggers = [APPEND_ONLY]


class KnownPages(models.Model):
    """Pages near the threshold of one category of which it is known whether they have it: what flips if it moves."""

    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    category = models.SlugField(max_length=40)
    pages = models.JSONField(
        help_text="Item, probability, whether it has the category, whether it is audited."
    )

    class Meta:
        db_table = "evaluation_known_pages"
        constraints = [models.UniqueConstraint(name="known_pages_once", fields=["evaluation", "category"])]
        triggers = [APPEND_ONLY]


class ComparisonRun(Run):
    """The work of comparing two versions on the same audited items, and what was found."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    base = models.ForeignKey(ClassifierVersion, on_delete=models.PROTECT, related_name="+")
    candidate = models.ForeignKey(ClassifierVersion, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    result = models.JSONField(default=dict)

    class Meta:
        db_table = "comparison_run"
        constraints = [
            models.UniqueConstraint(
                name="comparison_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]
        indexes = [models.Index(name="comparison_run_latest", fields=["project", "-id"])]
