"""The sweep of the tick that ends plans which nobody applied."""

from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef

from annotator.projects.models import Project
from annotator.review.models import Bulk, BulkItem

KEPT: Final = timedelta(days=7)
"""So long a plan can be applied. Its items change meanwhile, and what has changed is left out of it."""
AT_ONCE: Final = 20


def bulks_sweep(project: Project, now: datetime) -> int:
    """Delete plans older than `KEPT` that were not applied, up to `AT_ONCE`; how many. One query when there is none.

    A plan with a rejection stays: those items stay out of later plans, and it may have stopped its rule. A plan that
    somebody answers or applies at this moment is passed over.
    """
    rejected = BulkItem.objects.filter(bulk=OuterRef("pk"), confirmed=False)
    old = Bulk.objects.filter(~Exists(rejected), project=project, entry=None, at__lt=now - KEPT)
    if not old.exists():
        return 0
    with transaction.atomic():
        taken = old.select_for_update(skip_locked=True).order_by("at")
        pks = list(taken.values_list("pk", flat=True)[:AT_ONCE])
        BulkItem.objects.filter(bulk__in=pks).delete()
        Bulk.objects.filter(pk__in=pks).delete()
    return len(pks)
