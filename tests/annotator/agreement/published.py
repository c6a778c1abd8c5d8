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
