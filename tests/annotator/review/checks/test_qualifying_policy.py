"""Which gold somebody gets to qualify, and when they have passed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.agreement.intervals import Tally
from annotator.review.checks.qualifying_policy import (
    FIRST_ITEMS,
    GOLD_A_CATEGORY,
    Failed,
    GoldItem,
    More,
    Passed,
    coverage_of,
    first_items,
    more_items,
    out_of_gold,
    verdict_of,
)
from annotator.review.scoring import NONE, Checked, Score, score_of, shown_by

SLUGS = ["games", "gambling", "hate", "chat"]
golds = st.lists(st.frozensets(st.sampled_from(SLUGS), max_size=2), max_size=40).map(
    lambda found: [GoldItem(number, labels) for number, labels in enumerate(found)]
)


def gold(*labels: str) -> list[GoldItem]:
    return [GoldItem(number, frozenset(each.split())) for number, each in enumerate(labels)]


def test_categories_without_enough_gold_are_named() -> None:
    coverage = coverage_of(
        gold(*["games"] * GOLD_A_CATEGORY, "hate", *[""] * GOLD_A_CATEGORY), ["games", "hate"]
    )

    assert coverage.counts == {"games": 5, "hate": 1, NONE: 5}
    assert coverage.missing == ("hate",)
    assert coverage.covered == {"games", NONE}
    assert coverage.is_enough


@pytest.mark.parametrize(
    "labels",
    [["games"] * 5 + ["hate"] * 5, ["games"] * 5 + [""] * 5, []],
    ids=["no item without a category", "one category of four", "nothing"],
)
def test_there_is_not_enough_gold_when_hardly_anything_could_be_examined(labels: list[str]) -> None:
    assert not coverage_of(gold(*labels), SLUGS if "hate" not in labels else ["games", "hate"]).is_enough


@given(golds, st.integers())
def test_an_attempt_begins_with_each_covered_category_and_no_item_twice(
    items: list[GoldItem], seed: int
) -> None:
    covered = coverage_of(items, SLUGS).covered

    drawn = first_items(items, covered, random.Random(seed))

    assert len({item.item_id for item in drawn}) == len(drawn) <= FIRST_ITEMS * len(covered)
    for category in covered:
        assert sum(category in shown_by(item.labels) for item in drawn) >= FIRST_ITEMS


@given(golds, st.integers())
def test_the_same_seed_draws_the_same_items(items: list[GoldItem], seed: int) -> None:
    first, again = (first_items(items, SLUGS, random.Random(seed)) for _ in range(2))

    assert first == again


def test_an_item_of_two_categories_serves_both() -> None:
    drawn = first_items(
        gold("games hate", "games hate", "games", "hate"), ["games", "hate"], random.Random(1)
    )

    assert {item.item_id for item in drawn} == {0, 1}


def test_nothing_more_is_drawn_when_the_gold_of_a_category_is_used_up() -> None:
    assert more_items(gold("games", "games"), ["hate"], random.Random(1)) == []


@pytest.mark.parametrize(
    ("tally", "kind"),
    [
        (Tally(0, 0), More),
        (Tally(1, 1), More),
        (Tally(2, 2), Passed),
        (Tally(2, 3), More),
        (Tally(4, 5), Passed),
        (Tally(6, 8), Passed),
        (Tally(0, 2), More),
        (Tally(0, 3), Failed),
        (Tally(1, 4), More),
        (Tally(1, 5), Failed),
        (Tally(2, 8), Failed),
    ],
)
def test_a_category_is_passed_failed_or_goes_on(tally: Tally, kind: type) -> None:
    assert isinstance(verdict_of(Score(by_category={"games": tally}), ["games"]), kind)


def test_everything_has_to_pass() -> None:
    score = Score(by_category={"games": Tally(9, 9), "hate": Tally(1, 1), "chat": Tally(0, 4)}, n_answers=14)

    assert verdict_of(score, ["games"]) == Passed("passed in every category with 14 answers")
    assert verdict_of(score, ["games", "hate"]) == More(frozenset({"hate"}))
    assert verdict_of(score, ["games", "hate", "chat"]) == Failed("chat 0 of 4")


def test_too_little_gold_is_not_held_against_somebody_who_is_right_half_of_the_time() -> None:
    score = Score(by_category={"games": Tally(3, 5), "hate": Tally(2, 5), "chat": Tally(1, 2)}, n_answers=10)

    assert out_of_gold(score, ["games", "chat"]) == Passed(
        "passed with 10 answers; not sure yet, for no gold is left: chat 1 of 2, games 3 of 5"
    )
    assert out_of_gold(score, ["games", "hate"]) == Failed("hate 2 of 5, and no gold is left to try again")


def test_a_category_in_which_nothing_was_decided_is_not_passed_when_gold_runs_out() -> None:
    score = Score(by_category={"games": Tally(3, 5)}, n_answers=10)

    assert out_of_gold(score, ["games", "chat"]) == Failed(
        "no decided answer about chat, and no gold is left to try again"
    )


def test_somebody_who_makes_no_mistake_passes_with_the_first_items() -> None:
    items = gold(*["games"] * 5, *["hate"] * 5, *[""] * 5)
    covered = coverage_of(items, ["games", "hate"]).covered

    drawn = first_items(items, covered, random.Random(7))
    answers = [Checked(item.labels, frozenset(), "labelled", right=item.labels) for item in drawn]

    assert len(drawn) == 6
    assert isinstance(verdict_of(score_of(answers), covered), Passed)
