"""Published tables of judgments, as long as they are small enough to read; -1 is missing."""

from typing import Final

import numpy as np
from numpy.typing import NDArray


def _table(*annotators: str) -> NDArray[np.int8]:
    """A table (n_items, n_annotators), a line per annotator; `.` is missing, letters count from a = 0."""
    return np.array([[_code(mark) for mark in line.split()] for line in annotators], dtype=np.int8).T


def _code(mark: str) -> int:
    if mark == ".":
        return -1
    return int(mark) if mark.isdigit() else ord(mark) - ord("a")


# Encyclopedia article on Krippendorff's alpha: three annotators, fifteen items; nominal alpha .691.
ENCYCLOPEDIA: Final = _table(
    ". . . . . 3 4 1 2 1 1 3 3 . 3",
    "1 . 2 1 3 3 4 3 . . . . . . .",
    ". . 2 1 3 4 4 . 2 1 1 3 3 . 4",
)
# Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section D; nominal alpha .743.
KRIPPENDORFF_FOUR: Final = _table(
    "1 2 3 3 2 1 4 1 2 . . .",
    "1 2 3 3 2 2 4 1 2 5 . 3",
    ". 3 3 3 2 3 4 2 2 5 1 .",
    "1 2 3 3 2 4 4 1 2 5 1 .",
)
# The same paper, section A: two observers, binary; alpha .095.
KRIPPENDORFF_BINARY: Final = _table("0 1 0 0 0 0 0 0 1 0", "1 1 1 0 0 1 0 0 0 0")
# The same paper, section B: two observers, nominal; alpha .692.
KRIPPENDORFF_NOMINAL: Final = _table("a a b b d c c c e d d a", "b a b b b c c c e d d d")
# Fleiss (1971), table 1: thirty patients, six psychiatrists, five diagnoses; judgments per diagnosis.
# Observed agreement .5556, kappa .430.
FLEISS_1971: Final = """
00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031
00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006
"""
# Dawid and Skene (1979), table 1: forty-five patients, a group each: observer 1 three times, then the others.
# Class shares .40 .42 .11 .07.
DAWID_SKENE_1979: Final = """
1111111 3334334 1122122 2223121 2223222 2223322 1122111 3333433 2222223 2322223 4444444 2223343
1111111 2223212 1211111 1112111 1111111 1111111 2222221 2221322 2222222 2222221 2223222 2212222
1111111 1111111 2322222 1111111 1111111 1121121 1111111 3333233 1111111 2222222 2223232 4334343
2212232 2323233 3333432 1111111 1111111 1212111 2322222 1211111 2222222
"""


def from_counts(table: str) -> NDArray[np.int8]:
    """A table (n_items, n_annotators) with as many judgments of each value as the digits of its row say."""
    rows = [[int(digit) for digit in row] for row in table.split()]
    return np.array([np.repeat(np.arange(len(row)), row) for row in rows], dtype=np.int8)


# The small table in the encyclopedia article on Fleiss' kappa: ten items, fourteen annotators, five values; kappa .210.
FLEISS_SMALL: Final = [
    [0, 0, 0, 0, 14],
    [0, 2, 6, 4, 2],
    [0, 0, 3, 5, 6],
    [0, 3, 9, 2, 0],
    [2, 2, 8, 1, 1],
    [7, 7, 0, 0, 0],
    [3, 2, 6, 3, 0],
    [2, 5, 3, 2, 2],
    [6, 5, 2, 1, 0],
    [0, 2, 2, 3, 7],
]
# Artstein and Poesio (2008), Inter-Coder Agreement for Computational Linguistics, table 1: Cohen's kappa .348.
ARTSTEIN_POESIO: Final = [[20, 20], [10, 50]]
# Gwet (2008): skewed prevalence. Percent agreement .944, kappa about -.02, AC1 about .94.
GWET_2008: Final = [[118, 5], [2, 0]]
# Set-valued answers of two people, from the test suite of the DKPro statistics library, letters being elements.
# Alpha .2731 with Passonneau's MASI and .3156 with Jaccard: recomputed values, not published there.
LABEL_SETS: Final = (
    ("", ""),
    ("", "A"),
    ("A", "A"),
    ("A", "B"),
    ("AB", "A"),
    ("AB", "AC"),
    ("ABC", "ABC"),
    ("C", "AC"),
    ("C", "AC"),
)


def from_contingency(table: list[list[int]]) -> NDArray[np.int8]:
    """A table (n_items, 2) of two annotators: `table[v][w]` items have v of the first and w of the second."""
    counts = np.array(table)
    return np.repeat(np.argwhere(counts >= 0), counts.ravel(), axis=0).astype(np.int8)


def from_sets(pairs: tuple[tuple[str, str], ...], elements: str) -> NDArray[np.int8]:
    """A table (n_items, 2, n_elements)."""
    return np.array(
        [[[int(element in answer) for element in elements] for answer in pair] for pair in pairs],
        dtype=np.int8,
    )
