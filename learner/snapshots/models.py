"""Frozen datasets, and the runs that freeze them."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.pool.models import Ingest
from annotator.projects.models import APPEND_ONLY, Project
from annotator.runs import ACTIVE, Run
from learner.snapshots.content import Choice, Content, Format, Pseudonyms


class Snapshot(models.Model):
    """One frozen, numbered dataset. Never changed; its files are checked by hash before they are handed out."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    parent = models.ForeignKey("self", null=True, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    major = models.PositiveIntegerField(default=0, db_default=0, help_text="Rises when the taxonomy changes.")
    minor = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Rises when items come or go; 0 again after a major change."
    )
    patch = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Rises when labels, or anything else, were corrected."
    )
    content_sha256 = models.CharField(
        max_length=64, help_text="Of what it holds: same state and choice, same hash."
    )
    manifest_sha256 = models.CharField(
        max_length=64, default="", db_default="", help_text="Of its manifest, which holds those of its files."
    )
    directory = models.CharField(max_length=300, help_text="Name in the file storage.")
    manifest = models.JSONField()
    n_items = models.BigIntegerField()
    n_judgments = models.BigIntegerField()
    size = models.BigIntegerField()

    class Meta:
        db_table = "snapshot"
        constraints = [models.UniqueConstraint(name="snapshot_number_once", fields=["project", "number"])]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"snapshot v{self.number}"

    @property
    def semantic(self) -> str:
        """Its version as major.minor.patch."""
        return f"{self.major}.{self.minor}.{self.patch}"

    @property
    def name(self) -> str:
        """The newest name that somebody gave it, or empty."""
        return self._noted(SnapshotNote.Kind.NAME)

    @property
    def deprecated(self) -> str:
        """Why it is not to be used any more, or empty."""
        return self._noted(SnapshotNote.Kind.DEPRECATED)

    def _noted(self, kind: "SnapshotNote.Kind") -> str:
        """Of the notes in memory: `snapshots_of` reads them along."""
        return next((note.text for note in reversed(list(self.notes.all())) if note.kind == kind), "")

    @property
    def sha256(self) -> str:
        """Of its manifest; of old, that was all there was."""
        return self.manifest_sha256 or self.content_sha256


class SnapshotSite(models.Model):
    """The side on which a snapshot put a site, where that is news: later ones inherit it. Append-only."""

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+", db_index=False)
    site = models.BigIntegerField(help_text="Keyed hash of the registrable domain.")
    side = models.PositiveSmallIntegerField(help_text="0 train, 1 validation.")

    class Meta:
        db_table = "snapshot_site"
        constraints = [models.UniqueConstraint(name="snapshot_site_once", fields=["snapshot", "site"])]
        triggers = [APPEND_ONLY]


class SnapshotNote(models.Model):
    """What somebody wrote on a snapshot: a name, a note, or why it is not to be used any more. Append-only."""

    class Kind(models.TextChoices):
        """What the text is."""

        NAME = "name", "Name"
        NOTE = "note", "Note"
        DEPRECATED = "deprecated", "Deprecated"

    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="notes")
    kind = models.CharField(max_length=10, choices=Kind)
    text = models.CharField(max_length=1000)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "snapshot_note"
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                name="snapshot_deprecated_once", fields=["snapshot"], condition=Q(kind="deprecated")
            ),
            models.CheckConstraint(name="snapshot_note_says_something", condition=~Q(text="")),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return self.text


class CardSection(models.Model):
    """What people wrote in one section of the data card; a change is a new row with the next number."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    section = models.SlugField(
        max_length=40, db_index=False, help_text="One of `learner.core.cards.sections`."
    )
    number = models.PositiveIntegerField()
    text = models.TextField(blank=True, help_text="Markdown; empty where the text was taken back.")
    created_at = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        db_table = "card_section"
        constraints = [
            models.UniqueConstraint(name="card_section_number_once", fields=["project", "section", "number"]),
            models.CheckConstraint(name="card_section_number_from_1", condition=Q(number__gte=1)),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"{self.section} v{self.number}"


class SnapshotRun(Run):
    """The work of freezing one snapshot, and what was chosen for it."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    snapshot = models.ForeignKey(Snapshot, null=True, on_delete=models.PROTECT, related_name="+")
    content = models.JSONField(default=dict, blank=True, help_text="The filter; empty for everything.")
    as_of = models.DateTimeField(null=True, blank=True, help_text="The moment to show; none for the present.")
    formats = ArrayField(models.CharField(max_length=8, choices=Format), default=list, blank=True)
    pseudonyms = models.CharField(
        max_length=8, choices=Pseudonyms, default=Pseudonyms.STABLE, db_default=Pseudonyms.STABLE
    )
    moment = models.DateTimeField(
        null=True, blank=True, help_text="What every attempt reads: the moment that the first one began with."
    )
    tables = models.JSONField(default=list, blank=True, db_default=[], help_text="How far each table is.")

    class Meta:
        db_table = "snapshot_run"
        constraints = [
            models.UniqueConstraint(
                name="snapshot_run_one_active", fields=["project"], condition=Q(status__in=ACTIVE)
            )
        ]

    @property
    def choice(self) -> Choice:
        """What was chosen."""
        return Choice(Content.from_json(self.content), self.as_of, tuple(self.formats), self.pseudonyms)

    @property
    def found_again(self) -> Snapshot | None:
        """The snapshot that held the same already, where the run ended with that."""
        snapshot = self.snapshot
        return snapshot if snapshot is not None and snapshot.created_at < self.created_at else None

    @property
    def kept(self) -> list[str]:
        """Tables that an earlier attempt had written, whole, before its worker ended."""
        return [table["name"] for table in self.tables if table["is_kept"]]


class SnapshotPart(models.Model):
    """A table that a run has written and stored, for the next attempt to go on from; gone when the run ends."""

    run = models.ForeignKey(SnapshotRun, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=40, help_text="Of the file.")
    state = models.CharField(max_length=64, help_text="Fingerprint of what it was read from.")
    stored = models.CharField(max_length=300, help_text="Name in the file storage.")
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()

    class Meta:
        db_table = "snapshot_part"
        constraints = [models.UniqueConstraint(name="snapshot_part_once", fields=["run", "name"])]

    def __str__(self) -> str:
        return self.stored


class LogStretch(models.Model):
    """A stretch of an append-only table as columns in the storage, from the first of its ids to the last."""

    class Log(models.TextChoices):
        """What the rows are."""

        JUDGMENTS = "judgments", "Judgments"
        RESOLUTIONS = "resolutions", "Resolutions"
        LEDGER = "ledger", "Ledger"

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    log = models.CharField(max_length=12, choices=Log)
    shape = models.CharField(
        max_length=16, help_text="Of the statement that read it: another one, another copy."
    )
    first_id = models.BigIntegerField()
    last_id = models.BigIntegerField()
    n_rows = models.BigIntegerField()
    stored = models.CharField(max_length=300, help_text="Name in the file storage.")
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "log_stretch"
        constraints = [
            models.UniqueConstraint(name="log_stretch_once", fields=["project", "log", "first_id"]),
            models.CheckConstraint(name="log_stretch_rises", condition=Q(first_id__lte=models.F("last_id"))),
        ]

    def __str__(self) -> str:
        return self.stored


class SnapshotComparison(Run):
    """What differs from one snapshot to another, computed once: neither of them changes."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    before = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+")
    after = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+")
    result = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "snapshot_comparison"
        constraints = [models.UniqueConstraint(name="snapshot_comparison_once", fields=["before", "after"])]


class IngestOverlap(Run):
    """How much of an ingest a snapshot holds, computed once."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    ingest = models.ForeignKey(Ingest, on_delete=models.PROTECT, related_name="+")
    snapshot = models.ForeignKey(Snapshot, on_delete=models.PROTECT, related_name="+")
    result = models.JSONField(null=True, blank=True)

    class Meta:
        db_table = "ingest_overlap"
        constraints = [models.UniqueConstraint(name="ingest_overlap_once", fields=["ingest", "snapshot"])]
