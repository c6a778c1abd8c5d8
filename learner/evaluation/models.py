"""Evaluations of classifier versions on audited holdout items."""

from django.conf import settings
from django.db import models
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
    """The work of judging one classifier version on the audited items so far."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "evaluation_run"
        constraints = [
            models.UniqueConstraint(
                name="evaluation_run_one_active", fields=["project"], condition=models.Q(status__in=ACTIVE)
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
        help_text="Per category and over all: counts, precision, recall, F1 with intervals."
    )

    class Meta:
        db_table = "evaluation"
        indexes = [models.Index(name="evaluation_latest", fields=["project", "-id"])]
        triggers = [APPEND_ONLY]
