"""Hashes of all words and character n-grams of many texts at once: NumPy over their letters, no Python per text.

Texts are laid end to end. A running sum of letter * base^position gives the hash of any stretch as the difference
of two places, so a word costs as much as its first five letters, and nothing is copied. Measured beside
scikit-learn's hashers: `benchmarks/features.py`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.sparse import csr_matrix, vstack

from learner.core.arrays import Array, Booleans, Integers

LETTERS_AT_ONCE = 2**17  # what is looked at many times stays in the processor's cache
TEXTS_AT_ONCE = 2**12
SEPARATOR, OTHER, LETTER = range(3)
"""Kinds of letters: the end of a text, what stands between words, and what words are made of."""

_BASE = 0x9E3779B97F4A7C15
_UNBASE = pow(_BASE, -1, 2**64)
_MIX = np.uint64(0xD6E8FEB86659FD93)
_HALF = np.uint64(32)
_ZERO = ord("0")
_ASCII, _UNICODE = 2**7, 0x110000
_DECIMAL = 4


@dataclass(frozen=True, slots=True, eq=False)
class Letters:
    """Texts in lower case, end to end, each followed by NUL.

    `codes` (n_letters,) are code points, `kinds` (n_letters,) one of SEPARATOR, OTHER, LETTER; `ends` (n_texts,)
    are the places of the NULs.
    """

    codes: Array
    kinds: Array
    ends: Integers

    @property
    def starts(self) -> Integers:
        """Where each text begins, (n_texts,)."""
        return np.concatenate([[0], self.ends[:-1] + 1]) if len(self.ends) else self.ends

    @property
    def sizes(self) -> Integers:
        """Letters of each text with its NUL, (n_texts,); they sum to the number of letters."""
        return np.diff(self.ends, prepend=-1)

    def stretches(self, inside: Booleans) -> tuple[Integers, Integers]:
        """Starts and ends of the longest stretches of letters that are inside."""
        bounded = np.zeros(len(inside) + 2, dtype=np.bool_)
        bounded[1:-1] = inside
        edges = np.flatnonzero(bounded[1:] != bounded[:-1])
        return edges[::2], edges[1::2]


@dataclass(frozen=True, slots=True, eq=False)
class Tokens:
    """Hashes (n_tokens,), uint64, and the row (n_tokens,) that each belongs to, in any order."""

    rows: Integers
    hashes: Array


def letters_of(texts: Sequence[str], *, collapse_digits: bool) -> Letters:
    """The letters of texts; `collapse_digits` makes one 0 of each number. A NUL in a text becomes a space."""
    joined = "\0".join([*texts, ""])
    if joined.count("\0") != len(texts):
        joined = "\0".join([*(text.replace("\0", " ") for text in texts), ""])
    codes = _codes(joined.lower())
    kinds = _kinds(_ASCII if codes.dtype == np.uint8 else _UNICODE)[codes]
    if collapse_digits:
        digit = kinds == LETTER + _DECIMAL
        kept = np.ones(len(codes), dtype=np.bool_)
        kept[1:] = ~(digit[1:] & digit[:-1])
        codes, kinds = np.where(digit, codes.dtype.type(_ZERO), codes)[kept], kinds[kept]
    return Letters(codes, kinds & (_DECIMAL - 1), np.flatnonzero(codes == 0))


class Stretches:
    """Hashes of stretches of letters: the same letters have the same hash, wherever they stand.

    Parameters
    ----------
    codes : (n_letters,)
    """

    def __init__(self, codes: Array) -> None:
        up, self._down = _powers(1 << (len(codes) - 1).bit_length() if len(codes) else 1)
        self._sums = np.zeros(len(codes) + 1, dtype=np.uint64)
        np.cumsum(codes * up[: len(codes)], out=self._sums[1:])

    def between(self, starts: Integers, ends: Integers) -> Array:
        """The hash of codes[start:end] for each pair, uint64."""
        hashes: Array = (self._sums[ends] - self._sums[starts]) * self._down[starts]
        return hashes


def salted(hashes: Array, salt: Array | int) -> Array:
    """Hashes of tokens of one kind, apart from those of other kinds; the high bits depend on all letters."""
    mixed: Array = hashes + np.asarray(salt, dtype=np.uint64)
    mixed ^= mixed >> _HALF
    mixed *= _MIX
    mixed ^= mixed >> _HALF
    mixed *= _MIX
    return mixed


def pairs(first: Array, second: Array) -> Array:
    """The hash of one token followed by another, uint64."""
    joined: Array = first * np.uint64(_BASE) + (second ^ (second >> _HALF))
    return joined


def hashed(tokens: Sequence[Tokens], n_rows: int, n_columns: int) -> csr_matrix:
    """Sublinear counts (1 + ln count) of hashed tokens, rows of length 1 or empty.

    Parameters
    ----------
    tokens : sequence of Tokens
    n_rows : int
        At most 2^32 / n_columns.
    n_columns : int
        A power of two.

    Returns
    -------
    csr_matrix, float32 (n_rows, n_columns)
        Column indices are sorted; a row depends on its own tokens alone.
    """
    bits = n_columns.bit_length() - 1
    keys = np.concatenate([_keys(part, bits) for part in tokens])
    keys.sort()
    first = np.flatnonzero(
        np.concatenate([np.ones(min(1, len(keys)), dtype=np.bool_), keys[1:] != keys[:-1]])
    )
    counts = np.diff(first, append=len(keys))
    keys = keys[first]
    rows = (keys >> np.uint32(bits)).astype(np.int64)
    weights = 1 + np.log(counts)
    lengths = np.sqrt(np.bincount(rows, weights * weights, minlength=n_rows))
    indptr = np.zeros(n_rows + 1, dtype=np.int32)
    np.cumsum(np.bincount(rows, minlength=n_rows), out=indptr[1:])
    columns = (keys & np.uint32(n_columns - 1)).astype(np.int32)
    matrix = csr_matrix(
        ((weights / lengths[rows]).astype(np.float32), columns, indptr), shape=(n_rows, n_columns)
    )
    matrix.has_sorted_indices = matrix.has_canonical_format = True
    return matrix


def spans(sizes: Integers) -> Iterator[slice]:
    """Slices over texts of these sizes, each of a bounded number of letters (or one text) and of texts."""
    reached = np.concatenate([[0], np.cumsum(sizes)])
    start = 0
    while start < len(sizes):
        full = int(np.searchsorted(reached, reached[start] + LETTERS_AT_ONCE, side="right")) - 1
        end = min(max(full, start + 1), start + TEXTS_AT_ONCE, len(sizes))
        yield slice(start, end)
        start = end


def stacked(blocks: Sequence[csr_matrix], n_columns: int) -> csr_matrix:
    """Blocks of rows one below the other; there may be none."""
    if not blocks:
        return csr_matrix(np.empty((0, n_columns), dtype=np.float32))
    return blocks[0] if len(blocks) == 1 else csr_matrix(vstack(blocks, format="csr"))


def _keys(tokens: Tokens, bits: int) -> Array:
    """Row and column of each token in one number, uint32: sorted, it is sorted by row and then by column."""
    columns = (tokens.hashes >> np.uint64(64 - bits)).astype(np.uint32)
    keys: Array = (tokens.rows.astype(np.uint32) << np.uint32(bits)) | columns
    return keys


def _codes(text: str) -> Array:
    if text.isascii():
        return np.frombuffer(text.encode("ascii"), dtype=np.uint8)
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)


@cache
def _kinds(n: int) -> Array:
    """The kind of each code point below n, uint8; decimal digits have `_DECIMAL` added."""
    kinds = [
        _DECIMAL + LETTER if c.isdecimal() else LETTER if c.isalnum() else OTHER for c in map(chr, range(n))
    ]
    return np.array([SEPARATOR, *kinds[1:]], dtype=np.uint8)


@cache
def _powers(n: int) -> tuple[Array, Array]:
    """base^0 .. base^(n - 1) and their inverses, modulo 2^64."""
    up, down = (
        np.multiply.accumulate(np.array([1, *[base] * (n - 1)], dtype=np.uint64)) for base in (_BASE, _UNBASE)
    )
    return up, down
