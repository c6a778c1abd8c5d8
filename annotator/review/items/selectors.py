"""The items of a project as scripts list them: by what they are, why they were served, and what is held true."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Exists, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import JSONObject

from annotator.judgments.listing import midnight
from annotator.pool.models import Evidence, Ingest, Item
from annotator.pool.selectors import ItemFilter, items_of
from annotator.projects.models import Project
from annotator.queue.models import BatchItem
from annotator.review.models import Resolution
from annotator.review.selectors import resolutions_current
from annotator.runs import ACTIVE

SETTLING: Final = timedelta(minutes=1)  # no part of an ingest takes longer


@dataclass(frozen=True)
class ListedItemFilter:
    """Which items to list; what is empty does not narrow. Days are UTC, both included."""

    page: ItemFilter = field(default_factory=ItemFilter)
    source: str | None = None
    stream: str = ""
    category: str = ""
    verdict: str = ""
    method: str = ""
    resolved: bool | None = None
    since: date | None = None
    until: date | None = None
    changed_since: datetime | None = None


def items_listed(project: Project, wanted: ListedItemFilter) -> QuerySet[Item]:
    """The items, newest first, each with `held` (what is held true of it, or None) and `stream` (what first served it).

    One query. `text` reads; a domain, and what is held, go by their indexes.
    """
    items = items_of(project, wanted.page)
    if wanted.source is not None:
        items = items.filter(source=wanted.source)
    if wanted.since:
        items = items.filter(created_at__gte=midnight(wanted.since))
    if wanted.until:
        items = items.filter(created_at__lt=midnight(wanted.until) + timedelta(days=1))
    if wanted.changed_since:
        items = items.filter(_changed(wanted.changed_since))
    served = _served()
    if wanted.stream:
        items = items.filter(Exists(served.filter(stream=wanted.stream)))
    held = _held(project)
    items = _narrowed(items, held, wanted)
    told = JSONObject(labels="labels", verdict="verdict", method="method", resolved_at="created_at")
    return items.annotate(
        held=Subquery(held.values(told=told)[:1]),
        stream=Subquery(served.order_by("pk").values("stream")[:1]),
    )


def items_settled(project: Project, now: datetime) -> datetime:
    """Of before when every item is there: of an ingest that runs, some with lower ids may still appear. One query."""
    running = Ingest.objects.filter(project=project, status__in=ACTIVE).aggregate(since=Min("started_at"))
    return min(running["since"] or now, now) - SETTLING


def _narrowed(items: QuerySet[Item], held: QuerySet[Resolution], wanted: ListedItemFilter) -> QuerySet[Item]:
    exact = {
        "labels__contains": [wanted.category] if wanted.category else None,
        "verdict": wanted.verdict or None,
        "method": wanted.method or None,
    }
    named = {name: value for name, value in exact.items() if value is not None}
    if named or wanted.resolved:
        items = items.filter(Exists(held.filter(**named)))
    if wanted.resolved is False:
        items = items.exclude(Exists(held))
    return items


def _held(project: Project) -> QuerySet[Resolution]:
    return resolutions_current(project).filter(item=OuterRef("pk"))


def _served() -> "QuerySet[BatchItem]":
    # Checks of one person are no reason why the page was chosen, and who is checked by what stays hidden.
    return BatchItem.objects.filter(item=OuterRef("pk"), batch__personal=False)


def _changed(since: datetime) -> Q:
    seen_again = Evidence.objects.filter(item=OuterRef("pk"), added_at__gte=since)
    resolved = Resolution.objects.filter(item=OuterRef("pk"), created_at__gte=since)
    return Q(created_at__gte=since) | Q(erased_at__gte=since) | Q(Exists(seen_again)) | Q(Exists(resolved))
