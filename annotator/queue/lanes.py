"""The statements of the claim, one for each lane, put together from steps; annotator.queue.claiming explains them."""

# ruff: noqa: S608 - nothing but our own constants is put into these statements

from enum import StrEnum
from typing import Final

from annotator.pool.models import Item
from annotator.queue.models import Assignment
from annotator.statements import columns_of

RESCAN_SPAN = 1000
RESCAN_EVERY = "30 seconds"


class Lane(StrEnum):
    """Which places a claim looks at."""

    ALL = "all"
    BENIGN = "benign"
    QUALIFYING = "qualifying"


# The condition of the lane's partial index, in words that the planner can match to it.
OPEN: Final = {
    Lane.ALL: "a.project_id = %(project)s AND a.state = 'free' AND a.for_annotator_id IS NULL",
    Lane.BENIGN: "a.project_id = %(project)s AND a.state = 'free' AND a.for_annotator_id IS NULL AND a.severity < 2",
}
MILD: Final = {Lane.ALL: "", Lane.BENIGN: "AND a.severity < 2"}

# OFFSET 0 keeps the planner from turning these into hash joins over all that the annotator ever judged.
UNJUDGED: Final = """
    NOT EXISTS (SELECT FROM assignment mine
                WHERE mine.item_id = a.item_id AND mine.annotator_id = %(annotator)s
                  AND mine.purpose <> 'retest'
                  AND (a.recheck <= mine.recheck OR mine.purpose <> 'overlap' OR mine.state = 'offered')
                OFFSET 0)"""
WELCOME: Final = """
    NOT EXISTS (SELECT FROM skip s
                WHERE s.item_id = a.item_id AND s.annotator_id = %(annotator)s OFFSET 0)
    AND NOT a.expected && %(avoid)s::varchar[]"""
TAKEABLE: Final = f"{UNJUDGED} AND {WELCOME}"

# A place that was in somebody's hands while others judged its item does not know yet what they saw (see
# annotator.judgments.submitting): it is read from the item's other places when it comes back.
KNOWN_BY_NOW: Final = """
    NOT EXISTS (SELECT FROM assignment other
                WHERE other.item_id = a.item_id AND other.purpose = 'overlap'
                  AND (other.expected && %(avoid)s::varchar[] OR (%(benign)s AND other.severity >= 2)) OFFSET 0)"""
CATCH_UP: Final = """severity = GREATEST({place}.severity,
        (SELECT MAX(other.severity) FROM assignment other
         WHERE other.item_id = {place}.item_id AND other.purpose = 'overlap')),
    expected = ARRAY(SELECT slug FROM UNNEST({place}.expected) AS slug UNION
                     SELECT UNNEST(other.expected) FROM assignment other
                     WHERE other.item_id = {place}.item_id AND other.purpose = 'overlap' ORDER BY slug)"""

HELD: Final = """
held AS MATERIALIZED (
    SELECT a.id, a.priority, 'held' AS step FROM assignment a
    WHERE a.annotator_id = %(annotator)s AND a.project_id = %(project)s AND a.state = 'offered'
      AND a.id <> ALL (%(holding)s::bigint[]) AND (a.purpose = 'qualification') = %(qualifying)s
    ORDER BY a.offered_at, a.id LIMIT 1 FOR UPDATE OF a SKIP LOCKED
)"""

PERSONAL: Final = f"""
personal AS MATERIALIZED (
    SELECT a.id, a.priority, 'personal' AS step FROM assignment a
    WHERE a.for_annotator_id = %(annotator)s AND a.project_id = %(project)s AND a.state = 'free'
      AND a.purpose = ANY(%(purposes)s)
      AND (a.severity < 2 OR NOT %(benign)s) AND {WELCOME} AND (a.purpose = 'retest' OR {UNJUDGED})
    ORDER BY a.purpose <> %(first)s::varchar, a.priority, a.id LIMIT 1 FOR UPDATE OF a SKIP LOCKED
)"""

GIVEN: Final = f"""
given AS (
    UPDATE assignment
    SET state = 'offered', annotator_id = %(annotator)s,
        for_annotator_id = CASE WHEN assignment.purpose = 'overlap' THEN NULL ELSE assignment.for_annotator_id END,
        reserved_until = NULL,
        offered_at = CASE WHEN picked.step = 'held' THEN assignment.offered_at ELSE STATEMENT_TIMESTAMP() END,
        lease_until = STATEMENT_TIMESTAMP() + MAKE_INTERVAL(secs => %(lease_seconds)s),
        severity = CASE WHEN picked.step = 'lapsed' THEN (
            SELECT MAX(other.severity) FROM assignment other
            WHERE other.item_id = assignment.item_id AND other.purpose = 'overlap'
        ) ELSE assignment.severity END
    FROM picked WHERE assignment.id = picked.id
    RETURNING {columns_of(Assignment, "assignment")}
)"""

SHARED: Final = f"""
floor AS MATERIALIZED (
    SELECT COALESCE(cursor.returned, %(returned_from)s) AS returned, COALESCE(cursor.fresh, 0) AS fresh
    FROM (SELECT) one LEFT JOIN LATERAL (
        SELECT returned, fresh FROM queue_cursor
        WHERE project_id = %(project)s AND annotator_id = %(annotator)s AND benign <= %(benign)s
        ORDER BY benign DESC LIMIT 1
    ) cursor ON TRUE
), {HELD}, {PERSONAL}, lapsed AS MATERIALIZED (
    SELECT a.id, a.priority, 'lapsed' AS step FROM assignment a
    WHERE a.project_id = %(project)s AND a.state = 'offered' AND a.lease_until < STATEMENT_TIMESTAMP()
      AND a.for_annotator_id IS NULL AND a.annotator_id <> %(annotator)s {{mild}} AND {TAKEABLE} AND {KNOWN_BY_NOW}
    ORDER BY a.lease_until LIMIT 1 FOR UPDATE OF a SKIP LOCKED
), returned AS MATERIALIZED (
    SELECT a.id, a.priority, 'returned' AS step FROM assignment a
    WHERE {{open}} AND a.priority >= (SELECT returned FROM floor) AND a.priority < 0 AND {TAKEABLE}
    ORDER BY a.priority, a.id LIMIT 1 FOR UPDATE OF a SKIP LOCKED
), fresh AS MATERIALIZED (
    SELECT a.id, a.priority, 'fresh' AS step FROM assignment a
    WHERE {{open}} AND a.priority >= (SELECT fresh FROM floor) AND {TAKEABLE}
    ORDER BY a.priority, a.id LIMIT 1 FOR UPDATE OF a SKIP LOCKED
), picked AS MATERIALIZED (
    SELECT id, priority, step FROM held UNION ALL SELECT id, priority, step FROM personal
    UNION ALL SELECT id, priority, step FROM lapsed UNION ALL SELECT id, priority, step FROM returned
    UNION ALL SELECT id, priority, step FROM fresh LIMIT 1
), lost AS (
    INSERT INTO lost_lease (assignment_id, annotator_id, lost_at)
    SELECT a.id, a.annotator_id, STATEMENT_TIMESTAMP() FROM picked JOIN assignment a USING (id)
    WHERE picked.step = 'lapsed' ON CONFLICT DO NOTHING
), moved AS (
    INSERT INTO queue_cursor (project_id, annotator_id, benign, returned, fresh, empty_at)
    SELECT %(project)s, %(annotator)s, %(benign)s,
           GREATEST(floor.returned, LEAST(CASE WHEN step = 'returned' THEN priority END, %(settled)s)),
           CASE WHEN step = 'returned' THEN floor.fresh
                WHEN step = 'fresh' THEN priority
                ELSE GREATEST(floor.fresh, (SELECT MAX(a.priority) + 1 FROM assignment a WHERE {{open}}))
           END,
           CASE WHEN step IS NULL AND NOT %(restricted)s THEN STATEMENT_TIMESTAMP() END
    FROM floor LEFT JOIN picked ON TRUE
    WHERE step IS NULL OR step IN ('returned', 'fresh')
    ON CONFLICT (project_id, annotator_id, benign) DO UPDATE
    SET returned = EXCLUDED.returned, fresh = EXCLUDED.fresh, empty_at = EXCLUDED.empty_at
), {GIVEN}"""

QUALIFYING: Final = f"""
{HELD}, {PERSONAL}, picked AS MATERIALIZED (
    SELECT id, step FROM held UNION ALL SELECT id, step FROM personal LIMIT 1
), {GIVEN}"""

CLAIM_STEPS: Final[dict[Lane, str]] = {
    Lane.QUALIFYING: QUALIFYING,
    **{lane: SHARED.format(open=OPEN[lane], mild=MILD[lane]) for lane in OPEN},
}
GIVEN_COLUMNS: Final = f"{columns_of(Assignment, 'given')}, {columns_of(Item, 'item')}"
CLAIM: Final[dict[Lane, str]] = {
    lane: f"WITH {steps} SELECT {GIVEN_COLUMNS} FROM given JOIN item ON item.id = given.item_id"
    for lane, steps in CLAIM_STEPS.items()
}

MY_CURSOR: Final = "project_id = %(project)s AND annotator_id = %(annotator)s AND benign = %(benign)s"

RESCAN_BEGIN: Final = f"""
UPDATE queue_cursor SET rescan = %(returned_from)s, rescanned_at = STATEMENT_TIMESTAMP()
WHERE {MY_CURSOR} AND rescan IS NULL
  AND (rescanned_at IS NULL OR rescanned_at < STATEMENT_TIMESTAMP() - INTERVAL '{RESCAN_EVERY}')
"""

RESCAN: Final[dict[Lane, str]] = {
    lane: f"""
WITH span AS MATERIALIZED (
    SELECT a.item_id, a.priority, a.expected, a.recheck FROM assignment a
    WHERE {OPEN[lane]} AND a.priority >= (SELECT rescan FROM queue_cursor WHERE {MY_CURSOR})
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
WHERE {MY_CURSOR} AND rescan IS NOT NULL
RETURNING found IS NOT NULL
"""
    for lane in OPEN
}
