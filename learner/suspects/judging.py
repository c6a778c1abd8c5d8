"""Judging every resolved item by what never saw it. For workers only."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from django.db import transaction
from django.db.models import Max
from scipy.sparse import coo_matrix, csr_matrix, vstack
from scipy.sparse.csgraph import connected_components

from annotator.errors import CrossguardError
from annotator.judgments.models import Verdict
from annotator.pool.models import Signature, Split
from annotator.projects.selectors import Taxonomy, taxonomy_current, truth_carried
from annotator.projects.services import log_write
from annotator.review.models import Resolution
from annotator.review.selectors import resolutions_current
from annotator.runs import run_claim, run_done, run_progress
from learner.core.arrays import Array, Booleans, Integers
from learner.core.classifier import LinearClassifier
from learner.core.suspects import Doubts, doubts_of, probabilities_unseen
from learner.query.running import run_worked
from learner.query.shards import shards_load, shards_of
from learner.suspects.models import Suspect, SuspectRun

KEPT = 2_000  # more than a team looks at before the next run
AGAINST_SHOWN = 3
CHUNK = 5_000


class NothingToDoubt(CrossguardError):
    """No resolved item has features yet."""

    code = "nothing_to_doubt"


@dataclass(frozen=True, eq=False)
class Resolved:
    """Resolved items with features; row i of every part is the same item.

    `truth` (n_items, n_categories) is 1 present, 0 absent, -1 for a category that did not exist when the item was
    resolved; `sites` and `copies` (n_items,) number registrable domains and groups of near-duplicates.
    """

    resolutions: Sequence[Resolution]
    features: csr_matrix
    truth: Array
    sites: Integers
    copies: Integers
    holdout: Booleans


def suspect_run_execute(run_id: int) -> None:
    """Find the suspects of a project, and keep them as rows of this run."""
    run = run_claim(SuspectRun, run_id)
    if run is None:
        return
    with run_worked(run, run.project, "suspects", "The search for suspects"):
        taxonomy = taxonomy_current(run.project)
        newest = Resolution.objects.filter(project=run.project).aggregate(last=Max("pk"))["last"] or 0
        resolved = _resolved(run, taxonomy, newest)
        run_progress(run, f"judging {len(resolved.truth):,} items", 0)
        classifier = LinearClassifier(taxonomy.slugs, seed=run.project_id)
        probabilities = probabilities_unseen(
            classifier, resolved.features, resolved.truth, resolved.sites, resolved.holdout
        )
        doubts = doubts_of(resolved.truth, probabilities, resolved.copies, resolved.sites)
        _publish(run, _suspects(run, taxonomy, resolved, doubts), newest, len(resolved.truth))


def _resolved(run: SuspectRun, taxonomy: Taxonomy, newest: int) -> Resolved:
    """The resolved items, from the shards; an item that has no features yet waits for the next run."""
    held = resolutions_current(run.project).filter(verdict=Verdict.LABELLED, pk__lte=newest)
    by_item = {row.item_id: row for row in held.select_related("item").defer("item__metadata")}
    wanted = np.array(sorted(by_item), dtype=np.int64)
    ids: list[int] = []
    parts: list[csr_matrix] = []
    sites: list[Integers] = []
    total = shards_of(run.project).count()
    for number, shard in enumerate(shards_load(run.project)):
        run_progress(run, "loading features", number, total)
        found, _, places = np.intersect1d(wanted, shard.item_ids, assume_unique=True, return_indices=True)
        ids += found.tolist()
        parts.append(shard.features[places])
        sites.append(shard.domains[places])
    if not ids:
        raise NothingToDoubt("No resolved item has features yet. Wait a moment, or label some pages.")
    rows = [by_item[pk] for pk in ids]
    return Resolved(
        resolutions=rows,
        features=csr_matrix(vstack(parts)),
        truth=np.array(
            [truth_carried(tuple(row.labels), row.taxonomy_id, taxonomy.version.pk) for row in rows],
            dtype=np.int8,
        ),
        sites=np.concatenate(sites),
        copies=near_duplicate_groups(ids),
        holdout=np.array([row.item.split == Split.HOLDOUT for row in rows], dtype=np.bool_),
    )


def near_duplicate_groups(item_ids: Sequence[int]) -> Integers:
    """A group number for each item: those that share a band of min-hashes, directly or through others, have one.

    One query for each `CHUNK` items. int64 (n_items,).
    """
    place = {pk: number for number, pk in enumerate(item_ids)}
    bands: dict[int, int] = defaultdict(lambda: len(bands))
    items: list[int] = []
    columns: list[int] = []
    for pk, own in _bands(item_ids):
        items += [place[pk]] * len(own)
        columns += [bands[band] for band in own]
    n = len(item_ids)
    size = n + len(bands)
    edges = coo_matrix(
        (np.ones(len(items)), (np.array(items, dtype=np.int64), np.array(columns, dtype=np.int64) + n)),
        shape=(size, size),
    )
    return np.asarray(connected_components(edges, directed=False)[1][:n], dtype=np.int64)


def _bands(item_ids: Sequence[int]) -> Iterator[tuple[int, list[int]]]:
    for start in range(0, len(item_ids), CHUNK):
        rows = Signature.objects.filter(pk__in=item_ids[start : start + CHUNK])
        yield from rows.values_list("pk", "bands")


def _suspects(run: SuspectRun, taxonomy: Taxonomy, resolved: Resolved, doubts: Doubts) -> list[Suspect]:
    """The `KEPT` first, by doubt x (1 + severity)."""
    severities = np.array([category.severity for category in taxonomy.categories], dtype=np.float64)
    rank = doubts.doubt * (1 + severities)
    order = np.argsort(-rank, axis=None, kind="stable")[:KEPT]
    places = [(int(i), int(j)) for i, j in zip(*np.unravel_index(order, rank.shape), strict=True)]
    rows = [(i, j) for i, j in places if doubts.doubt[i, j] > 0]
    columns = taxonomy.slugs
    copies_against, pages_against = (
        others.against(resolved.truth) for others in (doubts.duplicates, doubts.pages)
    )
    return [
        Suspect(
            project=run.project,
            run=run,
            item_id=resolved.resolutions[i].item_id,
            resolution=resolved.resolutions[i],
            category=columns[j],
            present=bool(resolved.truth[i, j] == 1),
            doubt=float(doubts.doubt[i, j]),
            rank=float(rank[i, j]),
            probability=None if np.isnan(doubts.probabilities[i, j]) else float(doubts.probabilities[i, j]),
            duplicates=int(doubts.duplicates.known[i, j]),
            duplicates_against=int(copies_against[i, j]),
            pages=int(doubts.pages.known[i, j]),
            pages_against=int(pages_against[i, j]),
            against=_against(resolved, i, j),
        )
        for i, j in rows
    ]


def _against(resolved: Resolved, row: int, column: int) -> list[int]:
    """A few near-duplicates that hold the opposite."""
    opposite = resolved.truth[:, column] == 1 - resolved.truth[row, column]
    found = np.flatnonzero((resolved.copies == resolved.copies[row]) & opposite)[:AGAINST_SHOWN]
    return [resolved.resolutions[int(place)].item_id for place in found]


@transaction.atomic
def _publish(run: SuspectRun, suspects: Sequence[Suspect], newest: int, n_items: int) -> None:
    """The rows and the end of their run, together: a worker that was overtaken publishes nothing."""
    run_done(run, last_resolution=newest, n_items=n_items)
    Suspect.objects.bulk_create(suspects, batch_size=500)
    n = len({suspect.item_id for suspect in suspects})
    log_write(run.project, "suspects", f"{n:,} of {n_items:,} resolved items look wrong in some category")
