"""Which words of a page push a classifier where it went wrong, and the errors that share such a word."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.sparse import csr_matrix

from learner.core.arrays import Array, Booleans, Floats, Floats32
from learner.core.catalogue import TEXT
from learner.core.driving import PAGES_LEAST, words_of
from learner.core.excess import ALPHA, excess
from learner.core.features import PageText, featurise

PAGES_AT_ONCE: Final = 100
PUSHES_MAX: Final = 8
"""Of one page: weaker words explain nothing."""
LEAST: Final = 0.01
"""Logits: what pushes less moves no probability that anybody reads."""
SHARED_MAX: Final = 12

Word = tuple[str, str]
"""A word and where it stands: "text" or "address"."""


@dataclass(frozen=True, slots=True)
class Push:
    """One word of one page: how far, in logits, it moves the page towards a category (negative: away from it)."""

    word: str
    place: str
    logits: float


@dataclass(frozen=True, slots=True)
class Pushed:
    """What the words of one page do for one category.

    Attributes
    ----------
    towards, away : tuple of Push
        The strongest first, at most `PUSHES_MAX` each.
    n_words : int
        Different words looked at.
    n_unseen : int
        Those of them that no training page had: the classifier cannot know what they mean.
    pull : float
        Logits of all words together, whichever way each of them pushes.
    """

    towards: tuple[Push, ...]
    away: tuple[Push, ...]
    n_words: int
    n_unseen: int
    pull: float


@dataclass(frozen=True, slots=True)
class Shared:
    """A word that several errors share.

    Attributes
    ----------
    word, place : str
    errors : tuple of int
        Places of the errors that have it, ascending. No error has two such words.
    of_errors : int
        Errors that no earlier word took.
    correct, of_correct : int
        Pages of the category that are rightly found, those with the word among those that were looked at.
    lift : float
        How many times as common it is among the errors; one half is added to each count, so it is always finite.
    p_value : float
        Of the exact test that chance spreads the word over errors and found pages so, corrected (`excess`).
    logits : float
        What it pushes on average, signed.
    """

    word: str
    place: str
    errors: tuple[int, ...]
    of_errors: int
    correct: int
    of_correct: int
    lift: float
    p_value: float
    logits: float


def pushes_of(
    pages: Sequence[PageText], features: csr_matrix, weights: Floats32, seen: Booleans
) -> list[Pushed]:
    """What the words of each page do for one category.

    A word counts with all columns that it has by itself, as far as the page has them: words with one beginning share
    a stem, and words of an address share letters, so pushes need not add up to the logit.

    Parameters
    ----------
    pages : sequence of PageText
    features : csr_matrix, float32 (n_pages, n_features)
        Theirs, in this order.
    weights : float32 (n_features,)
        Of the category.
    seen : bool (n_features,)
        Columns that training pages had.

    Returns
    -------
    list of Pushed, n_pages
    """
    found: list[Pushed] = []
    for start in range(0, len(pages), PAGES_AT_ONCE):
        part = slice(start, start + PAGES_AT_ONCE)
        found += _pushes(pages[part], csr_matrix(features[part]), weights, seen)
    return found


def shared_words(
    pushes: Sequence[Sequence[Push]], correct: Sequence[Collection[Word]], shared_max: int = SHARED_MAX
) -> list[Shared]:
    """The words that most errors share, and more than chance spreads them over errors and rightly found pages.

    One after the other: each error goes to the first word that takes it, so the counts of several words may be added,
    and the next word is tested on the errors that are left. Without rightly found pages there is nothing to compare
    with, and no word is told.

    Parameters
    ----------
    pushes : sequence of sequences of Push
        Of each error, the words that push the wrong way.
    correct : sequence of collections of Word
        Words of pages that are rightly found.
    """
    holders: dict[Word, dict[int, float]] = defaultdict(dict)
    for place, own in enumerate(pushes):
        for push in own:
            holders[push.word, push.place][place] = push.logits
    found = {word: sum(word in page for page in correct) for word in holders}
    return list(_taken(holders, found, len(pushes), len(correct), shared_max))


def words_in(page: PageText) -> frozenset[Word]:
    """The different words of one page, as `shared_words` compares them."""
    words, _ = words_of([page])
    return frozenset((word, place) for place, word in words)


def _pushes(
    pages: Sequence[PageText], features: csr_matrix, weights: Floats32, seen: Booleans
) -> list[Pushed]:
    words, said = words_of(pages)
    if not words:
        return [Pushed((), (), 0, 0, 0.0) for _ in pages]
    columns = _columns_of(words)
    pushed = csr_matrix(features.multiply(weights[np.newaxis, :]))
    logits = csr_matrix((pushed @ columns.T).multiply(said))
    known = np.asarray(columns @ seen.astype(np.int32)).ravel() > 0
    return [_page(words, known, said[row].indices, logits[row]) for row in range(len(pages))]


def _columns_of(words: Sequence[Word]) -> csr_matrix:
    """The columns that each word has by itself, ones (n_words, n_features); of an address those of host and path."""
    texts = [PageText("", "", "", "", "", word) if place == TEXT else _nothing() for place, word in words]
    hosts = [_nothing() if place == TEXT else PageText("", word, "", "", "", "") for place, word in words]
    paths = [
        _nothing() if place == TEXT else PageText(f"https://x/{word}", "", "", "", "", "")
        for place, word in words
    ]
    address = csr_matrix(featurise(hosts) + featurise(paths))
    columns = csr_matrix(address + featurise(texts))
    columns.data = np.ones_like(columns.data)
    return columns


def _nothing() -> PageText:
    return PageText("", "", "", "", "", "")


def _page(words: Sequence[Word], known: Booleans, own: Array, logits: csr_matrix) -> Pushed:
    order = np.argsort(-np.abs(logits.data), kind="stable")
    strongest = [
        Push(words[logits.indices[at]][1], words[logits.indices[at]][0], round(float(logits.data[at]), 3))
        for at in order
        if abs(logits.data[at]) >= LEAST
    ]
    return Pushed(
        towards=tuple(push for push in strongest if push.logits > 0)[:PUSHES_MAX],
        away=tuple(push for push in strongest if push.logits < 0)[:PUSHES_MAX],
        n_words=len(own),
        n_unseen=int((~known[own]).sum()),
        pull=round(float(np.abs(logits.data).sum()), 3),
    )


def _taken(
    holders: dict[Word, dict[int, float]],
    found: dict[Word, int],
    of_errors: int,
    of_correct: int,
    shared_max: int,
) -> Iterator[Shared]:
    left = set(range(of_errors))
    for _ in range(shared_max):
        rows = {word: left & own.keys() for word, own in holders.items()}
        values = _p_values([len(rows[word]) for word in holders], list(found.values()), len(left), of_correct)
        told = {
            word: value
            for word, value in zip(holders, values.tolist(), strict=True)
            if value < ALPHA and len(rows[word]) >= PAGES_LEAST
        }
        if not told:
            return
        word = max(told, key=lambda one: (len(rows[one]), _pull(holders[one], rows[one]), one))
        n, n_correct = len(rows[word]), found[word]
        yield Shared(
            word=word[0],
            place=word[1],
            errors=tuple(sorted(rows[word])),
            of_errors=len(left),
            correct=n_correct,
            of_correct=of_correct,
            lift=round(((n + 0.5) / (len(left) + 1)) / ((n_correct + 0.5) / (of_correct + 1)), 2),
            p_value=told[word],
            logits=round(float(np.mean([holders[word][row] for row in rows[word]])), 3),
        )
        left -= rows[word]


def _p_values(errors: Sequence[int], correct: Sequence[int], n_errors: int, n_correct: int) -> Floats:
    with_it = np.array(errors, dtype=np.int64)
    return excess(with_it, with_it + np.array(correct, dtype=np.int64), n_errors, n_errors + n_correct)


def _pull(logits: dict[int, float], rows: Collection[int]) -> float:
    return sum(abs(logits[row]) for row in rows)
