"""Experiments: a share of the scoring traffic answered by a candidate, what was counted, and pages that differ."""

from typing import Final

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from annotator.projects.models import APPEND_ONLY, Project
from learner.evaluation.models import GateResult
from learner.evaluation.models.release import gated
from learner.training.models import ClassifierVersion

ENDS: Final = ("ended_at", "ended_by_id", "ended_why")


class Experiment(models.Model):
    """A candidate beside the version that serves, on a share of the sites. It begins once and ends once.

    The database refuses one whose answers go out by a version that may not serve: as for a promotion, the newest gate
    result of the version, passed, or an exception with a reason by a lead or an admin; or it served before. Nobody sees
    what a shadow answers, so a shadow needs no gate.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    base = models.ForeignKey(ClassifierVersion, on_delete=models.PROTECT, related_name="+")
    candidate = models.ForeignKey(ClassifierVersion, on_delete=models.PROTECT, related_name="+")
    gate = models.ForeignKey(GateResult, null=True, on_delete=models.PROTECT, related_name="+")
    share = models.PositiveSmallIntegerField(help_text="Of a hundred sites, so many are the candidate's.")
    shadow = models.BooleanField(help_text="The candidate scores too, and its answers are not used.")
    keeps_pages = models.BooleanField(help_text="Addresses on which the two differ are kept, a few.")
    reason = models.CharField(max_length=1000)
    exception = models.CharField(max_length=1000, blank=True, default="")
    started_at = models.DateTimeField(default=timezone.now)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ends_at = models.DateTimeField(null=True, help_text="When it ends by itself.")
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_why = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        db_table = "experiment"
        constraints = [
            models.UniqueConstraint(name="experiment_number_once", fields=["project", "number"]),
            models.UniqueConstraint(
                name="experiment_one_running", fields=["project"], condition=Q(ended_at__isnull=True)
            ),
            models.CheckConstraint(
                name="experiment_share",
                condition=Q(share__gte=1) & (Q(share__lte=99) | Q(shadow=True, share__lte=100)),
            ),
            models.CheckConstraint(name="experiment_says_why", condition=~Q(reason="")),
            models.CheckConstraint(name="experiment_two_versions", condition=~Q(base=F("candidate"))),
            models.CheckConstraint(
                name="experiment_end_says_why", condition=Q(ended_at__isnull=True) | ~Q(ended_why="")
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="ends_once",
                when=pgtrigger.Before,
                operation=pgtrigger.Update | pgtrigger.Delete,
                func=f"""
                IF TG_OP = 'DELETE' THEN
                    RAISE check_violation USING MESSAGE = 'an experiment is not deleted';
                END IF;
                IF OLD.ended_at IS NOT NULL OR NEW.ended_at IS NULL
                    OR to_jsonb(NEW) - '{{{",".join(ENDS)}}}'::text[]
                        IS DISTINCT FROM to_jsonb(OLD) - '{{{",".join(ENDS)}}}'::text[]
                THEN
                    RAISE check_violation USING MESSAGE = 'an experiment only ends, and only once';
                END IF;
                RETURN NEW;
                """,
            ),
            pgtrigger.Trigger(
                name="only_through_the_gate",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[("found", "gate_result%ROWTYPE")],
                func="""
                IF EXISTS (
                    SELECT FROM classifier_version WHERE id IN (NEW.base_id, NEW.candidate_id)
                        AND project_id <> NEW.project_id
                ) THEN
                    RAISE check_violation USING MESSAGE = 'an experiment with a version of another project';
                END IF;
                IF NEW.base_id IS DISTINCT FROM (
                    SELECT classifier_id FROM promotion WHERE project_id = NEW.project_id
                    ORDER BY number DESC LIMIT 1
                ) THEN
                    RAISE check_violation USING MESSAGE = 'an experiment beside a version that does not serve';
                END IF;
                IF NEW.shadow OR EXISTS (
                    SELECT FROM promotion WHERE project_id = NEW.project_id AND classifier_id = NEW.candidate_id
                ) THEN
                    RETURN NEW;
                END IF;
                """  # noqa: S608 - composed of our own words
                + gated("an experiment", version="candidate_id", signer="started_by_id"),
            ),
        ]

    def __str__(self) -> str:
        return f"experiment {self.number}"


class ExperimentCount(models.Model):
    """What was counted from the start of an experiment up to a moment. Append-only; the newest row has the totals."""

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    counted_at = models.DateTimeField(default=timezone.now)
    drain = models.UUIDField(unique=True, help_text="Of what it added: never added twice.")
    totals = models.JSONField(help_text="Field -> count, as `learner.core.experiments` reads them.")

    class Meta:
        db_table = "experiment_count"
        constraints = [
            models.UniqueConstraint(name="experiment_count_number_once", fields=["experiment", "number"])
        ]
        triggers = [APPEND_ONLY]


class ExperimentPage(models.Model):
    """A page on which the two versions would have done different things. Kept for some weeks, and then deleted."""

    experiment = models.ForeignKey(Experiment, on_delete=models.PROTECT, related_name="+", db_index=False)
    url = models.TextField(help_text="Canonical.")
    url_hash = models.UUIDField(help_text="As an item has it.")
    profile = models.CharField(max_length=12, blank=True, default="")
    base_action = models.CharField(max_length=8)
    candidate_action = models.CharField(max_length=8)
    base_labels = models.JSONField()
    candidate_labels = models.JSONField()
    seen_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "experiment_page"
        constraints = [
            models.UniqueConstraint(name="experiment_page_once", fields=["experiment", "url_hash"])
        ]
        indexes = [models.Index(name="experiment_page_old", fields=["seen_at"])]
