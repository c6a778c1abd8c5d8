"""Putting in question what is held: the item goes among the disagreements until a lead decides."""

from collections.abc import Collection

from django.db import transaction
from django.utils.text import Truncator

from annotator.errors import Conflict
from annotator.projects.access import Access
from annotator.review.models import Disagreement, Resolution
from annotator.review.selectors import item_locked
from annotator.review.services import REASON_MAX


@transaction.atomic
def disagreement_open(
    access: Access, item_id: int, *, reason: str, categories: Collection[str], resolution: int
) -> Disagreement:
    """The open disagreement of a resolved item, put in question by a lead; the one that is open already, if any.

    What is held stays held until a lead decides, or until new judgments let the sweep settle it. Raises Conflict
    when `resolution` is not the newest any more, NotFound for an item of another project.
    """
    item = item_locked(access.project, item_id)
    if not Resolution.objects.filter(pk=resolution, item=item, superseded_by__isnull=True).exists():
        raise Conflict(f"Item {item_id} was resolved anew since you opened it. Look again, then decide.")
    row, _ = Disagreement.objects.get_or_create(
        item=item,
        closed_at=None,
        defaults={
            "project": access.project,
            "reason": Truncator(reason).chars(REASON_MAX),
            "categories": sorted(categories),
        },
    )
    return row
