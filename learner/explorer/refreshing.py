"""Bringing the columns of a project up to date, from the rows that are new since. For workers only.

Ids are given before rows are committed, so the highest id that was seen says little about those below it. A mark moves
on only when every transaction has ended that ran when it was seen; until then the rows above it are read again, which
changes nothing.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from annotator.judgments.models import Judgment
from annotator.pool.models import Case, Erasure, Evidence, Item
from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, taxonomy_current
from annotator.queue.models import Batch, BatchItem
from annotator.review.models import Disagreement, Resolution
from learner.core.arrays import Booleans
from learner.explorer import columns as c
from learner.explorer.common import ITEMS_LEAST, common_choose
from learner.explorer.gathering import facts_of, texts_write, words_sweep
from learner.explorer.models import (
    ExplorerChunk,
    ExplorerColumn,
    ExplorerState,
    ExplorerTerm,
    ExplorerText,
)
from learner.explorer.scoring import scores_forget, scores_write
from learner.explorer.selectors import found_now
from learner.explorer.storing import chunk_patch, columns_read
from learner.training.services import newest_file

LEASE: Final = timedelta(minutes=5)
ITEMS_AT_ONCE: Final = 4_096  # long texts in a transaction each: the lease must not end in it


class Lost(Exception):
    """Another worker has the columns of this project now: stop without a word."""


def explorer_refresh(project: Project) -> bool:
    """Bring the columns of a project up to date; False when another worker does.

    1. Take the lease. 2. Note what is there now. 3. Add new items, chunk by chunk. 4. Read again what changed since
    the marks. 5. Score what the newest version has not scored. 6. Move the marks. A worker that dies leaves whole
    chunks behind, and the next one goes on from there.
    """
    lease = _take(project, timezone.now())
    if lease is None:
        return False
    try:
        _refresh(lease)
    except Lost:
        return False
    finally:
        lease.give_back()
    return True


class _Lease:
    """The right to write the columns of a project, and the row that says how far they are."""

    def __init__(self, state: ExplorerState) -> None:
        self.state = state

    def renew(self) -> None:
        """Go on for `LEASE`; raises Lost when somebody else took over."""
        until = timezone.now() + LEASE
        if not self._mine().update(busy_until=until):
            raise Lost
        self.state.busy_until = until

    def keep(self, **columns: object) -> None:
        """Write columns of the state; raises Lost."""
        if not self._mine().update(**columns):
            raise Lost
        for name, value in columns.items():
            setattr(self.state, name, value)

    def give_back(self) -> None:
        """Let the next one in."""
        self._mine().update(busy_until=None)

    def _mine(self) -> QuerySet[ExplorerState]:
        return ExplorerState.objects.filter(pk=self.state.pk, busy_until=self.state.busy_until)


def _take(project: Project, now: datetime) -> _Lease | None:
    ExplorerState.objects.get_or_create(project=project)
    free = ExplorerState.objects.filter(Q(busy_until=None) | Q(busy_until__lt=now), project=project)
    if not free.update(busy_until=now + LEASE):
        return None
    return _Lease(ExplorerState.objects.select_related("project").get(project=project))


def _refresh(lease: _Lease) -> None:
    state, started = lease.state, timezone.now()
    project = state.project
    taxonomy = taxonomy_current(project)
    seen = {**found_now(project), **_horizon()}
    if state.layout != c.LAYOUT:
        _begin_again(lease)
    relabel = state.taxonomy_id is not None and state.taxonomy_id != taxonomy.version.pk
    while _extend(lease, taxonomy):
        lease.renew()
    if relabel:
        scores_forget(project)
        _forget_labels(project)
    _reread(lease, taxonomy, _all_items(project) if relabel else _changed(state))
    lease.keep(taxonomy=taxonomy.version)
    if state.n_items >= max(ITEMS_LEAST, 2 * state.common_at):
        common_choose(project, state.n_items, lease.renew)
        lease.keep(common_at=state.n_items)
    file = newest_file(project)
    if file is not None:
        scores_write(project, file, lease.renew)
        lease.keep(classifier_number=file.number)
    lease.keep(marks=_marks_moved(state, seen), seen=seen, refreshed_at=started)


def _begin_again(lease: _Lease) -> None:
    project = lease.state.project
    for model in (ExplorerText, ExplorerColumn, ExplorerChunk, ExplorerTerm):
        model._default_manager.filter(project=project).delete()
    lease.keep(
        layout=c.LAYOUT,
        taxonomy=None,
        n_items=0,
        last_item=0,
        classifier_number=None,
        common_at=0,
        marks={},
        seen={},
    )


def _forget_labels(project: Project) -> None:
    for prefix in (c.HELD, c.JUDGED):
        ExplorerColumn.objects.filter(project=project, name__startswith=prefix).delete()


def _extend(lease: _Lease, taxonomy: Taxonomy) -> int:
    """Add the next items, of one chunk, in one transaction; how many."""
    state, project = lease.state, lease.state.project
    number, begun = divmod(state.n_items, c.CHUNK_ITEMS)
    items = Item.objects.filter(project=project, pk__gt=state.last_item).order_by("pk")
    ids = list(items.values_list("pk", flat=True)[: min(ITEMS_AT_ONCE, c.CHUNK_ITEMS - begun)])
    if not ids:
        return 0
    with transaction.atomic():
        facts = facts_of(project, taxonomy, ids)
        positions = range(state.n_items, state.n_items + len(ids))
        facts |= texts_write(project, ids, positions)
        chunk_patch(project.pk, number, np.arange(begun, begun + len(ids)), facts)
        chunk, _ = ExplorerChunk.objects.get_or_create(
            project=project,
            number=number,
            defaults={"first_item": ids[0], "last_item": ids[-1], "n_items": 0},
        )
        ExplorerChunk.objects.filter(pk=chunk.pk).update(last_item=ids[-1], n_items=begun + len(ids))
        lease.keep(n_items=state.n_items + len(ids), last_item=ids[-1])
        if state.taxonomy_id is None:
            lease.keep(taxonomy=taxonomy.version)
    words_sweep(ids)
    return len(ids)


def _changed(state: ExplorerState) -> tuple[list[int], set[int]]:
    """Items of which something may have changed, ascending, and those of which the text may have. Ten queries."""
    project, marks = state.project, state.marks
    facts: set[int] = set()
    for model, name in (
        (Judgment, "judgments"),
        (Resolution, "resolutions"),
        (Disagreement, "disagreements"),
    ):
        rows = model._default_manager.filter(project=project, pk__gt=marks.get(name, 0))
        facts.update(rows.values_list("item_id", flat=True))
    batches = Batch.objects.filter(project=project, pk__gt=marks.get("batches", 0))
    facts.update(BatchItem.objects.filter(batch__in=batches).values_list("item_id", flat=True))
    later = Evidence.objects.filter(pk__gt=marks.get("evidence", 0), added_at__isnull=False)
    texts = set(later.filter(item__project=project).values_list("item_id", flat=True))
    n_chunks = -(-state.n_items // c.CHUNK_ITEMS)
    kept = columns_read(project.pk, [c.ITEM, c.DISPUTED, c.WITHHELD, c.ERASED], n_chunks)
    disputed = Disagreement.objects.filter(project=project, closed_at__isnull=True)
    facts |= _differing(kept[c.ITEM], kept[c.DISPUTED], disputed.values_list("item_id", flat=True))
    sealed = Case.objects.filter(project=project).exclude(outcome=Case.Outcome.RELEASED)
    texts |= _differing(kept[c.ITEM], kept[c.WITHHELD], sealed.values_list("item_id", flat=True))
    if Erasure.objects.filter(project=project, pk__gt=marks.get("erasures", 0)).exists():
        erased = Item.objects.filter(project=project, erased_at__isnull=False)
        texts |= _differing(kept[c.ITEM], kept[c.ERASED], erased.values_list("pk", flat=True))
    return sorted(facts | texts), texts


def _all_items(project: Project) -> tuple[list[int], set[int]]:
    items = Item.objects.filter(project=project).order_by("pk")
    return list(items.values_list("pk", flat=True)), set()


def _differing(items: np.ndarray, bits: Booleans, now: Collection[int]) -> set[int]:
    """Items whose bit is not as it should be."""
    before = items[bits]
    return set(np.setxor1d(before, np.array(list(now), dtype=np.int64)).tolist())


def _reread(lease: _Lease, taxonomy: Taxonomy, changed: tuple[list[int], set[int]]) -> None:
    """Write the facts of these items anew, chunk by chunk; of some, the words too."""
    ids, texts = changed
    project = lease.state.project
    chunks = list(ExplorerChunk.objects.filter(project=project).order_by("number"))
    starts = [chunk.first_item for chunk in chunks]
    by_chunk: dict[int, list[int]] = {}
    for pk in ids:
        place = bisect_right(starts, pk) - 1
        if place >= 0 and pk <= chunks[place].last_item:
            by_chunk.setdefault(place, []).append(pk)
    for place, wanted in by_chunk.items():
        with transaction.atomic():
            _reread_chunk(project, taxonomy, chunks[place], wanted, sorted(texts.intersection(wanted)))
            lease.renew()
        words_sweep(sorted(texts.intersection(wanted)))


def _reread_chunk(
    project: Project, taxonomy: Taxonomy, chunk: ExplorerChunk, wanted: Sequence[int], texts: Sequence[int]
) -> None:
    items = Item.objects.filter(project=project, pk__gte=chunk.first_item, pk__lte=chunk.last_item).order_by(
        "pk"
    )
    places = {pk: at for at, pk in enumerate(items.values_list("pk", flat=True))}
    ids = [pk for pk in wanted if pk in places]
    offsets = np.array([places[pk] for pk in ids], dtype=np.int64)
    chunk_patch(project.pk, chunk.number, offsets, facts_of(project, taxonomy, ids))
    if texts:
        offsets = np.array([places[pk] for pk in texts], dtype=np.int64)
        positions = (chunk.number * c.CHUNK_ITEMS + offsets).tolist()
        chunk_patch(project.pk, chunk.number, offsets, texts_write(project, texts, positions))


def _horizon() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT PG_SNAPSHOT_XMIN(s)::text, PG_SNAPSHOT_XMAX(s)::text FROM PG_CURRENT_SNAPSHOT() s"
        )
        oldest, next_one = cursor.fetchone()
    return {"oldest": int(oldest), "next": int(next_one)}


def _marks_moved(state: ExplorerState, seen: dict[str, int]) -> dict[str, int]:
    """What the last refresh saw, once all that ran then has ended; before that, the marks as they are."""
    ended = state.seen and seen["oldest"] >= state.seen["next"]
    return {**state.seen} if ended else state.marks
