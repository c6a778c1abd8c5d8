"""Tables on their way to Parquet: what all of them are made from, and the file that they go to."""

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from annotator.projects.models import Project
from annotator.projects.selectors import Taxonomy
from learner.snapshots.aligned import Order, by_place
from learner.snapshots.frozen import State
from learner.snapshots.held import Held
from learner.snapshots.rowsets import Rows, coded

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


class Writer:
    """A Parquet file, a row group for each table that is not empty.

    Which of its texts are dictionaries in memory is not written: whoever reads it gets texts.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self.path, self.schema = path, schema
        self.file: pq.ParquetWriter | None = None

    def __enter__(self) -> "Writer":
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


def coded_of(rows: Rows, name: str) -> pa.Array:
    """One column of texts."""
    return coded(rows.codes[name], rows.values[name])


def _leaf(column: pa.Field) -> str:
    return f"{column.name}.list.element" if pa.types.is_list(column.type) else column.name
