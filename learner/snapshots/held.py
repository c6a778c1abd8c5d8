"""The items of a snapshot in their order: all that is known of them but their texts, in memory; and their labels."""

from concurrent.futures import Executor
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, carried, taxonomy_versions
from learner.core.arrays import Integers
from learner.snapshots.choosing import (
    Chances,
    Halves,
    ItemTexts,
    Resolved,
    Values,
    bands_read,
    chances_of,
    chances_read,
    held_sets,
    items_read,
    ledger_read,
    of_sources,
    of_streams,
    resolutions_read,
    served_first,
)
from learner.snapshots.frozen import State
from learner.snapshots.rowsets import Codes, Rows, Told

FLAG: Final = pa.bool_()
INT: Final = pa.int32()
LIST: Final = pa.list_(pa.string())
FEW: Final = ("registrable_domain", "split", "source", "held", "method", "stream")
"""Columns of few different texts."""


@dataclass(frozen=True, eq=False)
class Held:
    """The items, a row each, by their id; and the rows of the tables that are read already, of all items."""

    ids: Integers
    urls: pa.ChunkedArray
    rows: Rows
    labels: "HeldLabels"
    bands: Halves
    resolutions: Rows
    ledger: Rows
    n_resolved: int
    n_left_out: int
    n_withheld: int

    @property
    def n_items(self) -> int:
        """How many there are."""
        return len(self.ids)

    def coded(self, name: str) -> tuple[Codes, list[str]]:
        """One of the columns of `FEW` as numbers, and the texts that these stand for."""
        return self.rows.codes[name], self.rows.values[name]

    def urls_of(self, items: Codes) -> pa.Array:
        """The addresses of the items of these numbers: of places that are close, as a rule."""
        if not len(items):
            return pa.array([], pa.string())
        first, last = int(items.min()), int(items.max())
        return one(self.urls.slice(first, last - first + 1)).take(pa.array(items - first))


@dataclass(frozen=True, eq=False)
class Found:
    """What the log has, and what the items that may be in a snapshot say of themselves."""

    resolved: Resolved
    ledger: Rows
    bands: Halves
    texts: ItemTexts
    chances: Chances


def rows_found(states: tuple[State, State], values: Values, lanes: Executor, told: Told) -> Found:
    """Read the resolutions; then the items in one lane, the ledger and the signatures in the other."""
    first, second = states
    resolved = resolutions_read(first, values, told)

    def others() -> tuple[Rows, Halves]:
        return ledger_read(second, values, resolved, told), bands_read(second, values, resolved.ids)

    beside = lanes.submit(others)
    texts, chances = items_read(first, values, resolved.ids), chances_read(first, values)
    ledger, bands = beside.result()
    return Found(resolved, ledger, bands, texts, chances)


def held_of(found: Found, values: Values, project: Project, taxonomy: Taxonomy) -> Held:
    """The items that the values choose, by id, of what was found."""
    resolved, own, ids, urls = found.resolved, found.texts.rows, found.resolved.ids, found.texts.urls
    bands = found.bands
    held, served = resolved.held, served_first(found.ledger, ids)
    kept = of_streams(served, values) & of_sources(found.texts, values)
    if not kept.all():
        held, served, own = held.taken(kept), served.taken(kept), own.taken(kept)
        ids, urls, bands = ids[kept], urls.filter(pa.array(kept)), bands[kept]
    codes, spelled = held_sets(held)
    numbers = {"n_judgments": held.numbers["n_judgments"], **served.numbers}
    numbers["inclusion_probability_union"] = chances_of(found.chances, ids)
    few = {"held": codes, "method": held.codes["method"], **served.codes, **own.codes}
    names = {"held": spelled, "method": held.values["method"], **served.values, **own.values}
    return Held(
        ids=ids,
        urls=urls,
        rows=Rows(numbers, few, names),
        labels=HeldLabels(project, taxonomy, spelled),
        bands=bands,
        resolutions=resolved.rows,
        ledger=found.ledger,
        n_resolved=len(resolved.rows),
        n_left_out=resolved.n_left_out,
        n_withheld=resolved.n_withheld,
    )


class HeldLabels:
    """Label sets as they were held, in the words of one taxonomy. There are few different ones, each carried once.

    Needs the default connection while it is made, and no longer.
    """

    def __init__(self, project: Project, taxonomy: Taxonomy, held: list[str]) -> None:
        numbers = {row.version.pk: row.version.number for row in taxonomy_versions(project)}
        given = [_given(text) for text in held]
        found = [carried(labels, (), version, taxonomy.version.pk) for labels, version in given]
        self.labels = pa.array([sorted(row.labels) for row in found], LIST)
        self.flags = [
            pa.array([None if slug in row.unknown else slug in row.labels for row in found], FLAG)
            for slug in taxonomy.slugs
        ]
        self.versions = pa.array([numbers[version] for _, version in given], INT)
        present = [[slug in row.labels for slug in taxonomy.slugs] for row in found]
        self.present: NDArray[np.bool_] = np.array(present, dtype=np.bool_).reshape(
            len(held), len(taxonomy.slugs)
        )
        """Which categories the label sets hold: bool (n, n_categories)."""

    def columns(self, codes: pa.Array) -> tuple[pa.Array, list[pa.Array], pa.Array]:
        """The labels, a flag for each category (null where the mapping cannot tell), and the version held under."""
        return self.labels.take(codes), [flag.take(codes) for flag in self.flags], self.versions.take(codes)


def one(column: pa.ChunkedArray) -> Any:
    """The column in one piece."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _given(held: str) -> tuple[tuple[str, ...], int]:
    labels, _, version = held.rpartition("@")
    return tuple(filter(None, labels.split("|"))), int(version)
