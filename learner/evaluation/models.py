"""Evaluations of classifier versions on audited holdout items, what the gate made of them, which version serves; school
profiles, and what must not be over-blocked.
"""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import APPEND_ONLY, Project
from annotator.queue.models import Batch
from annotator.runs import ACTIVE, Run
from learner.core.gate import Verdict
from learner.core.metrics.policy import Action, Objective
from learner.core.pack import PACKS
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


class ProfileVersion(models.Model):
    """What a kind of school does with each category, as somebody set it. Append-only; the newest counts."""

    class Name(models.TextChoices):
        """The kind of school."""

        ELEMENTARY = "elementary", "Elementary school"
        MIDDLE = "middle", "Middle school"
        HIGH = "high", "High school"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=12, choices=Name)
    number = models.PositiveIntegerField()
    pages_a_day = models.PositiveBigIntegerField(
        null=True, help_text="Pages that its pupils open; null: not known."
    )
    note = models.CharField(max_length=300, blank=True, default="")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "profile_version"
        constraints = [
            models.UniqueConstraint(name="profile_number_once", fields=["project", "name", "number"]),
            models.CheckConstraint(
                name="profile_name_known", condition=Q(name__in=["elementary", "middle", "high"])
            ),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.get_name_display().lower()} profile {self.number}"


class ProfileRule(models.Model):
    """What one profile does with one category. Append-only.

    The recall floor of a category that CIPA obliges schools to block can be lowered, and the category be blocked no
    more, only with a reason: who and when are those of the version.
    """

    profile = models.ForeignKey(ProfileVersion, on_delete=models.PROTECT, related_name="+")
    category = models.SlugField(max_length=40)
    action = models.CharField(max_length=8, choices=[(one.value, one.value) for one in Action])
    objective = models.CharField(max_length=8, choices=[(one.value, one.words) for one in Objective])
    threshold = models.FloatField(null=True, help_text="The probability, where the objective is a fixed one.")
    recall_floor = models.FloatField(null=True, help_text="The lower end of recall has to reach it.")
    cost_miss = models.FloatField(help_text="Of a page that is let through, against `cost_block`.")
    cost_block = models.FloatField(help_text="Of a page that is blocked by mistake.")
    exception = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        db_table = "profile_rule"
        constraints = [
            models.UniqueConstraint(name="profile_rule_once", fields=["profile", "category"]),
            models.CheckConstraint(
                name="profile_rule_shares",
                condition=(Q(threshold__isnull=True) | Q(threshold__gte=0, threshold__lte=1))
                & (Q(recall_floor__isnull=True) | Q(recall_floor__gte=0, recall_floor__lte=1)),
            ),
            models.CheckConstraint(
                name="profile_rule_fixed_has_threshold",
                condition=Q(objective="fixed", threshold__isnull=False)
                | (~Q(objective="fixed") & Q(threshold__isnull=True)),
            ),
            models.CheckConstraint(
                name="profile_rule_recall_has_floor",
                condition=~Q(objective="recall") | Q(recall_floor__isnull=False),
            ),
            models.CheckConstraint(
                name="profile_rule_costs_positive", condition=Q(cost_miss__gt=0, cost_block__gt=0)
            ),
        ]
        triggers = [
            APPEND_ONLY,
            pgtrigger.Trigger(
                name="cipa_floor_stays",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                declare=[
                    ("version", "profile_version%ROWTYPE"),
                    ("least", "double precision"),
                    ("obliged", "boolean"),
                ],
                func="""
                SELECT * INTO version FROM profile_version WHERE id = NEW.profile_id;
                SELECT category.cipa, category.recall_floor INTO obliged, least FROM category
                    JOIN taxonomy_version ON taxonomy_version.id = category.taxonomy_id
                    WHERE taxonomy_version.project_id = version.project_id AND category.slug = NEW.category
                    ORDER BY taxonomy_version.number DESC LIMIT 1;
                IF NOT coalesce(obliged, FALSE) OR btrim(NEW.exception) <> '' THEN
                    RETURN NEW;
                END IF;
                least := greatest(coalesce(least, 0), coalesce((
                    SELECT rule.recall_floor FROM profile_rule rule
                    JOIN profile_version earlier ON earlier.id = rule.profile_id
                    WHERE earlier.project_id = version.project_id AND earlier.name = version.name
                        AND earlier.number < version.number AND rule.category = NEW.category
                    ORDER BY earlier.number DESC LIMIT 1
                ), 0));
                IF NEW.action <> 'block' THEN
                    RAISE check_violation
                        USING MESSAGE = 'a category that CIPA names is not blocked, without an exception';
                END IF;
                IF coalesce(NEW.recall_floor, 0) < least THEN
                    RAISE check_violation
                        USING MESSAGE = 'a recall floor that CIPA asks for is lowered, without an exception';
                END IF;
                RETURN NEW;
                """,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.category}"


class PackMember(models.Model):
    """That a page was put into the over-block pack, or taken out. Append-only; the newest row of a page counts."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    pack = models.CharField(max_length=24, choices=list(PACKS.items()))
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    inside = models.BooleanField()
    note = models.CharField(max_length=200, blank=True, default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "pack_member"
        indexes = [models.Index(name="pack_member_newest", fields=["project", "pack", "item", "-id"])]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.pack}: item {self.item_id} {'in' if self.inside else 'out'}"


class PackRule(models.Model):
    """What people ask of a slice of the pack: its limit, and how many audits. Append-only; the newest counts."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    pack = models.CharField(max_length=24, choices=list(PACKS.items()))
    number = models.PositiveIntegerField()
    limit = models.FloatField(help_text="The share of its pages that may be flagged by mistake.")
    quota = models.PositiveSmallIntegerField(help_text="Pages of it that are audited with each batch.")
    note = models.CharField(max_length=300, blank=True, default="")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "pack_rule"
        constraints = [
            models.UniqueConstraint(name="pack_rule_number_once", fields=["project", "pack", "number"]),
            models.CheckConstraint(
                name="pack_rule_in_range", condition=Q(limit__gt=0, limit__lte=0.5, quota__lte=20)
            ),
        ]
        triggers = [APPEND_ONLY]


class PackDraw(models.Model):
    """A page of a slice that was drawn for audit: a stratum of its own, with its chance. Append-only.

    It is no part of the audits by which a classifier is judged, unless a wave would have drawn it as well.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    pack = models.CharField(max_length=24, choices=list(PACKS.items()))
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="+")
    wave = models.PositiveIntegerField(help_text="Number of the wave that it came with.")
    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+")
    chance = models.FloatField(help_text="Of each page of the slice that could be drawn then.")

    class Meta:
        db_table = "pack_draw"
        indexes = [models.Index(name="pack_draw_newest", fields=["project", "-wave"])]
        constraints = [
            models.CheckConstraint(name="pack_draw_chance", condition=Q(chance__gt=0, chance__lte=1))
        ]
        triggers = [APPEND_ONLY]
