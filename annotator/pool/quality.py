"""What kind of page a text is, and how much of one thing a lot of pages is: rules that read no row. Decision 146."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from annotator.pool.minhash import BANDS

SHORT_WORDS: Final = 20
NOTICE_CHARS_MAX: Final = 2_000
SCRIPT_CHARS_MAX: Final = 500
SHARED_BANDS_MIN: Final = 3
# Titles and sentences as servers, hosts and registrars write them. A long text that quotes one is a page about it.
ERROR_TITLE: Final = re.compile(
    r"^(?:error )?(?:40[0-9]|410|429|451|50[0-4]|52[0-9])\b|page not found|not found|access denied|^forbidden"
    r"|bad gateway|service (?:temporarily )?unavailable|gateway time-?out|internal server error|^just a moment"
    r"|attention required|account suspended|suspended page|default (?:web )?(?:site )?page|^welcome to nginx"
    r"|^iis windows|^index of /|site (?:is )?(?:under maintenance|not available|unavailable)"
    r"|^are you a (?:robot|human)",
    re.IGNORECASE,
)
PARKED: Final = re.compile(
    r"domain(?: name)? (?:is |may be )?(?:for sale|parked|available for purchase)|buy this domain"
    r"|this domain has expired|(?:is|was) parked (?:free|by|at)|parked (?:domain|page)|domain parking"
    r"|inquire about this domain|(?:hugedomains|sedoparking|bodis|afternic|dan)\.com",
    re.IGNORECASE,
)
SCRIPT: Final = re.compile(
    r"(?:enable|activate|turn on|requires?) javascript|javascript (?:is )?(?:disabled|required)",
    re.IGNORECASE,
)

READABLE, SHORT, EMPTY, ERROR, PARKED_KIND, SCRIPTED = (
    "readable",
    "short",
    "empty",
    "error",
    "parked",
    "script",
)
KINDS: Final = (READABLE, SHORT, EMPTY, ERROR, PARKED_KIND, SCRIPTED)

Bands = NDArray[np.int64]


@dataclass(frozen=True)
class Clusters:
    """Groups of nearly the same text: how many, how many pages are in them, and the largest."""

    n_clusters: int
    n_pages: int
    largest: int


def kind_of(title: str, text: str) -> str:
    """One of `KINDS`: what a page is, by its title and text.

    >>> kind_of("404 Not Found", ""), kind_of("Chess", "The rules of chess " * 9), kind_of("Chess", "")
    ('error', 'readable', 'empty')
    """
    if len(text) <= NOTICE_CHARS_MAX:
        if ERROR_TITLE.search(title):
            return ERROR
        if PARKED.search(title) or PARKED.search(text):
            return PARKED_KIND
        if len(text) <= SCRIPT_CHARS_MAX and SCRIPT.search(text):
            return SCRIPTED
    if not text:
        return EMPTY
    return SHORT if len(text.split(maxsplit=SHORT_WORDS)) < SHORT_WORDS else READABLE


def effective_number(counts: Iterable[int]) -> float:
    """How many sites of equal size would be as concentrated: 1 / the sum of squared shares (Hill 1973, order 2).

    0 for none.

    >>> effective_number([5, 5]), effective_number([])
    (2.0, 0.0)
    """
    sizes = np.fromiter(counts, dtype=np.float64)
    total = sizes.sum()
    return float(total**2 / (sizes**2).sum()) if total else 0.0


def clusters_of(bands: Bands) -> Clusters:
    """Clusters among pages, (n_pages, BANDS) of min-hash bands: those that share three of sixteen with one another.

    Of pages that share a band each is compared with the first of them only, so that a thousand copies cost a thousand
    comparisons. Texts that are 0.8 alike share three bands in 98 of 100 cases, 0.7 alike in 77, 0.5 alike in 8.
    """
    n_pages = len(bands)
    if not n_pages:
        return Clusters(0, 0, 0)
    pairs = np.concatenate([_with_the_first(bands[:, band]) for band in range(BANDS)])
    keys, shared = np.unique(pairs, return_counts=True)
    close = keys[shared >= SHARED_BANDS_MIN]
    sizes = _sizes(n_pages, zip((close // n_pages).tolist(), (close % n_pages).tolist(), strict=True))
    return Clusters(len(sizes), sum(sizes), max(sizes, default=0))


def _with_the_first(column: Bands) -> NDArray[np.int64]:
    """A number for each page and the first page with the same band, where that is another."""
    _, first, which = np.unique(column, return_index=True, return_inverse=True)
    firsts = first[which].astype(np.int64)
    pages = np.arange(len(column), dtype=np.int64)
    other = firsts != pages
    numbers: NDArray[np.int64] = firsts[other] * len(column) + pages[other]
    return numbers


def _sizes(n_pages: int, pairs: Iterable[tuple[int, int]]) -> Sequence[int]:
    """The sizes of the groups that pairs join, of two pages or more."""
    parents = list(range(n_pages))

    def root(page: int) -> int:
        while parents[page] != page:
            parents[page] = parents[parents[page]]
            page = parents[page]
        return page

    for one, other in pairs:
        parents[root(other)] = root(one)
    sizes = np.bincount([root(page) for page in range(n_pages)])
    found: list[int] = sizes[sizes > 1].tolist()
    return found
