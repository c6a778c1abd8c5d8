"""Undoing an act of a lead: what was held before is held again, by new rows; nothing is deleted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from annotator.errors import Conflict, NotFound, Withheld
from annotator.judgments.models import ReviewDue, Verdict
from annotator.pool.models import Item
from annotator.projects.access import Access
from annotator.projects.models import Project
from annotator.review.models import NOTHING_WAITS, AdjudicationEntry, Disagreement, Method, Resolution
from annotator.review.services import entry_add

NAMED_MAX = 5
EACH_MAX = 5


@dataclass(frozen=True)
class Reverted:
    """The entry that undid another, and the items that it left because they had changed since."""

    entry: AdjudicationEntry
    left: tuple[int, ...]

    @property
    def sentence(self) -> str:
        """What was done, in words."""
        done = f"Undone on {self.entry.n_items} item{'' if self.entry.n_items == 1 else 's'}."
        return f"{done} {_left_words(self.left)}" if self.left else done


@transaction.atomic
def entry_revert(access: Access, entry_id: int, *, client_id: UUID) -> Reverted:
    """Hold again what was held before the entry, on exactly the items whose newest resolution is still its own.

    1. Lock the entry: of two leads who undo it, the second finds it undone. A `client_id` that came before gives
       what it gave then.
    2. Lock its items in order against the sweep and other leads; withheld ones wait, and are left.
    3. Supersede each of its resolutions that is still the newest, by what that one had superseded. Where it had
       superseded nothing, nothing is held.
    4. Reopen the disagreements that it closed, close those that it reopened, and let the sweep look at each item:
       judgments may have come since.

    Raises NotFound for an entry of another project, Withheld when all of it is withheld, Conflict, saying why, when
    it was undone already or all its items have changed.
    """
    undone = (
        AdjudicationEntry.objects.select_for_update(no_key=True)
        .filter(project=access.project, pk=entry_id)
        .first()
    )
    if undone is None:
        raise NotFound(f"There is no adjudication {entry_id} in this project.")
    earlier = AdjudicationEntry.objects.filter(reverts=undone).select_related("by").first()
    if earlier is not None and (earlier.client_id, earlier.by_id) == (client_id, access.user.pk):
        return Reverted(earlier, _left_by(earlier, undone))
    if earlier is not None:
        raise Conflict(f"{earlier.by.username} has undone this already, at {earlier.at:%Y-%m-%d %H:%M} UTC.")
    item_ids = _lock_items(undone)
    written = Resolution.objects.filter(entry=undone, item__in=item_ids, superseded_by__isnull=True)
    standing = list(written.select_related("supersedes").order_by("item_id"))
    if not standing:
        raise _nothing_to_undo(undone, item_ids)
    left = tuple(sorted(item_ids - {row.item_id for row in standing}))
    entry = entry_add(
        access,
        AdjudicationEntry.Kind.REVERT,
        client_id,
        reverts=undone,
        n_items=len(standing),
        n_left=undone.n_items - len(standing),
    )
    Resolution.objects.bulk_create([_restored(row, entry) for row in standing])
    _turn_disagreements(undone, entry, [row.item_id for row in standing])
    ReviewDue.objects.bulk_create(
        [ReviewDue(project=access.project, item_id=row.item_id) for row in standing]
    )
    return Reverted(entry, left)


def entries_of(project: Project, *, kind: str = "", by: str = "") -> QuerySet[AdjudicationEntry]:
    """The acts of leads, newest first; none all of whose items are withheld. One query."""
    shown = Resolution.objects.filter(entry=OuterRef("pk"), item__withheld=False)
    rows = AdjudicationEntry.objects.filter(Exists(shown), project=project)
    if kind:
        rows = rows.filter(kind=kind)
    if by:
        rows = rows.filter(by__username=by)
    return rows.select_related("by", "reverted_by__by", "bulk").order_by("-pk")


def entry_of(project: Project, entry_id: int) -> AdjudicationEntry:
    """One act; raises NotFound for another project's, and where all its items are withheld. One query."""
    entry = entries_of(project).filter(pk=entry_id).first()
    if entry is None:
        raise NotFound(f"There is no adjudication {entry_id} in this project.")
    return entry


def entry_last(access: Access) -> AdjudicationEntry | None:
    """The caller's newest act, when it can still be undone. One query."""
    newest = entries_of(access.project).filter(by=access.user).first()
    return newest if newest is not None and not hasattr(newest, "reverted_by") else None


def resolutions_of(entries: Iterable[AdjudicationEntry]) -> dict[int, list[Resolution]]:
    """What each of these entries wrote, with its item: the first `EACH_MAX`. One query."""
    found: dict[int, list[Resolution]] = {entry.pk: [] for entry in entries}
    place = Window(RowNumber(), partition_by="entry", order_by="item")
    rows = resolutions_by(*found).annotate(place=place).filter(place__lte=EACH_MAX)
    for row in rows:
        assert row.entry_id is not None
        found[row.entry_id].append(row)
    return found


def resolutions_by(*entry_ids: int) -> QuerySet[Resolution]:
    """What these entries wrote, with its item, withheld ones left out, in the order of the items. One query."""
    rows = Resolution.objects.filter(entry__in=entry_ids, item__withheld=False)
    return rows.select_related("item", "clause").order_by("item_id")


def _lock_items(entry: AdjudicationEntry) -> set[int]:
    written = Resolution.objects.filter(entry=entry).values("item")
    locked = Item.objects.select_for_update(no_key=True).filter(pk__in=written).order_by("pk")
    found = {item.pk for item in locked.only("pk", "withheld") if not item.withheld}
    if not found:
        raise Withheld
    return found


def _restored(written: Resolution, entry: AdjudicationEntry) -> Resolution:
    """What `written` had superseded, as a new row on top of it."""
    before = written.supersedes
    row = Resolution(
        project_id=written.project_id,
        item_id=written.item_id,
        supersedes=written,
        entry=entry,
        method=Method.REOPENED,
        verdict=Verdict.WITHDRAWN,
        reason=f"{entry.by.username} undid the resolution",
        judgments=written.judgments,
        taxonomy_id=written.taxonomy_id,
    )
    if before is not None:
        for column in ("method", "verdict", "labels", "reason", "judgments"):
            setattr(row, column, getattr(before, column))
        row.clause_id, row.resolved_by_id = before.clause_id, before.resolved_by_id
        row.taxonomy_id = before.taxonomy_id
    return row


def _turn_disagreements(undone: AdjudicationEntry, entry: AdjudicationEntry, item_ids: Sequence[int]) -> None:
    """Open what `undone` closed, unless another is open by now; close what it opened."""
    touched = Disagreement.objects.filter(entry=undone, item__in=item_ids)
    newer = Disagreement.objects.filter(item=OuterRef("item"), closed_at__isnull=True)
    opened = touched.filter(closed_at__isnull=True)
    closed = list(touched.filter(~Exists(newer), closed_at__isnull=False).values_list("pk", flat=True))
    opened.update(closed_at=timezone.now(), entry=entry, **NOTHING_WAITS)
    Disagreement.objects.filter(pk__in=closed).update(closed_at=None, entry=entry)


def _nothing_to_undo(entry: AdjudicationEntry, item_ids: Iterable[int]) -> Conflict:
    left = sorted(item_ids)
    return Conflict(
        f"Nothing of this is left to undo. {_left_words(left)}",
        details={"entry": entry.pk, "left": left},
    )


def _left_by(entry: AdjudicationEntry, undone: AdjudicationEntry) -> tuple[int, ...]:
    written = Resolution.objects.filter(entry=undone, item__withheld=False).values_list("item", flat=True)
    restored = Resolution.objects.filter(entry=entry).values_list("item", flat=True)
    return tuple(sorted(set(written) - set(restored)))


def _left_words(item_ids: Sequence[int]) -> str:
    named = ", ".join(map(str, item_ids[:NAMED_MAX]))
    more = f" and {len(item_ids) - NAMED_MAX} more" if len(item_ids) > NAMED_MAX else ""
    is_one = len(item_ids) == 1
    return f"Item{'' if is_one else 's'} {named}{more} {'was' if is_one else 'were'} resolved anew since, and left."
