"""The posterior of labels in doubt depends on the score of the item."""

import numpy as np
import pytest
from scipy.special import expit

from learner.core.audited import Drawn, strata_at
from learner.core.audited_scores import score_of
from learner.core.metrics.doubt import doubt_by_score, posterior_of
from learner.core.posterior import judged_of
from tests.learner.core.metrics.made import by_score, column_of, ends, make_population

SENSITIVITY, SPECIFICITY = 0.8, 0.98


def said_by_three(truth: np.ndarray, seed: int = 3) -> np.ndarray:
    """What three people of these skills say alone of items with this truth, by a prior of one half."""
    source = np.random.default_rng(seed)
    n_present = source.binomial(3, np.where(truth > 0, SENSITIVITY, 1 - SPECIFICITY))
    log_odds = n_present * np.log(SENSITIVITY / (1 - SPECIFICITY))
    log_odds += (3 - n_present) * np.log((1 - SENSITIVITY) / SPECIFICITY)
    return np.asarray(expit(log_odds))


def test_the_same_words_say_less_of_an_item_with_a_low_score() -> None:
    source = np.random.default_rng(1)
    scores = source.uniform(-8, 4, 2_000)
    truth = (source.random(2_000) < expit(scores)).astype(float)
    said = said_by_three(truth)

    found = posterior_of(scores, said, np.ones(2_000))

    two_of_three = np.isclose(said, said_by_two())
    high, low = (found[two_of_three & side] for side in (scores > 1, scores < -5))
    assert high.min() > 0.98
    assert low.max() < 0.75
    assert found.sum() == pytest.approx(truth.sum(), rel=0.05)
    assert found[scores < -4].sum() == pytest.approx(truth[scores < -4].sum(), abs=4)


def said_by_two() -> float:
    odds = (SENSITIVITY / (1 - SPECIFICITY)) ** 2 * (1 - SENSITIVITY) / SPECIFICITY
    return odds / (1 + odds)


def test_positives_that_the_classifier_does_not_see_are_found_where_people_see_them() -> None:
    """A classifier that is blind to a third of a category: its expectation is no bound."""
    source = np.random.default_rng(2)
    truth = (source.random(4_000) < 0.05).astype(float)
    seen = truth * (source.random(4_000) < 2 / 3)
    scores = 3 * source.normal(size=4_000) - 7.4 + 9 * seen

    found = posterior_of(scores, said_by_three(truth), np.ones(4_000))

    blind = scores < -5
    assert truth[blind].sum() > 40
    assert found[blind].sum() == pytest.approx(truth[blind].sum(), rel=0.15)


def test_recall_of_a_rare_category_holds_where_every_label_is_in_doubt() -> None:
    logits, truth = make_population(n=40_000, prevalences=(0.01,))
    drawn = by_score(logits, truth, 2_000)
    said = said_by_three(drawn.truth[:, 0])[:, None]

    in_doubt = doubt_by_score(Drawn(drawn.rows, said, drawn.inclusion), logits[drawn.rows])

    column, labelled, _ = column_of(logits, in_doubt, 0.0)
    recall = score_of(judged_of(strata_at(column, labelled, 0.0), rng=np.random.default_rng(0))).recall
    low, high = ends(recall)
    true = truth[logits >= 0].sum() / truth.sum()
    assert low < true < high
    assert recall.value == pytest.approx(true, rel=0.25)


def test_certain_and_unknown_labels_stay_as_they_are() -> None:
    truth = np.array([[1.0, 0.4], [0.0, -1.0], [-1.0, 0.0], [1.0, 0.9]])
    drawn = Drawn(np.arange(4), truth, np.full(4, 0.5))

    found = doubt_by_score(drawn, np.array([[2, -1], [-2, 1], [0, 0], [1, np.inf]]))

    doubtful = (truth > 0) & (truth < 1)
    assert (found.truth[~doubtful] == truth[~doubtful]).all()
    assert ((found.truth[doubtful] > 0) & (found.truth[doubtful] < 1)).all()
