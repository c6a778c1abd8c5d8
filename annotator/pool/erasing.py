"""Erasing evidence: by request, of a page or of all pages of a site, or because it was kept long enough. Decision 145.

Title, description, text, min-hashes and the further columns of the file go; the address, the hashes and what people
said stay. There is no way back but a backup.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from annotator.errors import BadInput, Conflict, NotFound
from annotator.pool.addresses import AddressRefused, canonical
from annotator.pool.models import Erasure, Evidence, Item, Retention, Signature
from annotator.pool.writing import project_wait
from annotator.projects.access import Access
from annotator.projects.models import LogEntry, Project
from annotator.projects.services import log_write

SITE_ITEMS_MAX: Final = 50_000
REASON_MAX: Final = 500
DAYS_MAX: Final = 36_500
_SAME: Final = Erasure.objects.filter(project=OuterRef("project"))
_REQUESTED: Final = Exists(_SAME.filter(scope=Erasure.Scope.ITEM, item=OuterRef("pk"))) | Exists(
    _SAME.filter(scope=Erasure.Scope.SITE, site=OuterRef("registrable_domain"))
)
KEPT_LONG_ENOUGH: Final = "The project keeps evidence of resolved pages for {days} days"


@dataclass(frozen=True)
class Wanted:
    """What is to be erased: one item, or a site by its name or any address on it."""

    item_id: int | None = None
    site: str = ""


@dataclass(frozen=True)
class Erasable:
    """What an erasure would do, and to how many items. Of what is sealed in cases nothing is said, and nothing done."""

    scope: Erasure.Scope
    item_id: int | None
    site: str
    n_items: int

    @property
    def warning(self) -> str:
        """What will happen, for whoever has to confirm it."""
        if self.scope == Erasure.Scope.ITEM:
            return f"Item {self.item_id} will lose its evidence"
        pages = "1 page" if self.n_items == 1 else f"{self.n_items:,} pages"
        return f"{pages} of {self.what} will lose the evidence"

    @property
    def what(self) -> str:
        """In words."""
        return f"item {self.item_id}" if self.scope == Erasure.Scope.ITEM else f"the site {self.site}"


def erasable(project: Project, wanted: Wanted, *, most: int | None = SITE_ITEMS_MAX) -> Erasable:
    """What would be erased now. Two queries.

    Raises BadInput unless one of the two is given, NotFound for nothing of the project, Conflict when it is sealed in
    a case or was erased by an earlier request.
    """
    if (wanted.item_id is None) == (not wanted.site.strip()):
        raise BadInput("Name an item by its number, or a site: one of the two.")
    scope = Erasure.Scope.SITE if wanted.item_id is None else Erasure.Scope.ITEM
    site = "" if wanted.item_id is not None else _site(wanted.site)
    items = _items(project, wanted.item_id, site)
    found = Erasable(scope, wanted.item_id, site, _open(items).count())
    if not found.n_items:
        raise _nothing_left(found, items.first())
    if most is not None and found.n_items > most:
        raise BadInput(
            f"{site} has {found.n_items:,} pages here; {most:,} are erased at once. Ask the operator to run "
            "`manage.py erase`."
        )
    return found


def _site(site: str) -> str:
    try:
        return canonical(site).registrable_domain
    except AddressRefused as refused:
        raise BadInput(f'"{site[:100]}" is not a site: {refused}') from refused


def _items(project: Project, item_id: int | None, site: str) -> QuerySet[Item]:
    items = Item.objects.filter(project=project)
    return items.filter(registrable_domain=site) if item_id is None else items.filter(pk=item_id)


def _open(items: QuerySet[Item]) -> QuerySet[Item]:
    """Those whose evidence nobody asked to erase yet, whether or not it is there still."""
    return items.filter(withheld=False).exclude(_REQUESTED, erased_at__isnull=False)


def erased_by_request(project: Project) -> QuerySet[Item]:
    """The items whose evidence was erased because somebody asked for it, however it was erased first. One query."""
    return Item.objects.filter(_REQUESTED, project=project, erased_at__isnull=False)


def _nothing_left(found: Erasable, item: Item | None) -> Conflict | NotFound:
    if item is None:
        return NotFound(f"This project has nothing of {found.what}.")
    if item.withheld:
        return Conflict(f"The evidence of {found.what} is sealed in a case. Its case holders decide on it.")
    return Conflict(f"The evidence of {found.what} was erased before.")


@transaction.atomic
def evidence_erase(
    access: Access, wanted: Wanted, *, reason: str, most: int | None = SITE_ITEMS_MAX
) -> Erasure:
    """Erase what is wanted, and write down who, when, why and of how many items.

    1. Wait behind an ingest of the project, which could bring a version meanwhile.
    2. Lock the items against whoever opens a case of one. 3. Erase, and write it down.

    Raises as `erasable`, and BadInput without a reason.
    """
    reason = reason.strip()
    if not 1 <= len(reason) <= REASON_MAX or "\x00" in reason:
        raise BadInput(f"Say why it is erased, in 1 to {REASON_MAX} characters.")
    project_wait(access.project.pk)
    found = erasable(access.project, wanted, most=most)
    items = _open(_items(access.project, found.item_id, found.site))
    ids = list(items.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    _erase(ids, timezone.now())
    things = "item" if len(ids) == 1 else "items"
    text = f"{access.user.username} erased the evidence of {len(ids):,} {things}: {found.what}"
    log_write(access.project, "pool", text, level=LogEntry.Level.WARNING)
    return Erasure.objects.create(
        project=access.project,
        scope=found.scope,
        item_id=found.item_id,
        site=found.site,
        by=access.user,
        reason=reason,
        n_items=len(ids),
    )


@transaction.atomic
def evidence_expire(retention: Retention, item_ids: Sequence[int]) -> Erasure | None:
    """Erase what was kept long enough, and write it down; None when somebody was quicker. The caller chose it."""
    project_wait(retention.project_id)
    items = Item.objects.filter(
        project=retention.project_id, pk__in=item_ids, withheld=False, erased_at__isnull=True
    )
    ids = list(items.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    if not ids:
        return None
    _erase(ids, timezone.now())
    log_write(
        retention.project, "pool", f"The evidence of {len(ids):,} resolved items was erased: kept long enough"
    )
    return Erasure.objects.create(
        project=retention.project,
        scope=Erasure.Scope.RETENTION,
        reason=KEPT_LONG_ENOUGH.format(days=retention.days),
        n_items=len(ids),
    )


def _erase(ids: Sequence[int], now: datetime) -> None:
    Evidence.objects.filter(item__in=ids).update(title="", description="", text="")
    Signature.objects.filter(item__in=ids).delete()
    Item.objects.filter(pk__in=ids).update(erased_at=now, metadata={}, pooled=False)


def retention_set(access: Access, days: int | None) -> Retention:
    """How long evidence of resolved items is kept from now on; None is for ever. Raises BadInput."""
    if days is not None and not 1 <= days <= DAYS_MAX:
        raise BadInput(f"Evidence is kept for 1 to {DAYS_MAX:,} days, or for ever.")
    columns = {"days": days, "set_by": access.user, "set_at": timezone.now(), "swept_at": None}
    retention, _ = Retention.objects.update_or_create(project=access.project, defaults=columns)
    kept = "for ever" if days is None else f"for {days:,} days after they are resolved"
    text = f"{access.user.username}: evidence of items is kept {kept}"
    log_write(access.project, "pool", text, level=LogEntry.Level.WARNING)
    return retention


def retention_of(project: Project) -> Retention | None:
    """What the project decided; None when it never did, and keeps evidence for ever. One query."""
    return Retention.objects.select_related("project", "set_by").filter(project=project).first()


def erasures_of(project: Project) -> QuerySet[Erasure]:
    """What was erased in the project, newest first. One query."""
    return Erasure.objects.filter(project=project).select_related("by").order_by("-pk")


def erased_count(project: Project) -> int:
    """Of how many items the evidence is erased. One query, by the index item_erased."""
    return Item.objects.filter(project=project, erased_at__isnull=False).count()
