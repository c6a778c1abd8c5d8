"""The tables of a snapshot, written as Parquet from what is in memory, column by column; texts as they are read.

Rows go by split, by the id of the item, then by their own: ids are given once and stay, so that the same state gives
the same bytes. A dictionary holds the texts that a row group has, in their order, whatever else is in memory.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from annotator.projects.models import Project
from annotator.projects.pseudonyms import pseudonym_by
from annotator.projects.selectors import Taxonomy
from learner.core.arrays import Integers
from learner.core.splits import NAMES, Cut
from learner.snapshots.agreeing import Answers, answers_of
from learner.snapshots.aligned import CHUNK, Order, aligned, by_place, chunks_of, columns_of, groups_of
from learner.snapshots.files import cut_name
from learner.snapshots.frozen import State, run
from learner.snapshots.held import FLAG, INT, LIST, Held
from learner.snapshots.joining import files_joined
from learner.snapshots.judged import judgments_read, numbered_read, numbers_named
from learner.snapshots.rowsets import TIME, Codes, Rows, coded, floats, times, wholes
from learner.snapshots.statements import CATEGORIES, CLAUSES, TEXTS, TEXTS_SHAPE

Progress = Callable[[int, int], None]
"""Called with the items whose rows are written, and the rows."""
TEXT: Final = pa.string()
BIG: Final = pa.int64()
FLOAT: Final = pa.float64()
PLAIN: Final = frozenset(
    {"url", "title", "text", "created_at", "given_at", "seconds", "score", "split_group"}
)
"""Columns of which hardly two rows are the same: a dictionary of them is work for nothing."""


@dataclass(frozen=True)
class Reading:
    """One state of a project, its items that were chosen, and a connection that sees it: what a table is read with."""

    state: State
    project: Project
    taxonomy: Taxonomy
    values: Mapping[str, Any]
    held: Held
    order: "Future[Order]"
    """Known when the splits are."""

    def placed(self, rows: Rows) -> Rows:
        """The rows of the items, by place. Those that were given are used up. Waits for the order."""
        return by_place(rows, self.held.ids, self.order.result())


def items_write(reading: Reading, cut: Cut, path: Path, progress: Progress) -> None:
    """Write the items of each split, as `cut` gives them, to a file of their own; and join these to `items.parquet`.

    `datasets` takes splits from files, never from a column: without them a holdout page would load as train. Labels are
    those of the taxonomy of the snapshot, carried from the version that they were held under; a category of which that
    says nothing is null.
    """
    held, n_rows = reading.held, 0
    paths = {split: path.with_name(cut_name(NAMES[split])) for split in np.unique(cut.split).tolist()}
    with ExitStack() as files, ThreadPoolExecutor(1, thread_name_prefix="items-write") as pen:
        sides = {split: _Side(reading, cut, one_path, files, pen) for split, one_path in paths.items()}
        for part, texts in zip(chunks_of(held.n_items), _texts_ahead(reading), strict=True):
            for split, side in sides.items():
                own = cut.split[part] == split
                side.add(np.flatnonzero(own).astype(np.int32) + part.start, texts.filter(pa.array(own)))
            n_rows += texts.num_rows
            progress(part.stop, n_rows)
        for side in sides.values():
            side.end()
    files_joined(list(paths.values()), path)


def judgments_write(reading: Reading, path: Path, progress: Progress, names: "Pseudonymous") -> Answers:
    """Write `judgments.parquet`, and give the answers in it. Labels are those that were given."""
    held = reading.held
    rows = judgments_read(reading.state, reading.values, held.ids, held.n_resolved, lambda _: progress(0, 0))
    rows = reading.placed(rows)
    people = [names.of(pk) for pk in rows.values["annotator"]]
    sets = _sets(rows, "labels"), _sets(rows, "unsure")

    def columns(part: Rows) -> dict[str, pa.Array]:
        return {
            "annotator": coded(part.codes["annotator"], people),
            "labels": sets[0].take(pa.array(part.codes["labels"])),
            "unsure": sets[1].take(pa.array(part.codes["unsure"])),
            "verdict": _coded(part, "verdict"),
            "seconds": floats(part.numbers["seconds"]),
            "clause": _coded_or_none(part, "clause"),
            "created_at": times(part.numbers["created_at"]),
            "given_at": times(part.numbers["given_at"]),
            "evidence": wholes(part.numbers["evidence"]),
        }

    _OfItems(rows, JUDGMENTS_SCHEMA, columns).write(reading, path, progress)
    return answers_of(rows)


def resolutions_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `resolutions.parquet`: all that was ever held of these items, in the order in which it was."""
    rows = reading.held.resolutions
    numbers_named(rows, numbered_read(reading.state, reading.values))
    rows = reading.placed(rows)
    labels = _sets(rows, "labels")

    def columns(part: Rows) -> dict[str, pa.Array]:
        return {
            "labels": labels.take(pa.array(part.codes["labels"])),
            "verdict": _coded(part, "verdict"),
            "method": _coded(part, "method"),
            "reason_class": _coded(part, "reason_class"),
            "clause": _coded_or_none(part, "clause"),
            "created_at": times(part.numbers["created_at"]),
        }

    _OfItems(rows, RESOLUTIONS_SCHEMA, columns).write(reading, path, progress)


def batches_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `batches.parquet`: why each of these items was served, each time. Checks of annotators are left out."""
    rows = reading.placed(_without_checks(reading.held.ledger))

    def columns(part: Rows) -> dict[str, pa.Array]:
        return {
            "opened_at": times(part.numbers["opened_at"]),
            "score": floats(part.numbers["score"]),
            "classifier": wholes(part.numbers["classifier"]),
            "inclusion_probability": floats(part.numbers["inclusion_probability"]),
            "overlap": wholes(part.numbers["overlap"]),
            **{name: _coded(part, name) for name in ("stream", "strategy", "reason", "stopping")},
        }

    _OfItems(rows, BATCHES_SCHEMA, columns).write(reading, path, progress)


def categories_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `categories.parquet`: the categories of every taxonomy version that there was."""
    _few_write(reading, CATEGORIES, CATEGORIES_SCHEMA, path, progress)


def clauses_write(reading: Reading, path: Path, progress: Progress) -> None:
    """Write `clauses.parquet`: the clauses of every guideline version that there was."""
    _few_write(reading, CLAUSES, CLAUSES_SCHEMA, path, progress)


@dataclass(frozen=True)
class Pseudonymous:
    """Annotators' names in one snapshot, from a key that is never shown."""

    key: bytes

    def of(self, annotator_id: int) -> str:
        """One annotator's name."""
        return pseudonym_by(self.key, annotator_id)


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


JUDGMENTS_SCHEMA: Final = pa.schema(
    [("url", TEXT), ("annotator", TEXT), ("labels", LIST), ("unsure", LIST), ("verdict", TEXT), ("seconds", FLOAT),
     ("late", FLAG), ("is_current", FLAG), ("created_at", TIME), ("taxonomy", INT), ("guideline", INT),
     ("clause", TEXT), ("after_question", FLAG), ("imported", FLAG), ("given_at", TIME), ("evidence", INT)]
)  # fmt: skip
RESOLUTIONS_SCHEMA: Final = pa.schema(
    [("url", TEXT), ("labels", LIST), ("verdict", TEXT), ("method", TEXT), ("reason_class", TEXT), ("clause", TEXT),
     ("n_judgments", INT), ("is_current", FLAG), ("created_at", TIME), ("taxonomy", INT)]
)  # fmt: skip
BATCHES_SCHEMA: Final = pa.schema(
    [("url", TEXT), ("batch", INT), ("opened_at", TIME), ("rank", INT), ("stream", TEXT), ("strategy", TEXT),
     ("score", FLOAT), ("reason", TEXT), ("classifier", INT), ("pool_size", BIG), ("inclusion_probability", FLOAT),
     ("seed", BIG), ("stopping", TEXT), ("overlap", INT)]
)  # fmt: skip
CATEGORIES_SCHEMA: Final = pa.schema(
    [("taxonomy", INT), ("position", INT), ("slug", TEXT), ("name", TEXT), ("definition", TEXT), ("severity", INT),
     ("cipa", FLAG), ("recall_floor", FLOAT)]
)  # fmt: skip
CLAUSES_SCHEMA: Final = pa.schema(
    [("guideline", INT), ("position", INT), ("number", TEXT), ("category", TEXT), ("title", TEXT), ("body", TEXT)]
)  # fmt: skip


def labels_joined(labels: pa.ChunkedArray) -> pa.Array:
    """One text for each label set, to compare them by."""
    return pc.binary_join(labels.combine_chunks(), "|")


class _Writer:
    """A Parquet file, a row group for each table that is not empty.

    Which of its texts are dictionaries in memory is not written: whoever reads it gets texts.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self.schema = path, schema
        self.file: pq.ParquetWriter | None = None

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(self, *_: object) -> None:
        if self.file is None:
            self._open(self.schema)
        assert self.file is not None
        self.file.close()

    def write(self, table: pa.Table) -> None:
        """One row group more."""
        if not table.num_rows:
            return
        if self.file is None:
            self._open(table.schema)
        assert self.file is not None
        self.file.write_table(table, row_group_size=table.num_rows)

    def _open(self, schema: pa.Schema) -> None:
        coded_columns = [_leaf(column) for column in self.schema if column.name not in PLAIN]
        self.file = pq.ParquetWriter(
            self.path, schema, compression="zstd", use_dictionary=coded_columns, store_schema=False
        )


def _leaf(column: pa.Field) -> str:
    return f"{column.name}.list.element" if pa.types.is_list(column.type) else column.name


class _Side:
    """The items of one split on their way into its file: a row group when there are enough.

    While one is written, by a thread of its own, the next is made.
    """

    def __init__(self, reading: Reading, cut: Cut, path: Path, files: ExitStack, pen: Executor) -> None:
        self.reading, self.cut, self.pen = reading, cut, pen
        self.file = files.enter_context(_Writer(path, items_schema(reading.taxonomy)))
        self.written: Future[None] | None = None
        self.items = np.empty(0, dtype=np.int32)
        self.texts: list[pa.Table] = []

    def add(self, items: Codes, texts: pa.Table) -> None:
        """Items by their number, and their texts."""
        self.items = np.concatenate([self.items, items])
        self.texts.append(texts)
        if len(self.items) >= CHUNK:
            self._write(CHUNK)

    def end(self) -> None:
        """Write what is left."""
        self._write(len(self.items))
        self._wait()

    def _write(self, n_items: int) -> None:
        texts = pa.concat_tables(self.texts)
        # In one piece each: where a page of the file ends depends on where pieces do.
        whole = texts.slice(0, n_items).combine_chunks()
        table = _items(self.reading, self.cut, self.items[:n_items], whole)
        self.items, self.texts = self.items[n_items:], [texts.slice(n_items)]
        self._wait()
        self.written = self.pen.submit(self.file.write, table)

    def _wait(self) -> None:
        """For the row group before; raises what it raised."""
        if self.written is not None:
            self.written.result()


def _texts_ahead(reading: Reading) -> Iterator[pa.Table]:
    """The texts of each row group; while one is written, the next is read."""
    held = reading.held
    first, *later = chunks_of(held.n_items)
    with ThreadPoolExecutor(1, thread_name_prefix="texts") as reader:
        coming = reader.submit(_texts, reading, held.ids[first])
        for part in later:
            texts = coming.result()
            coming = reader.submit(_texts, reading, held.ids[part])
            yield texts
        yield coming.result()


def _texts(reading: Reading, ids: Integers) -> pa.Table:
    """Title and text of each of these items, and the number of the version of its evidence that says so."""
    pieces = list(columns_of(reading.state, TEXTS, reading.values, TEXTS_SHAPE, ids))
    found = aligned(pieces, ids, by="version")
    nothing = pa.chunked_array([pa.nulls(len(ids), TEXT)])
    version = found.get("version", np.zeros(len(ids), dtype=np.int32)).astype(np.int32, copy=False)
    texts = {name: _known(found.get(name, nothing)) for name in ("title", "text")}
    return pa.table({**texts, "evidence": pa.array(version, mask=version == 0)})


def _items(reading: Reading, cut: Cut, items: Codes, texts: pa.Table) -> pa.Table:
    """The items of one row group."""
    held, rows = reading.held, reading.held.rows.taken(items)
    labels, flags, versions = held.labels.columns(pa.array(rows.codes["held"]))
    group = cut.group[items]
    columns = {
        "url": held.urls_of(items),
        "title": texts["title"],
        "text": texts["text"],
        "labels": labels,
        **dict(zip(map(column_of, reading.taxonomy.slugs), flags, strict=True)),
        "n_judgments": pa.array(rows.numbers["n_judgments"], INT),
        "split": coded(cut.split[items], list(NAMES)),
        "inclusion_probability": floats(rows.numbers["inclusion_probability"]),
        "batch": wholes(rows.numbers["batch"]),
        "taxonomy": versions,
        "split_group": pa.array(group, mask=group < 0),
        "near_test": pa.array(cut.near_test[items]),
        "evidence": texts["evidence"],
        "inclusion_probability_union": floats(rows.numbers["inclusion_probability_union"]),
        **{name: _coded(rows, name) for name in ("registrable_domain", "method", "stream", "source")},
    }
    return pa.table({name: columns[name] for name in items_schema(reading.taxonomy).names})


def _known(texts: Any) -> Any:
    return texts.fill_null("") if texts.null_count else texts


@dataclass(frozen=True)
class _OfItems:
    """Rows that go by the place of their item, as a table: `columns` makes what is not a number."""

    rows: Rows
    schema: pa.Schema
    columns: Callable[[Rows], dict[str, pa.Array]]

    def write(self, reading: Reading, path: Path, progress: Progress) -> None:
        """Write them, those of `CHUNK` items to a row group."""
        held, item, n_rows = reading.held, reading.order.result().item, 0
        with _Writer(path, self.schema) as file:
            for part, group in zip(chunks_of(held.n_items), groups_of(self.rows, held.n_items), strict=True):
                made = {"url": held.urls_of(item[group.numbers["place"]]), **self.columns(group)}
                file.write(pa.table({column.name: _made(made, group, column) for column in self.schema}))
                n_rows += len(group)
                progress(part.stop, n_rows)


def _made(made: Mapping[str, pa.Array], group: Rows, column: pa.Field) -> pa.Array:
    return made[column.name] if column.name in made else pa.array(group.numbers[column.name], column.type)


def _few_write(reading: Reading, statement: str, schema: pa.Schema, path: Path, progress: Progress) -> None:
    rows = run(reading.state, statement, reading.values)
    columns = zip(*rows, strict=True) if rows else ([] for _ in schema)
    made = [pa.array(each, column.type) for each, column in zip(columns, schema, strict=True)]
    with _Writer(path, schema) as file:
        file.write(pa.table(made, schema=schema))
    progress(0, len(rows))


def _sets(rows: Rows, name: str) -> pa.Array:
    return pa.array([list(labels) for labels in rows.values[name]], LIST)


def _coded(rows: Rows, name: str) -> pa.Array:
    return coded(rows.codes[name], rows.values[name])


def _coded_or_none(rows: Rows, name: str) -> pa.Array:
    values = rows.values[name]
    return coded(rows.codes[name], values, none=values.index("") if "" in values else None)


def _without_checks(ledger: Rows) -> Rows:
    personal = ledger.numbers.pop("personal")
    return ledger.taken(~personal) if personal.any() else ledger
