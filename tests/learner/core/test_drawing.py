import numpy as np
import pytest

from learner.core.drawing import FLOOR, chances, score_measure


def test_the_measure_of_a_population_sums_to_1_and_follows_the_scores() -> None:
    probabilities = np.array([[0.81, 0.01], [0.01, 0.01], [0.01, 0.36], [0.01, 0.01]], dtype=np.float32)

    measure = score_measure(probabilities, np.sqrt(probabilities).sum(axis=0), 4)

    assert measure.sum() == pytest.approx(1)
    assert measure.argsort()[::-1][:2].tolist() == [0, 2]
    assert measure[1] == measure[3] >= FLOOR / 4


def test_shards_measured_apart_give_what_they_give_together() -> None:
    probabilities = np.random.default_rng(0).random((50, 3)).astype(np.float32)
    totals = np.sqrt(probabilities).sum(axis=0)

    apart = [score_measure(part, totals, 50) for part in np.split(probabilities, [20])]

    assert np.concatenate(apart) == pytest.approx(score_measure(probabilities, totals, 50))


def test_all_items_are_alike_when_nothing_is_learned() -> None:
    nothing = np.zeros((4, 2), dtype=np.float32)

    assert score_measure(nothing, np.zeros(2), 4).tolist() == [0.25] * 4


def test_a_category_in_focus_is_drawn_more_and_one_without_weight_not_at_all() -> None:
    probabilities = np.array([[0.9, 0.1], [0.1, 0.9]], dtype=np.float32)
    totals = np.sqrt(probabilities).sum(axis=0)

    first, second = score_measure(probabilities, totals, 2, focus=np.array([1.0, 0.0]))

    assert first > second
    assert first == pytest.approx(FLOOR / 2 + (1 - FLOOR) * np.sqrt(0.9) / totals[0], rel=1e-6)


def test_chances_sum_to_the_labels_wanted_and_none_is_over_1() -> None:
    measure = np.array([0.7, 0.1, 0.1, 0.06, 0.04])

    found = chances(measure, 2)

    assert found.sum() == pytest.approx(2)
    assert found[0] == 1
    assert found[1:] / measure[1:] == pytest.approx(np.full(4, found[1] / measure[1]))
    assert chances(measure, 5).tolist() == pytest.approx([1] * 5)


@pytest.mark.parametrize(("measure", "n"), [([0.5, 0.5], 3), ([0.5, 0.5], 0), ([1.0, 0.0], 1)])
def test_what_cannot_be_drawn_is_refused(measure: list[float], n: int) -> None:
    with pytest.raises(ValueError, match=r"cannot be drawn|no chance"):
        chances(np.array(measure), n)
