"""Columns of facts, a number or a bit for each item, in chunks. Knows no database.

A project's items, by ascending id, have places from 0; a chunk is `CHUNK_ITEMS` places. What is zero all over is not
stored.
"""

import zlib
from datetime import date, timedelta
from typing import Any, Final

import numpy as np

from learner.core.arrays import Array, Booleans

CHUNK_ITEMS: Final = 16_384
LAYOUT: Final = 1
"""Raise it when a column changes its meaning: everything is made again."""

ITEM, SITE, SOURCE, INGEST, LANGUAGE = "item", "site", "source", "ingest", "language"
STREAM, METHOD, JUDGMENTS = "stream", "method", "judgments"
ADDED, JUDGED_ON, RESOLVED_ON = "added", "judged_on", "resolved_on"
HOLDOUT, WITHHELD, ERASED, DISPUTED, DIFFERS = "holdout", "withheld", "erased", "disputed", "differs"
HELD, JUDGED, PREDICTED, PROBABILITY = "held=", "judged=", "predicted=", "probability="
"""Followed by the slug of a category."""
WORD: Final = "word="
"""Followed by a word that stands in many pages."""
COMMON_CHARS_MOST: Final = 40
HELD_NONE: Final = "held_none"
SCORED: Final = "scored"

NUMBERS: Final[dict[str, Any]] = {
    ITEM: np.int64,
    SITE: np.int32,
    SOURCE: np.int32,
    INGEST: np.int64,
    LANGUAGE: np.int16,
    STREAM: np.uint8,
    METHOD: np.uint8,
    JUDGMENTS: np.uint8,
    ADDED: np.uint16,
    JUDGED_ON: np.uint16,
    RESOLVED_ON: np.uint16,
}
DAY_ZERO: Final = date(1999, 12, 31)
LEVELS: Final = 65_534
"""A probability p is stored as 1 + round(p * LEVELS); 0 is: not scored."""
JUDGMENTS_MOST: Final = 255


def dtype_of(name: str) -> Any:
    """Of a column; of the others than `NUMBERS` and probabilities it is a bit."""
    return np.uint16 if name.startswith(PROBABILITY) else NUMBERS.get(name, np.bool_)


def column_pack(values: Array) -> bytes:
    """A column of a chunk as it is stored; empty when there is nothing in it."""
    if not values.any():
        return b""
    raw = (np.packbits(values) if values.dtype == np.bool_ else values).tobytes()
    small = zlib.compress(raw, 1)
    return b"z" + small if 2 * len(small) < len(raw) else b"r" + raw


def column_unpack(content: bytes, name: str) -> Array:
    """(CHUNK_ITEMS,) of the type of the column."""
    raw = zlib.decompress(content[1:]) if content[:1] == b"z" else content[1:]
    dtype = dtype_of(name)
    if dtype is np.bool_:
        return np.unpackbits(np.frombuffer(raw, dtype=np.uint8), count=CHUNK_ITEMS).view(np.bool_)
    return np.frombuffer(raw, dtype=dtype)


def column_empty(name: str, n_chunks: int = 1) -> Array:
    """A column in which there is nothing."""
    return np.zeros(n_chunks * CHUNK_ITEMS, dtype=dtype_of(name))


def day_number(day: date | None) -> int:
    """A day as a column holds it; 0 for none."""
    return 0 if day is None else min(max((day - DAY_ZERO).days, 1), np.iinfo(np.uint16).max)


def day_of(number: int) -> date:
    """The day of a number."""
    return DAY_ZERO + timedelta(days=int(number))


def level_of(probability: float) -> int:
    """A probability as a column holds it."""
    return 1 + round(probability * LEVELS)


def levels_of(probabilities: Array) -> Array:
    """The same of an array."""
    levels: Array = (1 + np.rint(probabilities * LEVELS)).astype(np.uint16)
    return levels


def probability_of(level: int) -> float | None:
    """What a level says; None: not scored."""
    return None if level == 0 else (int(level) - 1) / LEVELS


def any_of(columns: list[Booleans], n: int) -> Booleans:
    """Where any of these bits is set, (n,)."""
    found = np.zeros(n, dtype=np.bool_)
    for column in columns:
        found |= column
    return found
