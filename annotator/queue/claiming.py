"""The claim: one short statement that gives an annotator the best place they may take.

The order of preference, each step run only when the one before found nothing:

1. held: a place this annotator holds already (a reloaded page, an undo, a lease that lapsed and nobody took);
2. personal: a gold item or a retest for this annotator, when a check is due; a place that is reserved for them;
3. lapsed: a place whose holder's lease has run out, oldest first;
4. returned: a place given back, or added because people disagree (priority below 0, in order of time);
5. fresh: a place as its batch opened it (priority from 0).

Whoever is qualifying goes through 1 and 2 only, on qualification places. Steps 2 to 5 leave out items that
the annotator holds, has judged (a retest is the point of that), has skipped, or that are expected to show
what they opted out of; in the benign lane also those expected to be harmful. A personal place is never
given to anybody else, lapsed or not; a reserved one is for a time, see annotator.queue.reserving.

Free places that fail this test are passed over once: `queue_cursor` remembers, for each lane, how far the
annotator has come, for fresh places only ever appear after all others (batch numbers rise) and returned
ones after all that are older than a minute. What that rule can miss (a row that another claim had locked
and let go again) is found by `cursor_rescan`, a bounded piece at a time. A place can leave the benign lane,
when somebody judges its item harmful, and never enters it later. Whoever opts in again needs `cursor_forget`.

A place of a recheck may also go to whoever judged its item before that recheck, once.
"""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from annotator.accounts.models import User
from annotator.pool.models import Item
from annotator.projects.models import Project
from annotator.queue.lanes import CLAIM, RESCAN, RESCAN_BEGIN, Lane
from annotator.queue.models import Assignment, Purpose, QueueCursor
from annotator.queue.terms import ClaimTerms
from annotator.statements import row_as, row_of, width_of

# Priorities of returned places count microseconds up from here: always below 0, and in order of time.
RETURNED_FROM = -(2**62)
SETTLED_MICROSECONDS = (
    60 * 1_000_000
)  # a place whose transaction stays open for longer is found by the rescan


@dataclass(frozen=True)
class Claimant:
    """Who claims, where, for how long, which of their places they show already, and on which terms."""

    project_id: int
    annotator_id: int
    lease_seconds: int
    holding: Sequence[int] = ()
    terms: ClaimTerms = field(default_factory=ClaimTerms)

    @property
    def lane(self) -> Lane:
        """The places that this claim looks at."""
        if self.terms.qualifying:
            return Lane.QUALIFYING
        return Lane.BENIGN if self.terms.benign_only else Lane.ALL


def returned_priority() -> int:
    """The priority of a place that comes back now: before fresh ones, after those that came back earlier."""
    return RETURNED_FROM + time.time_ns() // 1000


def failing_alone() -> AbstractContextManager[None]:
    """For one statement that may fail: a transaction of its own already, it needs a savepoint inside another one."""
    in_transaction = connection.in_atomic_block
    return transaction.atomic() if in_transaction else nullcontext()


def place_take(claimant: Claimant) -> Assignment | None:
    """The best place that `claimant` may take, now offered to them, with its item; or None.

    One statement; waits for nobody. Raises IntegrityError when the same annotator takes another place of
    the same item at the same moment.
    """
    row = row_of(CLAIM[claimant.lane], claim_parameters(claimant))
    return None if row is None else place_from(row)


def place_from(row: Sequence[Any]) -> Assignment:
    """The place of a row of `GIVEN_COLUMNS`, with its item."""
    width = width_of(Assignment)
    place = row_as(Assignment, row[:width])
    place.item = row_as(Item, row[width:])
    return place


def cursor_rescan(claimant: Claimant) -> bool:
    """Whether one of the next `RESCAN_SPAN` free places behind the cursor is takeable; the cursor is set to it.

    A search starts at most once in `RESCAN_EVERY`, so that an annotator who has done everything costs little.
    """
    if claimant.lane not in RESCAN:
        return False
    parameters = claim_parameters(claimant)
    with connection.cursor() as cursor:
        cursor.execute(RESCAN_BEGIN, parameters)
        cursor.execute(RESCAN[claimant.lane], parameters)
        row = cursor.fetchone()
    return row is not None and bool(row[0])


def cursor_forget(project: Project, annotator: User) -> None:
    """Let the next claim begin at the first free place: what this person may take has grown. One query."""
    QueueCursor.objects.filter(project=project, annotator=annotator).delete()


def claim_parameters(claimant: Claimant) -> dict[str, Any]:
    """The parameters of every statement of this module."""
    terms = claimant.terms
    return {
        "project": claimant.project_id,
        "annotator": claimant.annotator_id,
        "lease_seconds": claimant.lease_seconds,
        "holding": list(claimant.holding),
        "returned_from": RETURNED_FROM,
        "settled": returned_priority() - SETTLED_MICROSECONDS,
        "avoid": list(terms.left_out),
        "benign": terms.benign_only,
        "qualifying": terms.qualifying,
        "first": (terms.check or Purpose.QUALIFICATION).value,
        "purposes": _purposes(terms),
        "restricted": terms.restricted,
    }


def _purposes(terms: ClaimTerms) -> list[Purpose]:
    """Which places for one person this claim looks at."""
    if terms.qualifying:
        return [Purpose.QUALIFICATION]
    checks = [Purpose.GOLD, Purpose.RETEST] if terms.check is not None else []
    return [Purpose.OVERLAP, *checks]
