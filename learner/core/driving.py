"""Which words drive a category: so that a person sees what was learned, and what leaked into it."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix, vstack

from learner.core.arrays import Array, Integers
from learner.core.catalogue import ADDRESS, TEXT
from learner.core.classifier import LinearClassifier
from learner.core.features import PageText, featurise

SHOWN: Final = 15
POSITIVES_MAX: Final = 200
OTHERS_MAX: Final = 1_000
PAGES_LEAST: Final = 2
"""Pages of the category that have a word: what one page says drives nothing, and is nobody's to read here."""
WORDS_MAX: Final = 500
"""Words of a text that are looked at."""

_WORD = re.compile(r"[^\W\d_]{2,}")


@dataclass(frozen=True, slots=True)
class Driver:
    """One word that speaks for a category.

    Attributes
    ----------
    word, place : str
        "text" or "address".
    weight : float
        Logits: how much farther than an empty page one is that says this word and nothing else.
    positives, of_positives : int
        Pages of the category with the word, of those looked at.
    others, of_others : int
        The same of pages without the category.
    sites : int
        Different sites among the `positives`: a word of one site alone says more of the site than of the category.
    """

    word: str
    place: str
    weight: float
    positives: int
    of_positives: int
    others: int
    of_others: int
    sites: int


def drivers_of(
    classifier: LinearClassifier,
    pages_at: Callable[[Integers], Sequence[PageText]],
    truth: Array,
    sites: Integers,
    rng: np.random.Generator,
) -> list[list[Driver]]:
    """The words that drive each category, most important first; none for one that is not learned.

    Importance is the weight times the share of the category's pages that have the word: a heavy word that is nowhere
    explains nothing. At most 200 pages of each category and 1,000 without it are looked at; those without are drawn
    from one order for all categories, so that they are mostly the same pages.

    Parameters
    ----------
    classifier : LinearClassifier
        Fitted.
    pages_at : callable
        Reads the pages of some rows of `truth`, in their order: about 200 for each category and 1,000 more.
    truth : integers (n_items, n_categories)
        1 present, 0 absent, -1 not known.
    sites : integers (n_items,)
    rng : np.random.Generator

    Returns
    -------
    list of list of Driver, n_categories
    """
    order = rng.permutation(len(truth))
    chosen = [_sample(truth[:, number], order, rng) for number in range(truth.shape[1])]
    rows = np.unique(
        np.concatenate([np.empty(0, dtype=np.int64), *(part for pair in chosen for part in pair)])
    )
    words, said = words_of(pages_at(rows))
    if not words:
        return [[] for _ in chosen]
    weights = _weights(classifier, words)
    learned = classifier.learned
    return [
        _drivers(
            words,
            weights[:, number],
            said[np.searchsorted(rows, present)],
            said[np.searchsorted(rows, absent)],
            sites[present],
        )
        if learned[number]
        else []
        for number, (present, absent) in enumerate(chosen)
    ]


def _sample(truth: Array, order: Integers, rng: np.random.Generator) -> tuple[Integers, Integers]:
    """Rows with the category and rows without it, ascending; the latter the first of `order`."""
    positives = np.flatnonzero(truth == 1)
    if len(positives) > POSITIVES_MAX:
        positives = np.sort(rng.choice(positives, size=POSITIVES_MAX, replace=False))
    return positives, np.sort(order[truth[order] == 0][:OTHERS_MAX])


def words_of(pages: Sequence[PageText]) -> tuple[list[tuple[str, str]], csr_matrix]:
    """The different words and places of pages, and which page has which: (n_pages, n_words) of ones."""
    known: dict[tuple[str, str], int] = {}
    columns: list[int] = []
    ends = [0]
    for page in pages:
        found = {(TEXT, word) for word in said_in(page)} | {(ADDRESS, word) for word in addressed_in(page)}
        columns.extend(known.setdefault(pair, len(known)) for pair in sorted(found))
        ends.append(len(columns))
    ones = np.ones(len(columns), dtype=np.int32)
    return list(known), csr_matrix((ones, columns, ends), shape=(len(pages), len(known)))


def said_in(page: PageText) -> list[str]:
    """The words of title, description and text in lower case, the first `WORDS_MAX` of them."""
    return _WORD.findall(f"{page.title}\n{page.description}\n{page.text[: 10 * WORDS_MAX]}".lower())[
        :WORDS_MAX
    ]


def addressed_in(page: PageText) -> list[str]:
    """The words of host, path and query in lower case."""
    return _WORD.findall(page.host.lower() + "/" + page.url.lower().partition("://")[2].partition("/")[2])


def _weights(classifier: LinearClassifier, words: Sequence[tuple[str, str]]) -> Array:
    """Logits that each word alone adds, float32 (n_words, n_categories)."""
    empty = PageText("", "", "", "", "", "")
    alone = [
        PageText("", "", "", "", "", word) if place == TEXT else PageText("", word, "", "", "", "")
        for place, word in words
    ]
    decided = classifier.decision(csr_matrix(vstack([featurise([empty]), featurise(alone)])))
    return np.asarray(decided[1:] - decided[0])


def _drivers(
    words: Sequence[tuple[str, str]], weights: Array, present: csr_matrix, absent: csr_matrix, sites: Integers
) -> list[Driver]:
    positives = np.asarray(present.sum(axis=0)).ravel()
    others = np.asarray(absent.sum(axis=0)).ravel()
    importance = np.where((weights > 0) & (positives >= PAGES_LEAST), weights * positives, 0.0)
    best = np.argsort(-importance, kind="stable")[:SHOWN]
    by_word = present.tocsc()
    return [
        Driver(
            word=words[column][1],
            place=words[column][0],
            weight=round(float(weights[column]), 3),
            positives=int(positives[column]),
            of_positives=present.shape[0],
            others=int(others[column]),
            of_others=absent.shape[0],
            sites=len(np.unique(sites[by_word[:, column].indices])),
        )
        for column in best
        if importance[column] > 0
    ]
