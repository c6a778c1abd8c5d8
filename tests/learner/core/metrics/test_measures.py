"""Every measure against scikit-learn, weighted by what each labelled item stands for.

Estimates are post-stratified: an item's weight is 1 / its inclusion probability, scaled so that the weights of a
stratum sum to its size, which is known. Given these weights scikit-learn has the same values.
"""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    brier_score_loss,
    confusion_matrix,
    f1_score,
    fbeta_score,
    hamming_loss,
    label_ranking_average_precision_score,
    roc_auc_score,
)

from learner.core.audited import Drawn, Population, strata_of
from learner.core.audited_scores import audited_scores, score_of
from learner.core.calibration import calibration_error
from learner.core.evaluation import Estimate
from learner.core.metrics.confusion import confusion_of
from learner.core.metrics.curves import curve_of
from learner.core.metrics.pages import blocked_column
from learner.core.metrics.ranking import ranking_of
from learner.core.metrics.rates import rates_of
from learner.core.metrics.reliability import BINS, calibration_of
from learner.core.metrics.slices import OTHERS, part_scores, slices_of
from learner.core.metrics.together import label_ranking, together_of
from learner.core.posterior import judged_of
from tests.learner.core.metrics.made import by_score, by_stratum, column_of, ends, everything, make_population

THREE = (0.1, 0.05, 0.2)
RNG = 0


def rng() -> np.random.Generator:
    return np.random.default_rng(RNG)


def test_rates_are_those_of_scikit_learn_by_the_weights_of_the_strata() -> None:
    logits, truth = make_population()
    drawn = by_score(logits, truth, 900)
    _, _, judged = column_of(logits, drawn)

    rates = rates_of(judged, rng=rng())

    true, said, weight = truth[drawn.rows, 0], logits[drawn.rows, 0] >= 0, by_stratum(drawn, judged, logits)
    tn, fp, fn, tp = confusion_matrix(true, said, sample_weight=weight).ravel()
    assert rates.prevalence.value == pytest.approx((tp + fn) / len(truth))
    assert rates.fpr.value == pytest.approx(fp / (fp + tn))
    assert rates.fnr.value == pytest.approx(
        fn / (fn + tp), rel=0.02
    )  # of recall less its bias to second order
    assert rates.f_beta.value == pytest.approx(fbeta_score(true, said, beta=2, sample_weight=weight))


def test_ranking_is_that_of_scikit_learn_by_the_weights_of_the_strata() -> None:
    logits, truth = make_population()
    drawn = by_score(logits, truth, 900)
    column, labelled, judged = column_of(logits, drawn)

    ranking = ranking_of(column, labelled, judged, rng=rng())

    true, scores, weight = truth[drawn.rows, 0], logits[drawn.rows, 0], by_stratum(drawn, judged, logits)
    assert ranking.average_precision.value == pytest.approx(
        average_precision_score(true, scores, sample_weight=weight)
    )
    assert ranking.roc_auc.value == pytest.approx(roc_auc_score(true, scores, sample_weight=weight))
    low, high = ends(ranking.average_precision)
    assert low < average_precision_score(truth[:, 0], logits[:, 0]) < high


def test_calibration_of_a_population_that_is_all_labelled_is_counted() -> None:
    logits, truth = make_population()
    column, labelled, judged = column_of(logits, everything(truth))

    calibration = calibration_of(column, labelled, judged, rng=rng())

    probability = expit(logits[:, 0].astype(np.float64))
    assert calibration.brier.value == pytest.approx(brier_score_loss(truth[:, 0], probability))
    plain = calibration_error(probability, truth[:, 0], BINS)
    assert calibration.ece.value is not None
    assert plain / 3 < calibration.ece.value < plain  # less what chance alone would add
    assert sum(one.share for one in calibration.bins) == pytest.approx(1)
    assert sum(one.observed.n for one in calibration.bins) == len(truth)


def test_a_classifier_that_is_far_too_sure_has_an_interval_that_says_so() -> None:
    logits, truth = make_population()
    column, labelled, judged = column_of(logits * 4, by_score(logits, truth, 900))

    ece = calibration_of(column, labelled, judged, rng=rng()).ece

    plain = calibration_error(expit(logits[:, 0].astype(np.float64) * 4), truth[:, 0], BINS)
    low, high = ends(ece)
    assert 0.005 < low < plain < high


def test_a_curve_goes_through_the_scores_at_the_threshold_and_falls() -> None:
    logits, truth = make_population()
    column, labelled, judged = column_of(logits, by_score(logits, truth, 900))

    curve = curve_of(column, labelled, judged, 0.0, rng=rng())

    score, place = score_of(judged), curve.thresholds.index(0.0)
    assert curve.precision[place] == score.precision
    assert curve.recall[place].value == pytest.approx(score.recall.value, abs=0.01)
    assert len(curve.thresholds) <= 49
    assert list(curve.thresholds) == sorted(curve.thresholds)
    assert curve.flagged[place] == (logits >= 0).mean()
    for points in (curve.recall, curve.fpr):
        for part in ("value", "low", "high"):
            assert (np.diff([getattr(point, part) for point in points]) <= 0).all()


def test_all_categories_together_are_those_of_scikit_learn_when_all_is_labelled() -> None:
    logits, truth = make_population(prevalences=THREE)
    population, drawn, thresholds = Population(logits), everything(truth), np.zeros(3)
    every = [judged_of(strata_of(population, drawn, 0.0, place), rng=rng()) for place in range(3)]

    together = together_of(population, drawn, thresholds, every, rng=rng())

    said, some = logits >= 0, truth.any(axis=1)
    assert together.weighted_f1.value == pytest.approx(f1_score(truth, said, average="weighted"), rel=2e-3)
    assert together.hamming.value == pytest.approx(hamming_loss(truth, said))
    assert together.subset_accuracy.value == pytest.approx(accuracy_score(truth, said))
    expected = label_ranking_average_precision_score(truth[some], logits[some])
    assert together.label_ranking_ap.value == pytest.approx(expected)


def test_the_order_of_categories_weighs_pages_by_their_chance() -> None:
    logits, truth = make_population(prevalences=THREE)
    drawn = by_score(logits, truth, 900)

    found = label_ranking(Population(logits), drawn, rng=rng())

    some = truth[drawn.rows].any(axis=1)
    expected = label_ranking_average_precision_score(
        truth[drawn.rows][some], logits[drawn.rows][some], sample_weight=1 / drawn.inclusion[some]
    )
    assert found.value == pytest.approx(expected)
    assert found.n == some.sum()


def test_confusion_says_what_is_predicted_where_something_else_is_true() -> None:
    truth = np.array([[1, 0]] * 4 + [[0, 1]] * 4 + [[1, 1]] * 2 + [[0, 0]] * 10, dtype=bool)
    said = np.array(
        [[1, 0]] * 3 + [[0, 1]] + [[0, 1]] * 2 + [[0, 0]] * 2 + [[1, 1]] * 2 + [[0, 0]] * 9 + [[1, 0]]
    )
    logits = np.where(said == 1, 2.0, -2.0).astype(np.float32)
    population, drawn, thresholds = Population(logits), everything(truth), np.zeros(2)
    every = [judged_of(strata_of(population, drawn, 0.0, place), rng=rng()) for place in range(2)]

    cells = confusion_of(population, drawn, thresholds, every, rng=rng()).cells

    values = [[cell.value for cell in row] for row in cells]
    counts = [[cell.n for cell in row] for row in cells]
    assert counts == [[5, 1, 0], [0, 4, 2], [1, 0, 9]]
    assert np.array(values, dtype=float) == pytest.approx(np.array([[5, 1, 0], [0, 4, 2], [0.6, 0, 5.4]]) / 6)
    low, high = ends(cells[1][0])
    assert (low, high > 0.01) == (0, True)  # nothing was found, which is not to say that there is nothing


def test_the_diagonal_of_the_confusion_is_recall() -> None:
    logits, truth = make_population(prevalences=THREE)
    population, drawn, thresholds = Population(logits), by_score(logits, truth, 900), np.zeros(3)
    every = [judged_of(strata_of(population, drawn, 0.0, place), rng=rng()) for place in range(3)]

    cells = confusion_of(population, drawn, thresholds, every, rng=rng()).cells

    for place, judged in enumerate(every):
        recall = score_of(judged).recall
        assert cells[place][place].value == pytest.approx(recall.value, rel=0.02)
        assert cells[place][place].low == pytest.approx(recall.low, abs=1e-6)
    assert cells[3][3].n == int((~truth[drawn.rows].any(axis=1) & (logits[drawn.rows] < 0).all(axis=1)).sum())


def test_a_page_is_blocked_by_any_category_that_blocks() -> None:
    logits, truth = make_population(prevalences=THREE)
    blocks, thresholds = np.array([True, False, True]), np.array([0.0, 0.0, 1.0])

    column = blocked_column(Population(logits), everything(truth), thresholds, blocks)
    judged = column.judged(0.0, rng=rng())

    score = score_of(judged)
    true, said = truth[:, blocks].any(axis=1), (logits >= thresholds)[:, blocks].any(axis=1)
    tn, fp, fn, tp = confusion_matrix(true, said).ravel()
    assert (score.tp, score.fp, score.fn, score.tn) == pytest.approx((tp, fp, fn, tn))


def test_a_slice_has_the_scores_of_its_items_by_its_share_of_each_stratum() -> None:
    logits, truth = make_population()
    drawn = by_score(logits, truth, 900)
    inside = np.arange(len(drawn.rows)) % 2 == 0

    ((score,),) = part_scores(Population(logits), drawn, np.zeros(1), [inside], rng=rng())

    part = Drawn(drawn.rows[inside], drawn.truth[inside], drawn.inclusion[inside])
    _, _, judged = column_of(logits, part)
    weight = by_stratum(drawn, judged, logits)[inside]
    true, said = truth[part.rows, 0], logits[part.rows, 0] >= 0
    tn, fp, fn, tp = confusion_matrix(true, said, sample_weight=weight).ravel()
    assert score.fpr.value == pytest.approx(fp / (fp + tn))
    assert score.recall.value == pytest.approx(tp / (tp + fn), rel=0.02)
    assert score.precision.value == pytest.approx(tp / (tp + fp), rel=0.02)


def test_a_slice_of_all_items_has_the_scores_of_the_population() -> None:
    logits, truth = make_population()
    drawn = by_score(logits, truth, 900)
    _, _, judged = column_of(logits, drawn)

    ((score,),) = part_scores(
        Population(logits), drawn, np.zeros(1), [np.ones(len(drawn.rows), bool)], rng=rng()
    )

    whole, rates = score_of(judged), rates_of(judged, rng=rng())
    assert (score.recall.value, score.fpr.value) == pytest.approx((whole.recall.value, rates.fpr.value))
    assert ends(score.recall) == pytest.approx(ends(whole.recall), rel=0.05)
    assert ends(score.fpr) == pytest.approx(ends(rates.fpr), rel=0.1)


def test_requests_make_false_positives_of_a_slice_as_unsure_as_the_few_pages_that_have_most() -> None:
    """Of 400 pages 20 are flagged, none of them right: another holdout may have two such pages, or none."""
    logits = np.where(np.arange(400) < 20, 2, -2).astype(np.float32)[:, None]
    truth = (np.arange(400) >= 395)[:, None]
    requests = np.where(np.arange(400) == 0, 20.0, 1.0)
    inside = [np.ones(400, dtype=bool)]

    ((pages,),) = part_scores(Population(logits), everything(truth), np.zeros(1), inside, rng=rng())
    ((by_requests,),) = part_scores(
        Population(logits, requests), everything(truth), np.zeros(1), inside, rng=rng()
    )

    assert pages.fpr.value == pytest.approx(20 / 395)
    assert by_requests.fpr.value == pytest.approx(39 / 414)
    assert ends(pages.fpr)[1] < 1.6 * 20 / 395
    assert ends(by_requests.fpr)[1] > 1.6 * 39 / 414


def test_a_slice_in_which_nothing_is_flagged_does_not_say_that_nothing_ever_is() -> None:
    logits = np.full((40, 1), -2, dtype=np.float32)
    truth = (np.arange(40) < 4)[:, None]

    ((score,),) = part_scores(
        Population(logits), everything(truth), np.zeros(1), [np.ones(40, dtype=bool)], rng=rng()
    )

    assert (score.recall.value, score.fpr.value) == (0, 0)
    assert ends(score.recall)[1] > 0.1
    assert ends(score.fpr)[1] > 0.01


def test_the_smaller_slices_of_a_kind_are_one_and_the_unknown_none() -> None:
    logits, truth = make_population(n=200)
    names = [f"source {place % 12}" if place < 180 else "" for place in range(200)]

    found = list(slices_of(Population(logits), everything(truth), np.zeros(1), {"source": names}, rng=rng()))

    assert len(found) == 9
    assert found[0].name == OTHERS
    assert sum(one.n for one in found) == 180


def test_what_is_found_nowhere_says_why() -> None:
    logits = np.full((50, 1), -3, dtype=np.float32)
    drawn = Drawn(np.arange(10), np.zeros((10, 1)), np.full(10, 0.2))
    column, labelled, judged = column_of(logits, drawn)

    rates, ranking = rates_of(judged, rng=rng()), ranking_of(column, labelled, judged, rng=rng())

    assert (rates.prevalence.value, rates.fpr.value) == (0, 0)
    assert rates.prevalence.high is not None
    assert rates.prevalence.high > 0.01
    assert rates.fnr.why_undefined == ranking.average_precision.why_undefined == "no labelled item has it"
    assert (
        label_ranking(Population(logits), drawn, rng=rng()).why_undefined
        == "no labelled item has any category"
    )


@given(
    n=st.integers(1, 60),
    share=st.floats(0.05, 1),
    threshold=st.sampled_from([-9.0, 0.0, 9.0, np.inf]),
    seed=st.integers(0, 99),
)
def test_every_estimate_is_in_order_and_between_0_and_1(
    n: int, share: float, threshold: float, seed: int
) -> None:
    source = np.random.default_rng(seed)
    logits = source.normal(size=(n, 2)).round(1).astype(np.float32)
    rows = np.flatnonzero(source.random(n) < share)
    truth = source.choice([-1.0, 0.0, 0.3, 1.0], size=(len(rows), 2))
    population, drawn = Population(logits), Drawn(rows, truth, np.full(len(rows), share))
    thresholds = np.full(2, threshold)
    column, labelled, judged = column_of(logits, drawn, threshold)
    every = [judged, judged_of(strata_of(population, drawn, threshold, 1), rng=source)]

    rates, ranking = rates_of(judged, rng=source), ranking_of(column, labelled, judged, rng=source)
    calibration = calibration_of(column, labelled, judged, rng=source)
    curve = curve_of(column, labelled, judged, threshold, rng=source)
    together = together_of(population, drawn, thresholds, every, rng=source)
    confusion = confusion_of(population, drawn, thresholds, every, rng=source)

    found: list[Estimate] = [rates.prevalence, rates.f_beta, rates.fpr, rates.fnr]
    found += [ranking.average_precision, ranking.roc_auc, calibration.ece, calibration.brier]
    found += [one.observed for one in calibration.bins]
    found += [*curve.precision, *curve.recall, *curve.fpr]
    found += [together.weighted_f1, together.hamming, together.subset_accuracy, together.label_ranking_ap]
    found += [cell for row in confusion.cells for cell in row]
    for estimate in found:
        if estimate.value is None:
            assert estimate.why_undefined
        else:
            low, high = ends(estimate)
            assert -1e-9 <= low <= estimate.value + 1e-9
            assert estimate.value <= high + 1e-9 <= 1 + 2e-9


def test_the_thresholds_in_use_have_the_same_scores_as_before() -> None:
    logits, truth = make_population(prevalences=THREE)
    drawn = by_score(logits, truth, 900)

    one, _ = audited_scores(Population(logits), drawn, np.zeros(3), rng=rng())
    two, _ = audited_scores(Population(logits), drawn, np.zeros(3), rng=rng())

    assert one == two
