"""Truth inference per category: ties, reasons, and skills that a few items do not settle."""

import numpy as np
import pytest
from numpy.typing import ArrayLike

from annotator.agreement.ratings import Ratings
from annotator.agreement.truth import ENOUGH, inferred, inferred_by_category, majority


def simulated(n_items: int, sensitivity: list[float], specificity: list[float]) -> tuple[Ratings, np.ndarray]:
    rng = np.random.default_rng(7)
    truth = rng.random(n_items) < 0.3
    hit = rng.random((n_items, len(sensitivity))) < sensitivity
    false_alarm = rng.random((n_items, len(specificity))) > specificity
    return Ratings.from_table(np.where(truth[:, np.newaxis], hit, false_alarm)), truth


def test_tie_is_named_and_not_drawn() -> None:
    truth = majority(Ratings.from_table([[1, 1, 0], [1, 0, -1], [0, -1, -1]]))

    assert truth.present.tolist() == [1, -1, 0]
    assert truth.probability.tolist() == pytest.approx([2 / 3, 0.5, 0])
    assert (truth.n_items, truth.n_judgments) == (3, 6)


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ([[[1, -1], [0, -1]]], "nobody judged this category"),
        ([[[1, 1]], [[0, 0]]], "one annotator only: nobody to compare them with"),
        ([[[1, 1], [1, -1]], [[0, -1], [0, 0]]], "no item has two judgments"),
        ([[[1, 0], [1, 0]]], "no variation: all 2 judgments say the same"),
    ],
)
def test_reason_is_given_when_skills_cannot_be_told_apart(table: ArrayLike, why: str) -> None:
    truth = inferred(Ratings.from_table(table), category=1)

    assert truth.why_undefined == why
    assert (truth.method, truth.skills, truth.prevalence, truth.fit) == ("majority", (), None, None)


def test_no_judgment_at_all_is_no_error() -> None:
    none = np.zeros(0, dtype=np.int64)

    [truth] = inferred_by_category(Ratings(none, none, np.zeros((0, 1), dtype=np.int8)))

    assert truth.why_undefined == "nobody judged this category"
    assert truth.probability.size == 0


def test_skills_are_found_and_beat_the_majority_when_people_differ() -> None:
    sensitivity, specificity = [0.95, 0.9, 0.9, 0.55, 0.55], [0.97, 0.95, 0.95, 0.6, 0.6]
    ratings, true = simulated(3000, sensitivity, specificity)

    truth, plain = inferred(ratings), majority(ratings)

    assert truth.fit is not None
    assert truth.fit.converged
    assert (truth.present == true).mean() > (plain.present == true).mean() + 0.02
    for skill, sees, clears in zip(truth.skills, sensitivity, specificity, strict=True):
        assert skill.sensitivity.value == pytest.approx(sees, abs=0.04)
        assert skill.specificity.value == pytest.approx(clears, abs=0.04)
        assert skill.sensitivity.low < skill.sensitivity.value < skill.sensitivity.high
        assert skill.sensitivity.why_uncertain == ""


def test_five_items_make_no_verdict() -> None:
    ratings, _ = simulated(400, [0.9, 0.9, 0.9], [0.95, 0.95, 0.95])
    wrong = Ratings(
        np.concatenate([ratings.item, np.arange(5)]),
        np.concatenate([ratings.annotator, np.full(5, 3)]),
        np.concatenate([ratings.values, 1 - ratings.values[ratings.annotator == 0][:5]]),
    )

    newcomer = inferred(wrong).skills[3]

    assert newcomer.sensitivity.n + newcomer.specificity.n <= 5
    for rate in (newcomer.sensitivity, newcomer.specificity):
        assert rate.n < ENOUGH
        assert rate.why_uncertain.endswith("mostly the team's mean")
        assert rate.high - rate.low > 0.4


def test_one_category_says_nothing_on_another() -> None:
    table = np.random.default_rng(3).integers(-1, 2, (40, 4, 3))

    together = inferred_by_category(Ratings.from_table(table))
    alone = inferred(Ratings.from_table(table[:, :, 1:2]))

    assert together[1].probability == pytest.approx(alone.probability, nan_ok=True)
    assert together[1].skills == alone.skills
