"""How long a page takes to read at the very least: a judgment that was faster is pointed out, never discarded."""

from typing import Final

FIRST: Final = 1.0
"""Seconds to take in an address and a title, and to press a key."""
CHARACTERS_A_SECOND: Final = 70.0
"""Skimming: 700 words a minute, at 6 characters a word with its space.

Silent reading for comprehension is 238 words a minute, hardly ever above 400 (Brysbaert 2019, Journal of Memory and
Language 109, 104047). Skimming reaches 600 to 700, and loses much of the content (Rayner et al. 2016, Psychological
Science in the Public Interest 17, 4-34). Whoever is faster than that cannot have looked at the text.
"""
MOST: Final = 5.0
"""Beyond the first 280 characters a page may be clear: nobody has to read on."""

READING_SQL: Final = f"LEAST({MOST}, {FIRST} + {{n_chars}} / {CHARACTERS_A_SECOND})"
"""The same in SQL; fill in an expression of the number of characters."""


def reading_seconds(n_chars: int) -> float:
    """The least time in seconds in which a page of so many characters can be judged by reading it.

    Raises ValueError for a negative length.

    Examples
    --------
    >>> reading_seconds(0), reading_seconds(140), reading_seconds(100_000)
    (1.0, 3.0, 5.0)
    """
    if n_chars < 0:
        msg = f"a text has 0 or more characters, not {n_chars}"
        raise ValueError(msg)
    return min(MOST, FIRST + n_chars / CHARACTERS_A_SECOND)
