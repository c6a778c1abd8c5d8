"""What the gate made of an evaluation, which version serves, and the card that is handed out with it."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.projects.models import APPEND_ONLY, Project
from learner.core.gate import Verdict
from learner.evaluation.models.evaluations import Evaluation
from learner.training.models import ClassifierVersion


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


def gated(what: str, *, version: str, signer: str) -> str:
    """The end of a trigger that takes a row with the newest gate result of its version, passed or signed for.

    The trigger declares `found gate_result%ROWTYPE`; the row has gate_id, exception and project_id.
    """
    return f"""SELECT * INTO found FROM gate_result WHERE classifier_id = NEW.{version}
                    ORDER BY id DESC LIMIT 1;
                IF found.id IS NULL OR NEW.gate_id IS DISTINCT FROM found.id THEN
                    RAISE check_violation USING MESSAGE = '{what} without the newest gate result of its version';
                END IF;
                IF found.verdict = 'pass' THEN
                    RETURN NEW;
                END IF;
                IF btrim(NEW.exception) = '' THEN
                    RAISE check_violation USING MESSAGE = '{what} without a passed gate or a signed exception';
                END IF;
                IF NOT EXISTS (
                    SELECT FROM membership JOIN account ON account.id = user_id
                    WHERE user_id = NEW.{signer} AND project_id = NEW.project_id
                        AND role IN ('lead', 'admin') AND is_active
                ) THEN
                    RAISE check_violation USING MESSAGE = 'an exception that no lead and no admin signed';
                END IF;
                RETURN NEW;
                """  # noqa: S608 - composed of our own words


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
                """  # noqa: S608 - composed of our own words
                + gated("a promotion", version="classifier_id", signer="created_by_id"),
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
