"""What the newest classifier version says of every item, as columns, from the feature shards. For workers only."""

from collections.abc import Callable

import numpy as np
from django.db import transaction

from annotator.projects.models import Project
from learner.core.arrays import Array
from learner.core.artifact import artifact_read
from learner.core.classifier import LinearClassifier
from learner.explorer import columns as c
from learner.explorer.models import ExplorerChunk, ExplorerColumn
from learner.explorer.storing import chunk_patch, columns_of_chunk
from learner.query.files import FileDamagedError, file_read
from learner.query.models import FeatureShard
from learner.query.services import ClassifierFile
from learner.query.shards import shard_damaged, shard_open, shards_of


def scores_write(project: Project, file: ClassifierFile, alive: Callable[[], None]) -> None:
    """Score what the newest version has not scored yet; items without features wait. `alive` is called each shard.

    A chunk is written in one transaction; of a chunk that lies in two shards, the rest comes with the second.
    """
    chunks = list(ExplorerChunk.objects.filter(project=project).order_by("number"))
    stale = [one for one in chunks if one.classifier_number != file.number or one.n_scored < one.n_items]
    shards = [row for row in shards_of(project) if any(_meet(row, chunk) for chunk in stale)]
    if not shards:
        return
    classifier = artifact_read(file_read(file.artifact, file.sha256), file.sha256).classifier
    if not classifier.learned.any():
        return
    for row in shards:
        try:
            shard = shard_open(row)
        except FileDamagedError as error:
            raise shard_damaged(row, error) from error
        values = _values(classifier, classifier.decision(shard.features))
        for chunk in (one for one in stale if _meet(row, one)):
            _chunk_score(chunk, file.number, shard.item_ids, values)
        alive()


def scores_forget(project: Project) -> None:
    """Remove what a classifier said of categories: the next version scores anew."""
    said = ExplorerColumn.objects.filter(project=project)
    for prefix in (c.PREDICTED, c.PROBABILITY):
        said.filter(name__startswith=prefix).delete()
    said.filter(name=c.SCORED).delete()
    ExplorerChunk.objects.filter(project=project).update(classifier_number=None, n_scored=0)


def _meet(row: FeatureShard, chunk: ExplorerChunk) -> bool:
    return row.first_item <= chunk.last_item and chunk.first_item <= row.last_item


def _values(classifier: LinearClassifier, logits: Array) -> dict[str, Array]:
    found: dict[str, Array] = {c.SCORED: np.ones(len(logits), dtype=np.bool_)}
    for at in np.flatnonzero(classifier.learned).tolist():
        slug = classifier.categories[at]
        found[f"{c.PREDICTED}{slug}"] = logits[:, at] >= classifier.thresholds_[at]
        found[f"{c.PROBABILITY}{slug}"] = c.levels_of(1 / (1 + np.exp(-logits[:, at].astype(np.float64))))
    return found


@transaction.atomic
def _chunk_score(chunk: ExplorerChunk, number: int, item_ids: Array, values: dict[str, Array]) -> None:
    if chunk.classifier_number != number:
        # What an earlier version knew, and this one does not, must not be taken for its word.
        old = ExplorerColumn.objects.filter(project=chunk.project_id, chunk=chunk.number)
        old.filter(name=c.SCORED).delete()
        for prefix in (c.PREDICTED, c.PROBABILITY):
            old.filter(name__startswith=prefix).exclude(name__in=values).delete()
    ids = columns_of_chunk(chunk.project_id, chunk.number, [c.ITEM])[c.ITEM][: chunk.n_items]
    here = np.flatnonzero(np.isin(item_ids, ids, assume_unique=True))
    offsets = np.searchsorted(ids, item_ids[here])
    chunk_patch(chunk.project_id, chunk.number, offsets, {name: part[here] for name, part in values.items()})
    scored = columns_of_chunk(chunk.project_id, chunk.number, [c.SCORED]).get(c.SCORED)
    chunk.classifier_number, chunk.n_scored = number, 0 if scored is None else int(scored.sum())
    chunk.save(update_fields=["classifier_number", "n_scored"])
