"""Feature shards of the pool, how a project's learner chooses, and the runs of the query model over the shards."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import APPEND_ONLY, Project
from annotator.queue.models import Batch
from annotator.runs import ACTIVE, Run


class FeatureShard(models.Model):
    """The features of a range of items under one recipe, computed once, as a file in the storage."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    recipe = models.CharField(max_length=40)
    first_item = models.BigIntegerField()
    last_item = models.BigIntegerField()
    n_items = models.PositiveIntegerField()
    path = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "feature_shard"
        constraints = [
            models.UniqueConstraint(name="feature_shard_once", fields=["project", "recipe", "first_item"]),
            models.CheckConstraint(
                name="feature_shard_range", condition=Q(last_item__gte=models.F("first_item"))
            ),
        ]


class FeatureRun(Run):
    """The work of computing features for the items that have none yet."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "feature_run"
        constraints = [
            models.UniqueConstraint(
                name="feature_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]


class SteeringVersion(models.Model):
    """How the learner of a project chooses, as somebody set it; before the first, as the project was made. Append-only.

    Batch size, low-water mark, retrain trigger and shares stand on the project too, where the queue reads them: one
    service writes both.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    strategy = models.CharField(max_length=40)
    shares = models.JSONField()
    batch_size = models.PositiveIntegerField()
    low_water = models.PositiveIntegerField()
    retrain_after = models.PositiveIntegerField()
    weights = models.JSONField(default=dict, help_text="Category -> weight, where it is not 1.")
    examples = models.JSONField(default=dict, help_text="Category -> addresses of pages that show it.")
    note = models.CharField(max_length=300, blank=True, default="")
    changes = models.TextField(help_text="What it changed, in words.")
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "steering_version"
        constraints = [models.UniqueConstraint(name="steering_number_once", fields=["project", "number"])]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"learner settings {self.number}"


class QueryRun(Run):
    """One query: what asked for it, which classifier scored, how it chose, and the batch it opened."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    seed = models.BigIntegerField()
    classifier_number = models.PositiveIntegerField(null=True)
    artifact = models.CharField(max_length=300, blank=True, default="")
    artifact_sha256 = models.CharField(max_length=64, blank=True, default="")
    pool_size = models.BigIntegerField(null=True)
    phases = models.JSONField(default=dict, help_text="Seconds by phase.")
    steering = models.ForeignKey(
        SteeringVersion,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="None: as the project was made.",
    )
    strategy = models.CharField(max_length=40, blank=True, default="", help_text="Of the query stream.")
    workers = models.PositiveSmallIntegerField(default=1, help_text="Processes that scored its shards.")
    audits_only = models.PositiveIntegerField(
        null=True, help_text="A batch of so many audits and nothing else, as somebody planned it."
    )
    audit_focus = models.JSONField(
        default=dict, help_text="Category -> how much it counts in the draw of audits; empty: all alike."
    )
    audit_design = models.JSONField(
        default=dict, help_text="How it draws audits, settled before any shard is scored."
    )
    batch = models.ForeignKey(Batch, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "query_run"
        constraints = [
            models.UniqueConstraint(
                name="query_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]
        indexes = [models.Index(name="query_run_latest", fields=["project", "-id"])]


class AuditWave(models.Model):
    """One draw of the audit stream: what weighed the holdout items, and where the draw ended. Append-only.

    `path` and `sha256` name the chances of all holdout items under this wave and those before it; the file of the
    newest waves is kept, because the next one starts from it.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    run = models.OneToOneField(QueryRun, on_delete=models.PROTECT, related_name="+")
    batch = models.OneToOneField(Batch, on_delete=models.PROTECT, related_name="+")
    drawn_at = models.DateTimeField(default=timezone.now)
    n_drawn = models.PositiveIntegerField()
    n_available = models.BigIntegerField(help_text="Holdout items that it could draw.")
    n_holdout = models.BigIntegerField(help_text="Holdout items with features, drawn before or not.")
    threshold = models.FloatField(
        help_text="An item is in where its measure / its number is over it; 0: all are."
    )
    design = models.JSONField(
        help_text="Seed of the items' numbers, mean of sqrt(probability) and focus of each category."
    )
    path = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)

    class Meta:
        db_table = "audit_wave"
        constraints = [
            models.UniqueConstraint(name="audit_wave_number_once", fields=["project", "number"]),
            models.CheckConstraint(name="audit_wave_threshold", condition=Q(threshold__gte=0)),
        ]
        triggers = [APPEND_ONLY]


class AuditChance(models.Model):
    """An item that was drawn for audit: how likely it was to be, under all waves so far. Each wave raises it.

    An item that was drawn before there were waves has none in `wave`; the ledger knows its draw.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="+")
    wave = models.ForeignKey(AuditWave, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    chance = models.FloatField()

    class Meta:
        db_table = "audit_chance"
        constraints = [
            models.CheckConstraint(name="audit_chance_0_to_1", condition=Q(chance__gte=0, chance__lte=1))
        ]


class SuggestionSwitch(models.Model):
    """That an admin switched suggestions of a language model on or off in a project. Append-only; the newest counts."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    on = models.BooleanField()
    set_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "suggestion_switch"
        triggers = [APPEND_ONLY]


class SuggestionRun(Run):
    """One run of asking a language model about candidates of a category, and what became of its requests."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    category = models.SlugField(max_length=40, db_index=False)
    language_model = models.CharField(max_length=200)
    artifact = models.CharField(max_length=300, blank=True, default="")
    artifact_sha256 = models.CharField(max_length=64, blank=True, default="")
    n_requests = models.PositiveIntegerField(default=0, help_text="Counted before each is sent.")
    n_dropped = models.PositiveIntegerField(default=0, help_text="Replies that were no score.")
    n_failed = models.PositiveIntegerField(default=0, help_text="Requests without a reply.")

    class Meta:
        db_table = "suggestion_run"
        constraints = [
            models.UniqueConstraint(
                name="suggestion_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]
        indexes = [models.Index(name="suggestion_run_latest", fields=["project", "-id"])]


class Suggestion(models.Model):
    """How likely a language model holds an item to show a category. Append-only; it orders candidates, nothing else."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    run = models.ForeignKey(SuggestionRun, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    category = models.SlugField(max_length=40, db_index=False)
    score = models.FloatField()
    language_model = models.CharField(max_length=200)
    prompt = models.CharField(max_length=40)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "suggestion"
        constraints = [
            models.UniqueConstraint(
                name="suggestion_once", fields=["item", "category", "prompt", "language_model"]
            ),
            models.CheckConstraint(name="suggestion_score_0_to_1", condition=Q(score__gte=0, score__lte=1)),
        ]
        triggers = [APPEND_ONLY]


class QueryPart(models.Model):
    """One shard that one query has to score: taken by whichever worker is free, done when its candidates are stored.

    Rows and files are removed when the query is over.
    """

    run = models.ForeignKey(QueryRun, on_delete=models.CASCADE, related_name="+", db_index=False)
    shard = models.ForeignKey(FeatureShard, on_delete=models.CASCADE, related_name="+")
    taken_by = models.CharField(max_length=200, blank=True, default="")
    taken_at = models.DateTimeField(null=True)
    path = models.CharField(
        max_length=300, blank=True, default="", help_text="Of its candidates, once it is done."
    )
    sha256 = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        db_table = "query_part"
        constraints = [models.UniqueConstraint(name="query_part_once", fields=["run", "shard"])]


class ShadowRun(Run):
    """Two ways to choose the next batch, side by side on the same pool: what each would take. It opens nothing."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    seed = models.BigIntegerField()
    classifier_number = models.PositiveIntegerField(null=True)
    artifact = models.CharField(max_length=300, blank=True, default="")
    artifact_sha256 = models.CharField(max_length=64, blank=True, default="")
    base = models.PositiveIntegerField(
        help_text="Number of the settings in use then; 0 as the project was made."
    )
    in_use = models.JSONField(help_text="Those settings.")
    candidate = models.JSONField(help_text="The settings to compare with.")
    result = models.JSONField(default=dict)

    class Meta:
        db_table = "shadow_run"
        constraints = [
            models.UniqueConstraint(
                name="shadow_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]
        indexes = [models.Index(name="shadow_run_latest", fields=["project", "-id"])]


class LookRun(Run):
    """One item looked at because somebody asked: where it stands in each lane of the next query. It opens nothing."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    classifier_number = models.PositiveIntegerField(null=True)
    artifact = models.CharField(max_length=300, blank=True, default="")
    artifact_sha256 = models.CharField(max_length=64, blank=True, default="")
    result = models.JSONField(default=dict)

    class Meta:
        db_table = "look_run"
        constraints = [
            models.UniqueConstraint(
                name="look_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]
        indexes = [models.Index(name="look_run_latest", fields=["item", "-id"])]
