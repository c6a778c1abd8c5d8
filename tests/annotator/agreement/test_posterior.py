"""The posterior of one category on one item under known skills."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from annotator.agreement.dawid_skene import Answers, dawid_skene, posterior_given
from annotator.agreement.posterior import KnownSkill, Said, present_given, team_skill

SHARES = st.floats(0.02, 0.98)
SAID = st.builds(Said, st.booleans(), st.builds(KnownSkill, SHARES, SHARES))


def test_worked_by_hand() -> None:
    # odds 0.2/0.8 = 1/4; one who sees 3 of 4 and errs on 1 of 4 says present: x3; another says absent: x 1/3; twice
    # present in all: 1/4 * 3 * 3 * 1/3 = 3/4, a chance of 3/7.
    skill = KnownSkill(0.75, 0.75)

    chance = present_given([Said(True, skill), Said(True, skill), Said(False, skill)], prevalence=0.2)

    assert chance == pytest.approx(3 / 7)


def test_prior_comes_back_when_nobody_decided() -> None:
    assert present_given([], prevalence=0.3) == pytest.approx(0.3)


def test_nobody_is_taken_for_certain() -> None:
    always = KnownSkill(1.0, 1.0)

    assert 0.9 < present_given([Said(True, always)], prevalence=0.5) < 1
    assert present_given([Said(True, always), Said(False, always)], prevalence=0.5) == pytest.approx(0.5)
    assert 0 < present_given([], prevalence=0.0) < 0.02


@given(st.lists(SAID, max_size=6), SHARES, st.randoms())
def test_order_of_answers_does_not_matter(answers: list[Said], prevalence: float, random: object) -> None:
    shuffled = list(answers)
    random.shuffle(shuffled)  # type: ignore[attr-defined]

    assert present_given(shuffled, prevalence) == pytest.approx(present_given(answers, prevalence))


@given(st.lists(SAID, min_size=1, max_size=6), SHARES)
def test_same_as_the_e_step_of_the_estimation(answers: list[Said], prevalence: float) -> None:
    n = len(answers)
    long = Answers(np.zeros(n, int), np.arange(n), np.array([int(said.present) for said in answers]), 1, n)
    confusion = np.array(
        [
            [
                [said.skill.specificity, 1 - said.skill.specificity],
                [1 - said.skill.sensitivity, said.skill.sensitivity],
            ]
            for said in answers
        ]
    )

    e_step = posterior_given(long, np.array([1 - prevalence, prevalence]), confusion)

    assert present_given(answers, prevalence) == pytest.approx(e_step[0, 1], abs=1e-6)


def test_team_is_the_mean_over_answers() -> None:
    items, people = np.repeat(np.arange(20), 3), np.tile(np.arange(3), 20)
    truth = (np.arange(20) < 8)[items]
    wrong = (people == 2) & (items % 4 == 0)
    fit = dawid_skene(Answers(items, people, (truth ^ wrong).astype(int), 20, 3))

    team = team_skill(fit)

    assert team.sensitivity == pytest.approx(
        22.5 / 25, abs=0.02
    )  # 24 answers on 8 items, 2 wrong, half an answer each
    assert team.specificity == pytest.approx(33.5 / 37, abs=0.02)
