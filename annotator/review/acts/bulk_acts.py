"""Applying a bulk whose spot check is over: one entry for every item that is as it was when the rule was planned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction

from annotator.agreement.rules import BulkRule
from annotator.errors import Conflict
from annotator.judgments.models import Verdict
from annotator.projects.access import Access
from annotator.projects.selectors import taxonomy_current, taxonomy_version
from annotator.projects.services import log_write
from annotator.review.acts.bulks import bulk_items, bulk_lock, checked_of
from annotator.review.acts.many import SEALED, Answered, Seen, changes_by_item, items_lock, resolutions_write
from annotator.review.acts.ruling import rule_of, rule_words
from annotator.review.desk.leases import looking_at
from annotator.review.desk.patterns import pattern_words
from annotator.review.models import AdjudicationEntry, Bulk, BulkItem, Resolution
from annotator.review.selectors import standings_of
from annotator.review.services import Adjudication, clause_of, entry_add
from annotator.review.standing import Standing

NAMED_MAX: Final = 5


@dataclass(frozen=True)
class Applied:
    """The entry that a bulk wrote, and the items that it left because they had changed, with what did."""

    entry: AdjudicationEntry
    left: Mapping[int, tuple[str, ...]]

    @property
    def sentence(self) -> str:
        """What was done, in words."""
        n, left = self.entry.n_items, sorted(self.left)
        done = f"Resolved {n} item{'' if n == 1 else 's'} by rule."
        if not left:
            return done
        named = ", ".join(map(str, left[:NAMED_MAX]))
        more = f" and {len(left) - NAMED_MAX} more" if len(left) > NAMED_MAX else ""
        said = "has changed since, and was left" if len(left) == 1 else "have changed since, and were left"
        return f"{done} Item{'' if len(left) == 1 else 's'} {named}{more} {said}."


@transaction.atomic
def bulk_apply(access: Access, bulk_id: int, *, reason: str, clause_number: str, client_id: UUID) -> Applied:
    """What the rule says as a resolution of each item that it fits, with their disagreements closed: one entry.

    1. Lock the bulk: of two clicks the second finds it applied, and with the same `client_id` gets what that gave.
    2. Its spot check is over and has not stopped it; those rejected are taken out.
    3. Lock the items in order against the sweep and other leads, and compare each with what was seen. What has
       changed, is withheld, or is open before another lead is left, and named: it stays in its pattern.
    4. Write the entry and a resolution for each, close, and log.

    Raises Conflict while the spot check is not over or when nothing is left to write, BadInput for a reason or clause
    that cannot be.
    """
    bulk = bulk_lock(access, bulk_id)
    if bulk.entry is not None:
        return _applied_before(bulk, bulk.entry, client_id)
    rule = rule_of(bulk.rule)
    stated = Adjudication(rule.present, Verdict(rule.verdict), reason, clause_number)
    clause = clause_of(access.project, stated)
    _refuse_unchecked(bulk)
    rows = {row.item_id: row for row in BulkItem.objects.filter(bulk=bulk).exclude(confirmed=False)}
    standings, left = _as_seen(access, rows)
    if not standings:
        raise Conflict(
            "Nothing is left to resolve: every item has changed since. Plan it anew.", details=_details(left)
        )
    entry = entry_add(
        access, AdjudicationEntry.Kind.BULK, client_id, n_items=len(standings), n_left=len(left)
    )
    answered = [
        _answered(row, frozenset(rows[row.item_id].labels), rule, reason, newest=bulk.taxonomy_id)
        for row in standings
    ]
    resolutions_write(access, entry, answered, clause_id=clause.pk if clause else None)
    Bulk.objects.filter(pk=bulk.pk, entry=None).update(entry=entry)
    _log(access, bulk, entry)
    return Applied(entry, left)


def _applied_before(bulk: Bulk, entry: AdjudicationEntry, client_id: UUID) -> Applied:
    if (entry.client_id, entry.by_id) != (client_id, bulk.by_id):
        raise Conflict(f"This bulk was applied already, at {entry.at:%Y-%m-%d %H:%M} UTC.")
    return Applied(entry, dict.fromkeys(left_of(bulk), ()))


def left_of(bulk: Bulk) -> list[int]:
    """Items that an applied bulk left because they had changed. One query."""
    written = Resolution.objects.filter(entry=bulk.entry_id).values("item")
    rows = bulk_items(bulk).exclude(confirmed=False).exclude(item__in=written)
    return list(rows.values_list("item_id", flat=True))


def _refuse_unchecked(bulk: Bulk) -> None:
    checked = checked_of(bulk)
    if checked.is_stopped:
        raise Conflict(
            f"{checked.rejected} of {checked.n_drawn} in the spot check were rejected, more than "
            f"{checked.rejections_max}: the rule does not hold. Choose another, or go through the items."
        )
    if not checked.is_over:
        raise Conflict(
            f"{checked.tally.n} of {checked.n_drawn} in the spot check are answered. Look at the others first."
        )


def _as_seen(
    access: Access, rows: Mapping[int, BulkItem]
) -> tuple[list[Standing], dict[int, tuple[str, ...]]]:
    """The items that are as they were seen, and the others with what has changed. Seven queries."""
    items = items_lock(access, rows)
    left: dict[int, tuple[str, ...]] = {pk: (SEALED,) for pk, item in items.items() if item.withheld}
    standings = standings_of(access.project, items.keys() - left.keys())
    seen = {row.item_id: Seen(row.item_id, frozenset(row.judgments), row.resolution) for row in rows.values()}
    left |= changes_by_item(standings, seen, taxonomy_current(access.project))
    left |= {pk: (lease.sentence,) for pk, lease in looking_at(access, items).items() if pk not in left}
    left |= {
        row.item_id: ("it is not in dispute any more",)
        for row in standings
        if row.disagreement is None and row.item_id not in left
    }
    left |= {
        row.item_id: ("it is on hold",)
        for row in standings
        if row.disagreement is not None and row.disagreement.hold_at and row.item_id not in left
    }
    return [row for row in standings if row.item_id not in left], left


def _answered(
    standing: Standing, labels: frozenset[str], rule: BulkRule, reason: str, *, newest: int
) -> Answered:
    """By the oldest taxonomy of its judgments that has all that is named: what came later was not asked of all."""
    named = labels | rule.absent
    versions = sorted({judgment.taxonomy_id for judgment in standing.judgments})
    fitting = (pk for pk in versions if named <= set(taxonomy_version(pk).slugs))
    adjudication = Adjudication(labels, Verdict(rule.verdict), reason)
    return Answered(standing, adjudication, next(fitting, newest))


def _log(access: Access, bulk: Bulk, entry: AdjudicationEntry) -> None:
    taxonomy, checked = taxonomy_current(access.project), checked_of(bulk)
    log_write(
        access.project,
        "review",
        f"{access.user.username} resolved {entry.n_items} items of the pattern "
        f"{pattern_words(bulk.pattern, taxonomy)} by rule: {rule_words(rule_of(bulk.rule), taxonomy)} "
        f"({checked.confirmed} of {checked.tally.n} confirmed; adjudication {entry.pk})",
    )


def _details(left: Mapping[int, Sequence[str]]) -> dict[str, object]:
    return {"items": [{"item": pk, "changes": list(left[pk])} for pk in sorted(left)]}
