"""Estimates: n, interval, or the reason why there is none."""

import numpy as np
import pytest

from annotator.agreement.bootstrap import agreement_by_category, agreement_of
from annotator.agreement.coefficients import krippendorff_alpha
from annotator.agreement.ratings import Ratings, tally

# Forty shared items: 15 both present, 17 both absent, 8 disputed.
MIXED = [[1, 1]] * 15 + [[0, 0]] * 17 + [[1, 0]] * 8


def test_the_interval_brackets_the_value_when_people_sometimes_disagree() -> None:
    found = agreement_of(tally(Ratings.from_table(MIXED)), np.random.default_rng(1))

    for estimate in (found.percent, found.alpha):
        assert estimate.value is not None
        assert estimate.low is not None
        assert estimate.high is not None
        assert estimate.low < estimate.value < estimate.high
        assert (estimate.n_items, estimate.n_judgments, estimate.why_undefined) == (40, 80, "")
    assert found.percent.value == pytest.approx(0.8)


def test_the_interval_matches_one_that_redraws_items_when_both_use_many_resamples() -> None:
    table = np.array(MIXED * 10, dtype=np.int8)
    rng = np.random.default_rng(2)
    redrawn = [
        float(krippendorff_alpha(tally(Ratings.from_table(table[rng.integers(0, len(table), len(table))]))))
        for _ in range(1000)
    ]

    estimate = agreement_of(tally(Ratings.from_table(table)), rng, resamples=4000).alpha

    assert [estimate.low, estimate.high] == pytest.approx(
        list(np.quantile(redrawn, [0.025, 0.975])), abs=0.015
    )


def test_intervals_are_the_same_when_the_seed_is() -> None:
    ratings = Ratings.from_table(MIXED)

    assert agreement_by_category(ratings, seed=3) == agreement_by_category(ratings, seed=3)
    assert agreement_by_category(ratings, seed=3) != agreement_by_category(ratings, seed=4)


def test_a_categorys_interval_stays_when_another_category_is_added() -> None:
    one = np.array(MIXED, dtype=np.int8)[:, :, np.newaxis]
    two = np.concatenate([one, 1 - one], axis=2)

    assert (
        agreement_by_category(Ratings.from_table(two), seed=5)[0]
        == agreement_by_category(Ratings.from_table(one), seed=5)[0]
    )


def test_nothing_is_estimated_when_no_item_has_two_judgments() -> None:
    [found] = agreement_by_category(Ratings.from_table([[1, -1], [-1, 1]]), seed=6)

    assert found.alpha.value is None
    assert found.percent.value is None
    assert found.alpha.why_undefined == "no item has two judgments"
    assert found.alpha.n_items == 0


def test_alpha_says_why_and_percent_stands_when_nothing_varies() -> None:
    [found] = agreement_by_category(Ratings.from_table([[0, 0]] * 4), seed=7)

    assert found.alpha.value is None
    assert found.alpha.why_undefined == "no variation: all 8 judgments say the same"
    assert found.percent.value == 1


def test_the_interval_does_not_claim_certainty_when_nobody_disagreed() -> None:
    [few] = agreement_by_category(Ratings.from_table([[1, 1], [0, 0]] * 2), seed=8)
    [many] = agreement_by_category(Ratings.from_table([[1, 1], [0, 0]] * 100), seed=8)

    assert few.percent.value == many.percent.value == 1
    # Clopper-Pearson: 0 disputed of 4, upper bound 1 - .025 ** (1/4) = .602
    assert few.percent.low == pytest.approx(0.398, abs=5e-4)
    assert few.alpha.low is not None
    assert many.alpha.low is not None
    assert few.alpha.low < 0
    assert many.alpha.low > 0.9


def test_there_is_no_interval_when_one_item_carries_all_the_variation() -> None:
    [found] = agreement_by_category(Ratings.from_table([[0, 0]] * 50 + [[1, 0]]), seed=9)

    assert found.alpha.value is not None
    assert (found.alpha.low, found.alpha.high) == (None, None)
    assert found.alpha.why_undefined == "no interval: too few items that differ"


@pytest.mark.parametrize(("level", "resamples"), [(0.0, 10), (1.0, 10), (0.9, 0)])
def test_a_bootstrap_is_refused_when_its_settings_mean_nothing(level: float, resamples: int) -> None:
    answers = tally(Ratings.from_table(MIXED))

    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        agreement_of(answers, np.random.default_rng(0), level=level, resamples=resamples)
