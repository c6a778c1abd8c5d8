"""Erasing the evidence of items that were resolved long enough ago, where a project decided so."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.db.models import Q

from annotator.pool.erasing import evidence_expire
from annotator.pool.models import Erasure, Retention

EVERY: Final = timedelta(hours=1)
AT_ONCE: Final = 5_000
# Gold checks people, an open place or a dispute wants somebody to read the page: it has to be there.
DUE: Final = """
SELECT item.id FROM item JOIN resolution ON resolution.item_id = item.id
WHERE item.project_id = %(project)s AND item.erased_at IS NULL AND NOT item.withheld
    AND resolution.created_at < %(before)s AND resolution.method <> 'reopened'
    AND NOT EXISTS (SELECT FROM resolution later WHERE later.supersedes_id = resolution.id)
    AND NOT EXISTS (SELECT FROM assignment WHERE assignment.item_id = item.id AND state IN ('free', 'offered'))
    AND NOT EXISTS (SELECT FROM disagreement WHERE disagreement.item_id = item.id AND closed_at IS NULL)
    AND NOT EXISTS (SELECT FROM gold WHERE gold.item_id = item.id AND retired_at IS NULL)
    AND EXISTS (SELECT FROM evidence WHERE evidence.item_id = item.id)
ORDER BY item.id LIMIT %(most)s
"""


def retentions_due(now: datetime) -> list[Retention]:
    """The projects whose evidence is to be looked through now. One query."""
    rows = Retention.objects.filter(
        Q(swept_at__isnull=True) | Q(swept_at__lte=now - EVERY), days__isnull=False
    )
    return list(rows.select_related("project").order_by("pk"))


def retention_sweep(retention: Retention, now: datetime) -> Erasure | None:
    """Erase what is due, `AT_ONCE` items a tick; when nothing more is, it is due again an hour later."""
    assert retention.days is not None  # of one that is due
    before = now - timedelta(days=retention.days)
    with connection.cursor() as cursor:
        cursor.execute(DUE, {"project": retention.project_id, "before": before, "most": AT_ONCE})
        due = [pk for (pk,) in cursor.fetchall()]
    if len(due) < AT_ONCE:
        Retention.objects.filter(pk=retention.pk, set_at=retention.set_at).update(swept_at=now)
    return evidence_expire(retention, due) if due else None
