"""Min-hash: the sets of shingles, their likeness, and how often a band is shared."""

import numpy as np
import pytest
from numpy.typing import NDArray

from annotator.pool.minhash import BANDS, ROWS, WORDS_MAX, bands, likeness, shingles

PINNED = [-6924127492633951119, -1336600929504711001]


def sets_alike(seed: int, size: int, share: float) -> tuple[NDArray[np.uint64], NDArray[np.uint64]]:
    """Two sets of `size` numbers with the Jaccard coefficient `share`."""
    common = round(size * 2 * share / (1 + share))
    drawn = np.random.default_rng(seed).integers(0, 2**64, 2 * size - common, dtype=np.uint64)
    return np.unique(drawn[:size]), np.unique(drawn[size - common :])


def test_likeness_is_the_jaccard_coefficient() -> None:
    # {abc, bcd, cde} and {abc, bcd, cdf}: 2 shared of 4.
    assert likeness(shingles("a b c d e"), shingles("a b c d f")) == 0.5


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("Free spins, today!", "free SPINS today", 1.0),
        ("man bites dog", "dog bites man", 0.0),
        ("", "anything at all", 0.0),
        ("", "", 0.0),
        ("word", "word", 1.0),
        ("one two", "one two", 1.0),
    ],
)
def test_case_and_punctuation_do_not_count_and_order_does(one: str, other: str, expected: float) -> None:
    assert likeness(shingles(one), shingles(other)) == expected
    assert likeness(shingles(other), shingles(one)) == expected


def test_the_same_text_has_the_same_bands_for_ever() -> None:
    # Stored in rows: these numbers may never change.
    assert bands(shingles("the same page"))[:2] == PINNED


def test_each_band_is_a_number_of_its_own() -> None:
    found = bands(shingles("a page about chess and nothing else"))

    assert len(set(found)) == BANDS
    assert all(-(2**63) <= band < 2**63 for band in found)


def test_a_text_without_a_word_has_no_band() -> None:
    assert bands(shingles(" ... !")) == []


def test_only_the_first_words_are_read() -> None:
    first = " ".join(f"w{n}" for n in range(WORDS_MAX))

    assert bands(shingles(first)) == bands(shingles(f"{first} and much more"))
    assert len(shingles("x " * 10**6)) == 1


@pytest.mark.parametrize("share", [0.2, 0.5, 0.7, 0.9])
def test_a_band_is_shared_as_often_as_the_book_says(share: float) -> None:
    tries = 300
    hits = sum(
        bool(set(bands(one)) & set(bands(other)))
        for one, other in (sets_alike(seed, 200, share) for seed in range(tries))
    )

    expected = 1 - (1 - share**ROWS) ** BANDS  # Leskovec, Rajaraman and Ullman, section 3.4.2
    assert hits / tries == pytest.approx(expected, abs=4 * np.sqrt(0.25 / tries))
