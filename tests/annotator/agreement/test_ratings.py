"""Ratings and tallies: what counts as a shared item, and what is refused."""

import numpy as np
import pytest

from annotator.agreement.ratings import ItemAnswer, Ratings, tally


def test_unsure_is_missing_and_unnamed_is_absent_when_read_from_answers() -> None:
    answers = [
        ItemAnswer("page-1", "ada", frozenset({"games"}), frozenset({"chat"})),
        ItemAnswer("page-1", "bo", frozenset({"games", "chat"})),
    ]

    ratings = Ratings.from_answers(answers, ["games", "chat", "hate"])

    assert ratings.item.tolist() == [0, 0]
    assert ratings.annotator.tolist() == [0, 1]
    assert ratings.values.tolist() == [[1, -1, 0], [1, 1, 0]]


def test_retired_categories_are_left_out_when_the_columns_do_not_name_them() -> None:
    ratings = Ratings.from_answers([ItemAnswer(1, 2, frozenset({"retired"}), frozenset({"gone"}))], ["games"])

    assert ratings.values.tolist() == [[0]]


def test_items_with_one_answer_are_not_tallied_when_others_are_shared() -> None:
    ratings = Ratings.from_table([[1, 1, -1], [0, -1, -1], [-1, -1, -1], [0, 1, 1]])

    counted = tally(ratings)

    assert sorted(map(tuple, counted.patterns.tolist())) == [(0, 2), (1, 2)]
    assert (counted.n_items, counted.n_judgments) == (2, 5)


def test_every_pattern_is_kept_when_items_have_very_many_answers() -> None:
    table = [[value] * 30 + [1 - value] * 3 for value in (0, 1)] + [[5] * 33]

    counted = tally(Ratings.from_table(table))

    assert sorted(map(tuple, counted.patterns.tolist())) == [
        (0, 0, 0, 0, 0, 33),
        (3, 30, 0, 0, 0, 0),
        (30, 3, 0, 0, 0, 0),
    ]
    assert counted.items.tolist() == [1, 1, 1]


def test_an_empty_tally_comes_back_when_there_are_no_judgments() -> None:
    counted = tally(Ratings.from_answers([], ["games"]))

    assert (counted.n_items, counted.n_judgments) == (0, 0)


def test_ratings_are_refused_when_a_person_judged_an_item_twice() -> None:
    item, annotator = np.array([4, 4]), np.array([1, 1])

    with pytest.raises(ValueError, match="two judgments on one item"):
        Ratings(item, annotator, np.zeros((2, 1), dtype=np.int8))


def test_ratings_are_refused_when_lengths_differ() -> None:
    with pytest.raises(ValueError, match=r"want item \(n,\)"):
        Ratings(np.array([0]), np.array([0]), np.zeros((2, 1), dtype=np.int8))


@pytest.mark.parametrize(("item", "value"), [(-1, 0), (0, -2)])
def test_ratings_are_refused_when_a_code_is_out_of_range(item: int, value: int) -> None:
    with pytest.raises(ValueError, match="must be >= 0"):
        Ratings(np.array([item]), np.array([0]), np.array([[value]], dtype=np.int8))


def test_a_table_is_refused_when_it_has_one_axis() -> None:
    with pytest.raises(ValueError, match="2 or 3 axes"):
        Ratings.from_table([1, 0])
