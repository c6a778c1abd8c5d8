"""The items of a snapshot in their order: all that is known of them but their texts, in memory; and their labels."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy, carried, taxonomy_versions
from learner.core.arrays import Integers
from learner.snapshots.copying import AT_ONCE, FLAG, tables_copied
from learner.snapshots.frozen import State
from learner.snapshots.statements import HELD, HELD_READ, INT, LIST

FEW: Final = ("registrable_domain", "split", "held", "method", "stream", "source")
"""Columns of few different texts."""


@dataclass(frozen=True, eq=False)
class Held:
    """The items, a row each; texts of which there are few different ones are dictionaries."""

    rows: pa.Table
    labels: "HeldLabels"

    @property
    def n_items(self) -> int:
        """How many there are."""
        return int(self.rows.num_rows)

    @property
    def ids(self) -> Integers:
        """Their ids, rising."""
        found: Integers = self.rows["id"].to_numpy()
        return found

    def coded(self, name: str) -> tuple[Integers, list[str]]:
        """One of the columns of `FEW` as numbers, and the texts that these stand for."""
        column = _one(self.rows[name])
        return column.indices.to_numpy().astype(np.int64), column.dictionary.to_pylist()

    def texts(self, name: str, part: slice) -> pa.Array:
        """Some rows of a column of texts, spelled out."""
        return _one(self.rows[name].slice(part.start, part.stop - part.start).cast(pa.string()))

    def urls(self, places: pa.Array) -> pa.Array:
        """The addresses of the items at these places."""
        return _one(self.rows["url"]).take(places)


def held_read(state: State, values: Any, project: Project, taxonomy: Taxonomy) -> Held:
    """The items that the values choose, by id. One statement, and what the labels need of the taxonomy's history."""
    read = tables_copied(state, HELD, values, HELD_READ, by=f"id / {AT_ONCE}")
    parts = [_coded(part) for part in read]
    rows = pa.concat_tables(parts or [_coded(HELD_READ.empty_table())]).unify_dictionaries().combine_chunks()
    assert pc.all(pc.greater(rows["id"][1:], rows["id"][:-1])).as_py() is not False, "items are not in order"
    return Held(rows, HeldLabels(project, taxonomy, _one(rows["held"]).dictionary.to_pylist()))


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


def _given(held: str) -> tuple[tuple[str, ...], int]:
    labels, _, version = held.rpartition("@")
    return tuple(filter(None, labels.split("|"))), int(version)


def _coded(rows: pa.Table) -> pa.Table:
    for place, name in enumerate(rows.column_names):
        if name in FEW:
            rows = rows.set_column(place, name, rows[name].dictionary_encode())
    return rows


def _one(column: pa.ChunkedArray) -> Any:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
