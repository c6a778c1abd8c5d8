"""The quota of the over-block pack: with each wave of audits some pages of each slice are audited as well.

A slice is a stratum of its own: people chose its pages, knowing what they knew, so nothing that is drawn from it may
stand for other pages. It is no part of the audits by which classifiers are judged; a page of it that a wave would have
drawn anyway is (`learner.core.waves.also_drawn`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.db.models import QuerySet

from annotator.errors import Conflict
from annotator.pool.models import Item, Split
from annotator.projects.models import Project
from annotator.projects.services import log_write
from annotator.queue.models import Batch, BatchItem, Stream
from annotator.queue.services import BatchChoice, batch_open
from annotator.review.selectors import resolutions_current
from learner.core.pack import PACKS
from learner.evaluation.models import PackDraw, PackRule
from learner.evaluation.packs import Asked, pack_members, packs_asked
from learner.query.models import AuditWave

STRATEGY = "over_block_pack"


@dataclass(frozen=True)
class Drawn:
    """A page that was drawn from a slice, of so many, each with the same chance."""

    pack: str
    item_id: int
    n_drawn: int
    n_pages: int

    @property
    def chance(self) -> float:
        """Of each page of the slice that could be drawn."""
        return self.n_drawn / self.n_pages


def projects_with_quota() -> QuerySet[Project]:
    """The projects in which a slice ever had a quota, and that are not paused. One query."""
    asked = PackRule.objects.filter(quota__gt=0)
    return Project.objects.filter(pk__in=asked.values("project"), paused=False).order_by("pk")


def pack_audits_open(project: Project) -> Batch | None:
    """A small batch of pages of the slices that have a quota, one for each wave of audits; None where none is due.

    Three queries where no slice has a quota, or the newest wave had its batch.
    """
    asked = packs_asked(project)
    if not any(one.quota for one in asked.values()):
        return None
    wave = AuditWave.objects.filter(project=project).order_by("-number").first()
    last = PackDraw.objects.filter(project=project).order_by("-wave").first()
    if wave is None or (last is not None and last.wave >= wave.number):
        return None
    drawn = _drawn(asked, _free(project), seed=wave.pk)
    try:
        return _opened(project, wave, drawn) if drawn else None
    except Conflict:  # other batches took them all meanwhile; the next tick draws from what is left
        return None


@transaction.atomic
def _opened(project: Project, wave: AuditWave, drawn: Sequence[Drawn]) -> Batch:
    reason = f"Quota of the over-block pack, with wave {wave.number}"
    batch = batch_open(
        project,
        [_choice(one, wave) for one in drawn],
        fingerprint=f"pack-{project.pk}-{wave.number}",
        reason=reason,
        seed=wave.pk,
        classifier_number=None,
        pool_size=sum({one.pack: one.n_pages for one in drawn}.values()),
    )
    served = set(BatchItem.objects.filter(batch=batch).values_list("item_id", flat=True))
    PackDraw.objects.bulk_create(
        [
            PackDraw(
                project=project,
                pack=one.pack,
                item_id=one.item_id,
                wave=wave.number,
                batch=batch,
                chance=one.chance,
            )
            for one in drawn
            if one.item_id in served
        ]
    )
    log_write(project, "evaluation", f"{reason}: {len(drawn)} pages")
    return batch


def _free(project: Project) -> dict[str, list[int]]:
    """Pack -> its pages of holdout sites that no batch took and nobody resolved, ascending. Three queries."""
    members = pack_members(project)
    every = {item for ids in members.values() for item in ids}
    pooled = Item.objects.filter(pk__in=every, split=Split.HOLDOUT, pooled=True, withheld=False)
    known = resolutions_current(project).filter(item__in=every).values_list("item_id", flat=True)
    free = set(pooled.values_list("pk", flat=True)) - set(known)
    return {pack: [item for item in ids if item in free] for pack, ids in members.items()}


def _drawn(asked: Mapping[str, Asked], free: Mapping[str, Sequence[int]], *, seed: int) -> list[Drawn]:
    """A simple random draw from each slice; a page of several slices is drawn for the first that draws it."""
    rng, taken, found = np.random.default_rng(seed), set[int](), list[Drawn]()
    for pack, ids in free.items():
        there = [item for item in ids if item not in taken]
        n = min(asked[pack].quota, len(there))
        if n:
            chosen = sorted(rng.choice(there, n, replace=False).tolist())
            taken.update(chosen)
            found += [Drawn(pack, item, n, len(there)) for item in chosen]
    return found


def _choice(one: Drawn, wave: AuditWave) -> BatchChoice:
    return BatchChoice(
        item_id=one.item_id,
        stream=Stream.AUDIT,
        strategy=STRATEGY,
        score=None,
        reason=f"one of {one.n_drawn} drawn at random from {one.n_pages} held-out pages of {PACKS[one.pack]}",
        classifier_number=None,
        pool_size=one.n_pages,
        # It stands for no page but those of its slice: the ledger has no chance, `pack_draw` has that of its slice.
        inclusion_probability=None,
        seed=wave.pk,
    )
