"""Pages: the ingests that brought them, the items, their evidence, and the rows that were refused."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone

from annotator.projects.models import APPEND_ONLY, Project
from annotator.runs import ACTIVE, Run


class Split(models.TextChoices):
    """Which side an item is on, for ever: decided at ingest by a hash of its registrable domain."""

    TRAIN = "train", "train"
    HOLDOUT = "holdout", "holdout"


class Ingest(Run):
    """One load of rows from one file."""

    class Format(models.TextChoices):
        """What the file holds; each may also be gzipped."""

        CSV = "csv", "CSV"
        TSV = "tsv", "TSV"
        JSONL = "jsonl", "JSON Lines"
        PARQUET = "parquet", "Parquet"
        WARC = "warc", "WARC"
        LISTS = "lists", "Directory of lists"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    filename = models.CharField(max_length=255)
    file = models.CharField(max_length=300, help_text="Name in the file storage.")
    format = models.CharField(max_length=10, choices=Format)
    gzipped = models.BooleanField(default=False)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    list_names = models.JSONField(
        default=dict,
        blank=True,
        help_text="What each list of a directory of lists means; empty when unknown.",
    )
    rows_read = models.BigIntegerField(default=0)
    rows_added = models.BigIntegerField(default=0)
    rows_known = models.BigIntegerField(default=0, help_text="Already in the project, or twice in the file.")
    rows_changed = models.BigIntegerField(
        default=0, help_text="Of the known ones: those whose page says something else now."
    )
    rows_refused = models.BigIntegerField(default=0)

    class Meta:
        db_table = "ingest"
        indexes = [
            models.Index(name="ingest_latest", fields=["project", "-id"]),
            models.Index(name="ingest_active", fields=["id"], condition=Q(status__in=ACTIVE)),
        ]
        triggers = [pgtrigger.Protect(name="keep_ingests", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.filename

    @property
    def place(self) -> str:
        """What `line` of a refused row counts."""
        return {self.Format.PARQUET: "Row", self.Format.WARC: "Record"}.get(self.Format(self.format), "Line")

    @property
    def lists_unknown(self) -> tuple[str, ...]:
        """The lists whose meaning nobody has given yet."""
        return tuple(sorted(name for name, meaning in self.list_names.items() if not meaning))


class RefusedRow(models.Model):
    """One row that was not taken in, with the reason."""

    ingest = models.ForeignKey(Ingest, on_delete=models.CASCADE, related_name="+")
    line = models.BigIntegerField(
        help_text="Line in the file (row number for Parquet, record for WARC), from 1."
    )
    reason = models.CharField(max_length=40)
    detail = models.CharField(max_length=300)
    value = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        db_table = "refused_row"
        constraints = [models.UniqueConstraint(name="refused_row_once", fields=["ingest", "line"])]

    def __str__(self) -> str:
        return f"line {self.line}: {self.detail}"


class Item(models.Model):
    """One URL of one project. `pooled` until a batch takes it."""

    # No index of their own: each of those below begins with the project. No constraint either: checking both took a
    # seventh of an ingest, and cannot fail: items are written beside the locked row of their ingest, and neither a
    # project nor an ingest can be deleted (see their triggers).
    project = models.ForeignKey(
        Project, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    ingest = models.ForeignKey(
        Ingest, null=True, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    url = models.TextField(help_text="Canonical.")
    url_hash = models.UUIDField(help_text="BLAKE2b-128 of the canonical URL: the identity within a project.")
    raw_url = models.TextField(help_text="As it came.")
    host = models.CharField(max_length=255)
    registrable_domain = models.CharField(max_length=255)
    split = models.CharField(max_length=8, choices=Split)
    pooled = models.BooleanField(default=True)
    shuffle = models.IntegerField(
        help_text="A fixed random number, so that a random item is an index range away."
    )
    source = models.CharField(max_length=120, blank=True, default="")
    observed_at = models.DateTimeField(null=True, blank=True)
    traffic = models.FloatField(null=True, blank=True, help_text="Requests a day.")
    known_labels = ArrayField(models.SlugField(max_length=40), null=True, blank=True)
    metadata = models.JSONField(default=dict, blank=True)
    withheld = models.BooleanField(
        db_default=False, help_text="Sealed in a case: address and evidence are gone from here."
    )
    erased_at = models.DateTimeField(
        null=True, help_text="Since when its evidence is erased: the hashes and the labels stay."
    )
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        db_table = "item"
        constraints = [models.UniqueConstraint(name="item_url_once", fields=["project", "url_hash"])]
        indexes = [
            models.Index(name="item_of_project", fields=["project", "id"]),
            models.Index(name="item_of_domain", fields=["project", "registrable_domain"]),
            models.Index(name="item_pool", fields=["project", "split", "shuffle"], condition=Q(pooled=True)),
            models.Index(
                name="item_known", fields=["project", "id"], condition=Q(known_labels__isnull=False)
            ),
            models.Index(name="item_erased", fields=["project", "id"], condition=Q(erased_at__isnull=False)),
            models.Index(name="item_withheld", fields=["project", "id"], condition=Q(withheld=True)),
        ]
        triggers = [pgtrigger.Protect(name="keep_items", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return self.url


class Evidence(models.Model):
    """What the page said when it was seen: inert text, with a hash. Version 1 comes with the item."""

    # Checked by `evidence_of_an_item`, once a statement: row by row it took a tenth of an ingest.
    item = models.ForeignKey(
        Item, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    version = models.PositiveSmallIntegerField(default=1)
    title = models.TextField(blank=True, default="")
    description = models.TextField(blank=True, default="")
    text = models.TextField(blank=True, default="")
    content_hash = models.UUIDField(help_text="BLAKE2b-128 of title, description and text.")
    captured_at = models.DateTimeField(null=True, blank=True)
    added_at = models.DateTimeField(
        null=True,
        help_text="When a page that was known came again with other content; null of the first version.",
    )
    likeness = models.FloatField(
        null=True, help_text="To the version before, from 0 to 1: what they share of all that either says."
    )

    class Meta:
        db_table = "evidence"
        constraints = [models.UniqueConstraint(name="evidence_version_once", fields=["item", "version"])]
        indexes = [
            models.Index(
                name="evidence_again", fields=["item", "added_at"], condition=Q(added_at__isnull=False)
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name="evidence_of_an_item",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="added"),  # type: ignore[no-untyped-call]
                func="""
                IF EXISTS (SELECT FROM added WHERE (SELECT TRUE FROM item WHERE id = added.item_id) IS NULL) THEN
                    RAISE foreign_key_violation USING MESSAGE = 'evidence of an item that there is not';
                END IF;
                RETURN NULL;
                """,
            ),
            pgtrigger.Protect(
                name="keep_its_item",
                operation=pgtrigger.UpdateOf("item_id"),  # type: ignore[no-untyped-call]
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"evidence of item {self.item_id}"


class Signature(models.Model):
    """Min-hashes of a served item's text, in bands: items that share a band are near-duplicates for a closer look."""

    item = models.OneToOneField(Item, on_delete=models.PROTECT, primary_key=True, related_name="+")
    bands = ArrayField(models.BigIntegerField())

    class Meta:
        db_table = "signature"
        indexes = [GinIndex(name="signature_bands", fields=["bands"])]


class Case(models.Model):
    """A page that somebody stopped as possibly illegal: its address and evidence, sealed, for case holders only."""

    class Outcome(models.TextChoices):
        """How a case ended."""

        RELEASED = "released", "Released: the stop was a mistake"
        KEPT = "kept", "Kept sealed"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    content_hash = models.UUIDField(help_text="Of the newest evidence: all that others see.")
    sealed = models.JSONField(help_text="Address and evidence as they were.")
    opened_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    opened_at = models.DateTimeField(default=timezone.now)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, choices=Outcome, blank=True, default="")
    reference = models.CharField(
        max_length=120, blank=True, default="", help_text="Of the report to the authority."
    )

    class Meta:
        db_table = "case"
        constraints = [models.UniqueConstraint(name="case_number_once", fields=["project", "number"])]
        triggers = [pgtrigger.Protect(name="keep_cases", operation=pgtrigger.Delete)]

    def __str__(self) -> str:
        return f"case {self.number}"


class CaseAccess(models.Model):
    """Who did what to a case, when. Append-only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)
    what = models.CharField(max_length=200)

    class Meta:
        db_table = "case_access"
        triggers = [APPEND_ONLY]


class Retention(models.Model):
    """How long a project keeps the evidence of resolved items. Without a row, or without days: for ever."""

    project = models.OneToOneField(Project, on_delete=models.PROTECT, primary_key=True, related_name="+")
    days = models.PositiveIntegerField(null=True)
    set_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)
    swept_at = models.DateTimeField(null=True, help_text="When nothing more was due.")

    class Meta:
        db_table = "retention"


class Erasure(models.Model):
    """Who erased what evidence, when, why and of how many items. Append-only."""

    class Scope(models.TextChoices):
        """What was asked for."""

        ITEM = "item", "one page"
        SITE = "site", "all pages of a site"
        RETENTION = "retention", "kept long enough"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    scope = models.CharField(max_length=10, choices=Scope)
    item = models.ForeignKey(Item, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    site = models.CharField(max_length=255, blank=True, default="")
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Null: the tick.",
    )
    at = models.DateTimeField(default=timezone.now)
    reason = models.CharField(max_length=500)
    n_items = models.PositiveIntegerField()

    class Meta:
        db_table = "erasure"
        indexes = [models.Index(name="erasure_newest", fields=["project", "-id"])]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"erasure of {self.get_scope_display()}"


class IngestReport(Run):
    """What an ingest brought, measured by a worker once its rows are in."""

    ingest = models.OneToOneField(Ingest, on_delete=models.PROTECT, related_name="+")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    facts = models.JSONField(null=True)

    class Meta:
        db_table = "ingest_report"
        indexes = [models.Index(name="ingest_report_active", fields=["id"], condition=Q(status__in=ACTIVE))]
