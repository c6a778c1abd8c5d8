"""What is offered to annotators: batches, the ledger of why each item is in one, and the places on it."""

import pgtrigger
from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from annotator.pool.models import Item
from annotator.projects.models import APPEND_ONLY, Clause, GuidelineVersion, Project, TaxonomyVersion


class Stream(models.TextChoices):
    """Why an item is in a batch."""

    QUERY = "query", "query"
    RARE = "rare", "rare"
    EXPLORE = "explore", "explore"
    AUDIT = "audit", "audit"
    GOLD = "gold", "gold"
    RETEST = "retest", "retest"
    RECHECK = "recheck", "recheck"


class Stopping(models.TextChoices):
    """When an item is asked about no more."""

    FIXED = "fixed", "fixed overlap"
    ADAPTIVE = "adaptive", "adaptive: until it is certain"
    CHECK = "check", "fixed overlap, drawn to check adaptive stopping"


class AssignmentState(models.TextChoices):
    """Where a place stands."""

    FREE = "free", "free"
    OFFERED = "offered", "offered"
    SUBMITTED = "submitted", "submitted"
    WITHHELD = "withheld", "withheld"


class Purpose(models.TextChoices):
    """What an answer in this place is for. Only those for overlap count towards what is held true."""

    OVERLAP = "overlap", "overlap"
    GOLD = "gold", "gold"
    RETEST = "retest", "retest"
    QUALIFICATION = "qualification", "qualification"


class Batch(models.Model):
    """The items that one query opened. Never changed: whether it is worked off is read from its places."""

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    number = models.PositiveIntegerField()
    opened_at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(help_text="Why it was due, in a sentence.")
    fingerprint = models.CharField(max_length=64, help_text="Of the query: opening twice opens once.")
    seed = models.BigIntegerField()
    classifier_number = models.PositiveIntegerField(
        null=True, blank=True, help_text="None before the first version."
    )
    pool_size = models.BigIntegerField()
    fallback = models.BooleanField(
        default=False, help_text="Random, because the query model gave nothing in time."
    )
    personal = models.BooleanField(
        db_default=False, default=False, help_text="Checks for one person, not work for everybody."
    )
    n_items = models.PositiveIntegerField()

    class Meta:
        db_table = "batch"
        constraints = [
            models.UniqueConstraint(name="batch_number_once", fields=["project", "number"]),
            models.UniqueConstraint(name="batch_fingerprint_once", fields=["project", "fingerprint"]),
        ]
        triggers = [APPEND_ONLY]

    def __str__(self) -> str:
        return f"batch {self.number}"


class Recheck(models.Model):
    """A batch of items that a lead has looked at again, under the versions that hold then: decision 107."""

    batch = models.OneToOneField(Batch, primary_key=True, on_delete=models.PROTECT, related_name="recheck")
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    taxonomy = models.ForeignKey(TaxonomyVersion, on_delete=models.PROTECT, related_name="+", db_index=False)
    guideline = models.ForeignKey(
        GuidelineVersion, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )

    class Meta:
        db_table = "recheck"
        triggers = [pgtrigger.Protect(name="keep_rechecks", operation=pgtrigger.Delete)]
        constraints = [
            models.CheckConstraint(
                name="recheck_cancelled_by_somebody",
                condition=Q(cancelled_at__isnull=True, cancelled_by__isnull=True)
                | Q(cancelled_at__isnull=False, cancelled_by__isnull=False),
            )
        ]


class BatchItem(models.Model):
    """The ledger: why this item was served. Append-only."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="+", db_index=False)
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    rank = models.PositiveIntegerField(help_text="From 0 within the batch; lower is sooner.")
    stream = models.CharField(max_length=10, choices=Stream)
    strategy = models.CharField(max_length=40)
    score = models.FloatField(null=True, help_text="Higher is sooner; None where the strategy gives none.")
    reason = models.CharField(max_length=200, blank=True, default="")
    classifier_number = models.PositiveIntegerField(null=True)
    pool_size = models.BigIntegerField(help_text="Items that this stream could have chosen from.")
    inclusion_probability = models.FloatField(null=True, help_text="None for a choice that was not random.")
    seed = models.BigIntegerField()
    severity = models.PositiveSmallIntegerField(
        default=0, help_text="Expected, 0 harmless to 3 grave: decides on shield and ration."
    )
    expected = ArrayField(
        models.SlugField(max_length=40), default=list, help_text="Categories expected; for people's opt-outs."
    )
    stopping = models.CharField(
        max_length=8, choices=Stopping, default=Stopping.FIXED, db_default=Stopping.FIXED
    )
    overlap = models.PositiveSmallIntegerField(
        null=True, help_text="The fixed overlap at that time; None where one person is asked."
    )

    class Meta:
        db_table = "batch_item"
        constraints = [
            models.UniqueConstraint(name="batch_item_rank_once", fields=["batch", "rank"]),
            models.UniqueConstraint(name="batch_item_once", fields=["batch", "item"]),
            models.CheckConstraint(
                name="batch_item_probability_0_to_1",
                condition=Q(inclusion_probability__isnull=True)
                | Q(inclusion_probability__gt=0, inclusion_probability__lte=1),
            ),
            models.CheckConstraint(
                name="batch_item_audit_is_fixed",
                condition=Q(stopping="fixed") | Q(stream__in=["query", "rare", "explore"]),
            ),
        ]
        indexes = [
            models.Index(
                name="batch_item_not_fixed", fields=["batch", "stopping"], condition=~Q(stopping="fixed")
            )
        ]
        triggers = [APPEND_ONLY]


class Assignment(models.Model):
    """One place on one item: free, then offered under a lease, then submitted.

    A k+1st annotator finds no row to take; the unique constraints hold against any race.
    """

    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+", db_index=False)
    batch_item = models.ForeignKey(BatchItem, on_delete=models.PROTECT, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    place = models.PositiveSmallIntegerField(help_text="From 1 to the overlap.")
    recheck = models.PositiveSmallIntegerField(
        db_default=0, default=0, help_text="0 as it was first asked; n for the n-th time of looking again."
    )
    priority = models.BigIntegerField(
        help_text="Lower is sooner, over all batches; below 0: given back or added later."
    )
    state = models.CharField(max_length=10, choices=AssignmentState, default=AssignmentState.FREE)
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    offered_at = models.DateTimeField(null=True)
    lease_until = models.DateTimeField(null=True)
    submitted_at = models.DateTimeField(null=True)
    purpose = models.CharField(max_length=13, choices=Purpose, default=Purpose.OVERLAP)
    for_annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="A personal place: gold, retest and qualification are for one person. Others only for a time.",
    )
    reserved_until = models.DateTimeField(
        null=True, help_text="When a free place of overlap that waits for one person is anybody's again."
    )
    severity = models.PositiveSmallIntegerField(default=0, help_text="Expected; raised by what is judged.")
    expected = ArrayField(models.SlugField(max_length=40), default=list)
    reading_seconds = models.FloatField(
        default=0, help_text="A judgment that is faster than this is pointed out to the lead."
    )

    class Meta:
        db_table = "assignment"
        constraints = [
            models.UniqueConstraint(
                name="assignment_place_once",
                fields=["item", "place", "recheck"],
                condition=Q(purpose="overlap"),
            ),
            models.UniqueConstraint(
                name="assignment_annotator_once",
                fields=["item", "annotator", "recheck"],
                condition=Q(annotator__isnull=False) & ~Q(purpose="retest"),
            ),
            models.UniqueConstraint(
                name="assignment_personal_once",
                fields=["for_annotator", "item", "purpose"],
                condition=Q(for_annotator__isnull=False),
            ),
            models.CheckConstraint(
                name="assignment_personal_or_overlap",
                condition=Q(purpose="overlap", for_annotator__isnull=True, reserved_until__isnull=True)
                | Q(
                    purpose="overlap",
                    for_annotator__isnull=False,
                    reserved_until__isnull=False,
                    state__in=["free", "withheld"],
                )
                | (~Q(purpose="overlap") & Q(for_annotator__isnull=False, reserved_until__isnull=True)),
            ),
            models.CheckConstraint(
                name="assignment_recheck_is_for_overlap", condition=Q(recheck=0) | Q(purpose="overlap")
            ),
            models.CheckConstraint(name="assignment_place_1_to_5", condition=Q(place__gte=1, place__lte=5)),
            models.CheckConstraint(
                name="assignment_state_matches",
                condition=Q(
                    state="free", annotator__isnull=True, lease_until__isnull=True, submitted_at__isnull=True
                )
                | Q(
                    state="offered",
                    annotator__isnull=False,
                    lease_until__isnull=False,
                    submitted_at__isnull=True,
                )
                | Q(state="submitted", annotator__isnull=False, submitted_at__isnull=False)
                | Q(
                    state="withheld",
                    annotator__isnull=True,
                    lease_until__isnull=True,
                    submitted_at__isnull=True,
                ),
            ),
        ]
        indexes = [
            models.Index(
                name="assignment_free",
                fields=["project", "priority", "id"],
                condition=Q(state="free", for_annotator__isnull=True),
            ),
            models.Index(
                name="assignment_benign",
                fields=["project", "priority", "id"],
                condition=Q(state="free", for_annotator__isnull=True, severity__lt=2),
            ),
            models.Index(
                name="assignment_personal",
                fields=["for_annotator", "project", "purpose", "priority", "id"],
                condition=Q(state="free", for_annotator__isnull=False),
            ),
            models.Index(
                name="assignment_reserved",
                fields=["project", "reserved_until"],
                condition=Q(state="free", reserved_until__isnull=False),
            ),
            models.Index(
                name="assignment_lease",
                fields=["project", "lease_until"],
                condition=Q(state="offered", for_annotator__isnull=True),
            ),
            models.Index(
                name="assignment_held", fields=["annotator", "project"], condition=Q(state="offered")
            ),
        ]
        triggers = [pgtrigger.Protect(name="keep_places", operation=pgtrigger.Delete)]


class Lesson(models.Model):
    """What a person reads after an answer in a qualification place. Written with the place: judging needs no gold."""

    assignment = models.OneToOneField(
        Assignment, primary_key=True, on_delete=models.PROTECT, related_name="lesson"
    )
    attempt = models.PositiveSmallIntegerField(help_text="At qualifying, from 1.")
    labels = ArrayField(models.SlugField(max_length=40), default=list, help_text="The right answer.")
    explanation = models.CharField(max_length=1000)
    clause = models.ForeignKey(Clause, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        db_table = "lesson"
        triggers = [APPEND_ONLY]


class QueueCursor(models.Model):
    """Where the claim goes on for one annotator: free places before these priorities are not takeable for them.

    Without it, whoever has judged thousands of items would walk over all their other free places at each claim.
    """

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    benign = models.BooleanField(default=False, help_text="Of the claims that are given benign items only.")
    returned = models.BigIntegerField(help_text="Among places given back or added later (priority below 0).")
    fresh = models.BigIntegerField(help_text="Among places as their batch opened them (priority from 0).")
    rescan = models.BigIntegerField(
        null=True, help_text="How far the search behind both has come; None between two."
    )
    rescanned_at = models.DateTimeField(null=True)
    empty_at = models.DateTimeField(
        null=True, help_text="When the queue last had nothing for this annotator."
    )

    class Meta:
        db_table = "queue_cursor"
        constraints = [
            models.UniqueConstraint(name="queue_cursor_once", fields=["project", "annotator", "benign"])
        ]


class LostLease(models.Model):
    """This annotator held this place and holds it no more: their judgment is still welcome, nobody else's is."""

    assignment = models.ForeignKey(Assignment, on_delete=models.PROTECT, related_name="+", db_index=False)
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    lost_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "lost_lease"
        constraints = [models.UniqueConstraint(name="lost_lease_once", fields=["assignment", "annotator"])]


class Skip(models.Model):
    """An annotator is not to be offered this item again: declined with a reason, or judged too late for a place."""

    class Reason(models.TextChoices):
        """Why; the first four are offered on the page."""

        DISTRESS = "distress", "I would rather not judge this"
        LANGUAGE = "language", "Not in a language I read"
        UNCLEAR = "unclear", "The guideline does not cover it"
        OTHER = "other", "Other"
        LATE = "late", "Judged after the place had gone to somebody else"

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+", db_index=False)
    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    project = models.ForeignKey(Project, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=10, choices=Reason)
    note = models.CharField(max_length=500, blank=True, default="")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        db_table = "skip"
        constraints = [models.UniqueConstraint(name="skip_once", fields=["item", "annotator"])]


class Exposure(models.Model):
    """Points of harmful content that one person took in one minute, over all projects. Seen by that person only."""

    annotator = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    minute = models.DateTimeField()
    points = models.FloatField()
    items = models.PositiveIntegerField(help_text="Items of severity 2 or 3 in that minute.")

    class Meta:
        db_table = "exposure"
        constraints = [models.UniqueConstraint(name="exposure_minute_once", fields=["annotator", "minute"])]


class OptOut(models.Model):
    """A category that a person would rather not be given. Nobody else sees it, and nothing counts it."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="+", db_index=False)
    annotator = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    category = models.SlugField(max_length=40)

    class Meta:
        db_table = "opt_out"
        constraints = [
            models.UniqueConstraint(name="opt_out_once", fields=["project", "annotator", "category"])
        ]
