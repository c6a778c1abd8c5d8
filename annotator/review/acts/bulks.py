"""Resolving a pattern by a rule: what the rule makes of each item, and the spot check that comes before the act."""

import random
import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from annotator.agreement.intervals import Interval, Tally, exact
from annotator.agreement.rules import BulkRule
from annotator.errors import Conflict, NotFound, Withheld
from annotator.projects.access import Access
from annotator.projects.selectors import Taxonomy, guideline_current, taxonomy_current
from annotator.review.acts.ruling import (
    Fitting,
    LeftOut,
    pattern_ruled,
    pattern_waiting,
    rule_check,
    rule_kept,
    why_not_words,
)
from annotator.review.models import Bulk, BulkItem

BULK_MAX: Final = 5_000
"""Items in one act: one transaction of some seconds. What is left comes in the next bulk. Decision 121."""
LEFT_KEPT_MAX: Final = 200
CHECKED: Final = 10
CHECKED_OF_MANY: Final = 20
MANY: Final = 100
NO_BULK: Final = "There is no bulk {} in this project. A plan that nobody applies is kept for a week."
REJECTED_OF: Final = 10
"""One in so many of the spot check may be rejected; more stop the bulk."""


@dataclass(frozen=True)
class Checked:
    """The spot check as it stands: how many were drawn, and how those that were answered came out."""

    n_drawn: int
    confirmed: int
    rejected: int
    rejections_max: int
    is_whole: bool  # every item was drawn

    @property
    def tally(self) -> Tally:
        """Confirmed of answered."""
        return Tally(self.confirmed, self.confirmed + self.rejected)

    @property
    def interval(self) -> Interval | None:
        """Of the share that would be confirmed of all items; None before the first answer, and where all were drawn."""
        return exact(self.tally) if self.tally.n and not self.is_whole else None

    @property
    def is_stopped(self) -> bool:
        """Whether too many were rejected. Where every item is looked at, those rejected are just left."""
        return self.rejected > self.rejections_max and not self.is_whole

    @property
    def is_over(self) -> bool:
        """Whether every drawn item was answered."""
        return self.tally.n >= self.n_drawn


@transaction.atomic
def bulk_plan(access: Access, pattern: str, rule: BulkRule, *, client_id: UUID) -> Bulk:
    """A plan: the oldest items of the pattern that the rule fits, up to `BULK_MAX`, with a spot check drawn of them.

    1. A `client_id` that came before gives what it gave then. A plan of the caller's own for the same rule, of today
       and with a spot check that is begun and not passed, goes on: a new draw would only be a new chance.
    2. Look at open disagreements, oldest first, until `BULK_MAX` fit; on hold and withheld ones wait.
    3. Draw the spot check with a new seed, and write all that was seen.

    Nothing is resolved. Raises BadInput for a pattern or rule that cannot be, Conflict when nothing fits, or when a
    spot check has stopped this very rule under this guideline. Queries as `pattern_ruled`, and eight.
    """
    taxonomy, guideline = taxonomy_current(access.project), guideline_current(access.project)
    rule_check(pattern, rule, taxonomy)
    kept = rule_kept(rule)
    same = Bulk.objects.filter(project=access.project, pattern=pattern, rule=kept)
    going = _sent_or_going(access, same, client_id)
    if going is not None:
        return going
    _refuse_stopped(same.filter(guideline=guideline.version))
    fitting, left = pattern_ruled(access.project, pattern, rule, taxonomy, limit=BULK_MAX)
    if not fitting:
        raise Conflict(_nothing_fits(left, taxonomy))
    seed = secrets.randbits(62)
    drawn = _drawn(len(fitting), seed)
    columns = {
        "by": access.user,
        "pattern": pattern,
        "rule": kept,
        "taxonomy": taxonomy.version,
        "guideline": guideline.version,
        "seed": seed,
        "n_waiting": pattern_waiting(access.project, pattern).count(),
        "n_looked_at": len(fitting) + len(left),
        "left_out": _left_kept(left),
        "rejections_max": len(drawn) // REJECTED_OF,
    }
    bulk, is_new = Bulk.objects.get_or_create(project=access.project, client_id=client_id, defaults=columns)
    if not is_new:  # sent twice at once
        return _sent_or_going(access, same, client_id) or bulk
    BulkItem.objects.bulk_create(_planned(bulk, found, drawn.get(at)) for at, found in enumerate(fitting))
    return bulk


def bulk_of(access: Access, bulk_id: int) -> Bulk:
    """One bulk; raises NotFound for another project's, or a plan that was swept away. One query."""
    rows = Bulk.objects.select_related("by", "entry", "taxonomy")
    bulk = rows.filter(project=access.project, pk=bulk_id).first()
    if bulk is None:
        raise NotFound(NO_BULK.format(bulk_id))
    return bulk


def bulk_items(bulk: Bulk) -> QuerySet[BulkItem]:
    """The items that its rule fits, withheld ones left out, in their order. One query."""
    return BulkItem.objects.filter(bulk=bulk, item__withheld=False).select_related("item").order_by("item_id")


def checked_of(bulk: Bulk) -> Checked:
    """Its spot check as it stands; what was withheld since needs no answer. One query."""
    counts = bulk_items(bulk).aggregate(
        n=Count("pk"),
        n_drawn=Count("drawn"),
        n_confirmed=Count("pk", filter=Q(confirmed=True)),
        n_rejected=Count("pk", filter=Q(confirmed=False)),
    )
    return Checked(
        n_drawn=counts["n_drawn"],
        confirmed=counts["n_confirmed"],
        rejected=counts["n_rejected"],
        rejections_max=bulk.rejections_max,
        is_whole=counts["n_drawn"] == counts["n"],
    )


@transaction.atomic
def bulk_answer(access: Access, bulk_id: int, item_id: int, *, is_confirmed: bool) -> Checked:
    """The lead's answer to one item of the spot check; until the bulk is applied it can be changed.

    Raises NotFound for an item that was not drawn, Conflict once it is applied, or for another lead's bulk.
    """
    bulk = bulk_lock(access, bulk_id)
    rows = BulkItem.objects.filter(bulk=bulk, item=item_id, drawn__isnull=False)
    row = rows.select_related("item").first()
    if row is None:
        raise NotFound(f"Item {item_id} is not in the spot check of bulk {bulk_id}.")
    if row.item.withheld:
        raise Withheld
    if bulk.entry_id is not None:
        raise Conflict("This bulk is applied already. Undo it if it was wrong.")
    rows.update(confirmed=is_confirmed, answered_at=timezone.now())
    return checked_of(bulk)


def bulk_lock(access: Access, bulk_id: int) -> Bulk:
    """The caller's own bulk, locked; raises NotFound, or Conflict for another lead's. One query."""
    rows = Bulk.objects.select_for_update(no_key=True, of=("self",)).select_related("by", "entry__by")
    bulk = rows.filter(project=access.project, pk=bulk_id).first()
    if bulk is None:
        raise NotFound(NO_BULK.format(bulk_id))
    if bulk.by != access.user:
        raise Conflict(f"This bulk is {bulk.by.username}'s. Ask them, or plan your own.")
    return bulk


def _planned(bulk: Bulk, found: Fitting, drawn: int | None) -> BulkItem:
    held = found.standing.resolution
    return BulkItem(
        bulk=bulk,
        item_id=found.standing.item_id,
        judgments=[judgment.pk for judgment in found.standing.judgments],
        resolution=held.pk if held else None,
        labels=sorted(found.labels),
        drawn=drawn,
    )


def _left_kept(left: Sequence[LeftOut]) -> dict[str, object]:
    """How many are left out for each reason, and the first of them."""
    return {
        "counts": dict(Counter(found.why for found in left)),
        "items": [[found.item_id, found.why, found.category] for found in left[:LEFT_KEPT_MAX]],
    }


def _sent_or_going(access: Access, same: QuerySet[Bulk], client_id: UUID) -> Bulk | None:
    sent = Bulk.objects.filter(project=access.project, client_id=client_id).first()
    if sent is not None:
        if not same.filter(pk=sent.pk, by=access.user).exists():
            raise Conflict("This client_id came with another bulk already. Send a new one with each.")
        return sent
    today = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    begun = BulkItem.objects.filter(confirmed__isnull=False).values("bulk")
    going = same.filter(by=access.user, entry=None, at__gte=today, pk__in=begun).order_by("-pk").first()
    if going is None:
        return None
    checked = checked_of(going)
    return going if checked.is_stopped or not checked.is_over else None


def _refuse_stopped(same: QuerySet[Bulk]) -> None:
    rejected = BulkItem.objects.filter(confirmed=False).values("bulk")
    for bulk in same.filter(entry=None, pk__in=rejected).order_by("-pk"):
        checked = checked_of(bulk)
        if checked.is_stopped:
            raise Conflict(
                f"This rule was stopped at {bulk.at:%Y-%m-%d %H:%M} UTC: {checked.rejected} of {checked.n_drawn} "
                "in its spot check were rejected. Choose another rule, or go through the items.",
                details={"bulk": bulk.pk},
            )


def _nothing_fits(left: Sequence[LeftOut], taxonomy: Taxonomy) -> str:
    counts = Counter(why_not_words(found.why, found.category, taxonomy) for found in left)
    why = "; ".join(f"{words}: {n}" for words, n in counts.most_common(3))
    return (
        f"The rule fits no item of this pattern. {why}." if why else "Nothing of this pattern waits any more."
    )


def _drawn(n: int, seed: int) -> dict[int, int]:
    """Which of `n` items are drawn, each set as likely, with their place in the spot check."""
    wanted = min(n, CHECKED_OF_MANY if n > MANY else CHECKED)
    chosen = random.Random(seed).sample(range(n), wanted)
    return {at: place for place, at in enumerate(chosen, start=1)}
