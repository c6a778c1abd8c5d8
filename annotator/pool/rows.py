"""What every reader of a file yields."""

from collections.abc import Mapping
from typing import NamedTuple

from annotator.pool.cleaning import Refusal


class RawRow(NamedTuple):
    """One row as it came: `line` is where it begins (for Parquet the row's number, for WARC the record's), from 1."""

    line: int
    cells: Mapping[str, object] | Refusal
