"""Pages whose evidence was erased: how many a state holds, and which a snapshot still shows. Decision 145."""

from typing import TYPE_CHECKING, Any

from django.db.models import Max

from annotator.pool.erasing import erased_by_request
from learner.snapshots.models import Snapshot, SnapshotRun

if TYPE_CHECKING:
    import psycopg

ERASED = """
    SELECT count(*) FROM resolution r JOIN item i ON i.id = r.item_id
    WHERE r.project_id = %(project)s AND r.verdict = 'labelled' AND NOT i.withheld AND i.erased_at IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM resolution later WHERE later.supersedes_id = r.id)
"""


def erased_read(state: "psycopg.Connection[tuple[Any, ...]]", project_id: int) -> int:
    """Of how many items of this state the evidence was erased: they have labels, and neither title nor text."""
    row = state.execute(ERASED, {"project": project_id}).fetchone()
    assert row is not None  # a count
    return int(row[0])


def addresses_erased(snapshot: Snapshot) -> set[str]:
    """The addresses whose evidence was erased by request after the snapshot was frozen. Two queries.

    A state that was frozen again later to the same bytes had nothing of them.
    """
    runs = SnapshotRun.objects.filter(snapshot=snapshot)
    frozen_at = runs.aggregate(newest=Max("started_at"))["newest"] or snapshot.created_at
    since = erased_by_request(snapshot.project).filter(erased_at__gt=frozen_at, withheld=False)
    return set(since.values_list("url", flat=True))
