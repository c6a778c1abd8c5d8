"""Which gold somebody gets next: balanced, never twice, and each draw with its probability."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.review.checks.drawing import gold_draw
from annotator.review.checks.qualifying_policy import GoldItem
from annotator.review.scoring import NONE, shown_by

golds = st.lists(st.frozensets(st.sampled_from(["games", "hate", "chat"]), max_size=2), max_size=25).map(
    lambda found: [GoldItem(number, labels) for number, labels in enumerate(found)]
)
asked = st.dictionaries(st.sampled_from(["games", "hate", "chat", NONE]), st.integers(0, 9)).map(Counter)


@given(golds, asked, st.integers(0, 8), st.integers())
def test_no_item_is_drawn_twice_and_each_has_a_probability(
    items: list[GoldItem], before: Counter[str], n: int, seed: int
) -> None:
    drawn = gold_draw(items, before, n, random.Random(seed))

    assert len({one.item.item_id for one in drawn}) == len(drawn) == min(n, len(items))
    assert all(0 < one.probability <= 1 for one in drawn)


@given(golds.filter(bool), asked, st.integers())
def test_the_first_draw_is_of_a_category_asked_about_least(
    items: list[GoldItem], before: Counter[str], seed: int
) -> None:
    (one,) = gold_draw(items, before, 1, random.Random(seed))

    open_categories = {category for item in items for category in shown_by(item.labels)}
    least = min(before[category] for category in open_categories)
    assert any(before[category] == least for category in shown_by(one.item.labels))


def test_the_probability_is_how_often_an_item_is_drawn() -> None:
    """games has 0 and 1, hate has 1 and 2: item 1 by either way, (1/2 + 1/2) / 2; the others by one, 1/4."""
    items = [
        GoldItem(0, frozenset({"games"})),
        GoldItem(1, frozenset({"games", "hate"})),
        GoldItem(2, frozenset({"hate"})),
    ]

    seen = {}
    counts: Counter[int] = Counter()
    for seed in range(2000):
        (one,) = gold_draw(items, Counter(), 1, random.Random(seed))
        seen[one.item.item_id] = one.probability
        counts[one.item.item_id] += 1

    assert seen == {0: 0.25, 1: 0.5, 2: 0.25}
    assert counts[1] / 2000 == pytest.approx(0.5, abs=0.05)


def test_the_count_that_was_given_is_not_changed() -> None:
    before = Counter({"games": 1})

    gold_draw([GoldItem(0, frozenset({"games"}))], before, 1, random.Random(1))

    assert before == {"games": 1}
