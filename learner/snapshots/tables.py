"""The tables of a snapshot: read from one frozen state in canonical order, written as Parquet, column by column.

Rows go by the id of the item, then by their own: ids are given once and stay, so that the same state gives the same
bytes. Some thousand items at a time: memory grows with the number of items, and with nothing else.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotator.projects.models import Project
from annotator.projects.pseudonyms import pseudonym_by
from annotator.projects.selectors import Taxonomy
from learner.core.splits import NAMES, Cut
from learner.snapshots.copying import AT_ONCE, CHUNK, FLAG, table_copied
from learner.snapshots.frozen import State
from learner.snapshots.held import Held
from learner.snapshots.statements import (
    BATCHES,
    BATCHES_READ,
    BIG,
    CATEGORIES,
    CATEGORIES_READ,
    CLAUSES,
    CLAUSES_READ,
    FLOAT,
    INT,
    JUDGMENTS,
    JUDGMENTS_READ,
    LIST,
    RESOLUTIONS,
    RESOLUTIONS_READ,
    TEXT,
    TEXTS,
    TEXTS_READ,
)

Progress = Callable[[int, int], None]
"""Called with the items whose rows are written, and the rows."""
TEXTS_AT_ONCE: Final = 1_024  # a text may have 800 kB, and the database holds as many at once
PLAIN: Final = ("url", "title", "text")
"""Texts of which hardly two are the same: a dictionary of them is work for nothing."""


@dataclass(frozen=True)
class Reading:
    """One state of a project, its items that were chosen, and a connection that sees it: what a table is read with."""

    state: State
    project: Project
    taxonomy: Taxonomy
    values: Mapping[str, Any]
    held: Held


def items_write(reading: Reading, cut: Cut, path: Path, progress: Progress) -> None:
    """Write `items.parquet`, with the side and the group that `cut` gives each item.

    Labels are those of the taxonomy of the snapshot, carried from the version that they were held under; a category of
    which that says nothing is null.
    """
    held, names = reading.held, pa.array(NAMES)
    codes = pa.array(held.coded("held")[0])

    def columns(part: slice) -> list[pa.Array]:
        rows = held.rows.slice(part.start, part.stop - part.start)
        texts = _read(reading, TEXTS, TEXTS_READ, part, TEXTS_AT_ONCE)
        labels, flags, versions = held.labels.columns(codes[part])
        first = [rows["url"], held.texts("registrable_domain", part), texts["title"], texts["text"]]
        then = [held.texts("method", part), rows["n_judgments"], names.take(pa.array(cut.split[part]))]
        why = [
            held.texts("stream", part),
            rows["inclusion_probability"],
            rows["batch"],
            held.texts("source", part),
        ]
        group = pa.array(cut.group[part], mask=cut.group[part] < 0)
        last = [
            versions,
            group,
            pa.array(cut.near_test[part]),
            texts["evidence"],
            rows["inclusion_probability_union"],
        ]
        return [*first, labels, *flags, *then, *why, *last]

    schema = items_schema(reading.taxonomy)
    tables = (pa.table(columns(part), schema=schema) for part in _parts(held.n_items))
    _write(tables, schema, path, _counting(progress, held.n_items))


def judgments_write(reading: Reading, path: Path, progress: Progress, names: "Pseudonymous") -> None:
    """Write `judgments.parquet`. Labels are those that were given."""
    changed = {"labels": _lists, "unsure": _lists, "annotator": names.column}
    _OfItems(JUDGMENTS, JUDGMENTS_READ, JUDGMENTS_SCHEMA, changed).write(reading, path, progress)


def resolutions_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `resolutions.parquet`: all that was ever held of these items, in the order in which it was."""
    changed = {"labels": _lists}
    _OfItems(RESOLUTIONS, RESOLUTIONS_READ, RESOLUTIONS_SCHEMA, changed).write(reading, path, progress)


def batches_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `batches.parquet`: why each of these items was served, each time. Checks of annotators are left out."""
    _OfItems(BATCHES, BATCHES_READ, BATCHES_SCHEMA).write(reading, path, progress)


def categories_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `categories.parquet`: the categories of every taxonomy version that there was."""
    rows = table_copied(reading.state, CATEGORIES, reading.values, CATEGORIES_READ)
    _write(iter([rows]), CATEGORIES_READ, path, _counting(progress, 0))


def clauses_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `clauses.parquet`: the clauses of every guideline version that there was."""
    rows = table_copied(reading.state, CLAUSES, reading.values, CLAUSES_READ)
    _write(iter([rows]), CLAUSES_READ, path, _counting(progress, 0))


@dataclass
class Pseudonymous:
    """Annotators' names in one snapshot, from a key that is never shown."""

    key: bytes
    names: dict[int, str] = field(default_factory=dict)

    def column(self, ids: pa.ChunkedArray) -> pa.Array:
        """The names of a column of ids."""
        spelled = ids.combine_chunks().dictionary_encode()
        found = [self.of(annotator) for annotator in spelled.dictionary.to_pylist()]
        return pa.array(found, TEXT).take(spelled.indices)

    def of(self, annotator_id: int) -> str:
        """One annotator's name."""
        return self.names.setdefault(annotator_id, pseudonym_by(self.key, annotator_id))


def key_of_state(project: Project, state: str) -> bytes:
    """The key for names that hold in one snapshot only: of the project's salt and what was frozen."""
    return hashlib.blake2b(state.encode(), key=project.holdout_salt.encode(), person=b"snapshot").digest()[
        :32
    ]


def column_of(slug: str) -> str:
    """The boolean column of a category."""
    return f"is_{slug.replace('-', '_')}"


def items_schema(taxonomy: Taxonomy) -> pa.Schema:
    """The columns of `items.parquet`."""
    return pa.schema(
        [
            ("url", TEXT),
            ("registrable_domain", TEXT),
            ("title", TEXT),
            ("text", TEXT),
            ("labels", LIST),
            *((column_of(slug), FLAG) for slug in taxonomy.slugs),
            ("method", TEXT),
            ("n_judgments", INT),
            ("split", TEXT),
            ("stream", TEXT),
            ("inclusion_probability", FLOAT),
            ("batch", INT),
            ("source", TEXT),
            ("taxonomy", INT),
            ("split_group", BIG),
            ("near_test", FLAG),
            ("evidence", INT),
            ("inclusion_probability_union", FLOAT),
        ]
    )


def _columns_of(read: pa.Schema, changed: Mapping[str, pa.DataType]) -> pa.Schema:
    """What is written of rows that were read with their place, and become rows with their address."""
    rest = [(column.name, changed.get(column.name, column.type)) for column in read if column.name != "place"]
    return pa.schema([("url", TEXT), *rest])


JUDGMENTS_SCHEMA: Final = _columns_of(JUDGMENTS_READ, {"labels": LIST, "unsure": LIST, "annotator": TEXT})
RESOLUTIONS_SCHEMA: Final = _columns_of(RESOLUTIONS_READ, {"labels": LIST})
BATCHES_SCHEMA: Final = _columns_of(BATCHES_READ, {})


@dataclass(frozen=True)
class _OfItems:
    """Rows that belong to items: how they are read and written, and what becomes of some columns between."""

    statement: str
    read: pa.Schema
    written: pa.Schema
    changed: Mapping[str, Callable[[pa.ChunkedArray], pa.Array]] = field(default_factory=dict)

    def write(self, reading: Reading, path: Path, progress: Progress) -> None:
        """Write them, those of `CHUNK` items to a row group."""
        n_items = reading.held.n_items
        tables = (self._table(reading, part) for part in _parts(n_items))
        _write(tables, self.written, path, _counting(progress, n_items))

    def _table(self, reading: Reading, part: slice) -> pa.Table:
        rows = _read(reading, self.statement, self.read, part, AT_ONCE)
        urls, names = reading.held.urls(rows["place"].combine_chunks()), rows.column_names[1:]
        rest = [self.changed[name](rows[name]) if name in self.changed else rows[name] for name in names]
        return pa.table([urls, *rest], schema=self.written)


def _parts(n_items: int) -> Iterator[slice]:
    return (slice(start, min(start + CHUNK, n_items)) for start in range(0, n_items, CHUNK))


def _read(reading: Reading, statement: str, read: pa.Schema, part: slice, at_once: int) -> pa.Table:
    """The rows of some items, `at_once` a statement; places are made those among all items."""
    found = []
    for start in range(part.start, part.stop, at_once):
        ids = reading.held.ids[start : min(start + at_once, part.stop)].tolist()
        rows = table_copied(reading.state, statement, {**reading.values, "ids": ids}, read)
        if read.names[0] == "place":
            rows = rows.set_column(0, "place", pc.add(rows["place"], start))
        found.append(rows)
    return pa.concat_tables(found)


def _lists(spelled: pa.ChunkedArray) -> pa.Array:
    """A column of lists from one of texts with `|` between: there are few different ones."""
    encoded = spelled.combine_chunks().dictionary_encode()
    values = [text.split("|") if text else [] for text in encoded.dictionary.to_pylist()]
    return pa.array(values, LIST).take(encoded.indices)


def _counting(progress: Progress, n_items: int) -> Callable[[int, int], None]:
    """Progress from the number of row groups and rows."""
    return lambda groups, rows: progress(min(groups * CHUNK, n_items), rows)


def _write(
    tables: Iterable[pa.Table], schema: pa.Schema, path: Path, written: Callable[[int, int], None]
) -> None:
    rows = 0
    coded = [_leaf(column) for column in schema if column.name not in PLAIN]
    with pq.ParquetWriter(path, schema, compression="zstd", use_dictionary=coded) as writer:
        for place, table in enumerate(tables):
            if table.num_rows:
                writer.write_table(table, row_group_size=table.num_rows)
            rows += table.num_rows
            written(place + 1, rows)


def _leaf(column: pa.Field) -> str:
    return f"{column.name}.list.element" if pa.types.is_list(column.type) else column.name


def labels_joined(labels: pa.ChunkedArray) -> pa.Array:
    """One text for each label set, to compare them by."""
    return pc.binary_join(labels.combine_chunks(), "|")
