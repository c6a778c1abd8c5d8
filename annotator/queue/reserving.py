"""Places of overlap that wait for one person first, for a time: for whoever tells the category in doubt best.

A reserved place is found by the step of the claim that looks for a person's checks, on the same index, so that nobody
else's claim pays for it. It is free all the while, and its person is not told. When the time is up it comes back as a
place that was given back just now: behind nobody's cursor, and anybody's. Whoever claims it takes an ordinary place.
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection, transaction
from django.db.models.functions import Now

from annotator.projects.models import Project
from annotator.queue.claiming import returned_priority
from annotator.queue.models import Assignment, AssignmentState, Purpose

RESERVE = """
UPDATE assignment SET for_annotator_id = wanted.annotator, reserved_until = %(until)s
FROM UNNEST(%(items)s::bigint[], %(people)s::bigint[]) AS wanted (item, annotator)
WHERE id = (SELECT a.id FROM assignment a
            WHERE a.item_id = wanted.item AND a.purpose = 'overlap' AND a.state = 'free' AND a.for_annotator_id IS NULL
            ORDER BY a.place DESC LIMIT 1 FOR UPDATE SKIP LOCKED)
  AND NOT EXISTS (SELECT FROM assignment mine
                  WHERE mine.item_id = wanted.item AND mine.annotator_id = wanted.annotator
                    AND mine.purpose <> 'retest' OFFSET 0)
  AND NOT EXISTS (SELECT FROM assignment mine
                  WHERE mine.item_id = wanted.item AND mine.for_annotator_id = wanted.annotator
                    AND mine.purpose = 'overlap' OFFSET 0)
RETURNING item_id
"""


def places_reserve(people: Mapping[int, int], *, until: datetime) -> set[int]:
    """The items of which a free place waits for the person given for it, until then. One statement.

    None where no place is free (any more), or where the person has or had one. Two calls at once reserve two places.
    """
    if not people:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(RESERVE, {"items": list(people), "people": list(people.values()), "until": until})
        return {item_id for (item_id,) in cursor.fetchall()}


@transaction.atomic
def places_unreserve(project: Project) -> int:
    """How many places are anybody's again, because their time is up. One query, two when there are any."""
    due = Assignment.objects.filter(
        project=project,
        state=AssignmentState.FREE,
        purpose=Purpose.OVERLAP,
        reserved_until__lte=Now(),
    )
    ids = list(due.select_for_update(skip_locked=True).values_list("pk", flat=True))
    if not ids:
        return 0
    return Assignment.objects.filter(pk__in=ids).update(
        for_annotator=None, reserved_until=None, priority=returned_priority()
    )
