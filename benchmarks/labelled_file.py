"""A Parquet file with true labels: what is handed in, and what only the simulated people know."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

SENT = ("url", "title", "text")


@dataclass(frozen=True)
class Row:
    """The true categories of one row, and those that nobody has looked for."""

    labels: Sequence[str]
    unknown: Sequence[str]


@dataclass(frozen=True)
class LabelledFile:
    """The rows by their address, the categories among them, and the file without its labels."""

    rows: dict[str, Row]
    categories: Sequence[str]
    upload: bytes


def labelled_file(path: Path, limit: int | None, seed: int) -> LabelledFile:
    """The file, or `limit` of its rows drawn at random."""
    table = pq.read_table(path)
    if limit is not None and limit < len(table):
        chosen = np.random.default_rng(seed).choice(len(table), size=limit, replace=False)
        table = table.take(np.sort(chosen))
    labels = [_slugs(cell) for cell in table["labels"].to_pylist()]
    given = "unknown_labels" in table.column_names
    unknown = [_slugs(cell) for cell in table["unknown_labels"].to_pylist()] if given else [[]] * len(labels)
    rows: dict[str, Row] = {}
    for url, present, missing in zip(table["url"].to_pylist(), labels, unknown, strict=True):
        rows.setdefault(
            url.strip(), Row(present, missing)
        )  # of two rows with one address the first is taken in
    categories = sorted({slug for cell in labels for slug in cell})
    return LabelledFile(rows, categories, _upload(table))


def _slugs(cell: Sequence[str] | None) -> list[str]:
    return sorted(label.lower().replace("_", "-").replace(" ", "-") for label in cell or ())


def _upload(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table.select([name for name in SENT if name in table.column_names]), sink)
    return sink.getvalue()
