"""Writing a spread: one entry for all items that a lead chose, or nothing at all when one of them has changed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.text import Truncator, capfirst

from annotator.errors import BadInput, Conflict
from annotator.judgments.models import Verdict
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.selectors import Taxonomy, taxonomy_current
from annotator.review.acts.many import (
    SEALED,
    Answered,
    Seen,
    changes_by_item,
    items_lock,
    resolutions_write,
)
from annotator.review.acts.spreading import SPREAD_MAX, Candidates, decision_of, in_scope, lines_of
from annotator.review.models import AdjudicationEntry, Resolution, Scope
from annotator.review.selectors import standings_of
from annotator.review.services import Adjudication, entry_add
from annotator.review.standing import Standing

NAMED_MAX: Final = 5
CHANGE_MAX: Final = 300
REASONS: Final = {
    Scope.ALIKE: "As decided on item {item}, which has nearly the same text.",
    Scope.SITE: "As decided on item {item}, of the same site.",
}


@dataclass(frozen=True)
class Chosen:
    """The decision that a lead saw, the scope, and the items that they left chosen as they saw them."""

    decision: int
    scope: Scope
    items: tuple[Seen, ...]


@transaction.atomic
def spread_apply(access: Access, item_id: int, *, chosen: Chosen, client_id: UUID) -> AdjudicationEntry:
    """The decision on an item as a resolution of each chosen item, with their disagreements closed: one entry.

    1. Lock the source and the items in order against the sweep and other leads. A `client_id` that came before gives
       what it gave then.
    2. Compare the decision and every item with what was seen. When one of them has changed, is open before another
       lead, or may not be spread to, nothing is written: raises Conflict that names each, with the changes in
       `details`.
    3. Write the entry and a resolution for each, and close.

    The reason names the source and does not quote the reason given there: that may quote a page which is sealed
    later. Raises NotFound for an item of another project, BadInput for none, too many, or one out of scope.
    """
    _check(item_id, chosen)
    seen = {row.item_id: row for row in chosen.items}
    items = items_lock(access, {item_id, *seen})
    sent = _sent_before(access, item_id, chosen, client_id)
    if sent is not None:
        return sent
    source = decision_of(access, item_id)
    if source.pk != chosen.decision:
        raise Conflict(
            f"The decision on item {item_id} is not the one that you saw. Look again, then spread it."
        )
    _refuse_changed(access, source, chosen, items, taxonomy_current(access.project))
    standings = standings_of(access.project, seen)
    entry = entry_add(
        access,
        AdjudicationEntry.Kind.SPREAD,
        client_id,
        source_id=item_id,
        scope=chosen.scope,
        n_items=len(standings),
    )
    adjudication = Adjudication(
        frozenset(source.labels), Verdict(source.verdict), REASONS[chosen.scope].format(item=item_id)
    )
    answered = [Answered(standing, adjudication, source.taxonomy_id) for standing in standings]
    resolutions_write(access, entry, answered, clause_id=source.clause_id)
    return entry


def _check(item_id: int, chosen: Chosen) -> None:
    ids = [row.item_id for row in chosen.items]
    if not ids:
        raise BadInput("No item is chosen. Choose at least one.")
    if len(ids) > SPREAD_MAX:
        raise BadInput(f"{len(ids)} items are chosen; {SPREAD_MAX} at a time can be. Spread it in parts.")
    if len(set(ids)) < len(ids):
        raise BadInput("An item is chosen twice. Name each once.")
    if item_id in ids:
        raise BadInput(f"Item {item_id} is where the decision comes from. Leave it out.")


def _sent_before(access: Access, item_id: int, chosen: Chosen, client_id: UUID) -> AdjudicationEntry | None:
    """What the very same act gave when it came before."""
    entry = AdjudicationEntry.objects.filter(
        project=access.project,
        client_id=client_id,
        by=access.user,
        kind=AdjudicationEntry.Kind.SPREAD,
        source=item_id,
        scope=chosen.scope,
    ).first()
    if entry is None:
        return None
    written = set(Resolution.objects.filter(entry=entry).values_list("item_id", flat=True))
    return entry if written == {row.item_id for row in chosen.items} else None


def _refuse_changed(
    access: Access, source: Resolution, chosen: Chosen, items: Mapping[int, Item], taxonomy: Taxonomy
) -> None:
    """Raise Conflict, or BadInput for an item out of scope, unless all of them can be written as they were seen."""
    seen = {row.item_id: row for row in chosen.items}
    sealed = {pk: (SEALED,) for pk in seen if items[pk].withheld}
    left = seen.keys() - sealed.keys()
    percents = in_scope(source, chosen.scope, left)
    outside = left - percents.keys()
    if outside:
        raise BadInput(f"Item {min(outside)} is not of {_scope_words(chosen.scope, source)}. Look again.")
    found = Candidates(tuple(items[pk] for pk in sorted(left)), percents)
    lines = lines_of(access, source, found, taxonomy)
    standings: Sequence[Standing] = [line.standing for line in lines]
    changed = sealed | changes_by_item(standings, seen, taxonomy)
    refused = {line.item.pk: (line.why_not,) for line in lines if line.why_not} | changed
    if refused:
        raise Conflict(_words(refused), details={"items": _details(refused)})


def _scope_words(scope: Scope, source: Resolution) -> str:
    return "the same site" if scope == Scope.SITE else f"nearly the text of item {source.item_id}"


def _words(refused: Mapping[int, Sequence[str]]) -> str:
    n = len(refused)
    named = "; ".join(
        f"item {pk}: {Truncator(', '.join(refused[pk])).chars(CHANGE_MAX)}"
        for pk in sorted(refused)[:NAMED_MAX]
    )
    more = f"; and {n - NAMED_MAX} more" if n > NAMED_MAX else ""
    first = "1 of these pages is" if n == 1 else f"{n} of these pages are"
    return (
        f"Nothing was spread: {first} not as you saw {'it' if n == 1 else 'them'}. {capfirst(named)}{more}."
    )


def _details(refused: Mapping[int, Sequence[str]]) -> list[dict[str, object]]:
    return [{"item": pk, "changes": list(refused[pk])} for pk in sorted(refused)]
