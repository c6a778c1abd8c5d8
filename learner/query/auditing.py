"""The waves of the audit stream: how the next one draws, and how likely each item was under all. For workers only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from annotator.projects.models import LogEntry, Project
from annotator.projects.services import log_write
from annotator.queue.models import Batch, BatchItem, Stream
from learner.core.arrays import Floats, Integers
from learner.core.candidates import AUDIT
from learner.core.classifier import LinearClassifier
from learner.core.selection import threshold_in
from learner.core.waves import AuditDesign, Reach, nothing_reached, reach_after, reach_bytes, reach_read
from learner.query.files import FileDamagedError, StoredFile, file_read, file_write
from learner.query.models import AuditChance, AuditWave, QueryRun, ShadowRun
from learner.query.shards import shard_damaged, shard_open, shards_of
from learner.query.ways import Chosen, Way

SHARDS_LOOKED_AT: Final = 3
"""For the mean scores of the holdout: about right is enough, and nothing is biased by it."""
CHUNK: Final = 2_000
FILES_KEPT: Final = 2


@dataclass(frozen=True, eq=False)
class Wave:
    """A wave that is drawn and not written yet: where it ends, and the chances of all items with it.

    `drawn` (n_items,) are the items of this wave and of those before it.
    """

    threshold: float
    n_available: int
    item_ids: Integers
    drawn: Integers
    reach: Reach
    file: StoredFile


def audit_settled(run: QueryRun | ShadowRun, way: Way) -> Way:
    """The way with its draw of audits, kept with a query: helpers read it, and whoever takes it over. Three queries.

    Without the chances of the newest wave no other can be drawn: the batch then has no audits, and the log says so.
    Up to three shards are read when its classifier has drawn no audits yet. The random numbers of the items are those
    of the first wave, for ever.
    """
    if not way.plan.places()[AUDIT] or way.plan.audit:
        return way
    focus = run.audit_focus if isinstance(run, QueryRun) else {}
    last = waves_newest_first(run.project).first()
    try:
        _reach(last)
    except FileDamagedError as error:
        return _without_audits(run, way, error)
    design = AuditDesign(
        seed=last.design["seed"] if last else run.seed,
        means=_means(run, way.model.estimator),
        focus=_weights(way.model.estimator, focus),
    )
    if isinstance(run, QueryRun):
        run.audit_design = design.as_json()
        QueryRun.objects.filter(pk=run.pk).update(audit_design=run.audit_design)
    return replace(way, plan=replace(way.plan, audit=design))


def wave_of(run: QueryRun, way: Way, chosen: Chosen) -> Wave | None:
    """The wave that these choices have, its chances stored; None where nothing is audited. Three queries."""
    pool = chosen.candidates
    threshold = threshold_in(pool, way.plan)
    audits = [choice.item_id for choice in chosen.choices if choice.stream == Stream.AUDIT]
    if threshold is None or not audits:
        return None
    last = waves_newest_first(run.project).first()
    drawn = _drawn_before(run.project, is_first=last is None)
    reach = reach_after(_reach(last), pool.held, threshold, drawn)
    item_ids = np.array(sorted(audits), dtype=np.int64)
    return Wave(
        threshold=threshold,
        n_available=pool.n_holdout,
        item_ids=item_ids,
        drawn=np.union1d(drawn, item_ids),
        reach=reach,
        file=file_write(f"projects/{run.project_id}/audits", f"{run.pk}", reach_bytes(reach)),
    )


def wave_write(run: QueryRun, batch: Batch, wave: Wave) -> AuditWave:
    """The row of a wave, and the chance of every item that this one or an earlier one has drawn. Four queries.

    Within the transaction that opens its batch. Items that a batch could not take are drawn all the same: nothing is
    known of them.
    """
    last = waves_newest_first(run.project).first()
    row = AuditWave.objects.create(
        project=run.project,
        number=last.number + 1 if last else 1,
        run=run,
        batch=batch,
        n_drawn=len(wave.item_ids),
        n_available=wave.n_available,
        n_holdout=len(wave.reach.item_ids),
        threshold=wave.threshold,
        design=run.audit_design,
        path=wave.file.name,
        sha256=wave.file.sha256,
    )
    new = set(wave.item_ids.tolist())
    chances = zip(wave.drawn.tolist(), wave.reach.of(wave.drawn).tolist(), strict=True)
    AuditChance.objects.bulk_create(
        [
            AuditChance(project=run.project, item_id=item, wave=row if item in new else None, chance=chance)
            for item, chance in chances
        ],
        batch_size=CHUNK,
        update_conflicts=True,
        update_fields=["chance"],
        unique_fields=["item"],
    )
    return row


def waves_newest_first(project: Project) -> QuerySet[AuditWave]:
    """The waves of a project. One query."""
    return AuditWave.objects.filter(project=project).order_by("-number")


def waves_sweep(project: Project) -> None:
    """Remove the chances of all waves but the newest. Two queries."""
    over = waves_newest_first(project)[FILES_KEPT : FILES_KEPT + 1]
    for path in over.values_list("path", flat=True):
        default_storage.delete(path)


def _reach(wave: AuditWave | None) -> Reach:
    return reach_read(file_read(wave.path, wave.sha256)) if wave else nothing_reached()


def _without_audits(run: QueryRun | ShadowRun, way: Way, error: FileDamagedError) -> Way:
    """The way with the places of audits for the other streams; raises `error` where there are no others."""
    shares = {stream: share for stream, share in way.plan.shares.items() if stream != AUDIT}
    if not any(shares.values()):
        raise error
    text = f"No audits are drawn: {error.message} Restore it from the backup."
    log_write(run.project, "query", text, level=LogEntry.Level.WARNING)
    return replace(way, plan=replace(way.plan, shares=shares))


def _drawn_before(project: Project, *, is_first: bool) -> Integers:
    """The items that were drawn for audit so far; before the first wave, those that the ledger has."""
    in_ledger = BatchItem.objects.filter(batch__project=project, stream=Stream.AUDIT)
    in_waves = AuditChance.objects.filter(project=project)
    ids = (in_ledger if is_first else in_waves).values_list("item_id", flat=True)
    return np.array(sorted(set(ids)), dtype=np.int64)


def _means(run: QueryRun | ShadowRun, classifier: LinearClassifier) -> Floats | None:
    """The mean of sqrt(probability) of each category over the holdout; None where there is nothing to score with."""
    if not classifier.learned.any():
        return None
    same = waves_newest_first(run.project).filter(run__artifact_sha256=run.artifact_sha256).first()
    if same is not None and same.design["means"] is not None:
        return np.array(same.design["means"])
    rows = list(shards_of(run.project))
    looked_at = np.unique(np.linspace(0, len(rows) - 1, min(SHARDS_LOOKED_AT, len(rows))).round().astype(int))
    roots = [np.empty((0, len(classifier.categories)))]
    for place in looked_at:
        try:
            shard = shard_open(rows[place])
        except FileDamagedError as error:
            raise shard_damaged(rows[place], error) from error
        held_out = np.flatnonzero(shard.holdout)
        roots.append(np.sqrt(classifier.predict_proba(shard.features[held_out]).astype(np.float64)))
    found = np.concatenate(roots)
    return found.mean(axis=0) if len(found) else None


def _weights(classifier: LinearClassifier, focus: Mapping[str, float]) -> Floats | None:
    if not focus:
        return None
    return np.array([focus.get(slug, 0.0) for slug in classifier.categories], dtype=np.float64)
