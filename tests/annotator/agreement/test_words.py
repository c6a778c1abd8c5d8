"""The plain word next to alpha."""

import pytest

from annotator.agreement.bootstrap import Estimate
from annotator.agreement.words import Word, alpha_word


@pytest.mark.parametrize(
    ("value", "low", "high", "word"),
    [
        (0.8, 0.8, 1.0, Word("good", "reliable")),
        (0.7, 0.67, 0.79, Word("warn", "tentative")),
        (0.1, -0.2, 0.6, Word("bad", "not reliable")),
        (0.85, 0.7, 0.95, Word("warn", "reliable so far, but the interval reaches down to tentative")),
        (0.5, 0.2, 0.7, Word("warn", "not reliable so far, but the interval reaches up to tentative")),
    ],
)
def test_word_follows_the_bands_of_krippendorff(value: float, low: float, high: float, word: Word) -> None:
    assert alpha_word(Estimate(value, low, high, 40, 80)) == word


def test_word_is_the_reason_when_there_is_no_value() -> None:
    assert alpha_word(Estimate(None, None, None, 0, 0, "no item has two judgments")) == Word(
        "unknown", "no item has two judgments"
    )


def test_word_says_why_when_there_is_no_interval() -> None:
    why = "no interval: too few items that differ"

    assert alpha_word(Estimate(0.9, None, None, 1, 2, why)) == Word("warn", f"reliable so far, {why}")
