"""The waves of the audit stream: how the next one draws, and how likely each item was under all. For workers only."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from django.core.files.storage import default_storage
from django.db.models import QuerySet

from annotator.pool.models import Split
from annotator.projects.models import LogEntry, Project
from annotator.projects.services import log_write
from annotator.queue.models import Batch, BatchItem, Stream
from learner.core.arrays import Floats, Integers
from learner.core.candidates import AUDIT
from learner.core.classifier import LinearClassifier
from learner.core.errors import RecipeMismatchError
from learner.core.selection import threshold_in
from learner.core.waves import (
    AuditDesign,
    Reach,
    also_drawn,
    nothing_reached,
    reach_after,
    reach_bytes,
    reach_read,
)
from learner.query.chances_again import chances_again
from learner.query.files import FileDamagedError, StoredFile, file_read, file_write
from learner.query.models import AuditChance, AuditWave, QueryRun, ShadowRun
from learner.query.shards import shard_damaged, shard_open, shards_of
from learner.query.ways import Chosen, Way

SHARDS_LOOKED_AT: Final = 3
"""For the mean scores of the holdout: about right is enough, and nothing is biased by it."""
CHUNK: Final = 2_000
FILES_KEPT: Final = 2
AGAIN: Final = "again"
"""In the design of a query: the file of the chances that it had to make again."""


@dataclass(frozen=True, eq=False)
class Wave:
    """A wave that is drawn and not written yet: where it ends, and the chances of all items with it.

    `drawn` (n_items,) are the items of this wave and of those before it; `beside` are those that this wave would have
    drawn as well, had nothing else taken them before.
    """

    threshold: float
    n_available: int
    item_ids: Integers
    drawn: Integers
    beside: Integers
    reach: Reach
    file: StoredFile


def audit_settled(run: QueryRun | ShadowRun, way: Way) -> Way:
    """The way with its draw of audits, kept with a query: helpers read it, and whoever takes it over. Three queries.

    The next wave goes on from the chances of the newest. Where their file is lost or damaged they are made again from
    the rows (`learner.query.chances_again`); where that fails, too, the batch has no audits, and the log says so. Up to
    three shards are read when its classifier has drawn no audits yet. The random numbers of the items are those of the
    first wave, for ever.
    """
    if not way.plan.places()[AUDIT] or way.plan.audit:
        return way
    focus = run.audit_focus if isinstance(run, QueryRun) else {}
    last = waves_newest_first(run.project).first()
    again = None
    try:
        _reach(last)
    except FileDamagedError as error:
        again = _made_again(run, error)
        if again is None:
            return _without_audits(run, way, error)
    design = AuditDesign(
        seed=last.design["seed"] if last else run.seed,
        means=_means(run, way.model.estimator),
        focus=_weights(way.model.estimator, focus),
    )
    if isinstance(run, QueryRun):
        run.audit_design = design.as_json() | (
            {AGAIN: {"name": again.name, "sha256": again.sha256}} if again else {}
        )
        QueryRun.objects.filter(pk=run.pk).update(audit_design=run.audit_design)
    return replace(way, plan=replace(way.plan, audit=design))


def wave_of(run: QueryRun, way: Way, chosen: Chosen) -> Wave | None:
    """The wave that these choices have, its chances stored; None where nothing is audited. Four queries."""
    pool = chosen.candidates
    threshold = threshold_in(pool, way.plan)
    audits = [choice.item_id for choice in chosen.choices if choice.stream == Stream.AUDIT]
    if threshold is None or not audits:
        return None
    last = waves_newest_first(run.project).first()
    drawn = _drawn_before(run.project, is_first=last is None)
    taken = _taken_otherwise(run.project, drawn)
    beside = also_drawn(pool.held, threshold, taken, way.plan.audit_design.seed)
    reach = reach_after(_reach_of(run, last), pool.held, threshold, np.union1d(drawn, taken))
    item_ids = np.array(sorted(audits), dtype=np.int64)
    return Wave(
        threshold=threshold,
        n_available=pool.n_holdout,
        item_ids=item_ids,
        drawn=np.union1d(drawn, np.union1d(item_ids, beside)),
        beside=beside,
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
    new = {*wave.item_ids.tolist(), *wave.beside.tolist()}
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


def _reach_of(run: QueryRun, last: AuditWave | None) -> Reach:
    """The chances under the waves so far, those that this query had to make again where it did."""
    kept = run.audit_design.get(AGAIN)
    return reach_read(file_read(kept["name"], kept["sha256"])) if kept else _reach(last)


def _made_again(run: QueryRun | ShadowRun, lost: FileDamagedError) -> StoredFile | None:
    """The chances of all waves from their rows, as a new file; None where a classifier of theirs is lost, too."""
    try:
        found = chances_again(run.project)
    except (FileDamagedError, RecipeMismatchError) as error:
        log_write(
            run.project,
            "query",
            f"The chances of audits are lost and cannot be made again: {error}",
            level=LogEntry.Level.WARNING,
        )
        return None
    text = f"{lost.message} The chances of {len(found.reach.item_ids):,} holdout items are made again from the waves"
    off = (
        f"; {found.n_off:,} of {found.n_drawn:,} drawn items differ from their row, which counts"
        if found.n_off
        else ""
    )
    log_write(run.project, "query", f"{text}{off}.", level=LogEntry.Level.WARNING)
    return file_write(
        f"projects/{run.project_id}/audits",
        f"{run._meta.model_name}-{run.pk}-again",
        reach_bytes(found.reach),
    )


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
    in_ledger = BatchItem.objects.filter(
        batch__project=project, stream=Stream.AUDIT, inclusion_probability__isnull=False
    )
    in_waves = AuditChance.objects.filter(project=project)
    ids = (in_ledger if is_first else in_waves).values_list("item_id", flat=True)
    return np.array(sorted(set(ids)), dtype=np.int64)


def _taken_otherwise(project: Project, drawn: Integers) -> Integers:
    """Holdout items that a batch took, and no draw of audits: of the over-block pack, or for another reason."""
    served = BatchItem.objects.filter(batch__project=project, item__split=Split.HOLDOUT, item__withheld=False)
    ids = np.array(sorted(set(served.values_list("item_id", flat=True))), dtype=np.int64)
    return ids[~np.isin(ids, drawn)]


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
