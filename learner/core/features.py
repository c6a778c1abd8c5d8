"""Features of pages, by a versioned recipe: what the classifier sees of a URL, its title and its text.

Two hashed blocks side by side. The URL block holds the words of host, path and query keys, the registrable
domain, pairs of neighbouring path words, and the character 3-grams and 5-grams inside words of host and path:
real host names are concatenated words, and without the grams mean average precision halves. The text block holds
the words of title, description and text, and the first five letters of longer words, a stemmer for many
languages at the price of one slice. Counts are sublinear (1 + ln count) and each block of a row has length 1, so
that a long text does not drown the URL.

Any change of what a row holds needs a new recipe name: shards and artifacts carry it and refuse to be mixed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.preprocessing import normalize

from learner.core.arrays import Array, Booleans, Integers
from learner.core.hashing import (
    LETTER,
    SEPARATOR,
    Letters,
    Stretches,
    Tokens,
    hashed,
    letters_of,
    pairs,
    salted,
    spans,
    stacked,
)
from learner.core.recipe import RECIPE

N_URL = 2**18
N_TEXT = 2**18
N_FEATURES = N_URL + N_TEXT
MAX_WORDS = 2_000
_MAX_CHARACTERS = 10 * MAX_WORDS
_MAX_URL = 2_000
_PREFIX = 5
_GRAMS = (3, 5)

_NOTHING, _DOMAIN, _HOST, _PATH, _QUERY = range(5)
_PAIR, _WORD, _STEM = range(5, 8)
_SALTS = np.random.SeedSequence(2).generate_state(8, np.uint64)
"""One for each kind of token: "chess" in a host and in a path are two features."""
_GRAM_SALTS = np.random.SeedSequence(3).generate_state(len(_GRAMS), np.uint64)
"""The same gram of a host and of a path is one feature."""


@dataclass(frozen=True, slots=True)
class PageText:
    """What is known of one page: its canonical URL, its host, and what it says. Unknown parts are ""."""

    url: str
    host: str
    registrable_domain: str
    title: str
    description: str
    text: str


def featurise(pages: Sequence[PageText]) -> csr_matrix:
    """Features of pages under `RECIPE`; a row depends on its page alone.

    Parameters
    ----------
    pages : sequence of PageText
        Any number, also none.

    Returns
    -------
    csr_matrix, float32, (n_items, N_FEATURES)
        Not negative; columns below `N_URL` are the URL block. Each block of a row has Euclidean length 1, or
        is empty. Column indices are sorted.

    Examples
    --------
    >>> chess = PageText("https://chess.example/play", "chess.example", "chess.example", "Chess", "", "")
    >>> featurise([chess]).shape
    (1, 524288)
    """
    return csr_matrix(hstack([url_block(pages), text_block(list(map(_said, pages)))], format="csr"))


def describe_recipe() -> dict[str, object]:
    """The recipe in plain facts, for data cards, model cards and the log."""
    return {
        "recipe": RECIPE,
        "features": N_FEATURES,
        "url_block": f"{N_URL} columns: words of host, path and query keys, registrable domain, pairs of "
        f"neighbouring path words, character {_GRAMS[0]}-grams and {_GRAMS[1]}-grams inside words of host and path; "
        "digits collapsed",
        "text_block": f"{N_TEXT} columns: words of title, description and text (first {MAX_WORDS} words) "
        f"and the first {_PREFIX} letters of longer ones",
        "weights": "1 + ln(count); each block of a row scaled to Euclidean length 1",
        "hash": "polynomial over code points modulo 2^64, multiplied and folded twice, unsigned counts",
    }


def have_texts(features: csr_matrix) -> bool:
    """Whether most pages, (n_items, N_FEATURES), say more than their address; False where there are none."""
    rows = np.repeat(np.arange(features.shape[0]), np.diff(features.indptr))
    said = np.unique(rows[features.indices >= N_URL])
    return 2 * len(said) > features.shape[0]


def unit_rows(matrix: csr_matrix) -> csr_matrix:
    """The rows scaled to Euclidean length 1; empty rows stay empty, and there may be no rows."""
    return csr_matrix(normalize(matrix)) if matrix.shape[0] else matrix


def url_block(pages: Sequence[PageText]) -> csr_matrix:
    """The URL block of pages, float32 (n_items, N_URL)."""
    parts = [part for page in pages for part in (page.registrable_domain, page.host, page.url[:_MAX_URL])]
    sizes = np.fromiter(map(len, parts), dtype=np.int64).reshape(-1, 3).sum(axis=1)
    rows = [_url_rows(parts[3 * span.start : 3 * span.stop]) for span in spans(sizes)]
    return stacked(rows, N_URL)


def text_block(texts: Sequence[str]) -> csr_matrix:
    """The text block of texts, float32 (n_texts, N_TEXT): their first `MAX_WORDS` words, and stems of these."""
    cut = [text[:_MAX_CHARACTERS] for text in texts]
    sizes = np.fromiter(map(len, cut), dtype=np.int64)
    return stacked([_text_rows(cut[span]) for span in spans(sizes)], N_TEXT)


def gram_block(words: Sequence[Sequence[str]]) -> csr_matrix:
    """The URL block of hosts made of these words, with nothing but their grams, float32 (n_rows, N_URL)."""
    letters = letters_of([f".{'.'.join(row)}" for row in words], collapse_digits=True)
    rows = np.repeat(np.arange(len(words)), letters.sizes)
    return hashed(_grams(letters, letters.kinds == LETTER, rows), len(words), N_URL)


def _url_rows(parts: Sequence[str]) -> csr_matrix:
    """Rows of pages whose domains, hosts and URLs follow each other in `parts`."""
    n_rows = len(parts) // 3
    letters = letters_of(parts, collapse_digits=True)
    fields = _fields(letters)
    rows = np.repeat(np.arange(n_rows), letters.sizes.reshape(-1, 3).sum(axis=1))
    starts, ends = letters.stretches(_inside(letters, fields))
    hashes = Stretches(letters.codes).between(starts, ends)
    kinds, owners = fields[starts], rows[starts]
    path = np.flatnonzero(kinds == _PATH)
    neighbours = np.flatnonzero(owners[path[1:]] == owners[path[:-1]])
    first, second = path[neighbours], path[neighbours + 1]
    tokens = [
        Tokens(owners, salted(hashes, _SALTS[kinds])),
        Tokens(owners[first], salted(pairs(hashes[first], hashes[second]), _SALTS[_PAIR])),
        *_grams(letters, (letters.kinds == LETTER) & ((fields == _HOST) | (fields == _PATH)), rows),
    ]
    return hashed(tokens, n_rows, N_URL)


def _text_rows(texts: Sequence[str]) -> csr_matrix:
    letters = letters_of(texts, collapse_digits=False)
    starts, ends = letters.stretches(letters.kinds == LETTER)
    owners = np.repeat(np.arange(len(texts)), letters.sizes)[starts]
    first_word = np.searchsorted(starts, letters.starts)
    kept = np.arange(len(starts)) - first_word[owners] < MAX_WORDS
    starts, ends, owners = starts[kept], ends[kept], owners[kept]
    long = ends - starts > _PREFIX
    stretches = Stretches(letters.codes)
    stems = stretches.between(starts[long], starts[long] + _PREFIX)
    tokens = [
        Tokens(owners, salted(stretches.between(starts, ends), _SALTS[_WORD])),
        Tokens(owners[long], salted(stems, _SALTS[_STEM])),
    ]
    return hashed(tokens, len(texts), N_TEXT)


def _fields(letters: Letters) -> Array:
    """The field of each letter, where domain, host and URL follow each other for each page; uint8 (n_letters,)."""
    domain, host, url = letters.sizes.reshape(-1, 3).T
    starts, ends = letters.starts[2::3], letters.ends[2::3]
    codes = letters.codes
    fragment = _first(codes == ord("#"), starts, ends)
    query = _first(codes == ord("?"), starts, fragment)
    slash = codes == ord("/")
    scheme = np.zeros(len(codes), dtype=np.bool_)
    scheme[:-2] = (codes[:-2] == ord(":")) & slash[1:-1] & slash[2:]
    authority = np.minimum(_first(scheme, starts, query) + len("://"), query)
    path = _first(slash, authority, query)
    lengths = [domain, host, path - starts, query - path, fragment - query, starts + url - fragment]
    order = np.array([_DOMAIN, _HOST, _NOTHING, _PATH, _QUERY, _NOTHING], dtype=np.uint8)
    return np.repeat(np.tile(order, len(domain)), np.column_stack(lengths).ravel())


def _first(wanted: Booleans, starts: Integers, ends: Integers) -> Integers:
    """The first place from `starts` on that is wanted, or `ends` where there is none before."""
    places = np.append(np.flatnonzero(wanted), len(wanted))
    found: Integers = np.minimum(places[np.searchsorted(places, starts)], ends)
    return found


def _inside(letters: Letters, fields: Array) -> Booleans:
    """Which letters are part of a token: a whole domain, words of host and path, keys of the query."""
    inside: Booleans = (letters.kinds == LETTER) & ((fields == _HOST) | (fields == _PATH))
    inside |= (fields == _DOMAIN) & (letters.kinds != SEPARATOR)
    query = np.flatnonzero(fields == _QUERY)
    inside[query] = _in_key(letters.codes[query])
    return inside


def _in_key(codes: Array) -> Booleans:
    """Which letters of queries, each beginning with its "?", stand before the "=" of their part."""
    places = np.arange(len(codes))
    begins = (codes == ord("&")) | (codes == ord("?"))
    begun = np.maximum.accumulate(np.where(begins, places, -1))
    valued = np.maximum.accumulate(np.where(codes == ord("="), places, -1))
    return np.asarray(~begins & (valued < begun), dtype=np.bool_)


def _grams(letters: Letters, inside: Booleans, rows: Integers) -> list[Tokens]:
    """Character n-grams of words, ends marked: of "chess" the 3-grams ^ch, che, hes, ess, ss$, and the 5-grams.

    A letter between words counts as 0 here; a gram is kept when all letters but its first and last are of a word.
    """
    stretches = Stretches(np.where(inside, letters.codes, 0))
    found = []
    for n, salt in zip(_GRAMS, _GRAM_SALTS, strict=True):
        n_windows = max(len(inside) - n + 1, 0)
        middle = inside[1 : 1 + n_windows].copy()
        for step in range(2, n - 1):
            middle &= inside[step : step + n_windows]
        starts = np.flatnonzero(middle)
        found.append(Tokens(rows[starts + 1], salted(stretches.between(starts, starts + n), salt)))
    return found


def _said(page: PageText) -> str:
    return f"{page.title}\n{page.description}\n{page.text[:_MAX_CHARACTERS]}"
