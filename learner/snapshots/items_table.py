"""The table of items: their texts are read while it is written, and each split has a file of its own."""

from collections.abc import Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from annotator.projects.selectors import Taxonomy
from learner.core.arrays import Integers
from learner.core.splits import NAMES, Cut
from learner.snapshots.aligned import CHUNK, aligned, chunks_of
from learner.snapshots.files import cut_name
from learner.snapshots.held import FLAG, INT, LIST
from learner.snapshots.joining import files_joined
from learner.snapshots.packing import columns_of
from learner.snapshots.parquet import BIG, FLOAT, TEXT, Progress, Reading, Writer, coded_of
from learner.snapshots.rowsets import Codes, coded, floats, wholes
from learner.snapshots.statements import TEXTS


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


class _Side:
    """The items of one split on their way into its file: a row group when there are enough.

    While one is written, by a thread of its own, the next is made.
    """

    def __init__(self, reading: Reading, cut: Cut, path: Path, files: ExitStack, pen: Executor) -> None:
        self.reading, self.cut, self.pen = reading, cut, pen
        self.file = files.enter_context(Writer(path, items_schema(reading.taxonomy)))
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
    pieces = list(columns_of(reading.state, TEXTS, reading.values, ids))
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
        **{name: coded_of(rows, name) for name in ("registrable_domain", "method", "stream", "source")},
    }
    return pa.table({name: columns[name] for name in items_schema(reading.taxonomy).names})


def _known(texts: Any) -> Any:
    return texts.fill_null("") if texts.null_count else texts
