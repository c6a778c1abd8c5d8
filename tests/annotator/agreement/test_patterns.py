"""What people disagree about, told from their answers alone."""

from itertools import permutations

import pytest

from annotator.agreement.decide import Answer
from annotator.agreement.patterns import KEY_MAX, Kind, Pattern, pattern_against_lead, pattern_of


def said(*labels: str, unsure: str = "", verdict: str = "labelled") -> Answer:
    return Answer(frozenset(labels), frozenset(unsure.split()), verdict)


@pytest.mark.parametrize(
    ("answers", "key"),
    [
        ([said("games"), said("gambling"), said()], "either:gambling.games"),
        ([said("games", "gambling"), said("games"), said()], "several:gambling.games"),
        ([said("violence"), said(), said("violence", unsure="hate")], "one:violence"),
        ([said("a"), said("b"), said("c")], "several:a.b.c"),
        ([said("a"), said("b"), said("c"), said("d")], "several:"),
        ([said(unsure="violence"), said()], "unsure:violence"),
        ([said("violence"), said(unsure="violence")], "unsure:violence"),
        ([said("games"), said(verdict="unreachable")], "verdict:labelled.unreachable"),
        ([said("games", "chat"), said("games")], "one:chat"),
    ],
)
def test_pattern_is_the_same_in_whatever_order_people_answered(answers: list[Answer], key: str) -> None:
    assert {pattern_of(order).key for order in permutations(answers)} == {key}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("parts", [(), ("a",), ("a-b", "c_1", "d")])
def test_key_gives_the_pattern_back(kind: Kind, parts: tuple[str, ...]) -> None:
    assert Pattern.parse(Pattern(kind, parts).key) == Pattern(kind, parts)


@pytest.mark.parametrize(
    "key", ["", "one", "many:a", "one:a b", "one:.a", "one:\x00", "one:" + "a" * KEY_MAX]
)
def test_nothing_is_made_of_a_word_that_is_no_key(key: str) -> None:
    assert Pattern.parse(key) is None


def test_longest_key_fits_its_column() -> None:
    slugs = {letter * 40 for letter in "abc"}

    assert len(pattern_against_lead(slugs).key) <= KEY_MAX
