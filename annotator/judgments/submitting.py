"""The usual submit as one statement: the place is filled, the judgment and its outbox row are written, or nothing is.

It covers the case that nearly every submit is: the place is still the annotator's, and the answer is new or
follows one that they undid. Everything else (a replay, a place that went to somebody else, an item judged
already) comes back as None and is told apart by `judgment_submit`, with more questions to the database.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection

from annotator.judgments.models import Judgment
from annotator.queue.claiming import failing_alone

# In the order of the model's fields: `from_db` takes them by position.
COLUMNS = """id, project_id, item_id, assignment_id, annotator_id, client_id, labels, unsure, verdict, seconds, note,
    late, supersedes_id, taxonomy_id, guideline_id, created_at, purpose, clause_id, fast"""

SUBMIT = f"""
WITH taken AS (
    UPDATE assignment SET state = 'submitted', submitted_at = STATEMENT_TIMESTAMP(), lease_until = NULL
    WHERE id = %(assignment)s AND project_id = %(project)s AND annotator_id = %(annotator)s AND state = 'offered'
    RETURNING id, item_id, purpose
), written AS (
    INSERT INTO judgment (project_id, item_id, assignment_id, annotator_id, client_id, labels, unsure, verdict,
        seconds, note, late, supersedes_id, taxonomy_id, guideline_id, created_at, purpose, clause_id, fast)
    SELECT %(project)s, item_id, id, %(annotator)s, %(client_id)s, %(labels)s::varchar[], %(unsure)s::varchar[],
        %(verdict)s, %(seconds)s, %(note)s, FALSE,
        (SELECT undone.id FROM judgment undone
         WHERE undone.item_id = taken.item_id AND undone.annotator_id = %(annotator)s
           AND undone.verdict = 'withdrawn'
           AND NOT EXISTS (SELECT FROM judgment later WHERE later.supersedes_id = undone.id)),
        %(taxonomy)s,
        (SELECT id FROM guideline_version WHERE project_id = %(project)s ORDER BY number DESC LIMIT 1),
        STATEMENT_TIMESTAMP(), purpose, NULL, FALSE
    FROM taken RETURNING {COLUMNS}
), due AS (
    INSERT INTO review_due (project_id, item_id) SELECT project_id, item_id FROM written
)
SELECT {COLUMNS} FROM written
"""  # noqa: S608 - our own constants only


@dataclass(frozen=True)
class NewJudgment:
    """The columns of a judgment that is given in a place."""

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


def judgment_place(new: NewJudgment) -> Judgment | None:
    """The judgment, stored in the annotator's own place; in any other case None, and nothing changed.

    One statement.
    """
    parameters: dict[str, Any] = vars(new)
    try:
        with failing_alone(), connection.cursor() as cursor:
            cursor.execute(SUBMIT, parameters)
            row = cursor.fetchone()
    except IntegrityError:
        return None
    return None if row is None else Judgment.from_db(connection.alias, (), row)
