import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from learner.core.efficiency import area_under, average_precision, labels_to_reach, over_seeds, scores_of

NOT_RARE = np.zeros(1, dtype=np.bool_)


@given(
    st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=1, max_size=40).filter(
        lambda rows: any(present for present, _ in rows)
    )
)
def test_average_precision_is_that_of_scikit_learn_also_with_ties(rows: list[tuple[bool, int]]) -> None:
    present = np.array([row[0] for row in rows])
    decisions = np.array([row[1] for row in rows], dtype=np.float64)

    assert average_precision(present, decisions) == pytest.approx(average_precision_score(present, decisions))


def test_equal_decisions_have_the_average_precision_of_chance() -> None:
    assert average_precision(np.array([True, False, False, False]), np.zeros(4)) == 0.25


class TestScores:
    def test_a_perfect_ranking_scores_one_whatever_the_classifiers_thresholds(self) -> None:
        truth = np.array([[1], [0]] * 20, dtype=np.int8)

        scores = scores_of(
            truth, truth.astype(np.float32), np.array([9.0]), rare=~NOT_RARE, sites=np.arange(40)
        )

        assert scores.macro_ap == scores.macro_f1 == scores.rare_recall == scores.rare_ap == 1
        assert scores.macro_f1_own == 0

    def test_a_category_that_is_not_learned_is_never_predicted(self) -> None:
        """All decisions are equal: to predict everything would have recall 1, and the better F1."""
        truth = np.array([[1], [0]] * 20, dtype=np.int8)

        scores = scores_of(
            truth, np.zeros((40, 1), np.float32), np.array([np.inf]), rare=~NOT_RARE, sites=np.arange(40)
        )

        assert scores.macro_f1 == scores.macro_f1_own == scores.rare_recall == 0
        assert scores.macro_ap == 0.5

    def test_unknown_answers_count_for_nothing(self) -> None:
        truth = np.array([[1], [0]] * 20 + [[-1]] * 20, dtype=np.int8)
        decisions = np.append(truth[:40, 0], np.full(20, 9)).astype(np.float32)[:, None]

        scores = scores_of(truth, decisions, np.array([0.5]), rare=~NOT_RARE, sites=np.arange(60))

        assert scores.macro_ap == scores.macro_f1 == scores.macro_f1_own == 1

    def test_thresholds_come_from_the_other_half_of_the_sites(self) -> None:
        """One site holds everything: there is no other half to tune on, and nothing is predicted."""
        truth = np.array([[1], [0]] * 20, dtype=np.int8)

        scores = scores_of(
            truth, truth.astype(np.float32), np.array([0.5]), rare=~NOT_RARE, sites=np.zeros(40, np.int64)
        )

        assert scores.macro_f1 == 0
        assert scores.macro_f1_own == 1

    def test_a_category_that_does_not_occur_is_left_out(self) -> None:
        truth = np.array([[1, 0], [0, 0]] * 20, dtype=np.int8)
        rare = np.array([False, True])

        scores = scores_of(truth, truth.astype(np.float32), np.zeros(2) + 0.5, rare=rare, sites=np.arange(40))

        assert scores.macro_ap == 1
        assert np.isnan(scores.rare_ap)


def test_the_interval_over_seeds_is_students() -> None:
    """1, 2, 3: mean 2, standard error 1 / sqrt(3), t(0.975, 2) = 4.3027."""
    measured = over_seeds(np.array([1.0, 2.0, 3.0]))

    assert measured.mean == 2
    assert measured.high == pytest.approx(2 + 4.3027 / 3**0.5, abs=1e-4)
    assert measured.low == pytest.approx(2 - 4.3027 / 3**0.5, abs=1e-4)


def test_what_is_no_number_is_left_out_and_counted() -> None:
    assert over_seeds(np.array([np.nan, 0.5])).n == 1
    assert over_seeds(np.array([np.nan])).mean is None


def test_labels_to_reach_is_the_first_crossing() -> None:
    labels, curve = np.array([100, 200, 300, 400]), np.array([0.1, 0.5, 0.4, 0.6])

    assert labels_to_reach(labels, curve, 0.3) == 150
    assert labels_to_reach(labels, curve, 0.05) == 100
    assert np.isnan(labels_to_reach(labels, curve, 0.7))


def test_the_area_of_one_step_is_its_height() -> None:
    assert area_under(np.array([100]), np.array([0.4])) == 0.4
