"""What items become by a lead's rule, and why it does not fit some."""

from itertools import permutations

import pytest

from annotator.agreement.decide import Answer
from annotator.agreement.rules import BulkRule, Fits, Unfit, Why, ruled

GAMES_WIN = BulkRule(frozenset({"games"}), frozenset({"gambling"}))
SEVERE = frozenset({"violence"})


def said(*labels: str, unsure: str = "", verdict: str = "labelled") -> Answer:
    return Answer(frozenset(labels), frozenset(unsure.split()), verdict)


GAMES, BETS, NONE = said("games"), said("gambling"), said()


@pytest.mark.parametrize(
    ("answers", "becomes"),
    [
        ([GAMES, BETS, NONE], Fits(frozenset({"games"}))),
        ([BETS, BETS, NONE], Fits(frozenset({"games"}))),  # what the rule names goes as it says
        ([said("games", "chat"), said("gambling", "chat"), NONE], Fits(frozenset({"games", "chat"}))),
        ([said("games", "chat"), BETS, NONE], Fits(frozenset({"games"}))),
        ([said("games", "chat"), BETS], Unfit(Why.EVEN, "chat")),
        ([said("games", unsure="chat"), BETS], Fits(frozenset({"games"}))),  # one says absent, nobody present
        ([said("games", unsure="chat"), said("gambling", unsure="chat")], Unfit(Why.EVEN, "chat")),
        ([said("games", "violence"), BETS, NONE], Unfit(Why.SEVERE, "violence")),
        ([said("games", unsure="violence"), BETS, NONE], Unfit(Why.SEVERE, "violence")),
        (
            [said("games", "violence"), said("gambling", "violence"), NONE],
            Fits(frozenset({"games", "violence"})),
        ),
        ([GAMES, said(verdict="unreachable")], Fits(frozenset({"games"}))),
        ([said(verdict="language"), said(verdict="unreachable")], Unfit(Why.NO_LABELS)),
    ],
)
def test_item_becomes_the_same_in_whatever_order_people_answered(
    answers: list[Answer], becomes: Fits | Unfit
) -> None:
    assert {ruled(order, GAMES_WIN, SEVERE) for order in permutations(answers)} == {becomes}


def test_a_gravest_category_goes_as_the_rule_says_when_it_names_it() -> None:
    answers = [said("violence"), said("violence"), NONE]

    assert ruled(answers, BulkRule(absent=frozenset({"violence"})), SEVERE) == Fits(frozenset())


def test_another_verdict_fits_unless_somebody_names_a_gravest_category() -> None:
    unreachable = BulkRule(verdict="unreachable")

    assert ruled([GAMES, said(verdict="unreachable")], unreachable, SEVERE) == Fits(frozenset())
    assert ruled([said("violence"), said(verdict="unreachable")], unreachable, SEVERE) == Unfit(
        Why.SEVERE, "violence"
    )
