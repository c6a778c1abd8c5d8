"""The chances of all waves, made again from rows when their file is lost. For workers only.

A wave keeps its classifier, its design and its threshold, so the measure of every item can be computed anew: from the
features of now. Of items whose page was seen again since, they differ a little; of every item that was drawn the row
has the chance of then, and that counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from annotator.pool.models import Item, Split
from annotator.projects.models import Project
from annotator.queue.models import BatchItem
from learner.core.arrays import Floats, Integers
from learner.core.artifact import artifact_read
from learner.core.classifier import LinearClassifier
from learner.core.waves import AuditDesign, Held, Reach, joined, nothing_held, nothing_reached, reach_after
from learner.query.files import file_read
from learner.query.models import AuditChance, AuditWave
from learner.query.shards import shards_load

TOLERANCE: Final = 1e-6


@dataclass(frozen=True, eq=False)
class Again:
    """The chances, and of how many drawn items they were another number than the row had."""

    reach: Reach
    n_drawn: int
    n_off: int


@dataclass(frozen=True, eq=False)
class _Ledger:
    """When a batch first took each holdout item: batch number by item; and which items a wave drew, by wave."""

    taken: Mapping[int, int]
    drawn: Mapping[int, Integers]


def chances_again(project: Project) -> Again:
    """The chances of all holdout items under all waves so far. Reads every shard once a wave.

    Raises FileDamagedError or RecipeMismatchError where a classifier of a wave cannot be read any more.
    """
    ledger = _ledger(project)
    withheld = _ids(Item.objects.filter(project=project, withheld=True).values_list("pk", flat=True))
    reach, before = nothing_reached(), np.empty(0, dtype=np.int64)
    waves = AuditWave.objects.filter(project=project).select_related("run", "batch").order_by("number")
    for wave in waves:
        held = _held(project, wave, ledger, withheld)
        reach = reach_after(reach, held, wave.threshold, np.union1d(before, _taken_before(wave, ledger)))
        before = np.union1d(before, ledger.drawn.get(wave.pk, before))
    return _as_the_rows_say(project, reach)


def _held(project: Project, wave: AuditWave, ledger: _Ledger, withheld: Integers) -> Held:
    """The holdout items of then: ids ascend with time, so those with features were the first `n_holdout`."""
    design = AuditDesign.from_json(wave.design)
    classifier = None if design.is_uniform else _classifier(wave)
    parts = [nothing_held()]
    for shard in shards_load(project):
        rows = np.flatnonzero(shard.holdout)
        features = csr_matrix(shard.features[rows])
        measure = np.ones(len(rows)) if classifier is None else design.measure(classifier, features)
        parts.append(Held(shard.item_ids[rows], measure, np.ones(len(rows), dtype=np.bool_)))
    held = joined(parts)
    first = slice(0, wave.n_holdout)
    gone = [item for item, number in ledger.taken.items() if number < wave.batch.number]
    free = ~np.isin(held.item_ids, withheld) & ~np.isin(held.item_ids, gone)
    return Held(held.item_ids[first], held.measure[first], free[first])


def _classifier(wave: AuditWave) -> LinearClassifier:
    run = wave.run
    return artifact_read(file_read(run.artifact, run.artifact_sha256), run.artifact_sha256).classifier


def _taken_before(wave: AuditWave, ledger: _Ledger) -> Integers:
    """Items that something else had taken, and that the wave counted as if it could have drawn them."""
    return _ids(item for item, number in ledger.taken.items() if number < wave.batch.number)


def _ledger(project: Project) -> _Ledger:
    served = BatchItem.objects.filter(batch__project=project, item__split=Split.HOLDOUT)
    taken: dict[int, int] = {}
    for item, number in served.order_by("batch__number").values_list("item_id", "batch__number"):
        taken.setdefault(item, number)
    drawn: dict[int, list[int]] = {}
    for item, wave in AuditChance.objects.filter(project=project).values_list("item_id", "wave_id"):
        drawn.setdefault(wave or 0, []).append(item)
    return _Ledger(taken, {wave: _ids(items) for wave, items in drawn.items()})


def _as_the_rows_say(project: Project, reach: Reach) -> Again:
    rows = dict(AuditChance.objects.filter(project=project).values_list("item_id", "chance"))
    ids = _ids(rows)
    kept: Floats = np.array([rows[item] for item in ids.tolist()], dtype=np.float64)
    places = np.searchsorted(reach.item_ids, ids)
    known = (places < len(reach.item_ids)) & np.isin(ids, reach.item_ids)
    chances = reach.chances.copy()
    n_off = int((np.abs(chances[places[known]] - kept[known]) > TOLERANCE).sum())
    chances[places[known]] = kept[known]
    order = np.argsort(np.concatenate([reach.item_ids, ids[~known]]), kind="stable")
    return Again(
        Reach(
            np.concatenate([reach.item_ids, ids[~known]])[order],
            np.concatenate([chances, kept[~known]])[order],
        ),
        n_drawn=len(ids),
        n_off=n_off,
    )


def _ids(items: object) -> Integers:
    return np.array(sorted(items), dtype=np.int64)  # type: ignore[call-overload]
