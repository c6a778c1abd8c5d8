"""The usual submit as one statement, alone or with the next claim: all of it is written, or nothing is.

It fills the place, writes the judgment and its outbox row, counts the page into the person's exposure, and
raises what is known of the item's severity and categories: in this place for those that come back or are added
later, and in the item's free places.

It covers the case that nearly every submit is: the place is still the annotator's, and the answer is new, follows
one that they undid, or supersedes the one that a recheck asks for again. Everything else (a replay, a place that
went to somebody else, an item judged already) comes back as None and is told apart by `judgment_submit`, with more
questions to the database.
"""

# ruff: noqa: S608 - nothing but our own constants is put into these statements

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connection

from annotator.judgments.models import Judgment
from annotator.judgments.seen import SEEN
from annotator.queue.claiming import Claimant, claim_parameters, place_from
from annotator.queue.lanes import CLAIM_STEPS, GIVEN_COLUMNS, Lane
from annotator.queue.models import Assignment
from annotator.queue.terms import EXPOSE
from annotator.statements import columns_of, row_as, row_of, width_of

# What was expected of a place, with what a person then saw, or may have seen.
KNOWN: Final = """severity = GREATEST({place}.severity, %(severity)s::smallint),
        expected = ARRAY(SELECT DISTINCT slug FROM UNNEST({place}.expected || %(labels)s::varchar[]
                         || %(unsure)s::varchar[]) AS slug ORDER BY slug)"""

# Other people's places are never waited for: two turns that wait for each other's places would never end.
# Nor is one that somebody holds changed: a text that is covered after a reload would tell what others said of it.
RAISE: Final = f"""
    UPDATE assignment SET {KNOWN.format(place="assignment")}
    WHERE id IN (SELECT a.id FROM assignment a
                 WHERE a.item_id = {{item}} AND {{which}}
                   AND (a.severity < %(severity)s::smallint
                        OR NOT a.expected @> (%(labels)s::varchar[] || %(unsure)s::varchar[]))
                 FOR UPDATE SKIP LOCKED)
"""
FREE: Final = "a.purpose = 'overlap' AND a.state = 'free'"

SUBMIT_STEPS: Final = f"""
taken AS (
    UPDATE assignment SET state = 'submitted', submitted_at = STATEMENT_TIMESTAMP(), lease_until = NULL,
        {KNOWN.format(place="assignment")}
    WHERE id = %(assignment)s AND project_id = %(project)s AND annotator_id = %(annotator)s AND state = 'offered'
    RETURNING id, item_id, purpose, recheck, offered_at, COALESCE(%(severity)s::smallint, severity) AS severity,
        COALESCE(%(seconds)s::float8, EXTRACT(EPOCH FROM STATEMENT_TIMESTAMP() - offered_at)) < reading_seconds AS fast
), written AS (
    INSERT INTO judgment (project_id, item_id, assignment_id, annotator_id, client_id, labels, unsure, verdict,
        seconds, note, late, supersedes_id, taxonomy_id, guideline_id, created_at, purpose, clause_id, fast,
        evidence)
    SELECT %(project)s, taken.item_id, taken.id, %(annotator)s, %(client_id)s, %(labels)s::varchar[],
        %(unsure)s::varchar[], %(verdict)s::varchar, %(seconds)s::float8, %(note)s::varchar, FALSE, undone.id,
        %(taxonomy)s,
        COALESCE(%(guideline)s::bigint, (SELECT id FROM guideline_version WHERE project_id = %(project)s
                                 ORDER BY number DESC LIMIT 1)),
        STATEMENT_TIMESTAMP(), taken.purpose, %(clause)s::bigint,
        taken.fast AND %(verdict)s::varchar = 'labelled' AND undone.id IS NULL,
        {SEEN.format(item="taken.item_id", since="taken.offered_at")}
    FROM taken LEFT JOIN LATERAL (
        SELECT id FROM judgment
        WHERE item_id = taken.item_id AND annotator_id = %(annotator)s
          AND (verdict = 'withdrawn' OR taken.recheck > 0)
          AND (purpose = 'retest') = (taken.purpose = 'retest')
          AND NOT EXISTS (SELECT FROM judgment later WHERE later.supersedes_id = judgment.id)
    ) undone ON TRUE
    RETURNING {columns_of(Judgment, "judgment")}
), due AS (
    INSERT INTO review_due (project_id, item_id) SELECT project_id, item_id FROM written WHERE purpose = 'overlap'
), exposed AS ({EXPOSE.format(source="taken")}), raised AS (
    {RAISE.format(item="(SELECT item_id FROM taken)", which=FREE)})
"""

SUBMIT: Final = f"WITH {SUBMIT_STEPS} SELECT * FROM written"
TURN: Final[dict[Lane, str]] = {
    lane: f"""
WITH {SUBMIT_STEPS}, {claim_steps}
SELECT {columns_of(Judgment, "written")}, {GIVEN_COLUMNS}
FROM (SELECT) one LEFT JOIN written ON TRUE LEFT JOIN given ON TRUE LEFT JOIN item ON item.id = given.item_id
"""
    for lane, claim_steps in CLAIM_STEPS.items()
}


@dataclass(frozen=True)
class NewJudgment:
    """The columns of a judgment that is given in a place. Without `severity`, that of the page is as expected."""

    project: int
    annotator: int
    assignment: int
    taxonomy: int
    client_id: UUID
    labels: list[str]
    unsure: list[str]
    verdict: str
    seconds: float | None
    note: str
    severity: int | None
    guideline: int | None = None
    clause: int | None = None
    evidence: int | None = None


def judgment_place(new: NewJudgment) -> Judgment | None:
    """The judgment, stored in the annotator's own place; None when the place is not theirs, and nothing changed.

    One statement. Raises IntegrityError when the judgment cannot stand beside another one.
    """
    row = row_of(SUBMIT, vars(new))
    return None if row is None else row_as(Judgment, row)


def judgment_place_and_claim(
    new: NewJudgment, claimant: Claimant
) -> tuple[Judgment | None, Assignment | None]:
    """As `judgment_place`, and the next place for `claimant`, who does not hold the one they answer any more.

    One statement. The claim sees the rows as they were before it: hence the place counts as held.
    """
    parameters = claim_parameters(claimant) | vars(new)
    parameters["holding"] = [*claimant.holding, new.assignment]
    row = row_of(TURN[claimant.lane], parameters)
    assert row is not None  # the row is there even when both sides are empty
    width = width_of(Judgment)
    judgment = None if row[0] is None else row_as(Judgment, row[:width])
    place = None if row[width] is None else place_from(row[width:])
    return judgment, place


def severity_raise(judgment: Judgment, severity: int) -> None:
    """Expect at least `severity` and what was named of this place and the item's free ones. One statement.

    A late judgment changes free places alone: its own is somebody else's.
    """
    own = "a.id = %(assignment)s AND a.annotator_id = %(annotator)s"
    statement = RAISE.format(item="%(item)s", which=f"(({FREE}) OR ({own}))")
    parameters: dict[str, Any] = {
        "item": judgment.item_id,
        "assignment": judgment.assignment_id,
        "annotator": judgment.annotator_id,
        "severity": severity,
        "labels": judgment.labels,
        "unsure": judgment.unsure,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
