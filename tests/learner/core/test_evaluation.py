import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.metrics import f1_score, precision_recall_fscore_support

from learner.core.arrays import Array
from learner.core.evaluation import category_scores, overall_score, wilson_interval


def rng() -> np.random.Generator:
    return np.random.default_rng(2)


def make_answers(n: int = 400, seed: int = 0) -> tuple[Array, Array]:
    """Truth with prevalences 40, 20 and 5 %, and predictions that are wrong for one in ten."""
    generator = np.random.default_rng(seed)
    truth = (generator.random((n, 3)) < [0.4, 0.2, 0.05]).astype(int)
    return truth, np.where(generator.random((n, 3)) < 0.1, 1 - truth, truth)


@pytest.mark.parametrize("weights", [None, np.linspace(1, 9, 400)], ids=["equal", "weighted"])
def test_scores_are_those_of_scikit_learn(weights: Array | None) -> None:
    truth, predicted = make_answers()

    scores = category_scores(truth, predicted, weights, rng=rng())
    overall = overall_score(truth, predicted, weights, rng=rng())

    precision, recall, f1, _ = precision_recall_fscore_support(truth, predicted, sample_weight=weights)
    assert [score.precision.value for score in scores] == pytest.approx(list(precision))
    assert [score.recall.value for score in scores] == pytest.approx(list(recall))
    assert [score.f1.value for score in scores] == pytest.approx(list(f1))
    assert overall.macro_f1.value == pytest.approx(f1.mean())
    micro = f1_score(truth, predicted, average="micro", sample_weight=weights)
    assert overall.micro_f1.value == pytest.approx(micro)
    assert overall.n_categories == 3


def test_a_table_worked_by_hand() -> None:
    """tp 2, fp 1, fn 1, tn 2: precision 2/3, recall 2/3, F1 2/3."""
    truth = np.array([[1], [1], [1], [0], [0], [0]])
    predicted = np.array([[1], [1], [0], [1], [0], [0]])

    (score,) = category_scores(truth, predicted, rng=rng())

    assert (score.n, score.n_positive) == (6, 3)
    assert (score.tp, score.fp, score.fn, score.tn) == (2, 1, 1, 2)
    assert score.precision.value == score.recall.value == pytest.approx(2 / 3)
    assert score.f1.value == pytest.approx(2 / 3)
    assert (score.precision.n, score.recall.n, score.f1.n) == (3, 3, 4)


def test_wilson_is_that_of_scipy() -> None:
    for hits, n in ((0, 5), (3, 10), (10, 10), (250, 1000)):
        expected = binomtest(hits, n).proportion_ci(method="wilson")

        assert wilson_interval(hits / n, n) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_intervals_hold_the_value_and_stay_between_0_and_1() -> None:
    truth, predicted = make_answers(60)

    scores = category_scores(truth, predicted, rng=rng())

    for score in scores:
        for estimate in (score.precision, score.recall, score.f1):
            assert estimate.value is not None
            assert estimate.low is not None
            assert estimate.high is not None
            assert 0 <= estimate.low <= estimate.value <= estimate.high <= 1


def test_a_perfect_score_of_few_items_is_not_certain() -> None:
    truth = np.array([[1], [1], [1], [0], [0]])

    (score,) = category_scores(truth, truth, rng=rng())

    assert score.f1.value == 1
    assert score.f1.low is not None
    assert score.f1.low < 0.7


def test_pages_of_few_sites_make_the_interval_of_f1_wider() -> None:
    truth, predicted = make_answers(400)
    truth, predicted = np.repeat(truth, 10, axis=0), np.repeat(predicted, 10, axis=0)

    by_item = overall_score(truth, predicted, rng=rng())
    by_site = overall_score(truth, predicted, rng=rng(), sites=np.repeat(np.arange(400), 10))

    assert width(by_site.macro_f1) > 2 * width(by_item.macro_f1)


def width(estimate: object) -> float:
    return float(estimate.high - estimate.low)  # type: ignore[attr-defined]


def test_unequal_weights_make_precision_less_sure() -> None:
    truth, predicted = make_answers()
    weights = np.where(np.arange(len(truth)) % 20 == 0, 50.0, 1.0)

    equal = category_scores(truth, predicted, rng=rng())[0].precision
    unequal = category_scores(truth, predicted, weights, rng=rng())[0].precision

    assert width(unequal) > 2 * width(equal)


def test_scores_say_why_they_are_undefined() -> None:
    truth = np.array([[0, 1, 0], [0, 1, 0]])
    predicted = np.array([[1, 0, 0], [0, 0, 0]])

    never, missed, nowhere = category_scores(truth, predicted, rng=rng())

    assert never.recall.value is None
    assert never.recall.why_undefined == "no item has it"
    assert never.f1.value == 0
    assert missed.precision.why_undefined == "it was predicted for no item"
    assert missed.recall.value == 0
    assert nowhere.f1.why_undefined == "it is neither present nor predicted anywhere"
    assert nowhere.f1.low is nowhere.f1.high is None


def test_macro_f1_lies_inside_its_interval_when_most_categories_are_on_one_item_each() -> None:
    # A draw without an item leaves its category undefined; counted as 0 it pulled the whole interval below the value.
    truth = np.eye(8, dtype=int)
    predicted = truth * (np.arange(8) < 4)

    macro = overall_score(truth, predicted, rng=np.random.default_rng(1)).macro_f1

    assert macro.value == 0.5
    assert macro.low is not None
    assert macro.high is not None
    assert macro.low < 0.5 - 0.15 < 0.5 + 0.15 < macro.high


def test_macro_f1_leaves_out_what_is_undefined_and_counts_the_rest() -> None:
    truth = np.array([[1, 0], [1, 0], [0, 0]])

    overall = overall_score(truth, truth, rng=rng())

    assert overall.macro_f1.value == 1
    assert overall.n_categories == 1


def test_nothing_to_judge_is_said() -> None:
    nothing = np.empty((0, 2), dtype=int)

    overall = overall_score(nothing, nothing, rng=rng())
    scores = category_scores(nothing, nothing, rng=rng())

    assert overall.macro_f1.value is None
    assert overall.macro_f1.why_undefined == "no category is present or predicted anywhere"
    assert scores[0].f1.why_undefined == "it is neither present nor predicted anywhere"


def test_items_not_known_for_a_category_are_left_out() -> None:
    truth = np.array([[1, 1], [-1, 0], [0, -1]])
    predicted = np.array([[1, 1], [1, 0], [0, 1]])

    first, second = category_scores(truth, predicted, rng=rng())

    assert (first.n, first.tp, first.fp) == (2, 1, 0)
    assert (second.n, second.tp, second.fp) == (2, 1, 0)


def test_the_order_of_items_changes_no_value() -> None:
    truth, predicted = make_answers()
    order = rng().permutation(len(truth))

    first = category_scores(truth, predicted, rng=rng())
    second = category_scores(truth[order], predicted[order], rng=rng())

    assert [score.f1.value for score in first] == [score.f1.value for score in second]
    assert [score.precision for score in first] == [score.precision for score in second]


def test_bad_input_is_refused() -> None:
    labels = np.zeros((2, 1), dtype=int)

    with pytest.raises(ValueError, match=r"truth is \(2, 1\), predicted \(1, 1\)"):
        category_scores(labels, labels[:1], rng=rng())
    with pytest.raises(ValueError, match="labels need to be 1 or 0"):
        category_scores(labels + 2, labels, rng=rng())
    with pytest.raises(ValueError, match=r"weights are \(2,\); 2 positive ones"):
        category_scores(labels, labels, np.array([1.0, 0.0]), rng=rng())
