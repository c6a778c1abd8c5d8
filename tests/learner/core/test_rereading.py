"""Probabilities read again beside those of the other categories: what speaks for confusion, and what for an error."""

import numpy as np
import pytest

from learner.core.rereading import FEWEST, reread

N = 600


@pytest.fixture
def world() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two categories that are taken for each other, and a third that never is: probabilities, truth and sites."""
    rng = np.random.default_rng(5)
    kind = rng.integers(0, 3, N)
    looks = np.where((kind < 2) & (rng.random(N) < 0.4), 1 - kind, kind)
    probabilities = np.where(np.arange(3) == looks[:, np.newaxis], 0.9, 0.02)
    truth = (np.arange(3) == kind[:, np.newaxis]).astype(np.int8)
    return probabilities, truth, np.arange(N) // 2


def test_a_usual_confusion_is_less_doubted_than_an_unusual_one(
    world: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    probabilities, truth, sites = world
    probabilities, truth = probabilities.copy(), truth.copy()
    probabilities[0] = [0.02, 0.9, 0.02]
    probabilities[1] = [0.02, 0.02, 0.9]
    truth[:2] = [1, 0, 0]

    again = reread(probabilities, truth, sites)

    assert probabilities[0, 0] == probabilities[1, 0]
    assert again[0, 0] > 3 * again[1, 0]


def test_no_label_of_the_items_own_site_is_read(world: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    probabilities, truth, sites = world
    other = truth.copy()
    other[0] = 1 - other[0]

    before, after = (reread(probabilities, said, np.where(sites == 0, 0, sites)) for said in (truth, other))

    assert np.allclose(before[0], after[0], atol=0.05)


def test_holdout_items_teach_nothing(world: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    probabilities, truth, sites = world
    holdout = sites >= 250
    other = truth.copy()
    other[holdout] = 1 - other[holdout]

    before, after = (reread(probabilities, said, sites, holdout=holdout) for said in (truth, other))

    assert np.array_equal(before, after)
    assert np.isfinite(before).all()


def test_what_is_not_learned_stays_unknown_and_what_is_too_rare_as_it_was(
    world: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    probabilities, truth, sites = world
    probabilities, truth = probabilities.copy(), truth.copy()
    probabilities[:, 2] = np.nan
    truth[:, 1] = 0
    truth[: FEWEST - 1, 1] = 1

    again = reread(probabilities, truth, sites)

    assert np.isnan(again[:, 2]).all()
    assert np.array_equal(again[:, 1], probabilities[:, 1])


def test_few_sites_leave_everything_as_it_was(world: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    probabilities, truth, _ = world

    assert np.array_equal(reread(probabilities, truth, np.zeros(N)), probabilities)


def test_the_same_seed_gives_the_same_numbers(world: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    assert np.array_equal(reread(*world, seed=3), reread(*world, seed=3))
