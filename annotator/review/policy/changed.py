"""Pages that changed since they were judged: a crawl brought them again with other content. Decision 144."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import connection

from annotator.errors import BadInput, Conflict
from annotator.pool.models import Item
from annotator.pool.selectors import ItemRow, item_rows
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.queue.models import Recheck
from annotator.queue.rechecking import RECHECK_MAX, recheck_open

SHOWN_MAX: Final = 100
# What a lead decided after the change counts as having looked, and so does a judgment of that version, or of a later
# one. Where a judgment names no version, its time tells.
CHANGED: Final = """
WITH again AS (
    SELECT evidence.item_id, MAX(evidence.added_at) AS at FROM evidence JOIN item ON item.id = evidence.item_id
    WHERE evidence.added_at IS NOT NULL AND item.project_id = %(project)s AND NOT item.withheld
        AND item.erased_at IS NULL
    GROUP BY evidence.item_id
)
SELECT again.item_id, again.at, judged.at, since.likeness, EXISTS (
        SELECT FROM assignment WHERE assignment.item_id = again.item_id AND assignment.recheck > 0
            AND assignment.state IN ('free', 'offered'))
FROM again
CROSS JOIN LATERAL (
    SELECT MAX(judgment.created_at) AS at FROM judgment WHERE judgment.item_id = again.item_id
        AND judgment.verdict <> 'withdrawn'
        AND NOT EXISTS (SELECT FROM judgment later WHERE later.supersedes_id = judgment.id)) judged
CROSS JOIN LATERAL (
    SELECT MAX(resolution.created_at) AS at FROM resolution WHERE resolution.item_id = again.item_id
        AND resolution.resolved_by_id IS NOT NULL) decided
CROSS JOIN LATERAL (
    SELECT MIN(evidence.likeness) AS likeness FROM evidence
    WHERE evidence.item_id = again.item_id AND evidence.added_at IS NOT NULL
        AND evidence.added_at > COALESCE(decided.at, '-infinity') AND NOT EXISTS (
            SELECT FROM judgment WHERE judgment.item_id = again.item_id AND judgment.verdict <> 'withdrawn'
                AND COALESCE(judgment.evidence >= evidence.version, judgment.created_at >= evidence.added_at)
                AND NOT EXISTS (SELECT FROM judgment later WHERE later.supersedes_id = judgment.id))) since
WHERE judged.at IS NOT NULL AND since.likeness <= %(alike)s / 100.0
ORDER BY again.at DESC, again.item_id
LIMIT %(most)s
"""


@dataclass(frozen=True)
class ChangedItem:
    """One page that changed since it was judged; `likeness` is how alike it stayed, at its greatest change."""

    row: ItemRow
    changed_at: datetime
    judged_at: datetime
    likeness: float
    is_rechecked: bool

    @property
    def percent(self) -> int:
        """The likeness in hundredths."""
        return round(100 * self.likeness)


@dataclass(frozen=True)
class ChangedPages:
    """The newest of them, and how many there are, counted up to one more than a recheck takes."""

    shown: tuple[ChangedItem, ...]
    n_items: int
    n_rechecked: int = 0  # of them: looked at again already

    @property
    def n_left(self) -> int:
        """How many can be looked at again."""
        return self.n_items - self.n_rechecked

    @property
    def is_too_many(self) -> bool:
        """Whether one recheck cannot take them all."""
        return self.n_items > RECHECK_MAX


def changed_pages(project: Project, *, alike: int = 100) -> ChangedPages:
    """Pages judged before their newest version and not since, at most `alike` percent alike. Three queries."""
    found = _changed(project, alike)
    newest = found[:SHOWN_MAX]
    items = Item.objects.in_bulk([pk for pk, *_ in newest])
    rows = {row.item.pk: row for row in item_rows(list(items.values()))}
    shown = (
        ChangedItem(rows[pk], at, judged, likeness, is_open) for pk, at, judged, likeness, is_open in newest
    )
    return ChangedPages(tuple(shown), len(found), sum(is_open for *_, is_open in found))


def changed_recheck(access: Access, item_ids: Collection[int] | None, *, alike: int, reason: str) -> Recheck:
    """A recheck of these pages, or of all that changed so much when they are None; open.

    Raises BadInput for no page or one that did not change since it was judged, and as `recheck_open`.
    """
    changed = [pk for pk, *_, is_open in _changed(access.project, alike) if not is_open]
    wanted = changed if item_ids is None else sorted(set(item_ids))
    if item_ids is not None and not wanted:
        raise BadInput("Choose the pages to look at again.")
    other = set(wanted) - set(changed)
    if other:
        raise Conflict(
            f"Item {min(other)} did not change since it was judged, or is looked at again already. Load the page again."
        )
    return recheck_open(access.project, wanted, by=access.user, reason=reason)


def _changed(project: Project, alike: int) -> list[tuple[int, datetime, datetime, float, bool]]:
    with connection.cursor() as cursor:
        cursor.execute(CHANGED, {"project": project.pk, "alike": alike, "most": RECHECK_MAX + 1})
        rows: list[tuple[int, datetime, datetime, float, bool]] = cursor.fetchall()
    return rows
