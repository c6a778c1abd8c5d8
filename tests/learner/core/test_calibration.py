import numpy as np
import pytest
from scipy.special import expit
from sklearn.calibration import _sigmoid_calibration
from sklearn.metrics import f1_score, log_loss

from learner.core.calibration import (
    Threshold,
    best_f1_threshold,
    calibration_error,
    cross_entropy,
    platt_sigmoid,
    site_folds,
)


@pytest.mark.parametrize("seed", range(4))
def test_the_sigmoid_is_that_of_scikit_learn(seed: int) -> None:
    rng = np.random.default_rng(seed)
    decisions = rng.normal(size=300)
    truth = (rng.random(300) < expit(2 * decisions - 1)).astype(int)
    weights = rng.uniform(0.5, 2, 300)

    sigmoid = platt_sigmoid(decisions, truth, weights)
    slope, offset = _sigmoid_calibration(decisions, truth, sample_weight=weights)

    assert sigmoid.slope == pytest.approx(-slope, abs=1e-4)
    assert sigmoid.offset == pytest.approx(-offset, abs=1e-4)


def test_the_sigmoid_stays_finite_when_decisions_separate_perfectly() -> None:
    decisions = np.array([-50.0, -40, -30, 30, 40, 50])

    sigmoid = platt_sigmoid(decisions, np.array([0, 0, 0, 1, 1, 1]), np.ones(6))

    probabilities = expit(sigmoid.slope * decisions + sigmoid.offset)
    assert np.all((probabilities > 0.15) & (probabilities < 0.85))


def test_the_slope_is_not_positive_when_decisions_point_the_wrong_way() -> None:
    assert platt_sigmoid(np.arange(6.0), np.array([1, 1, 1, 0, 0, 0]), np.ones(6)).slope < 0


def test_the_threshold_has_the_best_f1_of_all() -> None:
    rng = np.random.default_rng(1)
    logits = np.round(rng.normal(size=200), 1)
    truth = (rng.random(200) < expit(logits - 1)).astype(int)
    tried = [f1_score(truth, logits >= value) for value in np.unique(logits)]

    found = best_f1_threshold(logits, truth, np.ones(200))

    assert found.f1 == pytest.approx(max(tried))
    assert f1_score(truth, logits >= found.logit) == pytest.approx(max(tried))


def test_the_threshold_never_splits_equal_logits() -> None:
    assert best_f1_threshold(np.array([1.0, 1.0, 0.0]), np.array([1, 0, 0]), np.ones(3)) == Threshold(
        0.5, 2 / 3
    )


def test_everything_is_present_when_all_logits_are_equal() -> None:
    threshold = best_f1_threshold(np.zeros(4), np.array([1, 0, 1, 1]), np.ones(4))

    assert threshold.logit < 0
    assert threshold.f1 == pytest.approx(6 / 7)


@pytest.mark.parametrize("n_folds", [2, 3])
def test_folds_keep_sites_whole_and_spread_positive_ones(n_folds: int) -> None:
    rng = np.random.default_rng(0)
    sites = rng.integers(0, 20, 100)
    truth = np.isin(sites, [3, 7, 11]).astype(int)
    sites = np.unique(sites, return_inverse=True)[1]

    folds = site_folds(truth, sites, n_folds, rng)

    assert all(len(set(folds[sites == site])) == 1 for site in set(sites))
    assert set(folds[truth == 1]) == set(range(n_folds))
    assert set(folds) == set(range(n_folds))


def test_the_calibration_error_of_a_table_by_hand() -> None:
    # Bins of 1/2: {.2, .4} promise .3 and keep .5; {.6, .8, 1} promise .8 and keep 2/3.
    probabilities = np.array([0.2, 0.4, 0.6, 0.8, 1.0])

    error = calibration_error(probabilities, np.array([0, 1, 0, 1, 1]), n_bins=2)

    assert error == pytest.approx(2 / 5 * 0.2 + 3 / 5 * (0.8 - 2 / 3))


def test_the_calibration_error_is_small_when_probabilities_are_kept_and_large_when_they_are_not() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.random(20_000)
    truth = rng.random(20_000) < probabilities

    assert calibration_error(probabilities, truth) < 0.02
    assert calibration_error(1 - probabilities, truth) > 0.4
    assert np.isnan(calibration_error(np.empty(0), np.empty(0)))


def test_the_surprise_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    logits, weights = rng.normal(size=50), rng.uniform(0.5, 2, 50)
    truth = rng.integers(0, 2, 50)

    expected = log_loss(truth, expit(logits), sample_weight=weights)

    assert cross_entropy(logits, truth, weights) == pytest.approx(expected)
