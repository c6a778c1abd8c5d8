"""Min-hash: how alike two long texts are, told from 64 numbers each. Pure: no row, no clock, no chance.

A text is the set of its shingles, runs of `SHINGLE_WORDS` words. Two texts are as alike as their sets (Jaccard): what
they share of all that either has. The smallest hash of a set under a random hash function is the same for two sets
with just this probability (Broder 1997, "On the resemblance and containment of documents"), and 64 functions in
`BANDS` bands of `ROWS` make texts that are 0.8 alike share a band in 99.98 of 100 cases, those that are 0.3 alike in
12 of 100: 1 - (1 - s^ROWS)^BANDS (Leskovec, Rajaraman and Ullman 2014, Mining of Massive Datasets, section 3.4).
"""

import re
from typing import Final
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

SHINGLE_WORDS: Final = 3
CHARS_MAX: Final = 16_000
WORDS_MAX: Final = 1_000
BANDS: Final = 16
ROWS: Final = 4

Hashes = NDArray[np.uint64]

_WORD = re.compile(r"\w+")
_rng = np.random.default_rng(20_260_101)  # for ever: a stored band means nothing under other numbers
_FACTORS: Final = _rng.integers(0, 2**64, BANDS * ROWS, dtype=np.uint64) | np.uint64(1)
_TERMS: Final = _rng.integers(0, 2**64, BANDS * ROWS, dtype=np.uint64)
_ROW_FACTORS: Final = _rng.integers(0, 2**64, ROWS, dtype=np.uint64) | np.uint64(1)
_WORD_FACTORS: Final = _rng.integers(0, 2**64, SHINGLE_WORDS, dtype=np.uint64) | np.uint64(1)
_BLOCK = 128  # 64 KB at a time stay in the processor's cache: five times as fast as all shingles at once
_HIGH = np.uint64(32)


def shingles(text: str) -> Hashes:
    """The set of shingles of the first words of `text` (`WORDS_MAX`, `CHARS_MAX`), hashed.

    uint64, (n_shingles,), ascending. Case and punctuation do not count. A text of fewer words than a shingle is one
    shingle; one without a word has none.

    >>> len(shingles("One two, three: FOUR.")), len(shingles("one")), len(shingles("..."))
    (2, 1, 0)
    """
    words = _WORD.findall(text[:CHARS_MAX].lower())[:WORDS_MAX]
    if not words:
        return np.empty(0, dtype=np.uint64)
    words += [""] * (SHINGLE_WORDS - len(words))
    hashes = np.fromiter((crc32(word.encode()) for word in words), dtype=np.uint64, count=len(words))
    n = len(words) - SHINGLE_WORDS + 1
    # Each word takes part by its place: "man bites dog" is not "dog bites man". Arithmetic is modulo 2^64.
    joined = np.zeros(n, dtype=np.uint64)
    for place, factor in enumerate(_WORD_FACTORS):
        joined += _mixed(hashes[place : place + n] * factor)
    return np.unique(joined)


def bands(hashed: Hashes) -> list[int]:
    """The bands of a set of shingles: `BANDS` numbers of 64 bits, signed; none for an empty set.

    >>> bands(shingles("the same page")) == bands(shingles("The same page!"))
    True
    """
    if not len(hashed):
        return []
    smallest = np.full(BANDS * ROWS, np.iinfo(np.uint64).max, dtype=np.uint64)
    for start in range(0, len(hashed), _BLOCK):
        # Multiply and add modulo 2^64; the order goes by the high bits, which are as good as random.
        block = np.multiply.outer(_FACTORS, hashed[start : start + _BLOCK]) + _TERMS[:, np.newaxis]
        smallest = np.minimum(smallest, block.min(axis=1))
    joined: Hashes = (smallest >> _HIGH).reshape(BANDS, ROWS) @ _ROW_FACTORS
    places: Hashes = np.arange(1, BANDS + 1, dtype=np.uint64)
    numbered = _mixed(_mixed(joined) + places)
    found: list[int] = numbered.view(np.int64).tolist()
    return found


def likeness(one: Hashes, other: Hashes) -> float:
    """The Jaccard coefficient of two sets of shingles, from 0 to 1; 0 when one is empty.

    >>> likeness(shingles("a b c d"), shingles("a b c e"))
    0.3333333333333333
    """
    if not len(one) or not len(other):
        return 0.0
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both / (len(one) + len(other) - both)


def _mixed(values: Hashes) -> Hashes:
    """Each value spread over all 64 bits (the finaliser of SplitMix64, Steele, Lea and Flood 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    mixed: Hashes = values ^ (values >> np.uint64(31))
    return mixed
