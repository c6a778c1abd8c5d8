"""Features of pages, by a versioned recipe: what the classifier sees of a URL, its title and its text.

Two hashed blocks side by side. The URL block holds the words of host, path and query keys, the registrable
domain, pairs of neighbouring path words, and the character 4-grams inside host words: real host names are
concatenated words, and without the 4-grams mean average precision halves. The text block holds the words of
title, description and text, and the first five letters of longer words, a stemmer for many languages at the
price of one slice. Counts are sublinear (1 + ln count) and each block of a row has length 1, so that a long
text does not drown the URL.

Any change of what a row holds needs a new recipe name: shards and artifacts carry it and refuse to be mixed.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

import numpy as np
from scipy.sparse import csr_matrix, hstack
from sklearn.feature_extraction import FeatureHasher
from sklearn.preprocessing import normalize

RECIPE = "url-text-1"
N_URL = 2**18
N_TEXT = 2**18
N_FEATURES = N_URL + N_TEXT
MAX_WORDS = 2_000
_MAX_CHARACTERS = 10 * MAX_WORDS
_MAX_URL = 2_000
_PREFIX = 5
_GRAM = 4

_WORD = re.compile(r"[^\W_]+")
_DIGITS = re.compile(r"\d+")


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
    url = hashed((url_tokens(page) for page in pages), N_URL)
    text = hashed((text_tokens(page) for page in pages), N_TEXT)
    return csr_matrix(hstack([url, text], format="csr", dtype=np.float32))


def describe_recipe() -> dict[str, object]:
    """The recipe in plain facts, for data cards, model cards and the log."""
    return {
        "recipe": RECIPE,
        "features": N_FEATURES,
        "url_block": f"{N_URL} columns: words of host, path and query keys, registrable domain, pairs of "
        f"neighbouring path words, character {_GRAM}-grams inside host words; digits collapsed",
        "text_block": f"{N_TEXT} columns: words of title, description and text (first {MAX_WORDS} words) "
        f"and the first {_PREFIX} letters of longer ones",
        "weights": "1 + ln(count); each block of a row scaled to Euclidean length 1",
        "hash": "MurmurHash3, 32 bit, unsigned counts",
    }


def hashed(token_lists: Iterable[Iterable[str]], n_columns: int) -> csr_matrix:
    """Sublinear counts of hashed tokens, float32 (n_items, n_columns), rows of length 1 or empty."""
    rows = iter(token_lists)
    first = next(rows, None)
    if first is None:  # the hasher wants at least one row
        return csr_matrix(np.empty((0, n_columns), dtype=np.float32))
    hasher = FeatureHasher(n_columns, input_type="string", dtype=np.float32, alternate_sign=False)
    matrix = csr_matrix(hasher.transform(chain([first], rows)))
    matrix.sort_indices()
    matrix.data = 1 + np.log(matrix.data)
    return unit_rows(matrix)


def unit_rows(matrix: csr_matrix) -> csr_matrix:
    """The rows scaled to Euclidean length 1; empty rows stay empty, and there may be no rows."""
    return csr_matrix(normalize(matrix)) if matrix.shape[0] else matrix


def url_tokens(page: PageText) -> list[str]:
    """Tokens of the URL, each with a mark of the field it stands in."""
    tokens = ["d:" + _DIGITS.sub("0", page.registrable_domain)]
    for word in _words(page.host):
        tokens.append("h:" + word)
        tokens.extend(host_grams(word))
    address, _, query = page.url[:_MAX_URL].lower().partition("#")[0].partition("?")
    path = _words(address.partition("://")[2].partition("/")[2])
    tokens.extend("p:" + word for word in path)
    tokens.extend(f"b:{first} {second}" for first, second in pairwise(path))
    tokens.extend("q:" + _DIGITS.sub("0", part.partition("=")[0]) for part in query.split("&") if part)
    return tokens


def host_grams(word: str) -> Iterator[str]:
    """Character 4-grams of a host word, with its ends marked: "chess" gives ^che, ches, hess, ess$."""
    marked = f"^{word}$"
    for start in range(max(1, len(marked) - _GRAM + 1)):
        yield "c:" + marked[start : start + _GRAM]


def text_tokens(page: PageText) -> list[str]:
    """Words of title, description and text, and the first letters of longer words."""
    return word_tokens(f"{page.title}\n{page.description}\n{page.text[:_MAX_CHARACTERS]}")


def word_tokens(text: str) -> list[str]:
    """The first `MAX_WORDS` words of a text in lower case, and the first letters of longer ones."""
    words = _WORD.findall(text[:_MAX_CHARACTERS].lower())[:MAX_WORDS]
    return words + ["s:" + word[:_PREFIX] for word in words if len(word) > _PREFIX]


def _words(text: str) -> list[str]:
    return _WORD.findall(_DIGITS.sub("0", text.lower()))
