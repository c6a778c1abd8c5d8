"""Audits in waves: what is drawn, how likely it was under all waves, and that weighing by it is right."""

import numpy as np
import pytest

from learner.core.drawing import uniform_keys
from learner.core.errors import MalformedFileError
from learner.core.waves import (
    AuditDesign,
    Held,
    Reach,
    also_drawn,
    either,
    nothing_reached,
    reach_after,
    reach_bytes,
    reach_read,
    threshold_of,
    wave_best,
    wave_chances,
    wave_keys,
)

NOBODY = np.empty(0, dtype=np.int64)


def held(measure: list[float], available: list[bool] | None = None, *, first: int = 1) -> Held:
    item_ids = np.arange(first, first + len(measure), dtype=np.int64)
    return Held(item_ids, np.array(measure), np.array(available or [True] * len(measure)))


def test_the_threshold_is_between_the_last_taken_and_the_next() -> None:
    # 1 / 4 and 1 / 2: their mean is 3 / 8.
    assert threshold_of(np.array([8.0, 4.0, 2.0]), 2) == pytest.approx(8 / 3)


@pytest.mark.parametrize("keys", [[], [3.0], [3.0, 2.0]])
def test_all_are_in_when_nothing_is_left(keys: list[float]) -> None:
    assert threshold_of(np.array(keys), 2) == 0
    assert wave_chances(np.array([0.1, 5.0]), 0.0).tolist() == [1, 1]


def test_a_wave_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        threshold_of(np.array([1.0]), 0)


def test_an_item_is_taken_exactly_where_its_number_is_below_its_chance() -> None:
    rng = np.random.default_rng(1)
    items = held(rng.uniform(0.2, 3, 500).tolist())

    rows = wave_best(items, 41, seed=5)
    chances = wave_chances(items.measure, threshold_of(wave_keys(items, 5)[rows], 40))

    assert set(rows[:40]) == set(np.flatnonzero(uniform_keys(items.item_ids, 5) < chances))


def test_only_available_items_are_taken() -> None:
    items = held([1.0, 1.0, 1.0], [False, True, False])

    assert wave_best(items, 3, seed=1).tolist() == [1]


def test_the_chance_of_an_item_is_the_largest_of_all_waves_that_could_have_it() -> None:
    before = Reach(np.array([1, 2, 3, 9]), np.array([0.5, 0.1, 0.2, 0.7]))
    now = held([1.0, 1.0, 1.0, 1.0], [False, True, False, True])

    after = reach_after(before, now, threshold=4.0, drawn=np.array([1]))

    # 1 was drawn before, 3 is withheld, 4 is new, and 9 has lost its features.
    assert after.item_ids.tolist() == [1, 2, 3, 4, 9]
    assert after.chances.tolist() == [0.5, 0.25, 0.2, 0.25, 0.7]
    assert after.of(np.array([4, 5, 1])).tolist() == [0.25, 0, 0.5]


def test_nobody_was_likely_before_the_first_wave() -> None:
    assert nothing_reached().of(np.array([3])).tolist() == [0]
    assert reach_after(nothing_reached(), held([2.0]), 4.0, NOBODY).chances.tolist() == [0.5]


def test_draws_that_know_nothing_of_each_other_add_up() -> None:
    assert either(np.array([0.5]), np.array([0.5])).tolist() == [0.75]


def test_waves_of_one_measure_are_one_draw() -> None:
    """Two waves of 10 and 15 take what one of 25 takes, and say the same of each."""
    items = held([1.0] * 200)
    first = wave_best(items, 11, seed=3)
    reach = reach_after(nothing_reached(), items, threshold_of(wave_keys(items, 3)[first], 10), NOBODY)
    left = Held(items.item_ids, items.measure, ~np.isin(np.arange(200), first[:10]))
    second = wave_best(left, 16, seed=3)
    threshold = threshold_of(wave_keys(items, 3)[second], 15)
    reach = reach_after(reach, left, threshold, items.item_ids[first[:10]])

    whole = wave_best(items, 26, seed=3)

    assert {*first[:10], *second[:15]} == set(whole[:25])
    assert set(reach.chances) == {1 / threshold}


def test_weighed_by_their_chances_waves_of_changing_classifiers_stand_for_everything() -> None:
    """20 waves of 6 by ever new scores: the weights of 200 repetitions mean 1, of all items and of the positives.

    The standard error is .010 for all and .018 for positives.
    """
    rng = np.random.default_rng(4)
    sums = []
    for seed in range(200):
        signal = rng.normal(size=1_000)
        positive = rng.random(1_000) < 1 / (1 + np.exp(3 - 2 * signal))
        available, reach = np.ones(1_000, dtype=np.bool_), nothing_reached()
        for _ in range(20):
            seen = 1 / (1 + np.exp(3 - 2 * (signal + 0.7 * rng.normal(size=1_000))))
            items = Held(np.arange(1_000), 0.2 + 0.8 * np.sqrt(seen) / np.sqrt(seen).mean(), available.copy())
            best = wave_best(items, 7, seed)
            threshold = threshold_of(wave_keys(items, seed)[best], 6)
            reach = reach_after(reach, items, threshold, np.flatnonzero(~available))
            available[best[:6]] = False
        weights = np.where(available, 0, 1 / reach.chances)
        sums.append((weights.sum() / 1_000, weights[positive].sum() / positive.sum()))

    everything, positives = np.mean(sums, axis=0)
    assert everything == pytest.approx(1, abs=0.04)
    assert positives == pytest.approx(1, abs=0.07)


def test_a_design_comes_back_from_its_row() -> None:
    design = AuditDesign(2**61, np.array([0.1, 0.2]), np.array([1.0, 0.0]))

    again = AuditDesign.from_json(design.as_json())
    uniform = AuditDesign.from_json(AuditDesign(7).as_json())

    assert again.as_json() == design.as_json()
    assert (uniform.seed, uniform.is_uniform, uniform.focus) == (7, True, None)


def test_a_reach_comes_back_from_its_bytes_and_nothing_else_does() -> None:
    reach = Reach(np.array([1, 2**60]), np.array([0.1, 1.0]))
    content = reach_bytes(reach)

    assert reach_bytes(reach_read(content)) == content
    for damaged in (b"", b"PK", content[:100]):
        with pytest.raises(MalformedFileError):
            reach_read(damaged)


def test_what_something_else_took_biases_nothing_whoever_took_it_and_why() -> None:
    """Between the waves people take items because they were not drawn, or for what they are: as adversaries would."""
    rng = np.random.default_rng(5)
    n, repetitions = 400, 500
    everyone, truth = np.arange(n), rng.random(n) < 0.2
    sums = np.zeros((2, repetitions))
    for seed in range(repetitions):
        taken, drawn, reach = NOBODY, NOBODY, nothing_reached()
        for _ in range(3):
            free = ~np.isin(everyone, np.concatenate([taken, drawn]))
            items = Held(everyone, rng.uniform(0.5, 2, n), free)
            best = wave_best(items, 31, seed)
            threshold = threshold_of(wave_keys(items, seed)[best], 30)
            beside = also_drawn(items, threshold, taken, seed)
            reach = reach_after(reach, items, threshold, np.union1d(drawn, taken))
            drawn = np.union1d(drawn, np.union1d(best[:30], beside))
            left = np.setdiff1d(everyone, np.union1d(drawn, taken))
            wanted = [left[truth[left]][:15], left[~truth[left]][-15:]]
            taken = np.setdiff1d(np.concatenate([taken, *wanted]), drawn)
        assert np.flatnonzero(uniform_keys(everyone, seed) < reach.chances).tolist() == drawn.tolist()
        weight = 1 / reach.of(drawn)
        sums[:, seed] = weight.sum(), weight[truth[drawn]].sum()

    # Where what was taken is lost to the waves, the sums are 7 % and 18 % too small.
    for found, whole in zip(sums, (n, truth.sum()), strict=True):
        assert found.mean() == pytest.approx(whole, rel=0.035)
