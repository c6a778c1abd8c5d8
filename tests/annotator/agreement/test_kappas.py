"""Fleiss' kappa and AC1 against published tables, a table worked by hand, and properties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from annotator.agreement.bootstrap import Estimate, agreement_by_category
from annotator.agreement.coefficients import fleiss_kappa, gwet_ac1
from annotator.agreement.ratings import Ratings, tally, unsure_as_missing
from annotator.agreement.words import kappa_word
from tests.annotator.agreement import published

Table = NDArray[np.int8]

tables = st.tuples(st.integers(1, 12), st.integers(1, 5)).flatmap(
    lambda shape: arrays(np.int8, shape, elements=st.integers(-1, 2))
)


def fleiss(table: Table) -> float:
    return float(fleiss_kappa(tally(Ratings.from_table(table))))


def ac1(table: Table) -> float:
    return float(gwet_ac1(tally(Ratings.from_table(table))))


def test_fleiss_kappa_is_the_published_one_when_the_table_is_a_published_one() -> None:
    small = [np.repeat(np.arange(5), row) for row in published.FLEISS_SMALL]

    assert fleiss(published.from_counts(published.FLEISS_1971)) == pytest.approx(0.430, abs=5e-4)
    assert fleiss(np.array(small, dtype=np.int8)) == pytest.approx(0.210, abs=5e-4)


def test_ac1_stays_near_percent_agreement_when_prevalence_is_skewed() -> None:
    table = published.from_contingency(published.GWET_2008)

    # p = (5 + 2) / 250 = .028, expected 2 p (1 - p) = .05443, (.944 - .05443) / (1 - .05443)
    assert ac1(table) == pytest.approx(0.9408, abs=5e-5)
    assert fleiss(table) < 0


def test_each_item_weighs_the_same_when_numbers_of_answers_differ() -> None:
    # item  answers  agreeing  share of 1
    # 1     1 1 0    1/3       2/3
    # 2     0 0      1         0
    # 3     1        not shared
    # Observed 2/3; p = 1/3. Fleiss expects 1/9 + 4/9 = 5/9: (6/9 - 5/9) / (4/9) = 1/4.
    # AC1 expects 2 * 1/3 * 2/3 = 4/9: (6/9 - 4/9) / (5/9) = 2/5.
    table = np.array([[1, 1, 0], [0, 0, -1], [1, -1, -1]], dtype=np.int8)

    assert fleiss(table) == pytest.approx(1 / 4)
    assert ac1(table) == pytest.approx(2 / 5)


@given(tables, st.integers(0, 1000))
def test_kappas_stay_when_people_and_items_are_permuted_and_unshared_items_added(
    table: Table, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    permuted = rng.permutation(rng.permutation(table, axis=0), axis=1)
    lonely = np.full((1, table.shape[1]), -1, dtype=np.int8)
    lonely[0, 0] = 1

    for coefficient in (fleiss, ac1):
        assert coefficient(np.vstack([permuted, lonely])) == pytest.approx(coefficient(table), nan_ok=True)


def test_fleiss_says_why_and_ac1_stands_when_nothing_varies() -> None:
    [found] = agreement_by_category(Ratings.from_table([[0, 0]] * 4), seed=1)

    assert found.fleiss.why_undefined == "no variation: all 8 judgments say the same"
    assert found.ac1.value == 1
    assert found.ac1.low == pytest.approx(1 - 0.602, abs=5e-4)


def test_an_unsure_answer_counts_or_not_when_the_treatment_says_so() -> None:
    ratings = Ratings.from_table([[1, 2], [0, 0], [1, 1], [2, 2]])

    [missing] = agreement_by_category(unsure_as_missing(ratings), seed=1)
    [value] = agreement_by_category(ratings, seed=1, n_values=3)

    assert (missing.percent.n_items, missing.percent.value) == (2, 1)
    assert (value.percent.n_items, value.percent.value) == (4, 0.75)


@pytest.mark.parametrize(
    ("estimate", "level", "text"),
    [
        (Estimate(0.9, 0.85, 0.95, 9, 18), "good", "almost perfect"),
        (Estimate(0.5, 0.45, 0.55, 9, 18), "warn", "moderate"),
        (Estimate(0.1, 0.05, 0.15, 9, 18), "bad", "slight"),
        (Estimate(-0.1, -0.2, -0.05, 9, 18), "bad", "poor"),
        (
            Estimate(0.7, 0.5, 0.75, 9, 18),
            "warn",
            "substantial so far, but the interval reaches down to moderate",
        ),
        (
            Estimate(0.7, 0.65, 0.9, 9, 18),
            "warn",
            "substantial so far, but the interval reaches up to almost perfect",
        ),
        (Estimate(None, None, None, 0, 0, "no item that both judged"), "unknown", "no item that both judged"),
    ],
)
def test_a_kappa_has_a_word_when_it_is_shown(estimate: Estimate, level: str, text: str) -> None:
    word = kappa_word(estimate)

    assert (word.level, word.text) == (level, text)
