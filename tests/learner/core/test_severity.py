import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from learner.core.severity import LINE, expected_categories, expected_severity

SEVERITIES = np.array([0, 1, 2, 3])
probabilities = arrays(np.float64, (5, 4), elements=st.floats(0, 1))
EVERY = np.ones(4, dtype=np.bool_)


def test_a_category_is_expected_from_the_line_on() -> None:
    expected = expected_categories(np.array([[LINE, LINE - 0.001, 1.0, 0.0]]), EVERY)

    assert expected.tolist() == [[True, False, True, False]]


def test_a_category_is_never_expected_when_it_is_not_learned() -> None:
    learned = np.array([True, True, True, False])

    assert expected_categories(np.ones((1, 4)), learned).tolist() == [[True, True, True, False]]


def test_the_severity_is_that_of_the_gravest_expected_category() -> None:
    # Of the first item the categories of severity 1 and 2 are expected, of the second that of 3, of the last none.
    expected = np.array([[0, 1, 1, 0], [1, 0, 0, 1], [0, 0, 0, 0]], dtype=np.bool_)

    assert expected_severity(expected, SEVERITIES).tolist() == [2, 3, 0]


def test_nothing_is_expected_when_there_are_no_items_or_no_categories() -> None:
    assert expected_severity(np.empty((0, 4), dtype=np.bool_), SEVERITIES).tolist() == []
    assert expected_severity(np.empty((2, 0), dtype=np.bool_), np.empty(0, dtype=np.int64)).tolist() == [0, 0]


def test_severities_of_another_taxonomy_are_refused() -> None:
    with pytest.raises(ValueError, match="4 categories were given with 3 severities"):
        expected_severity(np.ones((1, 4), dtype=np.bool_), SEVERITIES[:3])


@given(probabilities, probabilities)
def test_higher_probabilities_never_lower_the_severity(one: np.ndarray, other: np.ndarray) -> None:
    lower = expected_severity(expected_categories(one, EVERY), SEVERITIES)
    higher = expected_severity(expected_categories(np.maximum(one, other), EVERY), SEVERITIES)

    assert (higher >= lower).all()


@given(probabilities, st.permutations(range(4)))
def test_the_order_of_the_categories_changes_nothing(values: np.ndarray, order: list[int]) -> None:
    as_given = expected_severity(expected_categories(values, EVERY), SEVERITIES)
    permuted = expected_severity(expected_categories(values[:, order], EVERY), SEVERITIES[order])

    assert (as_given == permuted).all()
