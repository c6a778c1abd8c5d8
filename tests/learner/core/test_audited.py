"""Estimates from a drawn part of a population: against the whole, where it is known, and against scikit-learn."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit, logit
from scipy.stats import norm
from sklearn.metrics import precision_recall_fscore_support

from learner.core.arrays import Array, Floats, Floats32
from learner.core.audited import Drawn, Population, strata_of
from learner.core.audited_scores import audited_scores
from learner.core.drawing import chances, score_measure
from learner.core.evaluation import CategoryScore, Estimate

REPETITIONS = 200


def make_population(n: int = 20_000, prevalence: float = 0.01, seed: int = 1) -> tuple[Floats32, Array]:
    """Calibrated logits (n, 1) and truth (n, 1), as in the benchmark."""
    rng = np.random.default_rng(seed)
    truth = rng.random(n) < prevalence
    seen = rng.normal(size=n) + 3 * truth
    logits = logit(prevalence) + norm.logpdf(seen - 3) - norm.logpdf(seen)
    return logits[:, None].astype(np.float32), truth[:, None]


def by_score(logits: Floats32, n: int) -> Floats:
    probabilities = expit(logits)
    return chances(score_measure(probabilities, np.sqrt(probabilities).sum(axis=0), len(logits)), n)


def draw(truth: Array, chance: Floats, rng: np.random.Generator) -> Drawn:
    rows = np.flatnonzero(rng.random(len(chance)) < chance)
    return Drawn(rows, truth[rows].astype(np.float64), chance[rows])


def everything(truth: Array) -> Drawn:
    return Drawn(np.arange(len(truth)), truth.astype(np.float64), np.ones(len(truth)))


def scored(logits: Floats32, drawn: Drawn, measure: Floats | None = None) -> CategoryScore:
    (score,), _ = audited_scores(
        Population(logits, measure), drawn, np.zeros(1), rng=np.random.default_rng(0)
    )
    return score


def ends(estimate: Estimate) -> tuple[float, float]:
    assert estimate.low is not None
    assert estimate.high is not None
    return estimate.low, estimate.high


@pytest.mark.parametrize("weighted", [False, True])
def test_a_population_that_is_all_labelled_has_the_scores_of_scikit_learn(*, weighted: bool) -> None:
    logits, truth = make_population(2_000, 0.1)
    measure = np.random.default_rng(3).integers(1, 9, len(truth)).astype(np.float64) if weighted else None

    score = scored(logits, everything(truth), measure)

    expected = precision_recall_fscore_support(
        truth[:, 0], logits[:, 0] >= 0, average="binary", sample_weight=measure
    )
    for estimate, value in zip((score.precision, score.recall, score.f1), expected, strict=False):
        assert estimate.value == pytest.approx(value, rel=2e-3)  # less its bias to second order


def test_pages_of_one_site_count_as_one_label() -> None:
    logits, truth = make_population(4_000, 0.1)
    apart = draw(truth, np.full(len(truth), 0.5), np.random.default_rng(2))
    together = replace(apart, sites=apart.rows // 10)

    low, high = ends(scored(logits, apart).recall)
    wider = ends(scored(logits, together).recall)

    assert wider[1] - wider[0] > 1.2 * (high - low)
    assert scored(logits, together).tp == scored(logits, apart).tp


def test_intervals_hold_what_is_true_and_estimates_lean_to_no_side() -> None:
    logits, truth = make_population(400_000)
    whole = precision_recall_fscore_support(truth[:, 0], logits[:, 0] >= 0, average="binary")
    rng = np.random.default_rng(5)
    runs = []

    for seed in range(REPETITIONS):
        logits, truth = make_population(seed=100 + seed)
        runs.append(scored(logits, draw(truth, by_score(logits, 800), rng)))

    for name, true in zip(("precision", "recall", "f1"), whole, strict=False):
        found = [getattr(run, name) for run in runs]
        held = np.mean([low <= true <= high for low, high in map(ends, found)])
        assert 0.9 <= held <= 0.995  # the benchmark says .93 to .98, of more repetitions
        assert np.mean([one.value for one in found]) == pytest.approx(true, rel=0.04)


def test_more_labels_narrow_the_interval_of_a_rare_recall() -> None:
    logits, truth = make_population(prevalence=0.005)
    few = draw(truth, by_score(logits, 300), np.random.default_rng(8))
    many = draw(truth, by_score(logits, 6_000), np.random.default_rng(8))

    wide, narrow = (ends(scored(logits, drawn).recall) for drawn in (few, many))

    assert wide[1] - wide[0] > 1.5 * (narrow[1] - narrow[0])


def test_pages_that_are_asked_for_often_count_more() -> None:
    logits = np.array([[2.0], [2.0], [-2.0], [-2.0]], dtype=np.float32)
    truth = np.array([[1], [0], [1], [0]])

    score = scored(logits, everything(truth), np.array([8.0, 2.0, 1.0, 1.0]))

    assert (score.tp, score.fp, score.fn, score.tn) == (8, 2, 1, 1)
    assert score.precision.value == pytest.approx(0.8)


def test_what_is_not_known_yet_is_stood_for_by_its_stratum() -> None:
    logits, truth = make_population()
    drawn = draw(truth, np.full(len(truth), 0.2), np.random.default_rng(2))
    silent = np.random.default_rng(3).random(len(drawn.rows)) < 0.5
    half = replace(drawn, truth=np.where(silent[:, None], -1, drawn.truth))

    score = scored(logits, half)

    assert score.n == int((~silent).sum())
    assert score.tp + score.fp + score.fn + score.tn == pytest.approx(len(truth))
    assert score.precision.value == pytest.approx(scored(logits, drawn).precision.value or 0, abs=0.15)


def test_doubt_about_labels_widens_the_interval_and_moves_the_estimate() -> None:
    logits, truth = make_population(4_000, 0.1)
    certain = draw(truth, np.full(len(truth), 0.5), np.random.default_rng(2))
    doubtful = replace(certain, truth=np.clip(certain.truth, 0.1, 0.9))

    sure, unsure = scored(logits, certain).precision, scored(logits, doubtful).precision

    assert np.subtract(*ends(unsure)[::-1]) > 1.1 * np.subtract(*ends(sure)[::-1])
    assert (unsure.value or 0) < (sure.value or 0)


def test_what_nothing_was_found_of_says_why_it_is_undefined() -> None:
    logits = np.full((50, 1), -3, dtype=np.float32)
    drawn = Drawn(np.arange(10), np.zeros((10, 1)), np.full(10, 0.2))

    score = scored(logits, drawn)

    assert (score.precision.value, score.precision.why_undefined) == (
        None,
        "it was predicted for no labelled item",
    )
    assert (score.recall.value, score.recall.why_undefined) == (None, "no labelled item has it")
    assert score.f1.why_undefined == "it is neither present nor predicted in any labelled item"


def test_all_categories_together_are_the_mean_of_those_that_are_defined() -> None:
    logits, truth = make_population(2_000, 0.1)
    three = np.hstack([logits, logits - 1, np.full_like(logits, -5)])
    labels = np.hstack([truth, truth, np.zeros_like(truth)])

    scores, overall = audited_scores(
        Population(three), everything(labels), np.zeros(3), rng=np.random.default_rng(0)
    )

    assert overall.n_categories == 2
    assert overall.macro_f1.value == pytest.approx(np.mean([scores[0].f1.value, scores[1].f1.value]))
    tp, wrong = sum(one.tp for one in scores), sum(one.fp + one.fn for one in scores)
    assert overall.micro_f1.value == pytest.approx(2 * tp / (2 * tp + wrong))


def test_two_that_share_a_seed_agree_to_the_last_bit() -> None:
    logits, truth = make_population(2_000, 0.1)
    drawn = draw(truth, by_score(logits, 300), np.random.default_rng(4))

    assert scored(logits, drawn) == scored(logits, drawn)


def test_strata_part_at_the_threshold_and_hold_every_item() -> None:
    logits, truth = make_population()
    drawn = draw(truth, by_score(logits, 800), np.random.default_rng(4))

    strata = strata_of(Population(logits), drawn, 0.0, 0)

    assert strata.size[strata.predicted].sum() == (logits >= 0).sum()
    assert strata.size.sum() == len(logits)
    assert (strata.n_effective > 10).all()


@given(
    n=st.integers(1, 60),
    share=st.floats(0.05, 1),
    threshold=st.sampled_from([-9.0, 0.0, 9.0]),
    seed=st.integers(0, 99),
)
def test_every_interval_is_in_order_and_between_0_and_1(
    n: int, share: float, threshold: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(n, 2)).round(1).astype(np.float32)
    rows = np.flatnonzero(rng.random(n) < share)
    truth = rng.choice([-1.0, 0.0, 0.3, 1.0], size=(len(rows), 2))

    scores, overall = audited_scores(
        Population(logits),
        Drawn(rows, truth, np.full(len(rows), share)),
        np.full(2, threshold),
        rng=rng,
    )

    every = [one for score in scores for one in (score.precision, score.recall, score.f1)]
    for estimate in (*every, overall.macro_f1, overall.micro_f1):
        if estimate.value is None:
            assert estimate.why_undefined
        else:
            low, high = ends(estimate)
            assert 0 <= low <= estimate.value <= high <= 1
    for score in scores:
        assert score.tp + score.fp + score.fn + score.tn == pytest.approx(n)


def test_a_draw_that_means_nothing_is_refused() -> None:
    one, chance = np.ones((1, 1)), np.ones(1)

    with pytest.raises(ValueError, match="twice"):
        Drawn(np.array([3, 3]), np.ones((2, 1)), np.ones(2))
    with pytest.raises(ValueError, match="one of each"):
        Drawn(np.array([3, 4]), one, chance)
    with pytest.raises(ValueError, match="at most 1"):
        Drawn(np.array([3]), one, np.array([0.0]))
    with pytest.raises(ValueError, match="from 0 to 1"):
        Drawn(np.array([3]), np.array([[2.0]]), chance)
