"""How much of an ingest is on sites that a snapshot holds already."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from django.db.models import Count

from annotator.pool.models import Ingest, Item
from learner.snapshots.files import ITEMS, file_verified
from learner.snapshots.models import Snapshot


@dataclass(frozen=True)
class Overlap:
    """Pages that an ingest added, and how many of them are on sites of the snapshot, by its split.

    `n_held` of them are in the snapshot themselves.
    """

    n_items: int
    n_held: int
    n_sites: int
    splits: tuple[tuple[str, int], ...]

    @property
    def n_shared(self) -> int:
        """The pages on sites that the snapshot has."""
        return sum(n for _, n in self.splits)


def overlap_of(ingest: Ingest, snapshot: Snapshot) -> Overlap:
    """The overlap of an ingest with one snapshot. Two queries, and three columns of the snapshot's items.

    A site is on one side of the split, so each page is counted once.
    """
    items = Item.objects.filter(project=ingest.project_id, ingest=ingest.pk, withheld=False)
    counts = dict(items.order_by().values_list("registrable_domain").annotate(n=Count("pk")))
    sites = pa.array(sorted(counts), pa.string())
    urls = pa.array(items.values_list("url", flat=True).iterator(), pa.string())
    side: dict[str, str] = {}
    n_held = 0
    with file_verified(snapshot, ITEMS) as stream:
        for part in pq.ParquetFile(stream).iter_batches(columns=["url", "registrable_domain", "split"]):
            n_held += pc.sum(pc.is_in(part["url"], value_set=urls)).as_py() or 0
            found = pc.is_in(part["registrable_domain"], value_set=sites)
            kept = part.filter(found)
            side.update(zip(kept["registrable_domain"].to_pylist(), kept["split"].to_pylist(), strict=True))
    splits: Counter[str] = Counter()
    for site, split in side.items():
        splits[split] += counts[site]
    return Overlap(sum(counts.values()), n_held, len(side), tuple(sorted(splits.items())))


def overlap_json(found: Overlap) -> dict[str, Any]:
    """The same, to be kept."""
    return asdict(found)


def overlap_read(told: Mapping[str, Any]) -> Overlap:
    """What `overlap_json` told."""
    return Overlap(**dict(told) | {"splits": tuple((split, n) for split, n in told["splits"])})
