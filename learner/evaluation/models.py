"""Evaluations of classifier versions on audited holdout items, what the gate made of them, and which version serves."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.projects.models import APPEND_ONLY, Project
from annotator.runs import ACTIVE, Run
from learner.core.gate import Verdict
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
        help_text="Per category and over all: counts, precision, recall, F1 with intervals."
    )

    class Meta:
        db_table = "evaluation"
        indexes = [models.Index(name="evaluation_latest", fields=["project", "-id"])]
        triggers = [APPEND_ONLY]


class GateRules(models.Model):
    """What a version has to show before it may serve; a change is a new row with the next number. Append-only."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    rules = models.JSONField(help_text="As `learner.core.gate.rules_dump` writes them.")
    note = models.CharField(max_length=300, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "gate_rules"
        constraints = [models.UniqueConstraint(name="gate_rules_number_once", fields=["project", "number"])]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"gate rules {self.number}"


class GateResult(models.Model):
    """What the gate found of one version in one evaluation, rule by rule. Append-only; the newest counts."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    classifier = models.ForeignKey(ClassifierVersion, on_delete=models.PROTECT, related_name="+")
    evaluation = models.ForeignKey(Evaluation, on_delete=models.PROTECT, related_name="+")
    rules = models.PositiveIntegerField(help_text="Number of the rules; 0 for those of a new project.")
    against = models.ForeignKey(ClassifierVersion, null=True, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=8, choices=[(one.value, one.words) for one in Verdict])
    lines = models.JSONField(help_text="Per rule: verdict, reason and the numbers.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "gate_result"
        indexes = [models.Index(name="gate_result_latest", fields=["classifier", "-id"])]
        triggers = [
            APPEND_ONLY,
            pgtrigger.Trigger(
                name="verdict_of_its_lines",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                IF NOT EXISTS (
                    SELECT FROM evaluation WHERE id = NEW.evaluation_id AND classifier_id = NEW.classifier_id
                        AND project_id = NEW.project_id
                ) THEN
                    RAISE check_violation USING MESSAGE = 'a gate result without an evaluation of its version';
                END IF;
                IF NEW.verdict = 'pass' AND (
                    jsonb_array_length(NEW.lines) = 0
                    OR jsonb_path_exists(NEW.lines, '$[*] ? (!(@.verdict == "pass"))')
                ) THEN
                    RAISE check_violation USING MESSAGE = 'a gate is passed only when each of its rules is';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"gate of {self.classifier}: {self.get_verdict_display()}"


class Promotion(models.Model):
    """A version begins to serve: who said so, when, why, and by which gate. Append-only; the newest row serves.

    The database refuses one without a passed gate of its version, unless a lead or an admin signs an exception with a
    reason, or the version has served before (`again`): to go back must need no more than a click.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    classifier = models.ForeignKey(ClassifierVersion, on_delete=models.PROTECT, related_name="+")
    gate = models.ForeignKey(GateResult, null=True, on_delete=models.PROTECT, related_name="+")
    again = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=1000)
    exception = models.CharField(max_length=1000, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "promotion"
        constraints = [
            models.UniqueConstraint(name="promotion_number_once", fields=["project", "number"]),
            models.CheckConstraint(name="promotion_says_why", condition=~Q(reason="")),
        ]
        triggers = [
            APPEND_ONLY,
            pgtrigger.Trigger(
                name="only_through_the_gate",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("found", "gate_result%ROWTYPE")],
                func="""
                IF NOT EXISTS (
                    SELECT FROM classifier_version WHERE id = NEW.classifier_id AND project_id = NEW.project_id
                ) THEN
                    RAISE check_violation USING MESSAGE = 'a promotion of a version of another project';
                END IF;
                IF NEW.again_id IS NOT NULL THEN
                    IF NOT EXISTS (
                        SELECT FROM promotion WHERE id = NEW.again_id AND project_id = NEW.project_id
                            AND classifier_id = NEW.classifier_id
                    ) THEN
                        RAISE check_violation USING MESSAGE = 'a way back to a version that never served';
                    END IF;
                    RETURN NEW;
                END IF;
                SELECT * INTO found FROM gate_result WHERE classifier_id = NEW.classifier_id
                    ORDER BY id DESC LIMIT 1;
                IF found.id IS NULL OR NEW.gate_id IS DISTINCT FROM found.id THEN
                    RAISE check_violation USING MESSAGE = 'a promotion without the newest gate result of its version';
                END IF;
                IF found.verdict = 'pass' THEN
                    RETURN NEW;
                END IF;
                IF btrim(NEW.exception) = '' THEN
                    RAISE check_violation USING MESSAGE = 'a promotion without a passed gate or a signed exception';
                END IF;
                IF NOT EXISTS (
                    SELECT FROM membership JOIN account ON account.id = user_id
                    WHERE user_id = NEW.created_by_id AND project_id = NEW.project_id
                        AND role IN ('lead', 'admin') AND is_active
                ) THEN
                    RAISE check_violation USING MESSAGE = 'an exception that no lead and no admin signed';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"promotion {self.number} of {self.classifier}"


class ModelCard(models.Model):
    """The facts of a version's card as of one evaluation, in their one spelling. Append-only."""

    evaluation = models.OneToOneField(Evaluation, on_delete=models.PROTECT, related_name="+")
    facts = models.TextField()
    sha256 = models.CharField(max_length=64, help_text="Of the facts.")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "model_card"
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"model card of {self.evaluation}"


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
