"""What each kind of school does with each category."""

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.projects.models import APPEND_ONLY, Project
from learner.core.metrics.policy import Action, Objective


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
