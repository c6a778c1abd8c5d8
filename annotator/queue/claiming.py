"""The claim: one short statement that gives an annotator the best place they may take.

The order of preference, each step run only when the one before found nothing:

1. held: a place this annotator holds already (a reloaded page, an undo, a lease that lapsed and nobody took);
2. lapsed: a place whose holder's lease has run out, oldest first;
3. returned: a place given back, or added because people disagree (priority below 0, in order of time);
4. fresh: a place as its batch opened it (priority from 0).

Steps 2 to 4 leave out items that the annotator holds, has judged, or has skipped. Free places that fail
this test are passed over once: `queue_cursor` remembers how far the annotator has come, for fresh places
only ever appear after all others (batch numbers rise) and returned ones after all that are older than a
minute. What that rule can miss (a row that another claim had locked and let go again) is found by
`cursor_rescan`, a bounded piece at a time.
"""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction

from annotator.queue.models import Assignment

# Priorities of returned places count microseconds up from here: always below 0, and in order of time.
RETURNED_FROM = -(2**62)
SETTLED_MICROSECONDS = (
    60 * 1_000_000
)  # a place whose transaction stays open for longer is found by the rescan
RESCAN_SPAN = 1000
RESCAN_EVERY = "30 seconds"

# In the order of the model's fields: `from_db` takes them by position.
COLUMNS = """assignment.id, project_id, batch_item_id, item_id, place, assignment.priority, state, annotator_id,
    offered_at, lease_until, submitted_at, purpose, for_annotator_id, assignment.severity, assignment.expected,
    reading_seconds"""

# OFFSET 0 keeps the planner from turning these into hash joins over all that the annotator ever judged.
TAKEABLE = """
    NOT EXISTS (SELECT FROM assignment mine
                WHERE mine.item_id = a.item_id AND mine.annotator_id = %(annotator)s
                  AND mine.purpose <> 'retest' OFFSET 0)
    AND NOT EXISTS (SELECT FROM skip s
                    WHERE s.item_id = a.item_id AND s.annotator_id = %(annotator)s OFFSET 0)
"""

CLAIM = f"""
WITH floor AS MATERIALIZED (
    SELECT COALESCE(MAX(returned), %(returned_from)s) AS returned, COALESCE(MAX(fresh), 0) AS fresh
    FROM queue_cursor WHERE project_id = %(project)s AND annotator_id = %(annotator)s
), held AS MATERIALIZED (
    SELECT a.id, a.priority, 'held' AS step FROM assignment a
    WHERE a.annotator_id = %(annotator)s AND a.project_id = %(project)s AND a.state = 'offered'
      AND a.id <> ALL (%(holding)s)
    ORDER BY a.offered_at, a.id LIMIT 1 FOR UPDATE OF a SKIP LOCKED
), lapsed AS MATERIALIZED (
    SELECT a.id, a.priority, 'lapsed' AS step FROM assignment a
    WHERE a.project_id = %(project)s AND a.state = 'offered' AND a.lease_until < STATEMENT_TIMESTAMP()
      AND a.annotator_id <> %(annotator)s AND {TAKEABLE}
    ORDER BY a.lease_until LIMIT 1 FOR UPDATE OF a SKIP LOCKED
), returned AS MATERIALIZED (
    SELECT a.id, a.priority, 'returned' AS step FROM assignment a
    WHERE a.project_id = %(project)s AND a.state = 'free' AND a.for_annotator_id IS NULL
      AND a.priority >= (SELECT returned FROM floor) AND a.priority < 0 AND {TAKEABLE}
    ORDER BY a.priority, a.id LIMIT 1 FOR UPDATE OF a SKIP LOCKED
), fresh AS MATERIALIZED (
    SELECT a.id, a.priority, 'fresh' AS step FROM assignment a
    WHERE a.project_id = %(project)s AND a.state = 'free' AND a.for_annotator_id IS NULL
      AND a.priority >= (SELECT fresh FROM floor) AND {TAKEABLE}
    ORDER BY a.priority, a.id LIMIT 1 FOR UPDATE OF a SKIP LOCKED
), picked AS MATERIALIZED (
    SELECT id, priority, step FROM held UNION ALL SELECT id, priority, step FROM lapsed
    UNION ALL SELECT id, priority, step FROM returned UNION ALL SELECT id, priority, step FROM fresh LIMIT 1
), lost AS (
    INSERT INTO lost_lease (assignment_id, annotator_id, lost_at)
    SELECT a.id, a.annotator_id, STATEMENT_TIMESTAMP() FROM picked JOIN assignment a USING (id)
    WHERE picked.step = 'lapsed' ON CONFLICT DO NOTHING
), moved AS (
    INSERT INTO queue_cursor (project_id, annotator_id, benign, returned, fresh, empty_at)
    SELECT %(project)s, %(annotator)s, FALSE,
           GREATEST(floor.returned, LEAST(CASE WHEN step = 'returned' THEN priority END, %(settled)s)),
           CASE WHEN step = 'returned' THEN floor.fresh
                WHEN step = 'fresh' THEN priority
                ELSE GREATEST(floor.fresh, (SELECT MAX(priority) + 1 FROM assignment
                                            WHERE project_id = %(project)s AND state = 'free'
                                              AND for_annotator_id IS NULL))
           END,
           CASE WHEN step IS NULL THEN STATEMENT_TIMESTAMP() END
    FROM floor LEFT JOIN picked ON TRUE
    WHERE step IS NULL OR step IN ('returned', 'fresh')
    ON CONFLICT (project_id, annotator_id, benign) DO UPDATE
    SET returned = EXCLUDED.returned, fresh = EXCLUDED.fresh, empty_at = EXCLUDED.empty_at
)
UPDATE assignment
SET state = 'offered', annotator_id = %(annotator)s,
    offered_at = CASE WHEN picked.step = 'held' THEN assignment.offered_at ELSE STATEMENT_TIMESTAMP() END,
    lease_until = STATEMENT_TIMESTAMP() + MAKE_INTERVAL(secs => %(lease_seconds)s)
FROM picked WHERE assignment.id = picked.id
RETURNING {COLUMNS}
"""  # noqa: S608 - our own constants only

RESCAN_BEGIN = f"""
UPDATE queue_cursor SET rescan = %(returned_from)s, rescanned_at = STATEMENT_TIMESTAMP()
WHERE project_id = %(project)s AND annotator_id = %(annotator)s AND rescan IS NULL
  AND (rescanned_at IS NULL OR rescanned_at < STATEMENT_TIMESTAMP() - INTERVAL '{RESCAN_EVERY}')
"""  # noqa: S608

RESCAN = f"""
WITH span AS MATERIALIZED (
    SELECT a.item_id, a.priority FROM assignment a
    WHERE a.project_id = %(project)s AND a.state = 'free' AND a.for_annotator_id IS NULL
      AND a.priority >= (SELECT rescan FROM queue_cursor
                         WHERE project_id = %(project)s AND annotator_id = %(annotator)s)
    ORDER BY a.priority, a.id LIMIT {RESCAN_SPAN}
), seen AS MATERIALIZED (
    SELECT MIN(a.priority) FILTER (WHERE {TAKEABLE}) AS found,
           CASE WHEN COUNT(*) = {RESCAN_SPAN} THEN MAX(a.priority) + 1 END AS go_on
    FROM span a
)
UPDATE queue_cursor
SET rescan = CASE WHEN found IS NULL THEN go_on END,
    returned = CASE WHEN found < 0 THEN found ELSE returned END,
    fresh = CASE WHEN found >= 0 THEN found ELSE fresh END
FROM seen
WHERE project_id = %(project)s AND annotator_id = %(annotator)s AND rescan IS NOT NULL
RETURNING found IS NOT NULL
"""  # noqa: S608


@dataclass(frozen=True)
class Claimant:
    """Who claims, where, for how long, and which of their places they show already."""

    project_id: int
    annotator_id: int
    lease_seconds: int
    holding: Sequence[int] = ()


def returned_priority() -> int:
    """The priority of a place that comes back now: before fresh ones, after those that came back earlier."""
    return RETURNED_FROM + time.time_ns() // 1000


def failing_alone() -> AbstractContextManager[None]:
    """For one statement that may fail: a transaction of its own already, it needs a savepoint inside another one."""
    in_transaction = connection.in_atomic_block
    return transaction.atomic() if in_transaction else nullcontext()


def place_take(claimant: Claimant) -> Assignment | None:
    """The best place that `claimant` may take, now offered to them, or None. One statement; waits for nobody.

    Raises IntegrityError when the same annotator takes another place of the same item at the same moment.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, claim_parameters(claimant))
        row = cursor.fetchone()
    return None if row is None else Assignment.from_db(connection.alias, (), row)


def cursor_rescan(claimant: Claimant) -> bool:
    """Whether one of the next `RESCAN_SPAN` free places behind the cursor is takeable; the cursor is set to it.

    A search starts at most once in `RESCAN_EVERY`, so that an annotator who has done everything costs little.
    """
    parameters = claim_parameters(claimant)
    with connection.cursor() as cursor:
        cursor.execute(RESCAN_BEGIN, parameters)
        cursor.execute(RESCAN, parameters)
        row = cursor.fetchone()
    return row is not None and bool(row[0])


def claim_parameters(claimant: Claimant) -> dict[str, Any]:
    """The parameters of every statement of this module."""
    return {
        "project": claimant.project_id,
        "annotator": claimant.annotator_id,
        "lease_seconds": claimant.lease_seconds,
        "holding": list(claimant.holding),
        "returned_from": RETURNED_FROM,
        "settled": returned_priority() - SETTLED_MICROSECONDS,
    }
