"""Dawid-Skene against the table of its paper, a plain rewriting of its equations, and its own invariances."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from annotator.agreement.dawid_skene import Answers, dawid_skene, smoothed
from tests.annotator.agreement import published

Table = NDArray[np.int8]

tables = st.tuples(st.integers(2, 10), st.integers(2, 5)).flatmap(
    lambda shape: arrays(np.int8, shape, elements=st.integers(-1, 2))
)


def answers_of(table: Table, n_values: int = 3) -> Answers:
    item, annotator = np.nonzero(table >= 0)
    n_items, n_annotators = table.shape
    return Answers(item, annotator, table[item, annotator], n_items, n_annotators, n_values)


def anaesthetists() -> Answers:
    rows = published.DAWID_SKENE_1979.split()
    value = np.array([[int(digit) - 1 for digit in row] for row in rows], dtype=np.int64)
    observer = np.tile([0, 0, 0, 1, 2, 3, 4], len(rows))
    return Answers(np.repeat(np.arange(len(rows)), 7), observer, value.ravel(), len(rows), 5, 4)


def test_table_of_1979_has_the_shares_and_the_likelihood_that_were_published() -> None:
    fit = dawid_skene(anaesthetists())

    assert fit.converged
    assert fit.marginals.round(2).tolist() == [0.40, 0.42, 0.11, 0.07]
    assert fit.log_likelihood == pytest.approx(-190.731, abs=1e-3)
    assert fit.confusion[1].round(2).tolist() == [
        [0.83, 0.17, 0, 0],
        [0.05, 0.63, 0.31, 0],
        [0, 0, 1, 0],
        [0, 0, 0, 1],
    ]


def test_posteriors_of_1979_are_those_of_an_independent_library() -> None:
    # crowd-kit 1.4.2, DawidSkene(n_iter=100), stops after four iterations: hence the second decimal only.
    fit = dawid_skene(anaesthetists())

    assert fit.posterior[34] == pytest.approx([0, 0.952, 0.048, 0], abs=0.01)
    assert fit.posterior[37] == pytest.approx([0, 0.023, 0.977, 0], abs=0.01)
    unsure = np.flatnonzero(fit.posterior.max(axis=1) < 0.99)
    assert unsure.tolist() == [34, 37]


@given(tables)
def test_one_update_is_what_the_equations_say(table: Table) -> None:
    answers = answers_of(table)
    assume(answers.n > 0)

    fit = dawid_skene(answers, max_iterations=1)

    expected = one_update(table, 3)
    answered = (table >= 0).any(axis=1)
    assert fit.posterior[answered] == pytest.approx(expected[answered], abs=1e-6)
    assert np.isnan(fit.posterior[~answered]).all()


def one_update(table: Table, n_values: int) -> NDArray[np.float64]:
    """Equations 2.3 to 2.5 of the paper, cell by cell."""
    n_items, n_annotators = table.shape
    given_ = [i for i in range(n_items) if (table[i] >= 0).any()]
    share = {i: [(table[i] == v).sum() / (table[i] >= 0).sum() for v in range(n_values)] for i in given_}
    marginal = [sum(share[i][k] for i in given_) / len(given_) for k in range(n_values)]
    counts = np.zeros((n_annotators, n_values, n_values))
    for i in given_:
        for a in range(n_annotators):
            if table[i, a] >= 0:
                counts[a, :, table[i, a]] += share[i]
    confusion = smoothed(counts, 0)
    posterior = np.zeros((n_items, n_values))
    for i in given_:
        for k in range(n_values):
            terms = [confusion[a, k, table[i, a]] + 1e-10 for a in range(n_annotators) if table[i, a] >= 0]
            posterior[i, k] = (marginal[k] + 1e-10) * np.prod(terms)
        posterior[i] /= posterior[i].sum()
    return posterior


@given(tables, st.randoms(use_true_random=False), st.sampled_from([0.0, 4.0]))
def test_order_of_items_and_people_changes_nothing(table: Table, random: object, strength: float) -> None:
    answers = answers_of(table)
    assume(answers.n > 0)
    rng = np.random.default_rng(random.getrandbits(32))  # type: ignore[attr-defined]
    rows, columns = rng.permutation(table.shape[0]), rng.permutation(table.shape[1])

    plain = dawid_skene(answers, strength=strength, max_iterations=5)
    moved = dawid_skene(answers_of(table[rows][:, columns]), strength=strength, max_iterations=5)

    assert moved.posterior == pytest.approx(plain.posterior[rows], abs=1e-5, nan_ok=True)


@given(tables)
def test_likelihood_never_falls_when_there_are_more_updates(table: Table) -> None:
    answers = answers_of(table)
    assume(answers.n > 0)

    likelihood = [dawid_skene(answers, max_iterations=n).log_likelihood for n in (1, 2, 4, 8)]

    assert all(after >= before - 1e-6 for before, after in pairwise(likelihood))


def test_annotator_who_never_met_a_value_has_the_row_of_the_team() -> None:
    counts = np.array([[[8.0, 2.0], [1.0, 9.0]], [[10.0, 0.0], [0.0, 0.0]]])

    confusion = smoothed(counts, 0)

    assert confusion[1, 1].tolist() == pytest.approx([1.5 / 11, 9.5 / 11])
    assert smoothed(counts, 1e9)[0] == pytest.approx(smoothed(counts, 1e9)[1], abs=1e-6)


def test_bad_input_is_refused_with_what_was_wrong() -> None:
    none = np.zeros(0, dtype=np.int64)

    with pytest.raises(ValueError, match="want 0 <= value < 2, got 0 to 2"):
        Answers(np.array([0, 1]), np.array([0, 0]), np.array([0, 2]), 2, 1)
    with pytest.raises(ValueError, match="lengths differ: 2, 1 and 1"):
        Answers(np.array([0, 1]), np.array([0]), np.array([0]), 2, 1)
    with pytest.raises(ValueError, match="want an answer"):
        dawid_skene(Answers(none, none, none, 0, 0))
