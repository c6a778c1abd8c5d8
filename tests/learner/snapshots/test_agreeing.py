"""Agreement counted from few numbers is that of all judgments, one by one."""

import numpy as np
import pytest

from annotator.agreement.bootstrap import agreement_by_category
from annotator.agreement.ratings import ABSENT, MISSING, PRESENT, Ratings
from learner.snapshots.agreeing import Answers, agreement_from


def answers_at_random(rng: np.random.Generator, n_items: int, n_answers: int, most: int) -> Answers:
    item = np.repeat(np.arange(n_items), rng.integers(1, most + 1, n_items))
    answer = rng.integers(0, n_answers, len(item)).astype(np.int32)
    return Answers(item, answer, [((), (), 1)] * n_answers, len(item), most)


@pytest.mark.parametrize(("n_answers", "most"), [(2, 3), (40, 5), (3000, 9)])
def test_it_is_the_same_as_of_all_judgments(n_answers: int, most: int) -> None:
    rng = np.random.default_rng(6)
    answers = answers_at_random(rng, 400, n_answers, most)
    chances = [0.3, 0.6, 0.1]
    values = rng.choice(np.array([ABSENT, PRESENT, MISSING], dtype=np.int8), (n_answers, 4), p=chances)
    person = np.arange(len(answers.item)) - np.searchsorted(answers.item, answers.item)
    ratings = Ratings(answers.item, person, values[answers.answer])

    assert agreement_from(answers, values, 7) == agreement_by_category(ratings, seed=7)


def test_without_an_item_that_two_judged_there_is_none() -> None:
    answers = answers_at_random(np.random.default_rng(6), 20, 3, 1)

    (found,) = agreement_from(answers, np.zeros((3, 1), dtype=np.int8), 7)

    assert found.alpha.why_undefined == "no item has two judgments"
