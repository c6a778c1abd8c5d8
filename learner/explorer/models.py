"""What the explorer searches in: columns of facts on items, their words, and the filters that people keep.

All but the filters is derived from the tables of other stages, and can be dropped and made again: decision 159.
"""

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import Project, TaxonomyVersion


class ExplorerState(models.Model):
    """How far the columns of a project are. `busy_until` is the lease of the worker that brings them up to date."""

    project = models.OneToOneField(Project, primary_key=True, on_delete=models.CASCADE, related_name="+")
    layout = models.PositiveSmallIntegerField(default=0)
    taxonomy = models.ForeignKey(TaxonomyVersion, null=True, on_delete=models.PROTECT, related_name="+")
    n_items = models.PositiveIntegerField(default=0)
    last_item = models.BigIntegerField(default=0)
    classifier_number = models.PositiveIntegerField(null=True, help_text="By which the columns are scored.")
    common_at = models.PositiveIntegerField(
        default=0, help_text="Items that there were when the words of many pages were chosen."
    )
    marks = models.JSONField(default=dict, help_text="Table -> id up to which its rows are surely read.")
    seen = models.JSONField(default=dict, help_text="What the newest refresh found; it may have been early.")
    refreshed_at = models.DateTimeField(null=True)
    busy_until = models.DateTimeField(null=True)

    class Meta:
        db_table = "explorer_state"


class ExplorerChunk(models.Model):
    """A range of items, in the order of their ids: the same places in each column."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    first_item = models.BigIntegerField()
    last_item = models.BigIntegerField()
    n_items = models.PositiveIntegerField()
    classifier_number = models.PositiveIntegerField(null=True)
    n_scored = models.PositiveIntegerField(default=0)

    class Meta:
        db_table = "explorer_chunk"
        constraints = [models.UniqueConstraint(name="explorer_chunk_once", fields=["project", "number"])]


class ExplorerColumn(models.Model):
    """One fact on each item of a chunk, as numbers or bits: see `learner.explorer.columns`. Nothing is no row."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    chunk = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        db_table = "explorer_column"
        constraints = [
            models.UniqueConstraint(name="explorer_column_once", fields=["project", "name", "chunk"])
        ]


class ExplorerText(models.Model):
    """The words of an item's address and newest evidence. A trigger drops them with the evidence: see the migration."""

    item = models.OneToOneField(Item, primary_key=True, on_delete=models.CASCADE, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    position = models.PositiveIntegerField()
    words = SearchVectorField()

    class Meta:
        db_table = "explorer_text"
        indexes = [GinIndex(name="explorer_text_words", fields=["words"])]


class ExplorerTerm(models.Model):
    """The number by which a column names a site, a source or a language. Of a site only the key is kept."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    kind = models.CharField(max_length=10)
    name = models.CharField(max_length=120)
    number = models.PositiveIntegerField()

    class Meta:
        db_table = "explorer_term"
        constraints = [
            models.UniqueConstraint(name="explorer_term_once", fields=["project", "kind", "name"]),
            models.UniqueConstraint(name="explorer_term_number_once", fields=["project", "kind", "number"]),
        ]


class ExplorerFilter(models.Model):
    """A filter under a name: of one person, or shared with all who may see the explorer."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    name = models.CharField(max_length=60)
    address = models.CharField(max_length=4000, help_text="The filter as the query of an address.")
    shared = models.BooleanField(default=False)
    saved_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    saved_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "explorer_filter"
        constraints = [
            models.UniqueConstraint(name="explorer_filter_once", fields=["project", "saved_by", "name"])
        ]

    def __str__(self) -> str:
        return self.name
