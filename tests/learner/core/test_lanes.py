import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from learner.core.lanes import Lanes, largest_remainder, take_turns


def take_all(_: int) -> bool:
    return True


def test_best_sorts_by_score_then_position_and_leaves_out_who_is_not_in_the_lane() -> None:
    scores = np.array([[1, -np.inf, 3, 1, 2]], dtype=np.float32)

    lanes = Lanes(scores, np.ones(1), ("a",))

    assert lanes.best(0, 3).tolist() == [2, 4, 0]
    assert lanes.best(0, 9).tolist() == [2, 4, 0, 3]


def test_of_equal_scores_the_first_positions_are_the_best() -> None:
    scores = np.zeros((1, 1_000), dtype=np.float32)
    scores[0, ::2] = -np.inf

    assert Lanes(scores, np.ones(1), ("a",)).best(0, 3).tolist() == [1, 3, 5]


def test_lanes_take_turns_by_their_shares() -> None:
    queues = [np.arange(0, 10), np.arange(10, 20)]

    picks = take_turns(queues, np.array([3.0, 1.0]), 8, accept=take_all, rng=np.random.default_rng(0))

    assert sorted(pick.position for pick in picks) == [0, 1, 2, 3, 4, 5, 10, 11]


def test_a_lane_that_runs_out_leaves_its_turns_to_the_others() -> None:
    queues = [np.array([0]), np.arange(10, 20)]

    picks = take_turns(queues, np.array([5.0, 1.0]), 4, accept=take_all, rng=np.random.default_rng(0))

    assert sorted(pick.position for pick in picks) == [0, 10, 11, 12]


def test_an_item_of_two_lanes_is_taken_once_and_refused_ones_never() -> None:
    queues = [np.array([1, 2, 3]), np.array([1, 2, 3])]

    picks = take_turns(
        queues, np.ones(2), 9, accept=lambda position: position != 2, rng=np.random.default_rng(0)
    )

    assert sorted(pick.position for pick in picks) == [1, 3]


def test_equal_lanes_are_first_equally_often() -> None:
    rng = np.random.default_rng(0)
    queues = [np.array([lane]) for lane in range(4)]

    first = [take_turns(queues, np.ones(4), 1, accept=take_all, rng=rng)[0].lane for _ in range(400)]

    assert np.bincount(first).tolist() == pytest.approx([100] * 4, abs=40)


def test_no_lanes_give_no_picks() -> None:
    assert take_turns([], np.empty(0), 5, accept=take_all, rng=np.random.default_rng(0)) == []


@given(
    st.lists(st.floats(0, 1), min_size=1, max_size=6).filter(lambda shares: sum(shares) > 0.01),
    st.integers(0, 99),
)
def test_largest_remainder_gives_whole_places_within_one_of_the_share(shares: list[float], n: int) -> None:
    places = largest_remainder(shares, n)

    assert sum(places) == n
    for share, given_places in zip(shares, places, strict=True):
        assert abs(given_places - share / sum(shares) * n) < 1


def test_a_weight_changes_the_share_of_its_category_and_of_no_other() -> None:
    scores = np.arange(6, dtype=np.float32).reshape(3, 2)
    lanes = Lanes(scores, np.array([1.0, 2.0, 1.0]), ("a", "b", "by chance"), -scores, ("games", "hate", ""))

    weighted = lanes.weighted({"games": 3.0, "hate": 0.0, "unheard": 9.0})

    assert weighted.shares.tolist() == [3.0, 1.0]
    assert (weighted.reasons, weighted.categories) == (("a", "by chance"), ("games", ""))
    assert weighted.scores.tolist() == [[0, 1], [4, 5]]
    assert weighted.kept(1, np.array([0])).tolist() == [-4.0]
    assert lanes.weighted({"unheard": 9.0}) is lanes
