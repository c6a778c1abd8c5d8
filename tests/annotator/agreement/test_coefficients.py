"""Coefficients against published tables, a table worked by hand, properties, and an independent library."""

from random import Random

import krippendorff
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from annotator.agreement.coefficients import expected_disagreement, krippendorff_alpha, percent_agreement
from annotator.agreement.ratings import Ratings, tally
from tests.annotator.agreement import published

Table = NDArray[np.int8]

tables = st.tuples(st.integers(1, 12), st.integers(1, 5)).flatmap(
    lambda shape: arrays(np.int8, shape, elements=st.integers(-1, 2))
)


def alpha(table: Table) -> float:
    return float(krippendorff_alpha(tally(Ratings.from_table(table))))


def percent(table: Table) -> float:
    return float(percent_agreement(tally(Ratings.from_table(table))))


@pytest.mark.parametrize(
    ("table", "published_alpha"),
    [
        pytest.param(published.ENCYCLOPEDIA, 0.691, id="encyclopedia"),
        pytest.param(published.KRIPPENDORFF_FOUR, 0.743, id="krippendorff-2011-D"),
        pytest.param(published.KRIPPENDORFF_BINARY, 0.095, id="krippendorff-2011-A"),
        pytest.param(published.KRIPPENDORFF_NOMINAL, 0.692, id="krippendorff-2011-B"),
    ],
)
def test_alpha_is_the_published_one_when_the_table_is_a_published_one(
    table: Table, published_alpha: float
) -> None:
    assert alpha(table) == pytest.approx(published_alpha, abs=5e-4)


def test_percent_agreement_is_the_published_one_when_the_table_is_that_of_fleiss() -> None:
    assert percent(published.from_counts(published.FLEISS_1971)) == pytest.approx(0.5556, abs=5e-5)


def test_coefficients_match_the_arithmetic_when_the_table_is_worked_by_hand() -> None:
    # item  answers  m  pairs that agree   (m^2 - sum c^2) / (m - 1)
    # 1     1 1 0    3  2 of 6             (9 - 5) / 2 = 2
    # 2     0 0      2  2 of 2             0
    # 3     1 0      2  0 of 2             (4 - 2) / 1 = 2
    # 4     1        1  not shared: does not count
    # n = 7 answers, three 1 and four 0. Percent: (1/3 + 1 + 0) / 3 = 4/9.
    # Observed 4/7; expected (49 - 9 - 16) / (7 * 6) = 24/42 = 4/7. Alpha = 1 - (4/7) / (4/7) = 0.
    answers = tally(Ratings.from_table([[1, 1, 0], [0, 0, -1], [1, 0, -1], [1, -1, -1]]))

    assert float(percent_agreement(answers)) == pytest.approx(4 / 9)
    assert float(expected_disagreement(answers)) == pytest.approx(4 / 7)
    assert float(krippendorff_alpha(answers)) == pytest.approx(0)


@pytest.mark.parametrize(
    "table",
    [
        pytest.param([[1, -1], [-1, 0]], id="nobody-shared-an-item"),
        pytest.param([[0, 0], [0, 0]], id="no-variation"),
        pytest.param(np.full((3, 2), -1), id="all-missing"),
    ],
)
def test_alpha_is_not_a_number_when_it_is_undefined(table: Table) -> None:
    assert np.isnan(alpha(table))


def test_percent_agreement_is_not_a_number_when_nobody_shared_an_item() -> None:
    assert np.isnan(percent(np.array([[1, -1], [-1, 1]], dtype=np.int8)))


@given(tables)
def test_alpha_equals_the_independent_library_when_both_are_defined(table: Table) -> None:
    ours = alpha(table)
    assume(not np.isnan(ours))

    theirs = krippendorff.alpha(
        np.where(table < 0, np.nan, table.astype(float)).T, level_of_measurement="nominal"
    )

    assert ours == pytest.approx(theirs, abs=1e-9)


@given(tables, st.randoms(use_true_random=False))
def test_coefficients_stay_when_items_and_annotators_are_permuted(table: Table, random: Random) -> None:
    rows, columns = list(range(table.shape[0])), list(range(table.shape[1]))
    random.shuffle(rows)
    random.shuffle(columns)

    permuted = table[rows][:, columns]

    assert alpha(permuted) == pytest.approx(alpha(table), nan_ok=True)
    assert percent(permuted) == pytest.approx(percent(table), nan_ok=True)


@given(tables)
def test_coefficients_stay_when_unshared_items_are_added(table: Table) -> None:
    lonely = np.full((2, table.shape[1]), -1, dtype=np.int8)
    lonely[0, 0] = 1

    extended = np.vstack([table, lonely])

    assert alpha(extended) == pytest.approx(alpha(table), nan_ok=True)
    assert percent(extended) == pytest.approx(percent(table), nan_ok=True)


def test_one_coefficient_per_row_comes_back_when_many_weightings_are_given() -> None:
    answers = tally(Ratings.from_table([[1, 1], [0, 0], [1, 0]]))
    weightings = np.array([answers.items, answers.items * 7, np.zeros_like(answers.items)])

    alphas = krippendorff_alpha(answers, weightings)

    assert alphas.shape == (3,)
    assert alphas[0] == pytest.approx(float(krippendorff_alpha(answers)))
    assert np.isnan(alphas[2])
