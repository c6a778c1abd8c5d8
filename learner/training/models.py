"""Training runs and the classifier versions they made."""

from typing import Final

from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.projects.models import APPEND_ONLY, Project, TaxonomyVersion
from annotator.runs import ACTIVE, Run

TRAINING_PHASES: Final = ("labels", "features", "fit", "write")


class TrainingRun(Run):
    """The work of fitting one classifier version."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    reason = models.TextField()
    seed = models.BigIntegerField()
    phases = models.JSONField(default=dict, help_text="Seconds by phase.")

    class Meta:
        db_table = "training_run"
        constraints = [
            models.UniqueConstraint(
                name="training_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]
        indexes = [models.Index(name="training_run_latest", fields=["project", "-id"])]

    @property
    def phases_in_order(self) -> list[tuple[str, float]]:
        """The seconds of each phase as they came: the database keeps them by the length of their names."""
        return [(name, self.phases[name]) for name in TRAINING_PHASES if name in self.phases]


class ClassifierVersion(models.Model):
    """One fitted classifier, frozen: where its artifact is, and what it was fitted on."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    training_run = models.ForeignKey(TrainingRun, on_delete=models.PROTECT, related_name="+")
    taxonomy = models.ForeignKey(TaxonomyVersion, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    fingerprint = models.CharField(max_length=64, help_text="Of the training data, recipe and seed.")
    artifact = models.CharField(max_length=300)
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    recipe = models.CharField(max_length=40)
    n_resolutions = models.BigIntegerField(help_text="Resolved train items it was fitted on.")
    n_known = models.BigIntegerField(
        help_text="Train items with a known label from the ingest, and no resolution."
    )
    last_resolution = models.BigIntegerField(default=0, help_text="Highest resolution id that it could see.")
    categories = models.JSONField(help_text="Per category: slug, n_positive, learned, reason, threshold.")

    class Meta:
        db_table = "classifier_version"
        constraints = [models.UniqueConstraint(name="classifier_number_once", fields=["project", "number"])]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"classifier v{self.number}"

    @property
    def weighing(self) -> str:
        """How much one label counted in the fit, in words."""
        spreads = [row["weights"] for row in self.categories if row.get("weights")]
        least = min((spread["least"] for spread in spreads), default=1.0)
        most = max((spread["most"] for spread in spreads), default=1.0)
        if least == most:
            return "each counts the same"
        return (
            f"by the square root of the number of people behind it, {least:.2f} to {most:.2f} times the mean"
        )


class DrivingRun(Run):
    """Finding the words that drive each category of a version, once it is published: no batch waits for them."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    version = models.OneToOneField(ClassifierVersion, on_delete=models.PROTECT, related_name="+")
    result = models.JSONField(default=dict, help_text="Per category, the words that speak for it.")

    class Meta:
        db_table = "driving_run"
