"""Rechecks: items that were judged before and are looked at again, because what they are judged by has changed.

A recheck is a batch like others, of new places on old items. Its items were chosen on purpose, so no inclusion
probability is defined: they estimate nothing. Decision 107.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.db import connection, transaction
from django.db.models import Count, Max
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import BadInput, Conflict, NotFound
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.projects.selectors import guideline_current, taxonomy_current
from annotator.projects.services import log_write
from annotator.queue.expecting import Expected, slugs_now
from annotator.queue.models import Assignment, AssignmentState, Batch, BatchItem, Purpose, Recheck, Stream
from annotator.queue.services import (
    BATCH_LOCK,
    BATCH_STEP,
    NUMBERS_A_PLACE,
    OPEN_PLACES,
    PLACE_STEP,
)

RECHECK_MAX: Final = 10_000
RECHECK_REASON_MAX: Final = 180
NEXT_RECHECK: Final = """(SELECT COALESCE(MAX(asked.recheck), 0) + 1 FROM assignment asked
    WHERE asked.item_id = places.item_id AND asked.purpose = 'overlap')"""


@dataclass(frozen=True)
class RecheckSummary:
    """One recheck with how far it has come."""

    recheck: Recheck
    free: int
    offered: int
    submitted: int

    @property
    def places(self) -> int:
        """All places that are served still, or were."""
        return self.free + self.offered + self.submitted

    @property
    def is_open(self) -> bool:
        """Whether somebody is still to be asked."""
        return self.recheck.cancelled_at is None and self.free + self.offered > 0


@transaction.atomic
def recheck_open(project: Project, item_ids: Collection[int], *, by: User, reason: str) -> Recheck:
    """A batch of new places on these items, as many as the project's overlap; those who judged before may again.

    1. Wait behind whoever opens a batch of this project.
    2. Lock the items; leave out withheld ones, those that nobody was ever asked about, and those in an open recheck.
    3. Write the batch, its ledger and its places.

    Raises BadInput for too many items or no reason, Conflict when no item is left.
    """
    reason = _checked(reason, item_ids)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [BATCH_LOCK, project.pk])
    kept = _kept(project, item_ids)
    if not kept:
        raise Conflict(
            "None of these items can be looked at again now: they are withheld, or looked at already."
        )
    seed = secrets.randbits(62)
    batch = Batch.objects.create(
        project=project,
        number=(Batch.objects.filter(project=project).aggregate(newest=Max("number"))["newest"] or 0) + 1,
        reason=f"Recheck: {reason}",
        fingerprint=f"recheck-{seed:x}",
        seed=seed,
        classifier_number=None,
        pool_size=len(kept),
        n_items=len(kept),
    )
    _write_ledger(batch, kept, reason)
    _open_places(batch, project.overlap)
    text = f"{by.username} opened batch {batch.number}, a recheck of {len(kept)} items: {reason}"
    log_write(project, "queue", text)
    return Recheck.objects.create(
        batch=batch,
        project=project,
        taxonomy=taxonomy_current(project).version,
        guideline=guideline_current(project).version,
        opened_by=by,
    )


@transaction.atomic
def recheck_end(project: Project, number: int, *, by: User) -> Recheck:
    """The recheck of this batch, cancelled: its free places are served no more. What somebody holds stays theirs.

    By compare-and-set. Raises NotFound for no recheck, Conflict when it was cancelled or is done.
    """
    recheck = Recheck.objects.filter(project=project, batch__number=number).first()
    if recheck is None:
        raise NotFound(f"Batch {number} of this project is no recheck.")
    places = Assignment.objects.filter(batch_item__batch=recheck.batch_id)
    waiting = places.filter(state__in=[AssignmentState.FREE, AssignmentState.OFFERED])
    is_mine = waiting.exists() and Recheck.objects.filter(pk=recheck.pk, cancelled_at__isnull=True).update(
        cancelled_at=timezone.now(), cancelled_by=by
    )
    if not is_mine:
        raise Conflict("This recheck is done, or was cancelled already. Reload the page.")
    places.filter(state=AssignmentState.FREE).update(state=AssignmentState.WITHHELD)
    log_write(project, "queue", f"{by.username} cancelled the recheck of batch {number}")
    recheck.refresh_from_db()
    return recheck


def rechecks_of(project: Project) -> list[RecheckSummary]:
    """The rechecks of a project with how far each has come, newest first. Two queries."""
    rows = Recheck.objects.filter(project=project).order_by("-batch")
    rechecks = list(rows.select_related("batch", "opened_by", "cancelled_by", "taxonomy", "guideline"))
    states: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    places = Assignment.objects.filter(batch_item__batch__in=[row.pk for row in rechecks])
    counted = places.values_list("batch_item__batch", "state").order_by()
    for batch, state, n in counted.annotate(n=Count("pk")):
        states[batch][state] = n
    return [
        RecheckSummary(
            recheck=row,
            free=states[row.pk][AssignmentState.FREE],
            offered=states[row.pk][AssignmentState.OFFERED],
            submitted=states[row.pk][AssignmentState.SUBMITTED],
        )
        for row in rechecks
    ]


def _checked(reason: str, item_ids: Collection[int]) -> str:
    reason = reason.strip()
    if not 1 <= len(reason) <= RECHECK_REASON_MAX or "\x00" in reason:
        raise BadInput(f"Say why these items are looked at again, in 1 to {RECHECK_REASON_MAX} characters.")
    if len(set(item_ids)) > RECHECK_MAX:
        raise BadInput(
            f"A recheck has at most {RECHECK_MAX:,} items; these are {len(set(item_ids)):,}. Narrow them."
        )
    return reason


def _kept(project: Project, item_ids: Collection[int]) -> list[int]:
    items = Item.objects.filter(project=project, withheld=False, pooled=False, pk__in=item_ids)
    there = set(items.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    places = Assignment.objects.filter(item__in=there, purpose=Purpose.OVERLAP)
    asked = set(places.values_list("item", flat=True))
    waiting = places.filter(recheck__gt=0, state__in=[AssignmentState.FREE, AssignmentState.OFFERED])
    return sorted(asked - set(waiting.values_list("item", flat=True)))


def _write_ledger(batch: Batch, item_ids: Sequence[int], reason: str) -> None:
    expected = _expected(batch.project, item_ids)
    BatchItem.objects.bulk_create(
        (
            BatchItem(
                batch=batch,
                item_id=item_id,
                rank=rank,
                stream=Stream.RECHECK,
                strategy="recheck",
                score=None,
                reason=f"Recheck: {reason}"[:200],
                classifier_number=None,
                pool_size=batch.pool_size,
                inclusion_probability=None,
                seed=batch.seed,
                severity=expected[item_id].severity,
                expected=list(expected[item_id].categories),
            )
            for rank, item_id in enumerate(item_ids)
        ),
        batch_size=500,
    )


def _expected(project: Project, item_ids: Sequence[int]) -> Mapping[int, Expected]:
    """As grave as it was expected or judged to be, and what became of those categories. Two queries."""
    taxonomy = taxonomy_current(project)
    severity: dict[int, int] = defaultdict(int)
    known: dict[int, set[str]] = defaultdict(set)
    places = Assignment.objects.filter(item__in=item_ids, purpose=Purpose.OVERLAP)
    for item_id, grave, slugs in places.values_list("item", "severity", "expected"):
        severity[item_id] = max(severity[item_id], grave)
        known[item_id].update(slugs_now(taxonomy, slugs))
    return {
        item_id: Expected(
            categories=tuple(slug for slug in taxonomy.slugs if slug in known[item_id]),
            severity=max(severity[item_id], taxonomy.severity_of(known[item_id])),
        )
        for item_id in item_ids
    }


def _open_places(batch: Batch, overlap: int) -> None:
    parameters = {
        "project": batch.project_id,
        "batch": batch.pk,
        "first": batch.number * BATCH_STEP,
        "place_step": PLACE_STEP,
        "overlap": overlap,
        "least": overlap,  # a recheck never stops early
        "seed": batch.seed,
        "numbers": NUMBERS_A_PLACE * overlap * batch.n_items,
    }
    with connection.cursor() as cursor:
        cursor.execute(OPEN_PLACES.format(recheck=NEXT_RECHECK), parameters)
