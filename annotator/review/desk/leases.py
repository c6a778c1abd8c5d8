"""Who has a disagreement open: two leads who go through the same list are never given the same item."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from annotator.accounts.models import User
from annotator.errors import Conflict
from annotator.projects.access import Access
from annotator.review.models import NO_LEASE, Disagreement
from annotator.review.selectors import ALL, Wanted, disagreement_of, disagreements_open

LEASE: Final = timedelta(minutes=2)
"""How long an item stays with a lead whose page says nothing; the page renews it every `RENEW_SECONDS`."""
RENEW_SECONDS: Final = 40


@dataclass(frozen=True)
class Lease:
    """Who has a disagreement open, since when, and for how long if their page says nothing more."""

    by: str
    since: datetime
    until: datetime
    is_own: bool

    @property
    def sentence(self) -> str:
        """Who, as people say it."""
        return f"{self.by} is looking at this since {self.since:%H:%M} UTC"


@transaction.atomic
def lease_next(access: Access, wanted: Wanted = ALL, *, after: int = 0) -> Disagreement | None:
    """The next open disagreement that no other lead has open, now leased to the caller; None when there is none.

    1. The caller's lease on `after` ends: they move on.
    2. Take the first row after it that is free, lapsed or theirs, from the start again after the end of the list. A
       row that somebody else takes at this moment is passed over, so two calls at once give two items.

    Three statements, one more after the end of the list.
    """
    now = timezone.now()
    lease_release(access, after)
    rows = disagreements_open(access.project, wanted).filter(_is_takeable(access.user, now)).exclude(pk=after)
    waiting = rows.select_for_update(skip_locked=True, of=("self",))
    row = waiting.filter(pk__gt=after).first() or waiting.first()
    if row is not None:
        _take(Disagreement.objects.filter(pk=row.pk), access.user, now)
    return row


def lease_take(access: Access, disagreement_id: int) -> Lease | None:
    """Who has the disagreement open: the caller, unless another lead does. None once it is closed.

    A lease that has lapsed goes to whoever asks first. At most four queries. Raises NotFound for another project's.
    """
    now = timezone.now()
    found = Disagreement.objects.filter(project=access.project, pk=disagreement_id, closed_at__isnull=True)
    if not _renew(found, access.user, now):
        _take(found.filter(_is_takeable(access.user, now)), access.user, now)
    return lease_of(access, disagreement_of(access.project, disagreement_id))


def lease_release(access: Access, disagreement_id: int) -> None:
    """End the caller's lease, if they have it. One statement."""
    own = Disagreement.objects.filter(project=access.project, pk=disagreement_id, lease_by=access.user)
    own.update(**NO_LEASE)


def lease_of(access: Access, row: Disagreement) -> Lease | None:
    """The lease on an open disagreement that has not lapsed, or None. One query when there is one."""
    if row.closed_at is not None or row.lease_by is None or row.lease_at is None or row.lease_until is None:
        return None
    if row.lease_until < timezone.now():
        return None
    return Lease(row.lease_by.username, row.lease_at, row.lease_until, row.lease_by_id == access.user.pk)


def looking_at(access: Access, item_ids: Collection[int]) -> dict[int, Lease]:
    """The leases of other leads on these items that have not lapsed. One query."""
    rows = Disagreement.objects.filter(
        item__in=item_ids, closed_at__isnull=True, lease_until__gte=timezone.now()
    )
    others = rows.exclude(lease_by=access.user).select_related("lease_by")
    found = {row.item_id: lease_of(access, row) for row in others}
    return {item_id: lease for item_id, lease in found.items() if lease is not None}


def lease_refuse_others(access: Access, row: Disagreement) -> None:
    """Raise Conflict, naming who, when another lead has the disagreement open."""
    lease = lease_of(access, row)
    if lease is not None and not lease.is_own:
        raise Conflict(
            f"{lease.sentence}. Ask them, or wait until they have left it.",
            details={"by": lease.by, "since": lease.since.isoformat()},
        )


def _is_takeable(user: User, now: datetime) -> Q:
    return Q(lease_until__isnull=True) | Q(lease_until__lt=now) | Q(lease_by=user)


def _renew(rows: QuerySet[Disagreement], user: User, now: datetime) -> bool:
    """Whether these rows are the user's still; then for longer."""
    return bool(rows.filter(lease_by=user, lease_until__gte=now).update(lease_until=now + LEASE))


def _take(rows: QuerySet[Disagreement], user: User, now: datetime) -> None:
    rows.update(lease_by=user, lease_at=now, lease_until=now + LEASE)
